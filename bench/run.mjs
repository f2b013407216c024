// npm run bench: bundles measure.ts and the command line, as they ship, into a folder of its own, and runs the measurement.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import esbuild from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '..');
const out = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-bench-'));

await esbuild.build({
	absWorkingDir: ROOT,
	entryPoints: { measure: 'bench/measure.ts', cli: 'src/cli/main.ts' },
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
// arguments go on: --rounds N, --cpu-prof
const node = process.argv.includes('--cpu-prof') ? ['--cpu-prof', `--cpu-prof-dir=${path.join(ROOT, 'out')}`] : [];
const { status } = spawnSync(
	process.execPath,
	[...node, path.join(out, 'measure.js'), ROOT, path.join(out, 'cli.js'), ...process.argv.slice(2)],
	{ stdio: 'inherit' },
);
fs.rmSync(out, { recursive: true });
process.exitCode = status ?? 1;
