import { isExpressionStatement, isMember, isNameRef, isUnary } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { callsOf, nameOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

const UNLESS: Readonly<Record<string, string>> = {
	kref_get: 'kref_get_unless_zero',
	refcount_inc: 'refcount_inc_not_zero',
};

/** What is found by a pointer that counts no reference may be on its way out (Documentation/core-api/kref.rst, rule 3). */
export const unlessZero: Fixer = ({ functions, blamed }) => {
	if (blamed.code === 'assertion' && !/refcount_t: (addition on 0|underflow)/.test(blamed.message)) return [];
	return functions.flatMap((f) =>
		callsOf(f, /^(kref_get|refcount_inc)$/).flatMap((call): Fix[] => {
			const [count] = call.arguments;
			const name = UNLESS[nameOf(call)];
			const statement = call.$container;
			if (!count || !name || !isExpressionStatement(statement)) return [];
			const field = isUnary(count) && count.operator === '&' ? count.operand : count;
			// only where the pointer to the object can say that there is none
			if (!isMember(field) || field.operator !== '->' || !isNameRef(field.object)) return [];
			const edits = new Edits()
				.before(statement, `if (!${name}(${sourceText(count)}))`)
				.replace(statement, `\t${sourceText(field.object)} = NULL;`);
			return [{ title: `Take the reference with ${name}() in ${f.name}()`, edits: edits.list }];
		}),
	);
};
