import { isInitializerEntry, isInitializerList } from '../../language/generated/ast.js';
import { sourceOf } from '../../language/text.js';
import { allOf } from '../text/sketch.js';
import { Edits, rangeOf } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** Operations that may not stand beside what another one does (c2655835fd8c, 1af5a8109904). */
const OPTIONAL = /^(invalidate_range_end|arch_invalidate_secondary_tlbs)$/;

/** A table with operations that do not go together: one of them goes. */
export const leaveOut: Fixer = ({ program }) =>
	allOf(program.root)
		.filter(isInitializerList)
		.flatMap(({ entries }) =>
			entries.filter(isInitializerEntry).flatMap((entry): Fix[] => {
				const name = entry.designators[0]?.field?.$refText ?? '';
				if (!OPTIONAL.test(name) || entries.length < 2) return [];
				const { uri, text: root } = sourceOf(entry);
				const [start, end] = rangeOf(entry);
				const line = root.lastIndexOf('\n', start) + 1;
				const rest = /^,?[ \t]*\r?\n/.exec(root.slice(end));
				const whole = rest && root.slice(line, start).trim() === '';
				const edits = new Edits();
				if (whole) edits.replaceRange(uri, line, end + rest[0].length, '');
				else edits.replaceRange(uri, start, end + (/^,[ \t]*/.exec(root.slice(end))?.[0].length ?? 0), '');
				return [{ title: `Leave .${name} out`, edits: edits.list }];
			}),
		);
