/** Pictures of runs that everybody knows, as the page's tests draw them. UPDATE_GOLDEN=1 makes them anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { fold } from '../../../src/findings/explorer/fold.js';
import type { Picture } from '../../../src/findings/explorer/picture.js';
import { asLines, SAMPLES, sample } from './samples.js';

const FOLDER = path.resolve(import.meta.dirname, '../../webview/samples');

/** What a picture tells, without the lines of the simulated kernel, which move. */
function told(picture: Picture) {
	const rows = fold(picture).map((r) => [picture.lanes[r.lane]?.name, r.text, ...r.remarks].join(' | '));
	return {
		keys: Object.keys(picture),
		code: picture.finding?.code,
		ending: picture.ending,
		never: picture.never,
		rows,
	};
}

test.each(Object.keys(SAMPLES))('the picture of %s tells what the page is tested with', async (name) => {
	const file = path.join(FOLDER, `${name}.json`);
	const picture = await sample(name);
	if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, asLines(picture));
	expect(told(picture), 'UPDATE_GOLDEN=1 makes the samples anew').toEqual(told(JSON.parse(readFileSync(file, 'utf8'))));
});
