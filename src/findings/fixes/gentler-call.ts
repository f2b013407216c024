import type { FunctionDecl } from '../../language/generated/ast.js';
import { sourceOf } from '../../language/text.js';
import { locksOf, releasesOf } from '../text/locks.js';
import { callsOf, nameOf, parameterOf, statementOf } from '../text/sketch.js';
import { wayOutOnFailure } from './allocation.js';
import { Edits, rangeOf } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** Calls that wait, and what does the same without waiting. */
const GENTLER: Readonly<Record<string, string>> = {
	mmput: 'mmput_async',
	mmu_notifier_unregister: 'mmu_notifier_put',
	cancel_work_sync: 'cancel_work',
	cancel_delayed_work_sync: 'cancel_delayed_work',
	dev_clear: 'dev_unmap',
	set_page_dirty_lock: 'set_page_dirty',
};
/** What may reclaim, and so call callbacks. */
const RECLAIMS = /\bGFP_(KERNEL\w*|NOFS|NOIO|USER|HIGHUSER\w*)\b/;

/** A call that waits, or reclaims, where that is not allowed: its sibling that does not. */
export const gentlerCall: Fixer = ({ functions }) =>
	functions.flatMap((f) => [...renames(f), ...flags(f), ...withoutMmapLock(f), ...withoutSynchronize(f)]);

function renames(f: FunctionDecl): Fix[] {
	return Object.entries(GENTLER).flatMap(([from, to]): Fix[] => {
		const calls = callsOf(f, new RegExp(`^${from}$`));
		if (calls.length === 0) return [];
		const edits = new Edits();
		// a put takes the notifier only
		for (const call of calls) {
			edits.replace(call.callee, to);
			const [first, second] = call.arguments;
			if (to === 'mmu_notifier_put' && first && second)
				edits.replaceRange(sourceOf(call).uri, rangeOf(first)[1], rangeOf(second)[1], '');
		}
		return [{ title: `Call ${to}() instead of ${from}()`, edits: edits.list }];
	});
}

/** A callback that takes mmap_lock, which its caller may have (S61). */
function withoutMmapLock(f: FunctionDecl): Fix[] {
	if (parameterOf(f, /struct mmu_(interval_)?notifier\b/) === undefined) return [];
	return locksOf(f)
		.filter(({ call }) => /^mmap_/.test(nameOf(call)))
		.map(({ call, statement }) => {
			const edits = new Edits().remove(statement);
			for (const release of releasesOf(f, call)) edits.remove(release);
			return { title: `Do not take mmap_lock in ${f.name}()`, edits: edits.list };
		});
}

/** A callback that waits for all callbacks, itself among them. */
function withoutSynchronize(f: FunctionDecl): Fix[] {
	if (parameterOf(f, /struct mmu_(interval_)?notifier\b/) === undefined) return [];
	const statements = callsOf(f, /^mmu_notifier_synchronize$/).flatMap((call) => statementOf(call) ?? []);
	const edits = statements.reduce((all, s) => all.remove(s), new Edits());
	return [{ title: `Do not call mmu_notifier_synchronize() in ${f.name}()`, edits: edits.list }];
}

/** What does not reclaim fails sooner: where nobody looks whether it has, somebody does now. */
function flags(f: FunctionDecl): Fix[] {
	return callsOf(f, /alloc/).flatMap((call): Fix[] => {
		const flag = call.arguments.find((a) => RECLAIMS.test(sourceOf(a).text.slice(...rangeOf(a))));
		if (flag === undefined) return [];
		const title = `Allocate with GFP_NOWAIT in ${nameOf(call)}()`;
		const edits = new Edits().replace(flag, 'GFP_NOWAIT').list;
		const checked = wayOutOnFailure(f, call)?.list ?? [];
		const careful = { title: `${title}, and give up where it fails`, edits: [...edits, ...checked] };
		return checked.length > 0 ? [careful, { title, edits }] : [{ title, edits }];
	});
}
