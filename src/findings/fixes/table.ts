import { type InitializerEntry, isInitializerEntry, isInitializerList } from '../../language/generated/ast.js';
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
				const edits = withoutEntry(new Edits(), entry);
				return [{ title: `Leave .${name} out`, edits: edits.list }];
			}),
		);

/** An entry goes, with its line where it has that for itself. */
export function withoutEntry(edits: Edits, entry: InitializerEntry): Edits {
	const { uri, text } = sourceOf(entry);
	const [start, end] = rangeOf(entry);
	const line = text.lastIndexOf('\n', start) + 1;
	const rest = /^,?[ \t]*\r?\n/.exec(text.slice(end));
	return rest && text.slice(line, start).trim() === ''
		? edits.replaceRange(uri, line, end + rest[0].length, '')
		: edits.replaceRange(uri, start, end + (/^,[ \t]*/.exec(text.slice(end))?.[0].length ?? 0), '');
}
