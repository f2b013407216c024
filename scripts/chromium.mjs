import { findChromium } from '../tools/vscode-host/browser.mjs';
import { run } from './run.mjs';

/** Makes sure that there is a Chromium: installs Debian's where that may be done. Throws one line that says what to do. */
export async function ensureChromium() {
	if (findChromium()) return;
	if (process.platform === 'linux' && process.getuid() === 0) {
		console.log('no Chromium found: installing the one of the system …');
		const install = ['apt-get', 'install', '-y', '--no-install-recommends', 'chromium'];
		const env = { DEBIAN_FRONTEND: 'noninteractive' };
		await run(['apt-get', 'update'], { env, quiet: true });
		await run(install, { env, quiet: true });
		if (findChromium()) return;
	}
	throw new Error('no Chromium found: install it (Debian: apt-get install chromium) or set CHROMIUM_PATH');
}
