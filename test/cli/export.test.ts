/** `notifier-lab export`: what it takes, what it refuses. The models themselves are tested in test/export. */
import { describe, expect, test } from 'vitest';
import { Status, UsageError } from '../../src/cli/console.js';
import { exportScenario } from '../../src/cli/export.js';
import { folderWith, memoryConsole } from './run.js';

const ONE = 'static int x;\nscenario one { thread A { x = 1; } thread B { x = 2; } }\n';
const TWO = `${ONE}scenario two { thread A { x = 1; } }\n`;
const WRONG = 'scenario one { thread A { y = 1; } }\n';

const folder = folderWith({ 'one.mmn': ONE, 'two.mmn': TWO, 'wrong.mmn': WRONG, 'none.mmn': 'static int x;\n' });

async function run(...args: string[]): Promise<{ status: Status; stdout: string; stderr: string }> {
	const console = memoryConsole(folder);
	const status = await exportScenario(args, console);
	return { status, stdout: console.stdout, stderr: console.stderr };
}

describe('notifier-lab export', () => {
	test('prints the model of the only scenario', async () => {
		const { status, stdout, stderr } = await run('one.mmn', '--to', 'promela');
		expect(status).toBe(Status.ok);
		expect(stdout).toContain('one.mmn, scenario one');
		expect(stdout).toContain('active proctype B_1 ()');
		expect(stderr).toBe('');
	});

	test('prints a TLA+ module, its configuration behind it', async () => {
		const { status, stdout } = await run('one.mmn', '--to', 'tla');
		expect(status).toBe(Status.ok);
		expect(stdout).toMatch(/^---- MODULE one ----\n[\s\S]*\n---- CONFIG one ----\nSPECIFICATION Spec\n/);
		expect(stdout).toContain('/\\ Go(t, "ended", [mem EXCEPT !["x"] = 2])');
	});

	test('takes the scenario that is named', async () => {
		expect((await run('two.mmn', '--to', 'promela', '--scenario', 'two')).stdout).toContain('two.mmn, scenario two');
	});

	test.each([
		[['--to', 'promela'], /name one sketch/],
		[['one.mmn', 'two.mmn', '--to', 'promela'], /name one sketch/],
		[['one.mmn'], /--to says what for: promela/],
		[['one.mmn', '--to', 'promla'], /nothing is exported to 'promla' \(did you mean promela\?\)/],
		[['gone.mmn', '--to', 'promela'], /gone\.mmn: no such file/],
		[['two.mmn', '--to', 'promela'], /which scenario of two\.mmn\? --scenario one, --scenario two/],
		[['two.mmn', '--to', 'promela', '--scenario', 'tow'], /no scenario is called tow \(did you mean two\?\)/],
		[['none.mmn', '--to', 'promela'], /none\.mmn has no scenario/],
		[['one.mmn', '--to', 'promela', '--max-states', '0'], /export: --max-states needs a whole number/],
	])('%j', async (args, message) => {
		const refused = run(...args);
		await expect(refused).rejects.toThrow(UsageError);
		await expect(refused).rejects.toThrow(message);
	});

	test('a sketch with errors is not exported', async () => {
		const { status, stdout, stderr } = await run('wrong.mmn', '--to', 'promela');
		expect(status).toBe(Status.usage);
		expect(stdout).toBe('');
		expect(stderr).toMatch(/^wrong\.mmn:1: error: .*y/);
	});
});
