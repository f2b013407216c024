/** A range of a scenario has to have a page of it: else nothing is invalidated, and nothing found. */
import { expect, test } from 'vitest';
import { checkText } from './examples.js';

const messages = async (calls: string): Promise<string[]> => {
	const { problems } = await checkText(`scenario s {\n\tpages 2;\n\tthread A { ${calls} }\n}\n`);
	return problems.map(({ message }) => message);
};

test.each([
	['munmap(0x1000, 0x2000);', "page 4096 is none of the scenario's 2"],
	['reclaim(2, 1);', 'there is no page in [2, 1)'],
	['madvise_dontneed(1, 1);', 'there is no page in [1, 1)'],
	['migrate_page(NR_PAGES, NR_PAGES + 1);', "page 2 is none of the scenario's 2"],
])('%s is refused', async (calls, message) => {
	const found = await messages(calls);
	expect(found).toHaveLength(1);
	expect(found[0]).toContain(message);
});

test('what only reaches beyond the last page, or is the adversary’s to pick, is not', async () => {
	expect(await messages('munmap(0, NR_PAGES); mmap_fixed(1, 4); mprotect(any(0, 1), 2);')).toEqual([]);
});
