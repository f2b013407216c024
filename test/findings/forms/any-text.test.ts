import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jsonForm } from '../../../src/findings/forms/json.js';
import { mailTable } from '../../../src/findings/forms/table.js';
import { textClosing, textForm } from '../../../src/findings/forms/text.js';
import type { Finding, RunStep, Span } from '../../../src/findings/result.js';
import { file, kernelUri, scenario, seedFinding, seedText, seedUri } from './fixtures.js';

// Whatever a sketch says, and whatever a search makes of it: results are printed, as plain text.

const threads = ['A', 'B', 'worker/0', 'a.b*c'];
const span: fc.Arbitrary<Span> = fc.record({
	uri: fc.constantFrom(seedUri, kernelUri),
	line: fc.integer({ min: 0, max: 50 }),
	column: fc.integer({ min: 0, max: 90 }),
	endLine: fc.integer({ min: 0, max: 50 }),
	endColumn: fc.integer({ min: 0, max: 90 }),
});
const text = fc.oneof(
	fc.string({ unit: 'binary', maxLength: 120 }),
	fc.constantFrom('mutex_lock(&a);', 'p->op(x)', 'list_add_tail(&r)', 'f(', '', 'x\ty\n\u001b[2J'),
);
const step: fc.Arbitrary<RunStep> = fc.record({
	step: fc.nat(30),
	thread: fc.constantFrom(...threads),
	span,
	text,
	kernel: fc.boolean(),
	blocked: fc.boolean(),
	remarks: fc.array(fc.oneof(text, fc.constant('blocked: a is held by worker/0')), { maxLength: 2 }),
	depth: fc.nat(5),
	stack: fc.array(fc.constantFrom('f', 'A', 'munmap', 'mmu_notifier_x', 'p', 'op', '(', '\\'), { maxLength: 5 }),
	choice: fc.option(fc.nat(3)),
});
const finding: fc.Arbitrary<Finding> = fc.record({
	code: fc.constantFrom('deadlock', 'bounded'),
	severity: fc.constantFrom('error', 'warning', 'info', 'hint'),
	message: text,
	span,
	threads: fc.constant(threads),
	related: fc.array(fc.record({ span, message: text }), { maxLength: 4 }),
	assumption: fc.option(text),
	run: fc.array(step, { maxLength: 30 }),
	noReturn: fc.option(fc.nat(30)),
	closing: text,
});

/** Control characters other than the newline. */
const CONTROL = /[^\P{Cc}\n]/u;

test('the mail table takes any run', () => {
	fc.assert(
		fc.property(finding, fc.subarray(threads), (any, some) => {
			const table = mailTable(any, some);
			expect(table).not.toMatch(CONTROL);
			// Kernel steps fold, but whoever is stuck is always shown.
			for (const { thread, blocked } of any.run) if (blocked) expect(table.split('\n')[0]).toContain(thread);
		}),
		{ numRuns: 300 },
	);
});

test('the text and JSON forms take any result', () => {
	const sources = (uri: string) => (uri === seedUri ? `${seedText}\u001b]0;title\u0007\u0085\n`.repeat(2) : undefined);
	fc.assert(
		fc.property(fc.array(finding, { maxLength: 3 }), fc.boolean(), (findings, complete) => {
			const result = file([scenario({ ...seedFinding, name: 's', findings, complete })]);
			const view = { path: () => 'x.mmn', source: sources, colour: false };
			expect(textForm(result, view) + textClosing([result], view)).not.toMatch(CONTROL);
			expect(JSON.parse(jsonForm([result], () => 'x')).files[0].scenarios[0].findings).toHaveLength(findings.length);
		}),
		{ numRuns: 300 },
	);
});
