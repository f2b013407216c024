import { isFunctionDecl } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { callsOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** Who frees memory waits for a queue that may need memory to begin (check_flush_dependency(), kernel/workqueue.c): it gets a rescuer. */
export const rescuer: Fixer = ({ program, blamed }) => {
	if (!/waits for a queue without WQ_MEM_RECLAIM/.test(blamed.message)) return [];
	return program.files
		.flatMap(({ root, kernel }) => (kernel ? [] : root.items.filter(isFunctionDecl)))
		.flatMap((f) =>
			callsOf(f, /^alloc_(ordered_)?workqueue$/).flatMap((call): Fix[] => {
				const [, flags] = call.arguments;
				const text = flags && sourceText(flags);
				if (!flags || !text || /WQ_MEM_RECLAIM/.test(text)) return [];
				const all = text === '0' ? 'WQ_MEM_RECLAIM' : `${text} | WQ_MEM_RECLAIM`;
				return [
					{
						title: `Give the queue of ${f.name}() a rescuer: WQ_MEM_RECLAIM`,
						edits: new Edits().replace(flags, all).list,
					},
				];
			}),
		);
};
