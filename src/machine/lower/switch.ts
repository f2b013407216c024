import { isCaseLabel, isDefaultLabel, type SwitchStatement } from '../../language/generated/ast.js';
import { rvalue } from './expressions.js';
import type { FunctionLowering } from './function.js';
import { casesOf, Label } from './label.js';
import { CannotLower } from './module.js';

/** One comparison after the other, then the default. */
export function lowerSwitch(f: FunctionLowering, s: SwitchStatement): void {
	const value = rvalue(f, s.value);
	const end = new Label();
	let onDefault = end;
	for (const label of casesOf(s.body)) {
		const target = new Label();
		f.caseLabels.set(label, target);
		if (isDefaultLabel(label)) {
			onDefault = target;
			continue;
		}
		const constant = isCaseLabel(label) ? f.module.constant(label.value) : undefined;
		if (constant === undefined) throw new CannotLower(label, 'a case has to be a constant');
		const equal = f.register();
		f.emit(
			{
				op: 'binary',
				to: equal,
				operator: '==',
				left: value,
				right: f.constant(constant),
				kind: undefined,
				unsigned: false,
			},
			s.value,
		);
		const no = new Label();
		f.branch(equal, target, no, s.value);
		f.place(no);
	}
	f.jump(onDefault);
	f.switchBody(s.body, end);
	f.place(end);
}
