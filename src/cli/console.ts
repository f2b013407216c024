/** What a command sees of the world it runs in; tests give their own. */
export interface Console {
	/** Results. Waits while the reader of a pipe is slow. */
	out(text: string): void;
	/** Progress, and what is wrong with the command line. */
	err(text: string): void;
	/** Whether results may be coloured. */
	readonly colour: boolean;
	/** Whether someone watches standard error, so that progress can be drawn there. */
	readonly live: boolean;
	/** Relative paths start here. */
	readonly cwd: string;
	/** The folder of the installed package: `package.json`, `media`. */
	readonly root: string;
	readonly stdin: AsyncIterable<Uint8Array>;
}

/** Exit statuses, a contract with scripts. The larger of two is not the worse: see {@link worst}. */
export const Status = { ok: 0, unexpected: 1, usage: 2, limit: 3 } as const;
export type Status = (typeof Status)[keyof typeof Status];

const SEVERITY: readonly Status[] = [Status.ok, Status.limit, Status.unexpected, Status.usage];

/** A limit says less than a finding, and a finding less than a sketch that could not be read. */
export function worst(statuses: Iterable<Status>): Status {
	return [...statuses].reduce((a, b) => (SEVERITY.indexOf(b) > SEVERITY.indexOf(a) ? b : a), Status.ok);
}

/** Something wrong with the command line or the world, in one line that says what and where: exit status 2. */
export class UsageError extends Error {}
