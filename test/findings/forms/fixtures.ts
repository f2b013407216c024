import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { FileResult, Finding, RunStep, ScenarioResult, Span } from '../../../src/findings/result.js';

/** The folder of the golden files of forms. */
export const folder = import.meta.dirname;
export const seedUri = 'file:///sketches/seed.mmn';
export const kernelUri = 'mmn-kernel:/mn/active-ranges.mmn';
export const seedText = readFileSync(path.join(folder, 'seed.mmn'), 'utf8');

export const names = (uri: string) => uri.replace('file:///sketches/', '');
export const sources = (uri: string) => (uri === seedUri ? seedText : undefined);

/** The range of the `nth` place where `needle` stands in the seed. */
export function at(needle: string, nth = 1): Span {
	let offset = -1;
	for (let i = 0; i < nth; i++) offset = seedText.indexOf(needle, offset + 1);
	if (offset < 0) throw new Error(`the seed has no ${needle}`);
	const before = seedText.slice(0, offset).split('\n');
	const line = before.length;
	const column = (before.at(-1) ?? '').length + 1;
	return { uri: seedUri, line, column, endLine: line, endColumn: column + needle.length };
}

/** A range of one statement in the simulated kernel. */
export function inKernel(line: number, length = 20): Span {
	return { uri: kernelUri, line, column: 2, endLine: line, endColumn: 2 + length };
}

/** A run from what matters of each step; numbers the steps that are transitions. */
export function run(
	steps: readonly (Pick<RunStep, 'thread' | 'span' | 'text' | 'stack'> & Partial<RunStep>)[],
): RunStep[] {
	let n = 0;
	return steps.map((step) => ({
		step: step.blocked ? n : ++n,
		kernel: step.span.uri.startsWith('mmn-kernel:'),
		blocked: false,
		remarks: [],
		depth: step.stack.length,
		choice: null,
		...step,
	}));
}

const wait = ['device_fault', 'mmu_notifier_range_wait_valid'];
const isValid = ['device_fault', 'mmu_notifier_range_is_valid'];
const start = ['munmap', 'mmu_notifier_invalidate_range_start'];
const callback = [...start, 'invalidate_range_start'];

/** The run of the seed's mail, in the order of the mail, with all the steps that the simulated kernel takes. */
export const seedRun: RunStep[] = run([
	{ thread: 'A', span: inKernel(40), text: 'spin_lock(&mm->notifier_lock);', stack: wait },
	{ thread: 'A', span: inKernel(44), text: 'spin_unlock(&mm->notifier_lock);', stack: wait, remarks: ['returns'] },
	{ thread: 'B', span: inKernel(200), text: 'mmap_write_lock(mm);', stack: ['munmap'] },
	{ thread: 'B', span: inKernel(60), text: 'spin_lock(&mm->notifier_lock);', stack: start },
	{ thread: 'B', span: inKernel(61), text: 'list_add_tail(&range->list, &mm->ranges);', stack: start },
	{ thread: 'B', span: inKernel(62), text: 'mm->nranges++;', stack: start },
	{ thread: 'B', span: inKernel(63), text: 'spin_unlock(&mm->notifier_lock);', stack: start },
	{ thread: 'A', span: at('mutex_lock(&fault_lock)', 2), text: 'mutex_lock(&fault_lock);', stack: ['device_fault'] },
	{ thread: 'A', span: inKernel(50), text: 'spin_lock(&mm->notifier_lock);', stack: isValid },
	{ thread: 'A', span: inKernel(54), text: 'spin_unlock(&mm->notifier_lock);', stack: isValid, remarks: ['fails'] },
	{ thread: 'A', span: at('goto again'), text: 'goto again;', stack: ['device_fault'] },
	{ thread: 'A', span: inKernel(40), text: 'spin_lock(&mm->notifier_lock);', stack: wait },
	{ thread: 'A', span: inKernel(43), text: 'spin_unlock(&mm->notifier_lock);', stack: wait },
	{
		thread: 'A',
		span: inKernel(46),
		text: 'wait_event(mm->wait_queue, mm->nranges != snap);',
		stack: wait,
		blocked: true,
		remarks: ['blocked: [1, 3) is active in B'],
	},
	{
		thread: 'B',
		span: at('mutex_lock(&fault_lock)'),
		text: 'mutex_lock(&fault_lock);',
		stack: callback,
		blocked: true,
		remarks: ['blocked: fault_lock is held by A'],
	},
]);

export const seedFinding: Finding = {
	code: 'deadlock',
	severity: 'error',
	message:
		'A holds fault_lock (line 23) and waits for range [1, 3) to end; the range is active in B, which waits for fault_lock in invalidate_range_start (line 8)',
	span: at('goto again'),
	threads: ['A', 'B'],
	related: [
		{ span: at('mutex_lock(&fault_lock)', 2), message: 'A takes fault_lock here' },
		{ span: at('mmu_notifier_range_wait_valid(mm, start, end)'), message: 'A waits here for [1, 3) to end' },
		{ span: inKernel(61, 40), message: 'B makes [1, 3) active here' },
		{ span: at('mutex_lock(&fault_lock)'), message: 'B waits here for fault_lock' },
	],
	assumption: null,
	run: seedRun,
	noReturn: 8,
	closing:
		'A holds fault_lock and waits for [1, 3) to end; B has [1, 3) active and waits for fault_lock: neither can go on.',
};

export function scenario(part: Partial<ScenarioResult> = {}): ScenarioResult {
	return {
		name: 'fault_races_munmap',
		span: at('scenario fault_races_munmap'),
		verdict: 'ok',
		expected: [],
		asExpected: true,
		states: 44,
		transitions: 61,
		milliseconds: 3,
		complete: true,
		assumptions: ['memory is sequentially consistent'],
		threads: ['A', 'B'],
		findings: [],
		...part,
	};
}

export const failed = scenario({ verdict: 'fail', asExpected: false, findings: [seedFinding] });

export function file(scenarios: readonly ScenarioResult[], problems: FileResult['problems'] = []): FileResult {
	return { uri: seedUri, problems, scenarios };
}
