/**
 * Random edits over the protocol: the server stays alive, and what it shows in the end is what a fresh check finds.
 * `NOTIFIER_LAB_EDITS=1000` makes it many.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CodeActionRequest, DidChangeTextDocumentNotification, type Range } from 'vscode-languageserver-protocol';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { checkSketch } from '../../src/findings/check.js';
import { toDiagnostics, withoutRepeats } from '../../src/server/diagnostics.js';
import { CheckRequest } from '../../src/server/protocol.js';
import { TestClient } from './client.js';

const EDITS = Number(process.env.NOTIFIER_LAB_EDITS ?? 120);
/** Edits between two looks at what is shown. */
const ROUND = 20;
const LIMITS = { maxStates: 3000, maxSeconds: 60, maxMemoryMB: 256 };
const SKETCHES = ['unlock-before-retry', 'stub', 'new-read-notifier-seq', 'trylock-interval'].map((name) =>
	readFileSync(path.join(import.meta.dirname, '../findings/fixes', `${name}.mmn`), 'utf8'),
);
/** Bits of sketches, and what editors and keyboards put between them. */
const BITS = [
	...['{', '}', '(', ')', ';', '"', "'", '/*', '*/', '//', '\\', '#include <mn/list>\n', '#define N 3\n', '\t\t\t\t'],
	...['\r\n', '\r', '\n\n', '\u0000', '\ufeff', '\ufffd', '\ud800', '\udc00', '🧵', '𝒳', 'é', '\u2028', ' ', '\f', 'ﷺ'],
	...['goto again;', 'again:', 'mutex_lock(&fault_lock);', 'mutex_unlock(&fault_lock);', 'return 0;', 'if (', 'else'],
	...[
		'scenario x { thread A { } }\n',
		'expect ok;',
		'struct',
		'static int f(void) { return f(); }\n',
		'2147483648',
		'->',
	],
	...['// notifier-lab-ignore: deadlock why\n', '// notifier-lab-ignore\n', 'unknown_call(1, &x);', 'any(0, 3)'],
];

type Edit =
	| { readonly kind: 'insert'; readonly at: number; readonly bit: string }
	| { readonly kind: 'delete'; readonly at: number; readonly length: number }
	| { readonly kind: 'undo' }
	| { readonly kind: 'rename' }
	| { readonly kind: 'replace'; readonly sketch: number; readonly crlf: boolean };

const place = fc.double({ min: 0, max: 1, noNaN: true });
const edit: fc.Arbitrary<Edit> = fc.oneof(
	{
		weight: 6,
		arbitrary: fc.record({ kind: fc.constant('insert' as const), at: place, bit: fc.constantFrom(...BITS) }),
	},
	{ weight: 4, arbitrary: fc.record({ kind: fc.constant('delete' as const), at: place, length: fc.nat(12) }) },
	{ weight: 5, arbitrary: fc.constant({ kind: 'undo' as const }) },
	{ weight: 1, arbitrary: fc.constant({ kind: 'rename' as const }) },
	{
		weight: 1,
		arbitrary: fc.record({
			kind: fc.constant('replace' as const),
			sketch: fc.nat(SKETCHES.length - 1),
			crlf: fc.boolean(),
		}),
	},
);

/** An editor with one document that is changed in small pieces. */
class Editing {
	private number = 0;
	private checks = 0;
	private document = TextDocument.create('file:///w/0.mmn', 'mmn', 1, SKETCHES[0] ?? '');
	private readonly history: string[] = [];

	constructor(private readonly client: TestClient) {
		client.open(this.document.uri, this.document.getText());
	}

	do(next: Edit): void {
		const text = this.document.getText();
		if (next.kind === 'rename') {
			this.rename(text);
			return;
		}
		if (next.kind === 'undo') {
			const before = this.history.pop();
			if (before !== undefined) this.change(before);
			return;
		}
		this.history.push(text);
		if (next.kind === 'replace') {
			const sketch = SKETCHES[next.sketch] ?? '';
			this.change(next.crlf ? sketch.replaceAll('\n', '\r\n') : sketch);
			return;
		}
		const start = Math.floor(next.at * text.length);
		const end = next.kind === 'delete' ? Math.min(text.length, start + next.length) : start;
		const range = { start: this.document.positionAt(start), end: this.document.positionAt(end) };
		this.change(next.kind === 'insert' ? next.bit : '', range);
	}

	private change(text: string, range?: Range): void {
		const { uri, version } = this.document;
		const contentChanges = [range ? { range, text } : { text }];
		this.document = TextDocument.update(this.document, contentChanges, version + 1);
		void this.client.connection.sendNotification(DidChangeTextDocumentNotification.type, {
			textDocument: { uri, version: version + 1 },
			contentChanges,
		});
	}

	private rename(text: string): void {
		this.client.close(this.document.uri);
		this.document = TextDocument.create(`file:///w/${++this.number}.mmn`, 'mmn', 1, text);
		this.client.open(this.document.uri, text);
	}

	/** What is shown for the text as it is now, when its check is done, and what a fresh check finds in it. */
	async settle(): Promise<{ shown: unknown; fresh: unknown }> {
		const { uri, version } = this.document;
		const text = this.document.getText();
		await this.client.until(() => this.client.published.findLast((p) => p.uri === uri)?.version === version, 20_000);
		// what stands there may be marked as old still: a check that was asked for ends with what is new
		await this.client.connection.sendRequest(CheckRequest, { uri });
		// under another name: of this file much is known from before
		const other = `file:///w/fresh-${++this.checks}.mmn`;
		const result = await checkSketch(other, { read: async (u) => (u === other ? text : undefined) }, LIMITS);
		const fresh = withoutRepeats(toDiagnostics(result, { links: false }).get(other) ?? []);
		const plain = (value: unknown) => JSON.parse(JSON.stringify(value).replaceAll(other, uri));
		return { shown: plain(this.client.shown(uri).filter(({ data }) => !data?.stale)), fresh: plain(fresh) };
	}

	/** Asks for fixes somewhere, as an editor does wherever the cursor comes, and does not wait for them. */
	wonder(): void {
		const position = this.document.positionAt(Math.floor(this.document.getText().length / 2));
		const end = { line: position.line + 20, character: 0 };
		const params = {
			textDocument: { uri: this.document.uri },
			range: { start: position, end },
			context: { diagnostics: [] },
		};
		this.client.connection.sendRequest(CodeActionRequest.type, params).catch(() => {});
	}
}

const start = () => TestClient.start(checkSketch, { options: { settings: { check: LIMITS } } });

test(`after ${EDITS} random edits the server shows what a fresh check finds`, async () => {
	const rounds = fc.array(fc.array(edit, { minLength: ROUND, maxLength: ROUND }), {
		minLength: Math.ceil(EDITS / ROUND),
		maxLength: Math.ceil(EDITS / ROUND),
	});
	const client = await start();
	const editing = new Editing(client);
	const seed = Number(process.env.NOTIFIER_LAB_SEED ?? 20261122);
	for (const round of fc.sample(rounds, { numRuns: 1, seed })[0] ?? []) {
		for (const [n, next] of round.entries()) {
			editing.do(next);
			if (n % 7 === 0) editing.wonder();
			// some edits come in a burst, some after the check has begun
			if (n % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 40));
		}
		const { shown, fresh } = await editing.settle();
		expect(shown).toEqual(fresh);
	}
	expect(client.log).toEqual([]);
}, 600_000);

test.each([
	['of comments', (megabyte: string) => `/* ${megabyte} */\n${SKETCHES[0]}`],
	['of open braces', (megabyte: string) => megabyte.replaceAll('x', '{')],
	['in one line', (megabyte: string) => `int a = ${megabyte.replaceAll('xx', '1+')}1;`],
])(
	'a megabyte %s is survived, and so is what comes after it',
	async (_, make) => {
		const client = await start();
		const uri = 'file:///w/big.mmn';
		client.open(uri, make('x'.repeat(1 << 20)));
		await client.until(() => client.published.length > 0, 60_000);
		const textDocument = { uri };
		const options = { tabSize: 8, insertSpaces: false };
		for (const method of ['formatting', 'documentSymbol', 'semanticTokens/full', 'completion', 'hover'])
			await client.connection.sendRequest(`textDocument/${method}`, {
				textDocument,
				options,
				position: { line: 0, character: 9 },
			});
		client.edit(uri, SKETCHES[0] ?? '');
		await client.until(() => client.shown(uri).some(({ code }) => code === 'deadlock'), 20_000);
		expect(client.log).toEqual([]);
	},
	120_000,
);
