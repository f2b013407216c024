import {
	type Call,
	type FunctionDecl,
	isAssignment,
	isExpressionStatement,
	isInitializerEntry,
	isReturnStatement,
	isVariable,
} from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { locksOf, releaseOf, releasesOf } from '../text/locks.js';
import { allOf, callsOf, nameOf, statementOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** An API of the kernel is called without the lock that it demands: around the call with it. */
export const demandedLock: Fixer = ({ functions, blamed }) => {
	const demand = /(\w+)\(\) needs (\S+?)(?: for write)?, which \S+ (does not hold|holds for read only)/.exec(
		blamed.message,
	);
	if (!demand) return [];
	const [, api = '', lock = '', how] = demand;
	return functions.flatMap((f) =>
		callsOf(f, new RegExp(`^${api}$`)).flatMap((call): Fix[] => {
			if (how === 'holds for read only') return forWrite(f);
			const pair = lock === 'mmap_lock' ? mmapLock(f, call) : resvLock(call);
			return pair ? around(f, call, pair, lock) : [];
		}),
	);
};

interface Pair {
	readonly take: string;
	readonly release: string;
}

/** Insertion may be the first of its mm, and then makes what only the writer may make. */
function mmapLock(f: FunctionDecl, call: Call): Pair | undefined {
	const [first, second] = call.arguments;
	const write = /_(register|insert)/.test(nameOf(call)) ? 'write' : 'read';
	const mm = /^hmm_range_fault/.test(nameOf(call)) && first ? mmOf(f, sourceText(first)) : second && sourceText(second);
	return { take: `mmap_${write}_lock(${mm ?? 'mm'});`, release: `mmap_${write}_unlock(${mm ?? 'mm'});` };
}

/** The address space of a `struct hmm_range`: that of its notifier, where the function sets it. */
function mmOf(f: FunctionDecl, range: string): string | undefined {
	const name = range.replace(/^&/, '');
	const set = allOf(f).flatMap((n): string[] => {
		if (isInitializerEntry(n) && n.designators[0]?.field?.$refText === 'notifier') return [sourceText(n.value)];
		return isAssignment(n) && new RegExp(`^${name}(\\.|->)notifier$`).test(sourceText(n.target))
			? [sourceText(n.value)]
			: [];
	});
	const [notifier] = set;
	if (notifier === undefined) return undefined;
	return notifier.startsWith('&') ? `${notifier.slice(1)}.mm` : `${notifier}->mm`;
}

function resvLock(call: Call): Pair | undefined {
	const name = call.arguments[0] && sourceText(call.arguments[0]);
	return name ? { take: `dma_resv_lock(${name}, NULL);`, release: `dma_resv_unlock(${name});` } : undefined;
}

function around(f: FunctionDecl, call: Call, { take, release }: Pair, lock: string): Fix[] {
	const statement = statementOf(call);
	const title = `Take ${lock} around ${nameOf(call)}()`;
	if (!statement) return [];
	if (isReturnStatement(statement) && statement.value === call) {
		const ret = allOf(f).some((n) => isVariable(n) && n.name === 'ret');
		const edits = ret ? new Edits() : new Edits().declare(f, `${sourceText(f.returnType)} ret;`);
		edits.before(statement, take, `ret = ${sourceText(call)};`, release).replace(call, 'ret');
		return [{ title, edits: edits.list }];
	}
	return isExpressionStatement(statement) && !callsOf(statement, /lock/).some((c) => c !== call)
		? [{ title, edits: new Edits().surround(statement, [take], [release]).list }]
		: [];
}

function forWrite(f: FunctionDecl): Fix[] {
	return locksOf(f)
		.filter(({ call }) => /^(mmap_read_lock|down_read)(_killable)?$/.test(nameOf(call)))
		.map(({ call }) => {
			const name = nameOf(call).replace('read', 'write');
			const edits = new Edits().replace(call.callee, name);
			for (const old of releasesOf(f, call)) edits.replace(old, releaseOf(call).replace('read', 'write'));
			return { title: `Take mmap_lock for write in ${f.name}()`, edits: edits.list };
		});
}
