import { isBlock, isExpressionStatement, isIfStatement, isMacroDecl } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { allOf, callsOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A test, and only then the queue (S60): a wake-up in between is lost. wait_event() does both in the right order. */
export const waitEvent: Fixer = ({ functions }) =>
	functions.flatMap((f) =>
		allOf(f)
			.filter(isIfStatement)
			.flatMap((test): Fix[] => {
				const [queue] = callsOf(test.then, /^prepare_to_wait$/);
				if (test.otherwise !== undefined) return [];
				const state = callsOf(test.then, /^set_current_state$/)[0];
				const sleep = callsOf(test.then, /^schedule(_timeout)?$/)[0];
				if (state && sleep && isExpressionStatement(state.$container) && isBlock(test.$container))
					return [
						{
							title: 'Set the state of the task before the test',
							edits: new Edits()
								.before(test, `${sourceText(state)};`)
								.remove(state.$container)
								.after(test, '__set_current_state(TASK_RUNNING);').list,
						},
					];
				if (!queue?.arguments[0] || callsOf(test.then, /^schedule$/).length === 0) return [];
				const wq = sourceText(queue.arguments[0]).replace(/^&/, '');
				const condition = sourceText(test.condition);
				const over = /^!\w+(\(.*\))?$/.test(condition) ? condition.slice(1) : `!${wrapped(condition)}`;
				const edits = new Edits().replace(test, `wait_event(${wq}, ${over});`);
				const { $container: block } = test;
				for (const s of isBlock(block) ? block.statements : [])
					if (isMacroDecl(s) && s.macro === 'DEFINE_WAIT') edits.remove(s);
				return [{ title: `Wait with wait_event() on ${wq}`, edits: edits.list }];
			}),
	);

const wrapped = (condition: string): string => (/^\w+(\([^()]*\))?$/.test(condition) ? condition : `(${condition})`);
