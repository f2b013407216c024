/** From an empty file to a checked driver, with nothing but completion. */

import { beforeAll, describe, expect, test } from 'vitest';
import type { CompletionItem, TextEdit } from 'vscode-languageserver-protocol';
import { formatText } from '../../../src/language/format/format.js';
import { GENERATIONS } from '../../../src/server/features/generations.js';
import { applyEdits, FeatureClient, URI } from './client.js';

let client: FeatureClient;
beforeAll(async () => {
	client = await FeatureClient.start();
});

/** Takes a proposal at the end of a text, as a client without snippets does. */
async function take(text: string, label: string, typed = ''): Promise<string> {
	const whole = text + typed;
	const items = await client.complete(whole, URI, whole.length);
	const item = items.find((candidate) => candidate.label === label);
	if (!item) throw new Error(`${label} is not proposed: ${items.map(({ label: l }) => l).join(', ')}`);
	return applyEdits(whole, [item.textEdit as TextEdit]);
}

describe.each(GENERATIONS.map(({ library }) => library))('%s', (library) => {
	const name = library.replace('mn/', '');

	test('the whole sketch is one proposal, is right, and is in kernel style', async () => {
		const text = await take('', `sketch: ${name}`);
		client.show(text);
		expect(await client.check()).toEqual([]);
		expect(formatText(text)).toBe(`${text}\n`);
	});

	test('piece by piece it comes out right, too', async () => {
		const generation = GENERATIONS.find((g) => g.library === library);
		let text = `${await take('', `#include <${library}>`)}\n\n`;
		if (generation?.state) text = `${await take(text, 'driver state')}\n\n`;
		for (const operation of generation?.first ?? []) text = `${await take(text, `callback: ${operation}`)}\n\n`;
		text = `${await take(text, `table: ${generation?.ops}`)}\n\n`;
		if (generation?.object) text = `${await take(text, 'notifier')}\n\n`;
		text = `${await take(text, 'fault handler')}\n\n`;
		text = `${await take(text, 'scenario')}\n`;
		client.show(text);
		expect(text).toMatch(/expect ok;/);
		expect(await client.check()).toEqual([]);
		expect(formatText(text)).toBe(text);
	});

	test('without its fault handler and table the pieces are not proposed filled', async () => {
		const items: CompletionItem[] = await client.complete(`#include <${library}>\n|`);
		expect(items.map(({ label }) => label)).not.toContain('table: mmu_notifier_ops');
	});
});

test.each([
	[
		'<mn/interval>',
		'static bool gpu_zap(struct mmu_interval_notifier *sub, const struct mmu_notifier_range *range, unsigned long seq)\n{\n\treturn true;\n}',
		/\{\n\t\.invalidate = gpu_zap,\n\};/,
	],
	[
		'<mn/list>',
		'static int gpu_begin(struct mmu_notifier *mn, const struct mmu_notifier_range *range)\n{\n\treturn 0;\n}\nstatic void gpu_end(struct mmu_notifier *mn, const struct mmu_notifier_range *range) { }\nstatic void gpu_gone(struct mmu_notifier *mn, struct mm_struct *mm) { }',
		/\{\n\t\.release = gpu_gone,\n\t\.invalidate_range_start = gpu_begin,\n\t\.invalidate_range_end = gpu_end,\n\};/,
	],
])('%s: the table has callbacks of other names, by their types', async (library, callbacks, wanted) => {
	const table = library === '<mn/list>' ? 'mmu_notifier_ops' : 'mmu_interval_notifier_ops';
	const text = await take(`#include ${library}\n\n${callbacks}\n\n`, `table: ${table}`);
	expect(text).toMatch(wanted);
});

test('word by word: each name is taken from the list, and the checker finds what is wrong', async () => {
	let text = '#include <mn/active-ranges>\n\nstatic DEFINE_MUTEX(lock);\n\n';
	text = await take(text, 'scenario');
	const open = text.indexOf('thread A {') + 'thread A { '.length;
	text = text.slice(0, open);
	text = `${(await take(text, 'mutex_lock', 'mutex_l')).replace(/\)$/, '')}`;
	text = await take(text, 'lock', '&');
	text += '); ';
	text = `${(await take(text, 'mutex_lock', 'mutex_l')).replace(/\)$/, '')}`;
	text = await take(text, 'lock', '&lo');
	text += '); }\n\t';
	text = await take(text, 'expect', 'exp');
	text += '\n}\n';
	client.show(text);
	expect((await client.check()).map(({ code }) => code)).toContain('self-deadlock');
});
