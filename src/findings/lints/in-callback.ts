import type { Program } from '../../language/program.js';
import { sourceText, spanOf } from '../../language/text.js';
import type { Problem } from '../result.js';
import { callbacksOf, callsIn, foretell } from './callbacks.js';

/** What must not be called in a callback, with the finding that it leads to, and why. */
const FORBIDDEN: readonly { readonly name: RegExp; readonly code: string; readonly why: string }[] = [
	{
		name: /^(flush_work|flush_delayed_work|flush_workqueue|drain_workqueue|cancel_work_sync|cancel_delayed_work_sync)$/,
		code: 'deadlock',
		why: 'waits for a work item, which may want mmap_lock or memory',
	},
	{
		name: /^(mmu_interval_notifier_remove|mmu_notifier_unregister)$/,
		code: 'contract',
		why: 'waits for invalidations, of which this is one',
	},
	{ name: /^mmput$/, code: 'self-deadlock', why: 'may be the last, and then ends the address space here' },
	{
		name: /^(mmap_(read|write)_lock(_killable|_interruptible)?)$/,
		code: 'self-deadlock',
		why: 'takes mmap_lock, which the invalidator may have',
	},
	{
		name: /^(get_user_pages\w*|pin_user_pages\w*|hmm_range_fault\w*|copy_(from|to)_user|get_user|put_user)$/,
		code: 'self-deadlock',
		why: 'may fault, and invalidate again',
	},
	{
		name: /^(folio_lock|lock_page)$/,
		code: 'self-deadlock',
		why: 'takes a folio lock, which the invalidator may have',
	},
];
const ALLOCATES = /^k[vmzc]?[a-z]*alloc(_array)?$/;

/** Calls in a callback, or in what it calls, that wait for what may wait for the callback (semantics.md P10, P13). */
export function inCallback(program: Program): Problem[] {
	return callbacksOf(program).flatMap(({ function: f }) =>
		callsIn(program, f).flatMap(({ name, call, at }) => {
			const rule = FORBIDDEN.find((r) => r.name.test(name));
			if (rule !== undefined)
				return [foretell(rule.code, spanOf(at), `${name}() in the callback ${f.name}() ${rule.why}`)];
			const gfp = ALLOCATES.test(name)
				? /\bGFP_(KERNEL\w*|NOFS|NOIO|USER|HIGHUSER\w*)\b/.exec(sourceText(call))?.[0]
				: undefined;
			return gfp === undefined
				? []
				: [
						foretell(
							'self-deadlock',
							spanOf(at),
							`${name}(${gfp}) in the callback ${f.name}() may reclaim, and call callbacks again (f920e413ff9c)`,
						),
					];
		}),
	);
}
