import path from 'node:path';
import { build } from 'esbuild';
import esbuildConfig from '../../esbuild.js';
import { ensureChromium } from '../../scripts/chromium.mjs';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Builds the page as it ships, beside `dist`, and makes sure that there is a browser. */
export default async function setup() {
	await ensureChromium();
	for (const options of esbuildConfig.pages) {
		const outfile = path.join(ROOT, options.outfile.replace('dist/', 'out/'));
		await build({ ...options, absWorkingDir: ROOT, outfile, minify: true, sourcemap: false, plugins: [] });
	}
}
