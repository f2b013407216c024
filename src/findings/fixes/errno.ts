import { isUnary } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { returnsOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fixer } from './fix.js';

/** A start callback may fail with -EAGAIN only (mn_hlist_invalidate_range_start()). */
export const onlyEagain: Fixer = ({ functions: [f], blamed }) => {
	if (f === undefined || !/something else than -EAGAIN/.test(blamed.message)) return [];
	const edits = new Edits();
	for (const { value } of returnsOf(f))
		if (value && isUnary(value) && /^-E(?!AGAIN$)/.test(sourceText(value))) edits.replace(value, '-EAGAIN');
	return [{ title: 'Return -EAGAIN', edits: edits.list }];
};
