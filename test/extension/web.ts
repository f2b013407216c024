/** Entry of the tests in a web extension host. */

/** Mocha's browser build, as far as it is used here. */
interface WebMocha {
	setup(options: { ui: string; reporter: (runner: WebRunner) => void; timeout: number }): void;
	run(done: (failures: number) => void): void;
}

interface WebRunner {
	on(event: 'pass' | 'fail' | 'end', listener: (test: { fullTitle(): string }, error: Error) => void): void;
	readonly stats: { readonly passes: number; readonly failures: number };
}

/** Mocha's own reporter for browsers writes into a document, which a worker does not have. */
function lines(runner: WebRunner): void {
	runner.on('pass', (test) => console.log(`  ✔ ${test.fullTitle()}`));
	runner.on('fail', (test, error) => console.log(`  ✖ ${test.fullTitle()}: ${error.stack ?? error.message}`));
	runner.on('end', () => {
		console.log(`  ${runner.stats.passes} passing`);
		if (runner.stats.failures > 0) console.log(`  ${runner.stats.failures} failing`);
	});
}

async function run(): Promise<void> {
	const mocha = (globalThis as unknown as { mocha: WebMocha }).mocha;
	mocha.setup({ ui: 'tdd', reporter: lines, timeout: 40_000 });
	await import('./suite.js');
	await import('./features.js');
	await import('./work.js');
	await import('./settings.js');
	await import('./debug.js');
	await new Promise<void>((resolve, reject) => {
		mocha.run((failures) => (failures > 0 ? reject(new Error(`${failures} tests failed`)) : resolve()));
	});
}

// Mocha's browser build writes itself over module.exports: this comes after it, else VS Code would call mocha.run.
require('mocha/mocha.js');
module.exports = { run };
