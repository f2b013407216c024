import { execFileSync } from 'node:child_process';
import {
	chmodSync,
	existsSync,
	lstatSync,
	readdirSync,
	readFileSync,
	statSync,
	symlinkSync,
	writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { parseCheck } from '../../src/cli/check.js';
import { unifiedDiff } from '../../src/cli/diff.js';
import { checkSketch } from '../../src/findings/check.js';
import { githubForm } from '../../src/findings/forms/github.js';
import { scenario, seedFinding } from '../findings/forms/fixtures.js';
import { checkWith, folderWith, memoryConsole } from './run.js';

const fixtures = path.join(import.meta.dirname, '../findings/fixes');
const fixture = (name: string): string => readFileSync(path.join(fixtures, name), 'utf8');

test('--fix writes what was checked, says what it did, and shows how it stands now', async () => {
	const cwd = folderWith({ 'a.mmn': fixture('unlock-before-retry.mmn'), 'b.mmn': fixture('stub.mmn') });
	const { status, stderr, stdout } = await checkWith(checkSketch, cwd, ['a.mmn', 'b.mmn', '--fix']);
	expect(stderr).toMatch(/^a\.mmn:25: Unlock fault_lock before the retry \(checked: \d+ states, ok\)\n/);
	expect(stderr).toContain('b.mmn:9: Add a stub for gpu_tracks() (checked: 1 other error remains)\n');
	expect(stderr).toContain('--- a.mmn\n+++ a.mmn\n@@ -21,8 +21,10 @@\n');
	expect(stderr).toContain('+\t\tmutex_unlock(&fault_lock);\n');
	expect(stderr).toContain('\na.mmn: 1 fix written\n');
	expect(stderr).toContain('\nb.mmn: 2 fixes written\n');
	expect(readFileSync(path.join(cwd, 'a.mmn'), 'utf8')).toBe(fixture('unlock-before-retry.fixed'));
	expect(stdout).toMatch(/2 scenarios in 2 files: all ok/);
	expect(status).toBe(0);
});

test('--fix leaves alone what it knows no fix for, and the findings stay', async () => {
	const text = 'static DEFINE_MUTEX(l);\nscenario s {\n\tthread A { mutex_lock(&l); mutex_lock(&l); }\n}\n';
	const cwd = folderWith({ 'a.mmn': text });
	const { status, stderr } = await checkWith(checkSketch, cwd, ['a.mmn', '--fix']);
	expect({ status, stderr }).toEqual({
		status: 1,
		stderr: 'a.mmn:3: no fix that was tried cures this self-deadlock\n',
	});
	expect(readFileSync(path.join(cwd, 'a.mmn'), 'utf8')).toBe(text);
});

test('--fix says nothing of errors of the text that it knows nothing against: they say themselves what to do', async () => {
	const text = fixture('stub.mmn').replace('gpu_tracks(range->start)', 'gpu_tracks(range->start, GPU_LIMIT)');
	const { stderr, stdout } = await checkWith(checkSketch, folderWith({ 'a.mmn': text }), ['a.mmn', '--fix']);
	expect(stderr).toMatch(/^a\.mmn:9: Add a stub for gpu_tracks\(\).*\na\.mmn:15: Add a stub for gpu_note\(\).*\n---/);
	expect(stdout).toContain("'GPU_LIMIT' is not declared");
});

test('--fix names what may be a fix, where its check met a limit', async () => {
	const text = fixture('trylock-interval.mmn').replace(/\nscenario[\s\S]*$/, '');
	const cwd = folderWith({ 'a.mmn': text });
	const { stderr } = await checkWith(checkSketch, cwd, ['a.mmn', '--fix', '--max-states', '3000']);
	expect(stderr).toContain(
		"'Try notifier_lock where the range is not blockable, and return false' may cure this sleep-in-nonblock, but its check met a limit",
	);
	expect(readFileSync(path.join(cwd, 'a.mmn'), 'utf8')).toBe(text);
});

/** Two mistakes, of which one has a fix; no scenario. */
const TWO_MISTAKES = `#include <mn/interval>

static DEFINE_MUTEX(notifier_lock);
static struct mmu_interval_notifier sub;

static bool gpu_invalidate(struct mmu_interval_notifier *mni, const struct mmu_notifier_range *range,
			   unsigned long cur_seq)
{
	mutex_lock(&notifier_lock);
	mmu_interval_set_seq(mni, cur_seq);
	dev_unmap(range->start, range->end);
	mutex_unlock(&notifier_lock);
	return true;
}

static const struct mmu_interval_notifier_ops gpu_ops = { .invalidate = gpu_invalidate };

static int gpu_fault(unsigned long addr)
{
	BUG_ON(addr == 1);
	return 0;
}
`;

test('--fix mends one of several mistakes, says what stays, and tells that once, where it stands in the end', async () => {
	const cwd = folderWith({ 'a.mmn': TWO_MISTAKES });
	const { stderr } = await checkWith(checkSketch, cwd, ['a.mmn', '--fix']);
	expect(stderr.replace(/[\d,]+ states/, 'N states').split('\n--- ')[0]).toBe(
		`a.mmn:9: Try notifier_lock where the range is not blockable, and return false (checked: N states, assertion remains)
a.mmn:23: no fix that was tried cures this assertion`,
	);
});

test('--diff prints what patch reads, writes nothing, and has the status of what stands there', async () => {
	const text = fixture('unlock-before-retry.mmn');
	const cwd = folderWith({ 'a.mmn': text });
	const { status, stdout } = await checkWith(checkSketch, cwd, ['a.mmn', '--diff']);
	expect(status).toBe(1);
	expect(readFileSync(path.join(cwd, 'a.mmn'), 'utf8')).toBe(text);
	execFileSync('patch', ['-p0', '-s'], { cwd, input: stdout });
	expect(readFileSync(path.join(cwd, 'a.mmn'), 'utf8')).toBe(fixture('unlock-before-retry.fixed'));
	const after = await checkWith(checkSketch, cwd, ['a.mmn', '--diff']);
	expect({ status: after.status, stdout: after.stdout }).toEqual({ status: 0, stdout: '' });
});

test('--fix leaves a file alone that has changed meanwhile, and shows the findings of what it has read', async () => {
	const cwd = folderWith({ 'a.mmn': fixture('unlock-before-retry.mmn') });
	const file = path.join(cwd, 'a.mmn');
	const changed = `${fixture('unlock-before-retry.mmn')}/* mine */\n`;
	const edits: typeof checkSketch = async (...args) => {
		writeFileSync(file, changed);
		return checkSketch(...args);
	};
	const { status, stderr, stdout } = await checkWith(edits, cwd, ['a.mmn', '--fix']);
	expect(stderr).toContain('a.mmn was changed meanwhile, and is left as it is: check it again\n');
	expect(stdout).toContain('error: A waits');
	expect(readFileSync(file, 'utf8')).toBe(changed);
	expect(readdirSync(cwd)).toEqual(['a.mmn']);
	expect(status).toBe(2);
});

test('--fix keeps the mode, the byte order mark, and the link that led to the file', async () => {
	const cwd = folderWith({ 'b.mmn': `\uFEFF${fixture('unlock-before-retry.mmn')}` });
	const [file, link] = [path.join(cwd, 'b.mmn'), path.join(cwd, 'a.mmn')];
	chmodSync(file, 0o666);
	symlinkSync('b.mmn', link);
	await checkWith(checkSketch, cwd, ['a.mmn', '--fix']);
	expect(lstatSync(link).isSymbolicLink()).toBe(true);
	expect(statSync(file).mode & 0o777).toBe(0o666);
	expect(readFileSync(file, 'utf8')).toBe(`\uFEFF${fixture('unlock-before-retry.fixed')}`);
	expect(readdirSync(cwd).sort()).toEqual(['a.mmn', 'b.mmn']);
});

test.each([
	['', 'a\n'],
	['a\n', ''],
	['a\nb\nc\n', 'a\nc\n'],
	['a\nb', 'a\nb\n'],
	['a\r\nb\r\n', 'a\r\nx\r\nb\r\n'],
	['1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n', '0\n1\n2\n3\n4\n5\n6\n8\n9\n10\n11\n13\n'],
	['b\na\nb\na\n', 'a\nb\na\nb\nc\n'],
])('a diff makes %j into %j', (before, after) => {
	const cwd = folderWith({ f: before });
	execFileSync('patch', ['-p0', '-s', '--binary'], { cwd, input: unifiedDiff('f', before, after) });
	const file = path.join(cwd, 'f');
	expect(existsSync(file) ? readFileSync(file, 'utf8') : '').toBe(after);
});

test('--fix shows on a terminal what it tries', async () => {
	const cwd = folderWith({ 'a.mmn': fixture('unlock-before-retry.mmn') });
	const slow: typeof checkSketch = async (uri, sources, options) => {
		if (options?.onProgress) await new Promise((resolve) => setTimeout(resolve, 1050));
		options?.onProgress?.({ scenario: 's', states: 1234, transitions: 3, frontier: 9, milliseconds: 1200 });
		return checkSketch(uri, sources, options);
	};
	const { stderr } = await checkWith(slow, cwd, ['a.mmn', '--fix'], { live: true });
	expect(stderr).toContain('\r\u001b[Kdeadlock: Unlock fault_lock before the retry: 1,234 states, 1 s\r\u001b[K');
});

test.each([
	[['-', '--fix'], /standard input cannot be fixed/],
	[['a.mmn', '--diff', '--format', 'json'], /no --format/],
	[['a.mmn', '--diff', '--watch'], /no --watch/],
	[['a.mmn', '--fix', '--watch'], /--fix changes the files that --watch watches/],
])('%j is refused', async (args, message) => {
	await expect(parseCheck(args, memoryConsole('/'))).rejects.toThrow(message);
});

test('--format github writes a command for each finding that nobody expected', async () => {
	const cwd = folderWith({ 'a,b.mmn': fixture('unlock-before-retry.mmn') });
	const { stdout } = await checkWith(checkSketch, cwd, ['a,b.mmn', '--format', 'github']);
	const lines = stdout.trimEnd().split('\n');
	expect(lines).toHaveLength(2);
	expect(lines[0]).toMatch(
		/^::error file=a%2Cb\.mmn,line=25,endLine=25,col=3,endColumn=14,title=notifier-lab%3A (self-)?deadlock in fault_races_munmap::A waits for /,
	);
});

test('in a command for GitHub a line end is no line end, and expected findings are left out', () => {
	const finding = { ...seedFinding, message: '100 %\nsure', severity: 'warning' as const };
	const span = seedFinding.span;
	const form = (expected: string[]) =>
		githubForm(
			{ uri: span.uri, problems: [], scenarios: [{ ...scenario({ findings: [finding], expected }), span }] },
			() => 'a.mmn',
		);
	expect(form([])).toMatch(/^::warning file=a\.mmn,.*::100 %25%0Asure\n$/);
	expect(form([finding.code])).toBe('');
	expect(form([finding.code, 'livelock'])).toMatch(/^::error .*::.* expects livelock, which no interleaving shows\n$/);
});
