/** Entry of the tests in a Node extension host; the tests themselves are in the same bundle. */
import Mocha from 'mocha';

export async function run(): Promise<void> {
	const mocha = new Mocha({ ui: 'tdd', timeout: 40_000, color: false });
	mocha.suite.emit('pre-require', globalThis, '', mocha);
	if (process.env.NOTIFIER_LAB_RESTRICTED) await import('./restricted.js');
	else {
		await import('./suite.js');
		await import('./features.js');
		await import('./work.js');
		await import('./settings.js');
		await import('./debug.js');
		await import('./crash.js');
	}
	await new Promise<void>((resolve, reject) => {
		mocha.run((failures) => (failures > 0 ? reject(new Error(`${failures} tests failed`)) : resolve()));
	});
}
