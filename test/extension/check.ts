/** What the tests inside VS Code need in both hosts: in a web worker there is no `node:assert`. */

export function ok(condition: unknown, message: string): asserts condition {
	if (!condition) throw new Error(message);
}

export function equal<T>(actual: T, expected: T, what: string): void {
	ok(actual === expected, `${what}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
}

/** The first value that is not undefined; asks again and again for `ms` milliseconds. */
export async function eventually<T>(what: string, ask: () => T | undefined, ms = 15_000): Promise<T> {
	for (const end = Date.now() + ms; ; ) {
		const value = ask();
		if (value !== undefined) return value;
		ok(Date.now() < end, `${what}: not within ${ms / 1000} s`);
		await new Promise((resolve) => setTimeout(resolve, 25));
	}
}

/** Asks until the answer is enough: the server may not have started yet, or be about to look once more. */
export async function until<T>(
	what: string,
	ask: () => PromiseLike<T | undefined>,
	enough: (value: T) => boolean,
): Promise<T> {
	for (const end = Date.now() + 20_000; ; ) {
		const value = await ask();
		if (value !== undefined && enough(value)) return value;
		ok(Date.now() < end, `${what}: not within 20 s`);
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
}
