// npm test: everything, each part whether or not the one before it has failed. The last line is `N passed, N failed`.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { bin, ROOT, run } from './run.mjs';

/** How many tests passed and failed in a part. */
let passed = 0;
let failed = 0;
const failures = [];
/** Parts that had to be run twice. */
const again = [];

/**
 * @param {string} name
 * @param {string[]} command
 * @param {(output: string) => { passed: number, failed: number }} [count] of a part that is more than one test
 * @param {{ tries?: number, beside?: boolean }} [options] `tries`: how often a part that fails is run. More than once only what drives a
 *   whole VS Code: it draws, watches files and restores windows in its own time, and what is wrong with us fails again. `beside`:
 *   another part runs at the same time, so that its output is shown when it is over
 */
async function part(name, command, count = () => ({ passed: 0, failed: 0 }), { tries = 1, beside = false } = {}) {
	if (!beside) console.log(`\n── ${name}`);
	const start = Date.now();
	const { code, output } = await run(command, { quiet: beside });
	if (beside) console.log(`\n── ${name}\n${output}`);
	const result = count(output);
	// A part that ends badly has failed even where it counted no failure: it may not have come to its end.
	if (code !== 0 && result.failed === 0) result.failed = 1;
	if (code === 0 && result.failed === 0 && result.passed === 0) result.passed = 1;
	if (result.failed > 0 && tries > 1) {
		console.log(`${name}: failed once, and is run again`);
		again.push(name);
		return part(name, command, count, { tries: tries - 1 });
	}
	passed += result.passed;
	failed += result.failed;
	if (result.failed > 0) {
		const marked = all(output, /^\s*(?:✖|✗|\d+\)) +(\S.*)$/gm).map(([, what]) => `${name}: ${what}`);
		failures.push(name, ...new Set(marked));
	}
	const seconds = ((Date.now() - start) / 1000).toFixed(1);
	console.log(`${name}: ${result.failed === 0 ? 'ok' : 'FAILED'}, ${seconds} s`);
	return result.failed === 0;
}

const all = (output, pattern) => [...output.matchAll(pattern)];

/** Closing lines in the manner of mocha. A part that prints none of them has not run its tests. */
function mocha(output) {
	const sum = (pattern) => all(output, pattern).reduce((total, [, number]) => total + Number(number), 0);
	const result = { passed: sum(/^\s*(\d+) passing\b/gm), failed: sum(/^\s*(\d+) failing\b/gm) };
	return result.passed + result.failed > 0 ? result : { passed: 0, failed: 1 };
}

/** A part that vitest runs. @param {string[]} args beyond those of reports */
function vitest(name, args, options) {
	const report = path.join(os.tmpdir(), `mmn-vitest-${process.pid}-${name.replaceAll(' ', '-')}.json`);
	const command = ['run', ...args, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
	return part(name, bin('vitest/vitest.mjs').concat(command), () => countIn(report), options);
}

function countIn(report) {
	if (!fs.existsSync(report)) return { passed: 0, failed: 1 };
	const { numPassedTests, numFailedTests, testResults } = JSON.parse(fs.readFileSync(report, 'utf8'));
	fs.rmSync(report);
	for (const { name, assertionResults, message } of testResults) {
		const failing = assertionResults.filter(({ status }) => status === 'failed');
		for (const { fullName } of failing) failures.push(`${path.relative(ROOT, name)}: ${fullName}`);
		if (failing.length === 0 && message) failures.push(`${path.relative(ROOT, name)}: ${message.split('\n')[0]}`);
	}
	return { passed: numPassedTests, failed: numFailedTests };
}

const inVSCode = { tries: 2 };
const script = (name, ...args) => [process.execPath, path.join(ROOT, 'scripts', name), ...args];

await part('types', bin('typescript/bin/tsc').concat('--noEmit'));
await part('lint', bin('@biomejs/biome/bin/biome').concat('check', '.'));
// The fast loop leaves most of the corpus out here; see test/corpus.test.ts.
process.env.NOTIFIER_LAB_ORACLE ??= 'all';
// a browser mostly waits, and so does what compiles models
const beside = (async () => {
	await vitest('the explorer in a browser', ['--config=test/webview/vitest.config.mjs'], { beside: true });
	await vitest('models in SPIN', ['--config=test/export/vitest.config.mjs'], { beside: true });
})();
await vitest('unit tests', []);
await beside;
await part('grammar tests', bin('vscode-tmgrammar-test/dist/unit.js').concat('test/grammar/**/*.mmn'), (output) => ({
	passed: all(output, /^✓ /gm).length,
	failed: all(output, /^✖ /gm).length,
}));
const packaged = await part('packages', script('package.mjs'));
if (packaged) await part('packages as strangers use them', script('try-package.mjs'), mocha);
if (packaged && (await part('build', [process.execPath, path.join(ROOT, 'esbuild.js'), '--tests']))) {
	await part('language server', script('smoke.mjs'), mocha);
	await part('tests in VS Code', script('in-host.mjs', 'node'), mocha, inVSCode);
	await part('tests in Restricted Mode', script('in-host.mjs', 'restricted'), mocha, inVSCode);
	await part('tests in VS Code for the Web', script('in-host.mjs', 'web'), mocha, inVSCode);
	await part('the explorer in VS Code', script('explorer.mjs', 'dark', 'hc-light', '--packaged'), mocha, inVSCode);
	await part('a beginner in VS Code', script('try-learning.mjs'), mocha, inVSCode);
	await part('npm start', script('try-start.mjs'), mocha, inVSCode);
}

// At the end and by name: of a long log one keeps the end.
console.log(failures.length > 0 ? `\nfailed:\n  ${failures.join('\n  ')}` : '');
if (again.length > 0) console.log(`run twice: ${again.join(', ')}`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
