/** Pictures of runs that everybody knows, as the page's tests draw them. UPDATE_GOLDEN=1 makes them anew. */
import path from 'node:path';
import { test } from 'vitest';
import { expectGolden } from '../../golden.js';
import { asLines, SAMPLES, sample } from './samples.js';

const FOLDER = path.resolve(import.meta.dirname, '../../webview/samples');

test.each(Object.keys(SAMPLES))('the picture of %s is the one that the page is tested with', async (name) => {
	expectGolden(asLines(await sample(name)), path.join(FOLDER, `${name}.json`));
});
