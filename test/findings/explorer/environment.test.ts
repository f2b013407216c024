/** A sketch without scenarios: what it runs against is there to read. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Explorer, explore, firstToShow } from '../../../src/findings/explorer/explorer.js';

const FILE = path.resolve(import.meta.dirname, '../drivers/irq-plain-spinlock.mmn');

test('the text of the default environment goes with its pictures, and who is interrupted says by whom', async () => {
	const uri = `file://${FILE}`;
	const text = readFileSync(FILE, 'utf8');
	const exploration = await explore(uri, { read: async (file) => (file === uri ? text : undefined) });
	const explorer = Explorer.of(exploration, firstToShow(exploration.result) ?? '') as Explorer;
	const { picture } = explorer.found(null);
	exploration.release();
	const lines = picture.environment?.text.split('\n') ?? [];
	const own = picture.setup.filter(({ span }) => span.uri === picture.environment?.uri);
	expect(own).not.toEqual([]);
	for (const { text: statement, span } of own) expect(lines[span.line - 1]).toContain(statement.split('(')[0]);
	const waits = picture.states.flatMap((state) => state?.lanes.map((lane) => lane.waitsFor?.what ?? '') ?? []);
	expect(waits).toContain('interrupted by irq_on_mmap');
	expect(waits).not.toContain('waits for a condition');
});
