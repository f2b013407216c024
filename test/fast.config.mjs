import { defineConfig, mergeConfig } from 'vitest/config';
import all from '../vitest.config.mts';

/** `npm run test:unit`, the loop for the next edit: without what goes through whole collections of sketches or starts processes. */
export default mergeConfig(
	all,
	defineConfig({
		test: {
			exclude: [
				'test/cli/command.test.ts',
				'test/cli/dap.test.ts',
				'test/cli/explorer.test.ts',
				'test/cli/jobs.test.ts',
				'test/cli/sketches.test.ts',
				'test/corpus.test.ts',
				'test/explore/edits.test.ts',
				'test/explore/machines.test.ts',
				'test/explore/symmetry.test.ts',
				'test/findings/drivers.test.ts',
				'test/findings/environment.test.ts',
				'test/findings/explorer/samples.test.ts',
				'test/findings/fixes/fixes.test.ts',
				'test/lessons/course.test.ts',
				'test/machine/footprint.test.ts',
				'test/manual/examples.test.ts',
				'test/oracle/random.test.ts',
				'test/server/process.test.ts',
			],
		},
	}),
);
