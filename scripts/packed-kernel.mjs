// What stands in for src/kernel/packed.ts in everything that is built: the trees of the simulated kernel, parsed and linked
// by the sources as they are.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import esbuild from 'esbuild';

const ROOT = path.resolve(import.meta.dirname, '..');
const SOURCES = ['src/language', 'src/kernel'].map((folder) => path.join(ROOT, folder));

/** The files that the trees are made by and of. */
export const packedFrom = () =>
	SOURCES.flatMap((folder) =>
		fs
			.readdirSync(folder, { recursive: true, encoding: 'utf8' })
			.filter((file) => /\.(ts|mmn)$/.test(file))
			.map((file) => path.join(folder, file)),
	);

async function pack() {
	const { outputFiles } = await esbuild.build({
		absWorkingDir: ROOT,
		entryPoints: ['scripts/pack-kernel.ts'],
		bundle: true,
		write: false,
		platform: 'node',
		format: 'cjs',
		mainFields: ['module', 'main'],
		loader: { '.mmn': 'text' },
		logLevel: 'silent',
	});
	const { stdout, stderr, status } = spawnSync(process.execPath, ['-'], {
		input: outputFiles[0].text,
		encoding: 'utf8',
		maxBuffer: 2 ** 26,
	});
	if (status !== 0) throw new Error(`the simulated kernel cannot be packed: ${stderr}`);
	return `export default ${JSON.stringify(stdout)};`;
}

/** Which sources they are. */
function version() {
	const hash = createHash('sha256');
	for (const file of packedFrom().sort()) hash.update(`${file}\n`).update(fs.readFileSync(file));
	return hash.digest('hex');
}

let last;

/** The module that stands in, made anew when a source has changed. */
export function packedKernel() {
	const sources = version();
	if (last?.sources !== sources) last = { sources, module: pack() };
	return last.module;
}

const STUB = /[\\/]src[\\/]kernel[\\/]packed\.ts$/;

/** For esbuild. */
export const packedKernelPlugin = {
	name: 'packed-kernel',
	setup(build) {
		build.onLoad({ filter: STUB }, async () => ({
			contents: await packedKernel(),
			loader: 'js',
			watchFiles: packedFrom(),
		}));
	},
};

/** For Vite. */
export const packedKernelVite = {
	name: 'packed-kernel',
	enforce: 'pre',
	/** Vitest keeps modules from run to run: this one is made of more than its own file. */
	configureVitest({ defineCacheKeyGenerator }) {
		defineCacheKeyGenerator(({ id }) => (STUB.test(id.replace(/\?.*$/, '')) ? version() : undefined));
	},
	async load(id) {
		if (!STUB.test(id.replace(/\?.*$/, ''))) return null;
		for (const file of packedFrom()) this.addWatchFile(file);
		return { code: await packedKernel(), map: null };
	},
};
