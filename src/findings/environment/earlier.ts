import type { FunctionDecl } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { Effects } from './effects.js';
import type { Handler, Interrupt } from './environment.js';

/*
 * Calls that are over before two others meet: what one of them adds the second removes while the third looks at it. Nothing else runs
 * beside an earlier call but kernel threads, so that it costs little more than the pair behind it; with others about it is one of a
 * pair itself.
 */

/** Earlier calls, and who comes behind them; they have a scenario of their own. */
export interface Earlier {
	/** All threads, as the scenario's text has them. */
	readonly threads: readonly string[];
	/** Threads to run together: an earlier call, and two that it may make a difference to. */
	readonly groups: readonly (readonly string[])[];
	/** The same behind several earlier calls: what takes more of them than there is time for is not looked at to its end. */
	readonly further: readonly (readonly string[])[];
	/** Threads that call what comes earlier, and what each is. */
	readonly words: ReadonlyMap<string, string>;
}

/** Calls of the thread that makes several: what is made, and what is put into it. */
const MOST_CALLS = 3;
const SEVERAL = 'earlier_calls';

/** What the environment's text has to declare for them. */
export const EARLIER_DECLARATION = 'static bool earlier_call_is_over;';

/**
 * @param handlers those that run, with their functions and statements that call them
 * @param unbinding threads that take a device away from open files, with their statements
 * @param interrupts interrupts on top of handlers, with their functions and calls
 */
export function earlierOf(
	program: Program,
	handlers: readonly { readonly handler: Handler; readonly f: FunctionDecl; readonly body: string }[],
	unbinding: readonly { readonly name: string; readonly functions: readonly FunctionDecl[]; readonly body: string }[],
	interrupts: readonly (Interrupt & { readonly f: FunctionDecl; readonly call: string })[],
): Earlier | undefined {
	const effects = new Effects(program);
	const nameOf = (n: number): string => (handlers.length === 1 ? 'earlier' : `earlier${n + 1}`);
	const words = new Map<string, string>();
	const groups: string[][] = [];
	const further = new Map<string, string[]>();
	for (const [n, { handler: earlier, f: first }] of handlers.entries()) {
		const name = nameOf(n);
		const matters = (...later: readonly FunctionDecl[]): boolean => later.some((f) => effects.reaches(first, f));
		const add = (...threads: string[]): void => {
			groups.push([name, ...threads]);
			further.set(threads.join(), [SEVERAL, ...threads]);
			words.set(name, `an earlier call of ${earlier.function}(), which is over before the others begin`);
		};
		// who registers a notifier does so once
		const meet = (handler: Handler): boolean => !(earlier.registers && handler.registers);
		for (const [i, { handler, f }] of handlers.entries()) {
			if (!meet(handler)) continue;
			if (!handler.registers && matters(f)) add(handler.name, handler.twin);
			for (const other of handlers.slice(i + 1))
				if (meet(other.handler) && !(handler.registers && other.handler.registers) && matters(f, other.f))
					add(handler.name, other.handler.name);
			for (const { name: unbinds, functions } of handler.ofFile ? unbinding : [])
				if (matters(f, ...functions)) add(handler.name, unbinds);
			for (const { name: comes, on, f: interrupt } of interrupts)
				if (on === handler.name && matters(f, interrupt)) add(handler.name, comes);
		}
	}
	if (groups.length === 0) return undefined;
	const used = new Set(groups.flat());
	// one that registers a notifier does so once
	const calls = handlers.flatMap(({ handler, body }, n) =>
		used.has(nameOf(n)) && !handler.registers ? [`{ ${body} }`] : [],
	);
	if (calls.length > 0) words.set(SEVERAL, `up to ${MOST_CALLS} earlier calls, which are over before the others begin`);
	const any = calls.length === 0 ? '' : calls.reduceRight((rest, call) => `if (any(0, 1)) ${call} else ${rest}`);
	const later = (name: string, body: string): string[] =>
		used.has(name) ? [`\tthread ${name} { wait_until(earlier_call_is_over); ${body} }`] : [];
	const threads = [
		...handlers.flatMap(({ body }, n) => {
			const name = nameOf(n);
			return used.has(name) ? [`\tthread ${name} { ${body} WRITE_ONCE(earlier_call_is_over, true); }`] : [];
		}),
		...(calls.length === 0
			? []
			: [
					`\tthread ${SEVERAL} { ${any} ${`if (any(0, 1)) { ${any} } `.repeat(MOST_CALLS - 1)}WRITE_ONCE(earlier_call_is_over, true); }`,
				]),
		...handlers.flatMap(({ handler, body }) => [...later(handler.name, body), ...later(handler.twin, body)]),
		...unbinding.flatMap(({ name, body }) => later(name, body)),
		...interrupts.flatMap(({ name, on, call }) =>
			used.has(name) ? [`\tinterrupt ${name} on ${on} { ${call}; }`] : [],
		),
	];
	return { threads, groups, further: calls.length === 0 ? [] : [...further.values()], words };
}
