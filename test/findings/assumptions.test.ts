/** What a verdict takes for granted, in words. */
import { expect, test } from 'vitest';
import { checkText } from './examples.js';

const of = async (threads: string): Promise<readonly string[] | undefined> => {
	const { scenarios } = await checkText(`#include <mn/list>\nscenario s {\n\tpages 1;\n${threads}\n}\n`, 'sketch');
	return scenarios[0]?.assumptions;
};

test('who else runs does not keep a process alive that exits: its threads would', async () => {
	const alone = await of('\tthread X { exit_mmap(); }');
	const beside = await of('\tthread X { exit_mmap(); }\n\tthread F { dev_read(0); }');
	expect(alone).toEqual(['memory is sequentially consistent']);
	expect(beside).toEqual([...(alone ?? []), expect.stringContaining('exit_mmap() does not wait')]);
	expect(await of('\tthread I { munmap(0, 1); }\n\tthread F { dev_read(0); }')).toEqual(alone);
});
