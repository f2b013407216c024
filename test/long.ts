/**
 * Files that go through whole collections of sketches or start processes, the longest first: `npm run test:unit`, the loop for the
 * next edit, leaves them out, and a whole run begins with them, so that no worker ends with a long one alone.
 */
export const LONG = [
	'test/corpus.test.ts',
	'test/findings/drivers.test.ts',
	'test/explore/movers.test.ts',
	'test/findings/explorer/outlook.test.ts',
	'test/findings/environment.test.ts',
	'test/cli/command.test.ts',
	'test/explore/edits.test.ts',
	'test/export/tla.test.ts',
	'test/oracle/random.test.ts',
	'test/explore/symmetry.test.ts',
	'test/cli/explorer.test.ts',
	'test/manual/examples.test.ts',
	'test/lessons/course.test.ts',
	'test/findings/fixes/fixes.test.ts',
	'test/explore/machines.test.ts',
	'test/cli/sketches.test.ts',
	'test/machine/footprint.test.ts',
	'test/server/process.test.ts',
	'test/findings/explorer/samples.test.ts',
	'test/cli/dap.test.ts',
	'test/cli/jobs.test.ts',
];
