#!/usr/bin/env node
// Runs tests in the web extension host (a web worker, nothing on a server side) in headless Chromium:
//   web-host.mjs --extensionDevelopmentPath DIR --extensionTestsPath FILE FOLDER
import path from 'node:path';
import { parseArgs } from 'node:util';
import { automationResult, freePort, startBrowser } from '../browser.mjs';
import { startWebServer } from './web-server.mjs';

const TIMEOUT = 600_000;
const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		extensionDevelopmentPath: { type: 'string' },
		extensionTestsPath: { type: 'string' },
		verbose: { type: 'boolean', default: false },
	},
});

const server = await startWebServer({
	port: await freePort(),
	extension: path.resolve(values.extensionDevelopmentPath),
	tests: path.resolve(values.extensionTestsPath),
	folder: path.resolve(positionals[0]),
});
let browser;
let through = false;
try {
	browser = await startBrowser();
	const { code } = await automationResult(browser.page, {
		timeout: TIMEOUT,
		onGone: browser.onGone,
		log: (_type, text) => {
			// The workbench reports 0 also when the worker has died: only this line proves that the tests came to their end.
			if (/^\s*\d+ passing\b/.test(text)) through = true;
			if (values.verbose || /^\s*([✔✖]|\d+ (passing|failing))|^\s+(at|activation:|keystroke) |Error/.test(text))
				console.log(text);
		},
	});
	await browser.page.goto(server.url);
	process.exitCode = await code;
	if (process.exitCode === 0 && !through) throw new Error('the web extension host ended before the tests did');
} catch (error) {
	console.error(`[web-host] ${error.message}`);
	process.exitCode = 1;
} finally {
	await browser?.close();
	await server.stop();
}
