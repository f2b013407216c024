// node bench/fixes.mjs [PATTERN [detail]]: which findings of the corpus (of the files that match) get a checked fix. Without
// arguments it writes bench/results-fixes.md; `detail` lists each finding with what was offered, or tried in vain.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import esbuild from 'esbuild';
import { run } from '../scripts/run.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');
const out = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-fixes-'));
await esbuild.build({
	absWorkingDir: ROOT,
	entryPoints: ['bench/fixes.ts'],
	outfile: path.join(out, 'fixes.cjs'),
	bundle: true,
	platform: 'node',
	format: 'cjs',
	target: 'node20',
	mainFields: ['module', 'main'],
	loader: { '.mmn': 'text', '.md': 'text' },
	inject: ['src/polyfills.ts'],
	logLevel: 'warning',
});
const { code, output } = await run([process.execPath, path.join(out, 'fixes.cjs'), ROOT, ...process.argv.slice(2)]);
if (code === 0 && process.argv.length === 2)
	fs.writeFileSync(
		path.join(ROOT, 'bench/results-fixes.md'),
		`# Findings with a checked fix\n\n\`node bench/fixes.mjs\` wrote this: what the corpus shows, each place once, and for how many of them a quick fix is offered.\nSome have none because they are the kernel's own, or stand in code that is no driver's.\n\n${output}`,
	);
fs.rmSync(out, { recursive: true });
process.exitCode = code;
