import { type FSWatcher, statSync, watch } from 'node:fs';
import path from 'node:path';
import { type Checker, type CheckOutcome, type CheckRequest, runCheck } from './check.js';
import { type Console, Status } from './console.js';

/** Editors write a file in several steps: let them finish. */
const SETTLE_MS = 50;

/** Checks again whenever a sketch of `request`, or a file that one includes, changes; until `signal`. */
export async function watchCheck(
	request: CheckRequest,
	console: Console,
	checker: Checker,
	signal: AbortSignal,
): Promise<Status> {
	let status: Status = Status.ok;
	while (!signal.aborted) {
		const change = new AbortController();
		// The files of this round are known only after it, so what the user named is watched from its start.
		const watchers = watchAll(
			request.paths.map((file) => path.resolve(console.cwd, file)),
			() => change.abort(),
		);
		try {
			const round: CheckOutcome = await runCheck(request, console, checker, AbortSignal.any([signal, change.signal]));
			status = round.status;
			if (!signal.aborted && !change.signal.aborted) {
				console.err('notifier-lab: watching; Ctrl-C ends\n');
				watchers.push(...watchAll(round.files, () => change.abort()));
				await aborted(AbortSignal.any([signal, change.signal]));
			}
		} finally {
			for (const watcher of watchers) watcher.close();
		}
		if (!signal.aborted) {
			await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
			if (console.colour) console.out('\u001b[2J\u001b[H');
		}
	}
	return status;
}

/** Watches folders as a whole, and files through their folder, since editors replace a file by a new one. */
function watchAll(files: readonly string[], changed: () => void): FSWatcher[] {
	const names = new Map<string, Set<string> | undefined>();
	for (const file of files) {
		if (statSync(file, { throwIfNoEntry: false })?.isDirectory()) names.set(file, undefined);
		else if (!names.has(path.dirname(file)) || names.get(path.dirname(file)) !== undefined) {
			const known = names.get(path.dirname(file)) ?? new Set<string>();
			names.set(path.dirname(file), known.add(path.basename(file)));
		}
	}
	const watchers: FSWatcher[] = [];
	for (const [folder, known] of names) {
		try {
			watchers.push(
				watch(folder, { recursive: known === undefined }, (_event, name) => {
					if (name === null || (known === undefined ? name.endsWith('.mmn') : known.has(name))) changed();
				}).on('error', changed),
			);
		} catch {
			// The folder is not there (yet); runCheck has said so.
		}
	}
	return watchers;
}

function aborted(signal: AbortSignal): Promise<void> {
	if (signal.aborted) return Promise.resolve();
	return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
