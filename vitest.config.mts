import { readFile } from 'node:fs/promises';
import { defineConfig, type Plugin } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { packedKernelVite } from './scripts/packed-kernel.mjs';
import { LONG } from './test/long.ts';

/** The same as esbuild.js's text loader: `import text from './x.mmn'`. */
const textFiles: Plugin = {
	name: 'text-files',
	enforce: 'pre',
	async load(id) {
		const file = id.replace(/\?.*$/, '');
		if (!/\.(mmn|md)$/.test(file)) return null;
		return { code: `export default ${JSON.stringify(await readFile(file, 'utf8'))};`, map: null };
	},
};

class LongFirst extends BaseSequencer {
	override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
		const place = ({ moduleId }: TestSpecification): number => {
			const at = LONG.findIndex((file) => moduleId.endsWith(file));
			return at < 0 ? LONG.length : at;
		};
		return (await super.sort(files)).sort((a, b) => place(a) - place(b));
	}
}

export default defineConfig({
	// as in what ships: trees of the kernel that were made before
	plugins: [textFiles, packedKernelVite],
	test: {
		isolate: false,
		globalSetup: 'test/once.ts',
		// on a machine with two cores it would use one
		maxWorkers: '100%',
		sequence: { sequencer: LongFirst },
		include: ['test/**/*.test.ts'],
		// a busy machine is no reason to fail
		testTimeout: 60_000,
	},
});
