import { isNameRef } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { allOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix } from './fix.js';

/** What the review of 2015 asked for: `valid` said the opposite of what a reader takes it for. */
export const RENAMED: Readonly<Record<string, string>> = {
	mmu_notifier_range_wait_valid: 'mmu_notifier_range_wait_active',
	mmu_notifier_range_is_valid: 'mmu_notifier_range_inactive',
	mmu_notifier_range_is_valid_locked: 'mmu_notifier_range_inactive_locked',
};

/** All old names of a file by their new ones; undefined where there is none. */
export function renameApi(program: Program): Fix | undefined {
	const edits = new Edits();
	for (const node of allOf(program.root)) {
		const name = isNameRef(node) ? node.target.$refText : '';
		const renamed = Object.hasOwn(RENAMED, name) ? RENAMED[name] : undefined;
		if (renamed !== undefined && program.functions.has(renamed)) edits.replace(node, renamed);
	}
	return edits.list.length === 0
		? undefined
		: { title: 'Use the new names, range_wait_active and range_inactive', edits: edits.list };
}
