import { type Call, type FunctionDecl, isFunctionDecl } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, sourceText } from '../../language/text.js';
import { heldAt, lockLabel, locksOf, lockText, releasesOf } from '../text/locks.js';
import { callsOf, nameOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A helper that takes a lock for itself, called with that lock held (S62): its callers hold it, and it says so. */
export const callersHold: Fixer = ({ functions, program }) =>
	functions.flatMap((f) =>
		locksOf(f).flatMap(({ call, statement }): Fix[] => {
			const releases = releasesOf(f, call);
			if (releases.length === 0 || !isCalledUnder(program, f, call)) return [];
			const edits = new Edits().replace(statement, assertion(call));
			for (const release of releases) edits.remove(release);
			return [{ title: `Leave ${lockLabel(call)} to the callers of ${f.name}()`, edits: edits.list }];
		}),
	);

/** Some other function of the sketch calls `f` with the lock of `taken` held. */
function isCalledUnder(program: Program, f: FunctionDecl, taken: Call): boolean {
	return program.files
		.flatMap(({ root, kernel }) => (kernel ? [] : root.items.filter(isFunctionDecl)))
		.filter((caller) => caller !== f && !sourceOf(caller).kernel)
		.some((caller) =>
			callsOf(caller, /./)
				.filter((call) => nameOf(call) === f.name)
				.some((call) => heldAt(call).some((held) => lockText(held) === lockText(taken))),
		);
}

/** What the kernel writes where a function wants a lock to be held. */
function assertion(call: Call): string {
	const lock = call.arguments[0] ? sourceText(call.arguments[0]) : '';
	const mmap = /^mmap_(read|write)_lock/.exec(nameOf(call))?.[1];
	if (mmap !== undefined) return `mmap_assert_${mmap === 'write' ? 'write_' : ''}locked(${lock});`;
	return `lockdep_assert_held(${lock});`;
}
