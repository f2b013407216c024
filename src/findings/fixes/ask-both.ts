import { isFunctionDecl, isMember, isReturnStatement } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { callbacksOf } from '../lints/callbacks.js';
import { allOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

export const SEQUENCE = /(^|_)seq(uence)?$/;
export const COUNT = /(in_progress|count|active|notifiers)/;

/**
 * A reader collides with ranges that are active and with those that are over (S19): who asks for the count only, or for
 * the sequence only, asks for both.
 */
export const askBoth: Fixer = ({ program }) => {
	const changed = callbacksOf(program).flatMap(({ function: f }) =>
		allOf(f)
			.filter(isMember)
			.map((m) => m.field.$refText),
	);
	const sequence = changed.find((name) => SEQUENCE.test(name));
	const count = changed.find((name) => COUNT.test(name));
	if (sequence === undefined || count === undefined) return [];
	return program.root.items.filter(isFunctionDecl).flatMap((f): Fix[] => {
		const snapshot = f.parameters.find((p) => p.name !== undefined && SEQUENCE.test(p.name))?.name;
		const [only, ...others] = f.body?.statements ?? [];
		if (snapshot === undefined || others.length > 0 || !only || !isReturnStatement(only) || !only.value) return [];
		const asked = allOf(only.value).filter(isMember);
		const has = (name: string) => asked.some((m) => m.field.$refText === name);
		const [member] = asked;
		if (member === undefined || has(sequence) === has(count)) return [];
		const object = `${sourceText(member.object)}${member.operator}`;
		const more = has(count) ? `${object}${sequence} != ${snapshot}` : `${object}${count} != 0`;
		const title = `Ask for ${object}${has(count) ? sequence : count} too in ${f.name}()`;
		const asks = has(count) ? `${sourceText(only.value)} || ${more}` : `${more} || ${sourceText(only.value)}`;
		return [{ title, edits: new Edits().replace(only.value, asks).list }];
	});
};
