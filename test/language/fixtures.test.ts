import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { checkFixture, load } from './fixture.js';

const folder = new URL('./fixtures/', import.meta.url);

for (const name of readdirSync(folder).filter((file) => file.endsWith('.mmn'))) {
	test(`fixtures/${name}`, () => checkFixture(new URL(name, folder)));
}

test('the libraries of the tests have no problems', async () => {
	const program = await load('#include <mn/interval>\n');
	expect(program.problems).toEqual([]);
});
