/** Debugging over the protocol: stops, stacks and values are those of the run, forward and back. */
import path from 'node:path';
import { PassThrough } from 'node:stream';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { expect, test } from 'vitest';
import { SearchedRuns } from '../../src/cli/dap.js';
import { RunSession } from '../../src/debug/session.js';
import { root } from '../build.js';
import { folderWith, memoryConsole } from '../cli/run.js';
import { DebugClient } from './client.js';

const SEED = path.join(root, 'media/sketches/seed-wait-valid.mmn');

function connect(cwd = root): DebugClient {
	const [there, back] = [new PassThrough(), new PassThrough()];
	const session = new RunSession(new SearchedRuns(memoryConsole(cwd)));
	// a session of its own process ends that process
	session.setRunAsServer(true);
	session.start(there, back);
	return new DebugClient(back, there);
}

test('the deadlock of the seed, step by step, and back', async () => {
	const client = connect();
	const { stop } = await client.launch({ program: SEED });
	expect(stop).toMatchObject({ reason: 'entry', threadId: 1, allThreadsStopped: true });
	expect(client.console()).toMatch(
		/^fault_races_munmap: fail, \d+ states\ndeadlock: A waits for range \[1, 3\) to end/,
	);
	const { threads } = await client.ask<DebugProtocol.ThreadsResponse['body']>('threads');
	expect(threads).toEqual([
		{ id: 1, name: 'A: device_fault(0, 2)' },
		{ id: 2, name: 'B: munmap(1, 3)' },
	]);
	const stacks: string[] = [];
	for (let last = stop; last.reason !== 'exception'; last = await client.go('next'))
		stacks.push((await client.stack(last.threadId ?? 0)).join(' < '));
	// each row of the table for a mail, at the statement that is next
	expect(stacks).toMatchInlineSnapshot(`
		[
		  "device_fault:33 < device_fault(0, 2):45",
		  "device_fault:34 < device_fault(0, 2):45",
		  "munmap(1, 3):46",
		  "munmap(1, 3):46",
		  "invalidate_range_start:19 < mmu_notifier_invalidate_range_start:71 < range_start:9 < __notify_start:71 < unmap_vmas:63 < munmap:77 < munmap(1, 3):46",
		  "device_fault:35 < device_fault(0, 2):45",
		  "device_fault:36 < device_fault(0, 2):45",
		  "device_fault:33 < device_fault(0, 2):45",
		]
	`);
	expect(client.console()).toMatchInlineSnapshot(`
		"A  mmu_notifier_range_wait_valid(mm, start, end)  // returns: nothing overlaps [0, 2)
		A  mutex_lock(&fault_lock)  // takes fault_lock
		B  munmap(1, 3)  // takes mmap_lock for writing; keeps mmap_lock for reading only
		B  mmu_notifier_invalidate_range_start  // [1, 3) becomes active
		B  mutex_lock(&fault_lock)  // blocked: fault_lock is held by A
		A  mmu_notifier_range_is_valid(mm, start, end)  // fails: [1, 3) is active
		A  goto again  // fault_lock is still held
		A  mmu_notifier_range_wait_valid(mm, start, end)  // has to wait: [1, 3) is active; blocked: [1, 3) is active in B
		"
	`);
	const info = await client.ask<DebugProtocol.ExceptionInfoResponse['body']>('exceptionInfo', { threadId: 1 });
	expect(info).toMatchObject({
		exceptionId: 'deadlock',
		details: { message: expect.stringContaining('neither can go on') },
	});
	expect(await client.stack(2)).toEqual(expect.arrayContaining(['invalidate_range_start:19', 'munmap(1, 3):46']));
	expect(await client.values(1)).toMatchObject({
		'Locals/start': '0',
		'Threads/A': 'waits for range [1, 3) to end, which is with B, for ever',
		'Locks and Ranges/fault_lock': 'held by A; B waits',
		'Pages/page 1': 'CPU p1 rw · device – · device TLB –',
	});
	const back: string[] = [];
	for (const _ of stacks) {
		const last = await client.go('stepBack');
		back.push((await client.stack(last.threadId ?? 0)).join(' < '));
	}
	expect(back.reverse()).toEqual(stacks);
});

test('stops at lines that the run comes to, both ways, and says of others that it does not', async () => {
	const client = connect();
	const lines = [19, 37, 36].map((line) => ({ line }));
	const { set } = await client.launch({ program: SEED, stopOnEntry: false }, [
		{ source: { path: SEED }, breakpoints: lines },
	]);
	expect(set[0]?.breakpoints.map(({ verified, message }) => message ?? verified)).toEqual([
		true,
		'this run does not come here',
		true,
	]);
	expect((await client.stack(2))[0]).toBe('invalidate_range_start:19');
	expect((await client.go('continue')).reason).toBe('breakpoint');
	expect((await client.stack(1))[0]).toBe('device_fault:36');
	expect((await client.go('continue')).reason).toBe('exception');
	expect((await client.go('reverseContinue')).reason).toBe('breakpoint');
	expect((await client.stack(1))[0]).toBe('device_fault:36');
	expect((await client.go('reverseContinue')).reason).toBe('breakpoint');
	expect((await client.go('reverseContinue')).reason).toBe('entry');
});

test('steps into the simulated kernel, whose source it has, and out of it', async () => {
	const client = connect();
	await client.launch({ program: SEED });
	expect((await client.stack(1))[0]).toBe('device_fault:33');
	await client.go('stepIn');
	expect((await client.stack(1))[0]).toBe('device_fault:34');
	const { threadId = 0 } = await client.go('stepIn');
	const { stackFrames } = await client.ask<DebugProtocol.StackTraceResponse['body']>('stackTrace', { threadId });
	const kernel = stackFrames.find(({ source }) => source?.sourceReference);
	expect(kernel?.source).toMatchObject({ origin: 'simulated kernel' });
	expect(kernel).toBe(stackFrames[0]);
	const { content } = await client.ask<DebugProtocol.SourceResponse['body']>('source', {
		sourceReference: kernel?.source?.sourceReference,
	});
	expect(content.split('\n')[(kernel?.line ?? 0) - 1]).toMatch(/\w+\(/);
	expect(threadId).toBe(2);
	expect((await client.stack(2))[0]).toMatch(/^down_write:/);
	await client.go('stepOut');
	expect((await client.stack(2))[0]).not.toMatch(/^down_write:/);
});

test('stops where a value changes, and where no way ends well any more', async () => {
	const client = connect();
	await client.launch({ program: SEED });
	const { dataId } = await client.ask<DebugProtocol.DataBreakpointInfoResponse['body']>('dataBreakpointInfo', {
		name: 'fault_lock',
	});
	await client.ask('setDataBreakpoints', { breakpoints: [{ dataId }] });
	expect((await client.go('continue')).reason).toBe('data breakpoint');
	expect((await client.values(1))['Locks and Ranges/fault_lock']).toBe('held by A');
	await client.ask('setDataBreakpoints', { breakpoints: [] });
	await client.ask('setExceptionBreakpoints', { filters: ['noReturn'] });
	const stop = await client.go('continue');
	expect(stop.description).toBe('from here every way ends badly');
	const { result } = await client.ask<DebugProtocol.EvaluateResponse['body']>('evaluate', {
		expression: 'ways',
		context: 'repl',
	});
	expect(result).toMatch(/every way on ends badly/);
	expect(result).not.toMatch(/ends well/);
});

test('takes another way, and comes back to the run that was found', async () => {
	const client = connect();
	await client.launch({ program: SEED });
	const { targets } = await client.ask<DebugProtocol.StepInTargetsResponse['body']>('stepInTargets', { frameId: 1 });
	expect(targets.map(({ label }) => label.replace(/ –.*/, ''))).toEqual([
		'A: mmu_notifier_range_wait_valid(mm, start, end)',
		'B: munmap(1, 3)',
	]);
	await client.go('stepIn', { targetId: 1 });
	expect(client.console()).toContain('another way: ');
	expect((await client.go('continue')).description).toBe('every thread has ended');
	const evaluate = (expression: string) =>
		client.ask<DebugProtocol.EvaluateResponse['body']>('evaluate', { expression, context: 'repl' });
	expect((await evaluate('found')).result).toBe('fail');
	await client.stop();
	expect((await client.go('continue')).reason).toBe('exception');
	await expect(evaluate('take 9')).rejects.toThrow('take which way? "ways" lists them');
	await expect(evaluate('no_such_thing')).rejects.toThrow('nothing is called no_such_thing here');
});

test('a cycle begins again at its end', async () => {
	const client = connect();
	const sketch = path.join(root, 'test/corpus/liveness/s03-endless-invalidator.mmn');
	await client.launch({ program: sketch, finding: 'starvation', stopOnEntry: false });
	client.console();
	const again = await client.go('next');
	expect(client.console()).toMatch(/^the cycle begins again\n/);
	expect(again.reason).toBe('step');
});

test('what cannot be debugged is refused with the reason', async () => {
	const cwd = folderWith({
		'wrong.mmn': 'scenario one { thread A { y = 1; } }\n',
		'right.mmn': 'static int x;\nscenario one { thread A { x = 1; } }\n',
	});
	const launch = (args: object) => connect(cwd).launch(args);
	await expect(launch({ program: 'gone.mmn' })).rejects.toThrow('gone.mmn: no such file');
	await expect(launch({ program: 'wrong.mmn' })).rejects.toThrow(/the sketch has an error: .*wrong\.mmn:1: error: .*y/);
	await expect(launch({ program: 'right.mmn', scenario: 'two' })).rejects.toThrow('no scenario is called two');
	await expect(launch({ program: 'right.mmn', finding: 'deadlock' })).rejects.toThrow(
		'one shows no deadlock; nothing was found',
	);
});

test('what the default environment does has its text, which is in no file', async () => {
	const client = connect();
	await client.launch({ program: path.join(root, 'test/findings/drivers/irq-plain-spinlock.mmn') });
	const { threads } = await client.ask<DebugProtocol.ThreadsResponse['body']>('threads');
	const frames: DebugProtocol.StackFrame[] = [];
	for (const { id } of threads)
		frames.push(
			...(await client.ask<DebugProtocol.StackTraceResponse['body']>('stackTrace', { threadId: id })).stackFrames,
		);
	const own = frames.find(({ source }) => source?.name === 'default environment.mmn');
	expect(own?.source?.path).toBeUndefined();
	const { content } = await client.ask<DebugProtocol.SourceResponse['body']>('source', {
		sourceReference: own?.source?.sourceReference,
	});
	expect(content).toContain('scenario default_environment');
	expect(content.split('\n')[(own?.line ?? 0) - 1]).toMatch(/\S/);
});
