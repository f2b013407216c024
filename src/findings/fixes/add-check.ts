import {
	type Call,
	type Expression,
	type FunctionDecl,
	isAssignment,
	isBlock,
	isCall,
	isExpressionStatement,
	isFunctionDecl,
	isIfStatement,
	isLabelStatement,
	isMember,
	isNameRef,
	isUnary,
	isVariable,
	isVariableDecl,
	type Statement,
	type VariableDecl,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, sourceText } from '../../language/text.js';
import type { Type } from '../../language/types.js';
import { callbacksOf } from '../lints/callbacks.js';
import { heldAt, lockText, releaseOf, statementOfLock } from '../text/locks.js';
import { allOf, callsOf, following, nameOf, offsetOf, ownFunctions, statementOf } from '../text/sketch.js';
import { COUNT, SEQUENCE } from './ask-both.js';
import { CHECKS } from './check-under-lock.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';
import { waysToSet } from './set-seq.js';

const MAPS = /^dev_map(_page)?$/;
/** What gives back what a round got hold of. */
const GIVES_BACK = /^(put_page|folio_put|unpin_user_pages?|release_pages|mmput|mmdrop|kv?free)$/;

const LOOKS_UP =
	/^(mmap_read_(try)?lock|((get|pin)_user_pages|hmm_range_fault|migrate_vma_setup|make_device_exclusive)\w*|cpu_pte)$/;

/** How a reader notes where it began, and how it can ask whether an invalidation has come since. */
interface Reader {
	/** Where it begins; where it does not, the statement that it has to begin before. */
	readonly statement: Statement;
	/** What is noted: a call of `mmu_interval_read_begin()`, or the value of a counter; as text, where that is missing, too. */
	readonly begin: Expression | string;
	/** `seq`, `range.notifier_seq`; undefined where nothing keeps it. */
	readonly snapshot: string | undefined;
	readonly asks: (snapshot: string) => string;
	/** What is asked, for the title. */
	readonly what: string;
}

/** A reader that begins and never asks whether it collided (S30): the check belongs under the lock, before the map. */
export const addCheck: Fixer = ({ functions, program }) =>
	functions.flatMap((f): Fix[] => {
		const lock = mapsIn(f).flatMap((map) => heldAt(map))[0];
		const taken = lock && statementOfLock(lock);
		const known = [...intervalReaders(f), ...unlockedReaders(f), ...countingReaders(f, program)];
		const [reader, ...others] = known.length > 0 || !taken ? known : newReader(f, taken, program);
		if (reader === undefined || others.length > 0 || callsOf(f, CHECKS).length > 0) return [];
		if (!taken || reader.statement.$container !== f.body || offsetOf(taken) < offsetOf(reader.statement)) return [];
		if (isVariableDecl(reader.statement) && reader.snapshot === undefined) return [];
		return [withSetSeq(checked(f, reader, lock, taken), program)];
	});

/** A reader that asks is told nothing by a callback that does not note the sequence. */
function withSetSeq(fix: Fix, program: Program): Fix {
	const silent = callbacksOf(program)
		.filter(({ operation }) => operation === 'invalidate')
		.map((c) => c.function)
		.filter((f) => callsOf(f, /^mmu_interval_set_seq$/).length === 0);
	const more = silent.flatMap((f) => waysToSet(f)[0]?.edits ?? []);
	if (more.length === 0) return fix;
	return { title: `${fix.title}, and call mmu_interval_set_seq()`, edits: [...fix.edits, ...more] };
}

function intervalReaders(f: FunctionDecl): Reader[] {
	return callsOf(f, /^mmu_interval_read_begin$/).flatMap((begin): Reader[] => {
		const statement = statementOf(begin);
		const sub = begin.arguments[0] ? sourceText(begin.arguments[0]) : '';
		return statement ? [{ statement, begin, snapshot: keptIn(begin), ...retry(sub) }] : [];
	});
}

/** `hmm_range_fault_unlocked_timeout()` begins anew as often as it has to, and notes the last sequence in its range. */
function unlockedReaders(f: FunctionDecl): Reader[] {
	return callsOf(f, /^hmm_range_fault_unlocked_timeout$/).flatMap((begin): Reader[] => {
		const statement = statementOf(begin);
		const [range] = begin.arguments;
		if (!statement || isVariableDecl(statement) || !range) return [];
		const by = isUnary(range) && range.operator === '&' ? `${sourceText(range.operand)}.` : `${sourceText(range)}->`;
		return [{ statement, begin, snapshot: `${by}notifier_seq`, ...retry(`${by}notifier`) }];
	});
}

const retry = (sub: string) => ({
	what: 'mmu_interval_read_retry()',
	asks: (seq: string): string => `mmu_interval_read_retry(${sub}, ${seq})`,
});

/** What maps for an interval notifier and knows nothing of sequences: it begins before it looks the page up. */
function newReader(f: FunctionDecl, taken: Statement, program: Program): Reader[] {
	const interval = callbacksOf(program).filter(({ operation }) => operation === 'invalidate');
	if (interval.length === 0 || interval.some((c) => c.function === f)) return [];
	const statement = f.body?.statements.find((s) => callsOf(s, LOOKS_UP).length > 0);
	const sub = subscriptionOf(f, program);
	if (!statement || !sub || isVariableDecl(statement) || offsetOf(statement) >= offsetOf(taken)) return [];
	return [{ statement, begin: `mmu_interval_read_begin(${sub})`, snapshot: undefined, ...retry(sub) }];
}

/** The interval notifier that a function can reach: of an object that it is called for, or the one there is. */
function subscriptionOf(f: FunctionDecl, { semantics, root }: Program): string | undefined {
	const isSubscription = (type: Type): boolean => type.kind === 'struct' && type.name === 'mmu_interval_notifier';
	const fields = f.parameters.flatMap((p) => {
		const type = semantics.declaredType(p);
		if (type.kind !== 'pointer' || type.to.kind !== 'struct') return [];
		return type.to.fields.filter((field) => isSubscription(field.type)).map(({ name }) => `&${p.name}->${name}`);
	});
	const globals = root.items
		.filter(isVariableDecl)
		.flatMap(({ variables }) => variables)
		.filter((v) => isSubscription(semantics.declaredType(v)))
		.map(({ name }) => `&${name}`);
	const [only, ...more] = fields.length > 0 ? fields : globals;
	return more.length === 0 ? only : undefined;
}

/** Where a value is kept. */
function keptIn(value: Expression): string | undefined {
	const owner = value.$container;
	if (isVariable(owner)) return owner.name;
	return isAssignment(owner) && owner.value === value ? sourceText(owner.target) : undefined;
}

/** KVM's way: a count and a sequence of the driver's own, which its callbacks change. The sequence is noted, and never asked for. */
function countingReaders(f: FunctionDecl, program: Program): Reader[] {
	const callbacks = callbacksOf(program).map((c) => c.function);
	if (callbacks.includes(f)) return [];
	const all = ownFunctions(program);
	const changed = all
		.filter((g) => callbacks.includes(g) || callbacks.some((c) => callsOf(c, /./).some((call) => calleeOf(call) === g)))
		.flatMap((g) => allOf(g).filter(isMember))
		.map((m) => m.field.$refText);
	const count = changed.find((name) => COUNT.test(name));
	if (count === undefined) return [];
	return allOf(f).flatMap((node): Reader[] => {
		const value = isVariable(node) ? node.init : isAssignment(node) && node.operator === '=' ? node.value : undefined;
		if (value === undefined || value.$type === 'InitializerList') return [];
		const snapshot = keptIn(value);
		const counter = allOf(value).find(isMember);
		const statement = statementOf(value);
		if (!snapshot || !statement || !counter || !SEQUENCE.test(counter.field.$refText)) return [];
		const uses = allOf(f).filter((n) => isNameRef(n) && n.target.$refText === snapshot);
		if (uses.length !== (isVariable(node) ? 0 : 1)) return [];
		const object = sourceText(counter.object);
		const by = `${object}${counter.operator}`;
		const sequence = `${by}${counter.field.$refText}`;
		const own = all.find((g) => /retry/.test(g.name) && g.parameters.length === 2)?.name;
		const what = own ? `${own}()` : `${by}${count} and ${sequence}`;
		const asks = (seq: string): string =>
			own ? `${own}(${object}, ${seq})` : `${by}${count} || ${sequence} != ${seq}`;
		return [{ statement, begin: value, snapshot, asks, what }];
	});
}

/** The user's function that a call names. */
function calleeOf(call: Call): FunctionDecl | undefined {
	const target = isNameRef(call.callee) ? call.callee.target.ref : undefined;
	return isFunctionDecl(target) && !sourceOf(target).kernel ? target : undefined;
}

/** Where a function maps, itself or by a helper. */
function mapsIn(f: FunctionDecl): Call[] {
	const maps = (g: FunctionDecl | undefined, depth: number): boolean =>
		g !== undefined &&
		callsOf(g, /./).some((call) => MAPS.test(nameOf(call)) || (depth > 0 && maps(calleeOf(call), depth - 1)));
	return callsOf(f, /./).filter((call) => MAPS.test(nameOf(call)) || maps(calleeOf(call), 1));
}

function checked(
	f: FunctionDecl,
	{ statement, begin, snapshot, asks, what }: Reader,
	lock: Call,
	taken: Statement,
): Fix {
	const edits = new Edits();
	const name = snapshot ?? 'seq';
	const first = f.body?.statements.find((s) => s.$type !== 'VariableDecl' && s.$type !== 'LabelStatement') ?? statement;
	// a label that stands where the round begins will do
	const declared = isVariableDecl(statement);
	const known = labelBefore(f, declared ? first : statement);
	const label = known ?? (/\bagain\b/.test(sourceText(f)) ? 'retry' : 'again');
	if (known === undefined) edits.label(declared ? first : statement, label);
	if (typeof begin === 'string') {
		edits.declare(f, `unsigned long ${name};`);
		edits.before(statement, `${name} = ${begin};`);
	} else if (declared) {
		const later = lookedUp(f, statement);
		for (const s of [statement, ...later.map(({ decl }) => decl)])
			edits.replace(s, sourceText(s).replace(/\s*=.*$/s, ';'));
		edits.before(first, `${name} = ${sourceText(begin)};`, ...later.map(({ again }) => again));
	} else if (snapshot === undefined) {
		edits.declare(f, `unsigned long ${name};`);
		edits.replace(begin, `${name} = ${sourceText(begin)}`);
	}
	const back = givenBack(statement, taken).map((line) => `\t${line}`);
	edits.after(behindWaysOut(taken), `if (${asks(name)}) {`, `\t${releaseOf(lock)}`, ...back, `\tgoto ${label};`, '}');
	return { title: `Check ${what} under ${lockText(lock)}`, edits: edits.list };
}

/** Declarations behind the one that begins which look something up, or use what was: each round does so again. */
function lookedUp(f: FunctionDecl, begins: Statement): { decl: VariableDecl; again: string }[] {
	const names = new Set<string>();
	return (f.body?.statements ?? []).filter(isVariableDecl).flatMap((decl) => {
		const [v, ...others] = decl.variables;
		if (v?.init === undefined || v.init.$type === 'InitializerList' || others.length > 0) return [];
		const uses = allOf(v.init).some((n) => isNameRef(n) && names.has(n.target.$refText));
		if (offsetOf(decl) <= offsetOf(begins) || !(uses || callsOf(v.init, LOOKS_UP).length > 0)) return [];
		names.add(v.name);
		return { decl, again: `${v.name} = ${sourceText(v.init)};` };
	});
}

/** What has failed by the time the lock is there is no round: its ways out come first. */
function behindWaysOut(taken: Statement): Statement {
	let at = taken;
	for (const s of following(taken)) {
		if (!isIfStatement(s) || s.otherwise !== undefined || callsOf(s, /./).length > 0) return at;
		const last = isBlock(s.then) ? s.then.statements.at(-1) : s.then;
		if (last === undefined || !/^(Return|Goto|Break)Statement$/.test(last.$type)) return at;
		at = s;
	}
	return at;
}

/** What a round has got hold of by the time it has the lock, and the function gives back behind it. */
function givenBack(begin: Statement, taken: Statement): string[] {
	const round = [begin, ...following(begin)].filter((s) => offsetOf(s) < offsetOf(taken));
	const got = new Set<string>();
	for (const node of round.flatMap(allOf)) {
		if (isUnary(node) && node.operator === '&') got.add(sourceText(node.operand));
		if (isAssignment(node)) got.add(sourceText(node.target));
		if (isCall(node) && /get|grab|pin/.test(nameOf(node))) for (const a of node.arguments) got.add(sourceText(a));
	}
	const lines = following(taken).flatMap((s) => {
		const call = isExpressionStatement(s) && isCall(s.expression) ? s.expression : undefined;
		if (call === undefined || !GIVES_BACK.test(nameOf(call))) return [];
		return call.arguments.some((a) => got.has(sourceText(a))) ? [sourceText(s)] : [];
	});
	return [...new Set(lines)];
}

/** The label of a function's body that stands right before a statement. */
function labelBefore(f: FunctionDecl, statement: Statement): string | undefined {
	const statements = f.body?.statements ?? [];
	const before = statements[statements.indexOf(statement) - 1];
	return before && isLabelStatement(before) ? before.name : undefined;
}
