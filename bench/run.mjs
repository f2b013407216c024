// npm run bench: bundles the measurements and the command line, as they ship, into a folder of its own, runs them and
// writes bench/results.md, in less than a quarter of an hour. --only keystroke|drivers|spin: one part, printed only. Other arguments go
// on: --rounds N, --small (without the model that takes SPIN minutes), --case PATTERN (of sketches and models; printed only), --cpu-prof.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import esbuild from 'esbuild';
import { packedKernelPlugin } from '../scripts/packed-kernel.mjs';

const ROOT = path.resolve(import.meta.dirname, '..');
const PARTS = { keystroke: 'measure', drivers: 'drivers', spin: 'spin' };
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mmn-bench-'));
const out = path.join(folder, 'dist');
// the command line looks for the manual beside the folder it is in
fs.symlinkSync(path.join(ROOT, 'media'), path.join(folder, 'media'));
const args = process.argv.slice(2);
const at = args.indexOf('--only');
const [, only] = at < 0 ? [] : args.splice(at, 2);

await esbuild.build({
	absWorkingDir: ROOT,
	entryPoints: {
		measure: 'bench/measure.ts',
		drivers: 'bench/drivers.ts',
		spin: 'bench/spin.ts',
		cli: 'src/cli/main.ts',
	},
	outdir: out,
	bundle: true,
	minify: true,
	platform: 'node',
	format: 'cjs',
	target: 'node20',
	mainFields: ['module', 'main'],
	loader: { '.mmn': 'text', '.md': 'text' },
	inject: ['src/polyfills.ts'],
	plugins: [packedKernelPlugin],
	logLevel: 'warning',
});
const node = args.includes('--cpu-prof') ? ['--cpu-prof', `--cpu-prof-dir=${path.join(ROOT, 'out')}`] : [];
const [cpu] = os.cpus();
const texts = [
	`# Benchmark

\`npm run bench${args.length > 0 ? ` -- ${args.join(' ')}` : ''}\` wrote this on ${new Date().toISOString().slice(0, 10)}: ${os.cpus().length} × ${cpu?.model.trim()}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, Node ${process.versions.node}, ${os.platform()} ${os.release()};
load of the machine when it began: ${os.loadavg()[0]?.toFixed(1)}. What was learnt from it is in [findings.md](findings.md).
`,
];
for (const [part, script] of Object.entries(PARTS)) {
	if (only !== undefined && only !== part) continue;
	const file = path.join(out, `${part}.md`);
	const { status } = spawnSync(
		process.execPath,
		['--max-old-space-size=6000', ...node, path.join(out, `${script}.js`), ROOT, out, file, ...args],
		{ stdio: 'inherit' },
	);
	process.exitCode ||= status ?? 1;
	if (fs.existsSync(file)) texts.push(fs.readFileSync(file, 'utf8'));
	// half a table is not written over a whole one
	else process.exit();
}
if (only === undefined && !args.includes('--case')) {
	const results = path.join(ROOT, 'bench/results.md');
	// bench/editor.mjs measures that by itself
	const editor = /\n## Waiting for the editor\n[\s\S]*?(?=\n## |$)/.exec(fs.readFileSync(results, 'utf8'))?.[0] ?? '';
	fs.writeFileSync(results, `${texts.join('\n')}${editor}`);
} else console.log(texts.join('\n'));
fs.rmSync(folder, { recursive: true });
