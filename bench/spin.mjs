// node bench/spin.mjs [--rounds N] [--large]: our search and SPIN side by side, into bench/results-spin.md.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import esbuild from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '..');
const out = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-bench-spin-'));

await esbuild.build({
	absWorkingDir: ROOT,
	entryPoints: { spin: 'bench/spin.ts', cli: 'src/cli/main.ts' },
	outdir: out,
	bundle: true,
	minify: true,
	platform: 'node',
	format: 'cjs',
	target: 'node20',
	mainFields: ['module', 'main'],
	loader: { '.mmn': 'text', '.md': 'text' },
	inject: ['src/polyfills.ts'],
	logLevel: 'warning',
});
const { status } = spawnSync(
	process.execPath,
	['--max-old-space-size=6000', path.join(out, 'spin.js'), ROOT, out, ...process.argv.slice(2)],
	{ stdio: 'inherit' },
);
fs.rmSync(out, { recursive: true });
process.exitCode = status ?? 1;
