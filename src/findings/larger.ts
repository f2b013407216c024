import { AstUtils } from 'langium';
import { kernelLibraries } from '../kernel/library.js';
import {
	type Block,
	isAssignment,
	isCall,
	isEnvironmentItem,
	isFunctionDecl,
	isNameRef,
	isPagesItem,
	isThreadItem,
	type Scenario,
	type ThreadItem,
} from '../language/generated/ast.js';
import { loadProgram, type Program, spanOf } from '../language/program.js';
import { INVALIDATORS } from '../language/scenario-words.js';
import { sourceOf } from '../language/text.js';
import type { CheckOptions, Sources } from './check.js';
import { rolesOf } from './environment/roles.js';
import type { Finding, Hint, ScenarioResult } from './result.js';
import { checkScenario } from './scenario.js';
import { LASTING, lasting } from './smaller.js';

/** What a look at one thread more may cost: nobody has asked for it. */
const LIMITS = { maxStates: 200_000, maxSeconds: 3 } as const;

/** Threads that nobody lets go on. */
const WAITS: ReadonlySet<string> = new Set(['deadlock', 'self-deadlock']);
/** What more invalidations must not bring about: not what a sketch asserts or counts up to, which may know its threads. */
const WRONG: ReadonlySet<string> = new Set([...LASTING].filter((code) => code !== 'assertion' && code !== 'overflow'));

/** Whom the default environment has (environment/environment.ts) and a scenario may have left out. */
const MISSING: readonly { name: string; call: string; codes: ReadonlySet<string> }[] = [
	{ name: 'W', call: 'mmap_write_lock(mm); mmap_write_unlock(mm)', codes: WAITS },
	{ name: 'I', call: 'mmap_fixed(0, NR_PAGES)', codes: WRONG },
	{ name: 'R', call: 'reclaim(0, NR_PAGES)', codes: WRONG },
	{ name: 'O', call: 'oom_reap(0, NR_PAGES)', codes: WRONG },
	{ name: 'P', call: 'fork(0, NR_PAGES)', codes: WRONG },
];

/** A scenario with one thread more. */
export interface Larger {
	readonly scenario: string;
	/** The thread, as it would be written. */
	readonly thread: string;
	/** Behind what in the sketch's text it belongs: the last of the scenario's threads. */
	readonly at: number;
	/** The whole sketch with it, in lines that are still those of the sketch. */
	readonly text: string;
	/** Codes of findings that say something of the sketch, not of the thread. */
	readonly codes: ReadonlySet<string>;
}

/** Is a scenario whose result this is worth a look with one thread more? Only where nothing fails something can come to fail. */
export const mayGrow = ({ complete, findings, expected }: ScenarioResult): boolean =>
	complete && findings.every(({ severity }) => severity !== 'error') && expected.every((word) => word === 'ok');

/**
 * A scenario with one thread more, for each that makes sense: of what runs in it, once more, where that is an
 * invalidation or a fault; and somebody who queues for `mmap_lock`, which makes readers wait for readers. None where
 * `finally` speaks of all threads.
 */
export function largerOf(program: Program, scenario: Scenario): Larger[] {
	const { text } = sourceOf(scenario);
	const threads = scenario.items.filter(isThreadItem);
	const last = threads.filter(({ kind }) => kind === 'thread').at(-1)?.$cstNode;
	if (last === undefined || scenario.items.some(({ $type }) => $type === 'FinallyItem')) return [];
	const names = new Set(threads.map(({ name }) => name));
	const free = (name: string): string => {
		let n = 2;
		while (names.has(`${name}${n}`)) n++;
		return `${name}${n}`;
	};
	const larger = (name: string, body: string, codes: ReadonlySet<string>): Larger => {
		const thread = `thread ${name} ${body}`;
		return {
			scenario: scenario.name,
			thread,
			at: last.end,
			text: `${text.slice(0, last.end)} ${thread}${text.slice(last.end)}`,
			codes,
		};
	};
	const handlers = new Set(rolesOf(program).handlers);
	const seen = new Map<string, number>();
	const bodyOf = ({ body }: ThreadItem): string => (body.$cstNode?.text ?? '').replace(/\s+/g, ' ');
	for (const t of threads) seen.set(bodyOf(t), (seen.get(bodyOf(t)) ?? 0) + 1);
	const found: Larger[] = [];
	for (const [body, count] of seen) {
		const thread = threads.find((t) => t.kind === 'thread' && bodyOf(t) === body);
		if (thread === undefined) continue;
		const calls = calledBy(program, thread.body);
		if (calls === undefined) continue;
		const adversary = calls.every((f) => f.kernel);
		if (adversary || count > 1) found.push(larger(free(thread.name), body, WRONG));
		else if (calls.every((f) => f.kernel || handlers.has(f.declaration)))
			found.push(larger(free(thread.name), body, WAITS));
	}
	const words = new Set([
		...scenario.items.filter(isEnvironmentItem).flatMap((item) => item.words),
		...[...seen.keys()].flatMap((body) => body.match(/\w+/g) ?? []),
	]);
	const pages = scenario.items.find(isPagesItem)?.count.$cstNode?.text ?? '4';
	for (const { name, call, codes } of MISSING)
		if (!words.has(/\w+/.exec(call)?.[0] ?? ''))
			found.push(larger(names.has(name) ? free(name) : name, `{ ${call.replace('NR_PAGES', pages)}; }`, codes));
	return found;
}

/** The functions that a body calls; undefined where it does more than call what anybody may. */
function calledBy(program: Program, body: Block) {
	const found: { declaration: ReturnType<Program['definitionOf']>; kernel: boolean }[] = [];
	for (const node of AstUtils.streamAllContents(body)) {
		if (isAssignment(node)) return undefined;
		if (!isCall(node)) continue;
		const target = isNameRef(node.callee) ? node.callee.target.ref : undefined;
		if (!isFunctionDecl(target)) return undefined;
		const { kernel, uri } = sourceOf(target);
		// a process ends once
		if (kernel && (!INVALIDATORS.test(uri) || target.name === 'exit_mmap')) return undefined;
		found.push({ declaration: program.definitionOf(target), kernel });
	}
	return found.length === 0 ? undefined : found;
}

/** What goes wrong in a scenario that was found right, with one thread more: each code by the first thread that shows it. */
export async function checkLarger(
	program: Program,
	scenario: Scenario,
	sources: Sources,
	options: CheckOptions,
): Promise<{ hints: readonly Hint[]; tried: number }> {
	const found: Hint[] = [];
	const shown = new Set<string>();
	let tried = 0;
	for (const one of largerOf(program, scenario)) {
		if (options.signal?.aborted) return { hints: [], tried };
		// a uri of its own: what is remembered of the sketch stays
		const uri = program.uri.replace(/[^/:]*$/, (file) => `.larger.${file}`);
		const read = async (u: string) => (u === uri ? one.text : sources.read(u));
		const larger = await loadProgram(uri, { read }, kernelLibraries, { scratch: true });
		const grown = larger.scenarios.find(({ name }) => name === one.scenario);
		if (grown === undefined || larger.problems.some(({ severity }) => severity === 'error')) continue;
		const { signal, only, ignore, maxMemoryMB } = options;
		const result = await checkScenario(larger, grown, {
			...LIMITS,
			...(signal && { signal }),
			...(only && { only }),
			...(ignore && { ignore }),
			...(maxMemoryMB !== undefined && { maxMemoryMB }),
		});
		if ('problems' in result) continue;
		tried++;
		for (const finding of lasting(result.findings)) {
			if (!one.codes.has(finding.code) || shown.has(finding.code)) continue;
			shown.add(finding.code);
			found.push(hint(scenario, one, finding));
		}
	}
	return { hints: found, tried };
}

function hint(scenario: Scenario, { thread, at }: Larger, { code, message, run }: Finding): Hint {
	const span = spanOf(scenario);
	const { uri, text } = sourceOf(scenario);
	const eol = text.includes('\r\n') ? '\r\n' : '\n';
	return {
		code,
		severity: 'info',
		message: `nothing fails as it stands; with one thread more, ${thread}, ${code} in ${run.length} steps: ${message}`,
		span: { ...span, endLine: span.line, endColumn: span.column + 'scenario '.length + scenario.name.length },
		offer: {
			title: `Add ${thread}`,
			edits: [{ uri, start: at, end: at, text: `${eol}\t${thread}` }],
		},
	};
}
