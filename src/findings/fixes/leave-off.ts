import type { Call, Statement } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { heldAt, lockText } from '../text/locks.js';
import { callsOf, isWhole, nameOf, offsetOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/**
 * Interrupts that come on again while the lock is held: spin_unlock_irq() turns them on whatever they were before
 * (Documentation/locking/spinlocks.rst, lesson 1). What is nested is taken without that.
 */
export const leaveOff: Fixer = ({ functions, blamed }) => {
	if (!/Leave interrupts off until /.test(blamed.message)) return [];
	return functions.flatMap((f): Fix[] => {
		const nested = new Edits();
		const locks = new Set<string>();
		for (const call of callsOf(f, /^(raw_)?(spin|read|write)_lock_irq$/).filter(isUnderAnother)) {
			const release = nameOf(call).replace('lock', 'unlock');
			const ends = callsOf(f, new RegExp(`^${release}$`)).filter(
				(c) => lockText(c) === lockText(call) && offsetOf(c) > offsetOf(call),
			);
			for (const c of [call, ...ends]) nested.replace(c, sourceText(c).replace('_irq(', '('));
			locks.add(lockText(call));
		}
		const byHand = new Edits();
		for (const call of callsOf(f, /^local_irq_(enable|disable)$/))
			if (isWhole(call) && heldAt(call).length > 0) byHand.remove(call.$container as Statement);
		return [
			{ title: `Take ${[...locks].join(' and ')} without _irq in ${f.name}(): interrupts are off`, edits: nested.list },
			{ title: `Leave interrupts off under the lock in ${f.name}()`, edits: byHand.list },
		];
	});
};

const isUnderAnother = (call: Call): boolean =>
	heldAt(call).some((held) => lockText(held) !== lockText(call) && /_irq(save)?$/.test(nameOf(held)));
