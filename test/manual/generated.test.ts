import path from 'node:path';
import { test } from 'vitest';
import { root } from '../build.js';
import { expectGolden } from '../golden.js';
import { GENERATED } from './generated.js';

test.each(Object.keys(GENERATED))('%s says what is', async (page) => {
	expectGolden((await GENERATED[page]?.()) ?? '', path.join(root, 'media/manual', page));
});
