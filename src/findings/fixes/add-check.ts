import {
	type Call,
	type FunctionDecl,
	isAssignment,
	isNameRef,
	isVariable,
	type Statement,
} from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { heldAt, lockText, releaseOf, statementOfLock } from '../text/locks.js';
import { callsOf, offsetOf, statementOf } from '../text/sketch.js';
import { CHECKS } from './check-under-lock.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** A reader that begins and never asks whether it collided (S30): the check belongs under the lock, before the map. */
export const addCheck: Fixer = ({ functions }) =>
	functions.flatMap((f): Fix[] => {
		const [begin, ...others] = callsOf(f, /^mmu_interval_read_begin$/);
		if (begin === undefined || others.length > 0 || callsOf(f, CHECKS).length > 0) return [];
		const statement = statementOf(begin);
		const lock = callsOf(f, /^dev_map(_page)?$/).flatMap((map) => heldAt(map))[0];
		const taken = lock && statementOfLock(lock);
		if (!statement || !lock || !taken || statement.$container !== f.body || offsetOf(taken) < offsetOf(statement))
			return [];
		return [checked(f, begin, statement, lock, taken)];
	});

function checked(f: FunctionDecl, begin: Call, statement: Statement, lock: Call, taken: Statement): Fix {
	const edits = new Edits();
	const snapshot = variableOf(begin);
	const name = snapshot ?? 'seq';
	const sub = begin.arguments[0] ? sourceText(begin.arguments[0]) : '';
	const first = f.body?.statements.find((s) => s.$type !== 'VariableDecl' && s.$type !== 'LabelStatement') ?? statement;
	// a label that stands where the round begins will do
	const declared = statement.$type === 'VariableDecl';
	const known = labelBefore(f, declared ? first : statement);
	const label = known ?? (/\bagain\b/.test(sourceText(f)) ? 'retry' : 'again');
	if (known === undefined) edits.label(declared ? first : statement, label);
	if (declared) {
		edits.replace(statement, sourceText(statement).replace(/\s*=.*$/, ';'));
		edits.before(first, `${name} = ${sourceText(begin)};`);
	} else if (snapshot === undefined) {
		edits.declare(f, `unsigned long ${name};`);
		edits.replace(begin, `${name} = ${sourceText(begin)}`);
	}
	edits.after(
		taken,
		`if (mmu_interval_read_retry(${sub}, ${name})) {`,
		`\t${releaseOf(lock)}`,
		`\tgoto ${label};`,
		'}',
	);
	return { title: `Check mmu_interval_read_retry() under ${lockText(lock)}`, edits: edits.list };
}

/** The label of a function's body that stands right before a statement. */
function labelBefore(f: FunctionDecl, statement: Statement): string | undefined {
	const statements = f.body?.statements ?? [];
	const before = statements[statements.indexOf(statement) - 1];
	return before?.$type === 'LabelStatement' ? before.name : undefined;
}

/** The variable that a call's value is kept in. */
function variableOf(call: Call): string | undefined {
	const owner = call.$container;
	if (isVariable(owner)) return owner.name;
	return isAssignment(owner) && isNameRef(owner.target) ? owner.target.target.$refText : undefined;
}
