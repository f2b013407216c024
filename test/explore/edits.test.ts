/** After any edits, a check finds what a fresh one does: no step that is remembered shows. `NOTIFIER_LAB_EDITS=1000` makes many. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkSketch } from '../../src/findings/check.js';
import type { FileResult } from '../../src/findings/result.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const EDITS = Number(process.env.NOTIFIER_LAB_EDITS ?? 12);
const LIMITS = { maxStates: 5000, maxSeconds: 60 };
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

const SKETCHES = [
	'test/corpus/seed/s08-mmap-lock-inside-handshake.mmn',
	'test/corpus/interval/s28-read-begin-retry.mmn',
	'test/corpus/liveness/s34-retry-without-new-begin.mmn',
	'test/corpus/workqueue/s67-cancel-work-sync-in-callback.mmn',
	'test/corpus/lifetime/s78-put-in-callback.mmn',
	'test/corpus/kvm/s16-count-and-sequence.mmn',
];

let fresh = 0;

/** What a check finds; `uri` decides what it knows from before. */
async function found(uri: string, text: string): Promise<string> {
	const result = await checkSketch(uri, { read: async (u) => (u === uri ? text : undefined) }, LIMITS);
	const timeless: FileResult = { ...result, scenarios: result.scenarios.map((s) => ({ ...s, milliseconds: 0 })) };
	return JSON.stringify(timeless).replaceAll(uri, 'file:///sketch.mmn');
}

/** What is done to a line of a sketch. */
const EDIT = ['drop', 'double', 'swap', 'number', 'comment', 'empty', 'negate', 'undo'] as const;

function edited(text: string, kind: (typeof EDIT)[number], at: number): string {
	const lines = text.split('\n');
	const n = Math.floor(at * lines.length);
	const line = lines[n] ?? '';
	switch (kind) {
		case 'drop':
			return lines.toSpliced(n, 1).join('\n');
		case 'double':
			return lines.toSpliced(n, 0, line).join('\n');
		case 'swap':
			return lines.toSpliced(n, 2, lines[n + 1] ?? '', line).join('\n');
		case 'number':
			return lines
				.with(
					n,
					line.replace(/\b[0-3]\b/, (digit) => String((Number(digit) + 1) % 4)),
				)
				.join('\n');
		case 'comment':
			return lines.with(n, `${line} /* ${at} */`).join('\n');
		case 'empty':
			return lines.with(n, line.replace(/;$/, ';;')).join('\n');
		case 'negate':
			return lines.with(n, line.replace(/if \((?!!)/, 'if (!')).join('\n');
		case 'undo':
			return text;
	}
}

describe.each(SKETCHES)('%s', (file) => {
	test(`after each of ${EDITS} edits a check finds what a fresh one does`, async () => {
		const uri = `file:///edited/${path.basename(file)}`;
		let text = read(file);
		const seed = Number(process.env.NOTIFIER_LAB_SEED ?? 7);
		const edit = fc.tuple(fc.constantFrom(...EDIT), fc.double({ min: 0, max: 0.999, noNaN: true }));
		await found(uri, text);
		let checked = 0;
		for (const [kind, at] of fc.sample(edit, { numRuns: EDITS, seed })) {
			const next = edited(text, kind, at);
			const warm = await found(uri, next);
			expect(warm, `${kind} at ${at} of\n${text}`).toBe(await found(`file:///fresh/${fresh++}.mmn`, next));
			// what does not even parse is undone at once
			if (!(JSON.parse(warm) as FileResult).problems.some((p) => p.severity === 'error')) {
				text = next;
				checked++;
			}
		}
		expect(checked).toBeGreaterThan(EDITS / 4);
	}, 600_000);
});
