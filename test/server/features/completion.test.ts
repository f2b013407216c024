// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are placeholders of LSP snippets
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { CompletionItem } from 'vscode-languageserver-protocol';
import { printsOnly } from '../../../src/language/builtins.js';
import { piecesOf } from '../../../src/language/format/tokens.js';
import { withoutOtherBodies } from '../../../src/server/features/place.js';
import { FeatureClient, URI } from './client.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const read = (file: string) => readFileSync(path.join(ROOT, file), 'utf8');

let client: FeatureClient;
beforeAll(async () => {
	client = await FeatureClient.start();
});

const LIST = '#include <mn/list>\n';
const CALLBACK = `${LIST}static DEFINE_MUTEX(lock);
static DEFINE_SPINLOCK(spin);
static int invalidate_range_start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	BODY
}
static const struct mmu_notifier_ops ops = { .invalidate_range_start = invalidate_range_start };
`;
const inCallback = (body: string) => CALLBACK.replace('BODY', body);

describe('broken text is the normal case', () => {
	test.each([
		['range->|', ['start', 'end', 'mm', 'event'], 'an arrow with nothing behind it'],
		['if (range->|', ['start', 'blockable'], 'in a condition that is not closed'],
		['dev_unmap(range->start, range->|', ['end'], 'in a call that is not closed'],
		['unsigned long a = range->st|', ['start'], 'in an initialiser'],
		['range->mm->mmap_lock.|', ['readers', 'writer'], 'behind a chain'],
		['mutex_|', ['mutex_lock', 'mutex_unlock', 'mutex_trylock'], 'half a name'],
		['mutex_lock(&|', ['lock', 'spin'], 'behind an address-of'],
		['return ran|', ['range'], 'in a return'],
		['again:\n\tif (range)\n\t\tgoto |', ['again'], 'a label'],
		['|', ['range', 'mn', 'if', 'dev_unmap'], 'an empty statement'],
	])('%s', async (body, expected) => {
		const labels = await client.labels(inCallback(body));
		for (const label of expected) expect(labels).toContain(label);
	});

	test('what was wanted stands first', async () => {
		expect((await client.labels(inCallback('mutex_lock(&|')))[0]).toBe('lock');
		expect((await client.labels(inCallback('spin_lock(&|')))[0]).toBe('spin');
		expect((await client.labels(inCallback('range->st|')))[0]).toBe('start');
	});

	test.each([
		['mutex_lock(&lock);\n\tmut|', 'mutex_unlock', 'what lets go of a lock that is held'],
		[
			'mutex_lock(&lock);\n\tif (range) {\n\t\tmutex_unlock(&lock);\n\t\treturn 0;\n\t}\n\t|',
			'mutex_unlock',
			'past a way out',
		],
		['spin_lock(&spin);\n\tspin_unlock(&spin);\n\tspin_|', 'spin_lock', 'and no more when it is free'],
		['spin_lock_irqsave(&spin, flags);\n\tspin_|', 'spin_unlock_irqrestore', 'with the flags that were saved'],
		['unsi|', 'unsigned', 'a variable at the beginning of a body'],
		['pte|', 'pte_t', 'small letters before capitals'],
		['if (mmu_notifier_range_b|', 'mmu_notifier_range_blockable', 'what a callback asks'],
	])('%s: %s', async (body, label) => {
		expect((await client.labels(inCallback(body)))[0]).toBe(label);
	});

	test('arguments of macros: types, and members of the struct', async () => {
		const gpu = (body: string) =>
			`${LIST}struct gpu { int pages; struct mmu_notifier mn; };\nstatic bool f(struct mmu_notifier *sub)\n{\n\t${body}\n}\n`;
		expect((await client.labels(gpu('struct gpu *g = container_of(sub, |')))[0]).toBe('struct gpu');
		expect(await client.labels(gpu('struct gpu *g = container_of(sub, struct gpu, |'))).toEqual(['mn', 'pages']);
		expect((await client.labels(gpu('return f|')))[0]).toBe('false');
	});

	test('the API of the sketch before the rest of the kernel', async () => {
		expect((await client.labels(`${LIST}static struct mm|`)).slice(0, 3)).toContain('mmu_notifier_ops');
		expect((await client.labels(`${LIST}scenario s { thread A { re|`))[0]).toBe('reclaim');
	});

	test('fields of tables of operations, and functions that fit them', async () => {
		const fields = await client.labels(`${LIST}static const struct mmu_notifier_ops ops = { .| };\n`);
		expect(fields).toEqual(expect.arrayContaining(['invalidate_range_start', 'release', 'invalidate_range_end']));
		const fits = await client.labels(
			CALLBACK.replace('BODY', 'return 0;').replace('= invalidate_range_start };', '= | };'),
		);
		expect(fits[0]).toBe('invalidate_range_start');
	});

	test('tags, types and parameters', async () => {
		expect(await client.labels(`${LIST}static struct mmu_not| x;`)).toEqual(
			expect.arrayContaining(['mmu_notifier', 'mmu_notifier_ops']),
		);
		expect(await client.labels(`${LIST}static int f(struct mmu_notifier *mn, |`)).toEqual(
			expect.arrayContaining(['struct mm_struct', 'int']),
		);
	});

	test('nothing in comments, strings and names that are new', async () => {
		expect(await client.labels('/* mut|')).toEqual([]);
		expect(await client.labels(inCallback('// mut|'))).toEqual([]);
		expect(await client.labels(inCallback('pr_info("mut|'))).toEqual([]);
		expect(await client.labels(inCallback('int mut|'))).toEqual([]);
		expect(await client.labels(`${LIST}static int na|`)).toEqual([]);
	});
});

describe('around functions', () => {
	test('the top of an empty file', async () => {
		const labels = await client.labels('|');
		expect(labels).toEqual(
			expect.arrayContaining(['#include <mn/list>', '#include <mn/interval>', 'sketch: interval', 'scenario']),
		);
	});

	test('includes by name, with what they are', async () => {
		const items = await client.complete('#include <mn/|');
		const list = items.find(({ label }) => label === 'mn/list');
		expect(list?.textEdit).toMatchObject({ newText: 'mn/list>' });
		expect(list?.detail).toBeTruthy();
		expect(await client.labels('#|')).toContain('#include <mn/two-pass>');
	});

	test('a scenario: its words, codes, adversaries, threads', async () => {
		const scenario = (inside: string) => `${LIST}scenario s {\n\tthread A { }\n\t${inside}\n}\n`;
		expect(await client.labels(scenario('|'))).toEqual(
			expect.arrayContaining(['pages', 'setup', 'thread', 'daemon', 'expect', 'finally']),
		);
		expect(await client.labels(`${LIST}scenario s {|`)).toContain('setup');
		expect(await client.labels(scenario('expect stale-ma|'))).toContain('stale-mapping');
		expect(await client.labels(scenario('expect ok, dead|'))).toContain('deadlock');
		expect(await client.labels(scenario('environment mun|'))).toContain('munmap');
		expect(await client.labels(scenario('config |'))).toContain('preempt_rt');
		expect(await client.labels(scenario('interrupt i on |'))).toEqual(['A']);
		expect(await client.labels(scenario('thread B { munm| }'))).toContain('munmap');
	});
});

describe('the likely first', () => {
	const DRIVER = `${LIST}static DEFINE_MUTEX(lock);\nstatic int gpu_fault(unsigned long addr)\n{\n\treturn 0;\n}\n`;
	const inScenario = (inside: string) => `${DRIVER}scenario s {\n\t${inside}\n}\n`;
	test.each([
		[inScenario('expect |'), ['ok'], 'what most scenarios expect'],
		[inScenario('thread A { | }'), ['gpu_fault'], 'in a thread, what the driver has'],
		[inScenario('thread A { m| }'), ['mmap_fixed', 'munmap'], 'and what is run against it'],
		[inScenario('setup { mmu| }'), ['mmu_notifier_register'], 'in a setup, the registration'],
		['#include <mn/interval>\n|', ['callback: invalidate'], 'the callback of the interface that is included'],
		['#include <mn/list>\n|', ['callback: invalidate_range_end', 'callback: invalidate_range_start'], 'and of another'],
		['#inc|', ['#include <mn/active-ranges>', '#include <mn/interval>'], 'libraries of notifiers'],
		['|', ['function', 'scenario', 'sketch: active-ranges'], 'in an empty file, whole pieces'],
		['interv|', ['sketch: interval'], 'a whole sketch before its include'],
	])('%j', async (text, first) => {
		expect((await client.labels(text)).slice(0, first.length)).toEqual(first);
	});

	test.each([
		['#include <mn/interval>\nstatic DEFINE_MUTEX(gpu_lock);\n|', 'invalidate', 'mutex_lock(&${1:gpu_lock});'],
		['#include <mn/interval>\n|', 'invalidate', 'mutex_unlock(&${1:fault_lock});'],
		['#include <mn/interval>\nstatic DEFINE_MUTEX(fault_lock);\n|', 'invalidate', 'mutex_lock(&fault_lock);'],
		['#include <mn/list>\nstatic DEFINE_SPINLOCK(l);\n|', 'invalidate_range_end', 'spin_lock(&${1:l});\n\t${2:inv'],
	])('%j: the callback takes the lock of the sketch', async (text, operation, expected) => {
		const editor = await FeatureClient.start({}, {}, { completionItem: { snippetSupport: true } });
		const item = (await editor.complete(text)).find(({ label }) => label === `callback: ${operation}`);
		expect(item?.textEdit?.newText).toContain(expected);
	});

	test('what defines a lock comes with its parentheses', async () => {
		const inserted = async (text: string) =>
			(await client.complete(text)).find(({ label }) => label === 'DEFINE_MUTEX')?.textEdit?.newText;
		expect(await inserted('static DEF|')).toBe('DEFINE_MUTEX(name);');
		expect(await inserted('static DEF|;')).toBe('DEFINE_MUTEX(name)');
		expect(await inserted('static DEF|(lock);')).toBe('DEFINE_MUTEX');
	});
});

describe('what the context allows', () => {
	const sleeper = async (body: string): Promise<[CompletionItem, boolean]> => {
		const items = await client.complete(inCallback(body));
		const found = items.find(({ label }) => label === 'mutex_lock');
		const other = items.find(({ label }) => label === 'mutex_trylock');
		if (!found || !other) throw new Error('mutex_lock and mutex_trylock are proposed');
		return [found, (found.sortText ?? '') > (other.sortText ?? '')];
	};

	test('under a spinlock, sleeping calls come last and say why', async () => {
		const [item, last] = await sleeper('spin_lock(&spin);\n\tmutex_|\n\tspin_unlock(&spin);');
		expect(last).toBe(true);
		expect(item.detail).toBe('may sleep, and spin is held here, which makes this atomic');
		const { documentation } = await client.resolve(item);
		expect(JSON.stringify(documentation)).toContain('**Not here:** it may sleep, and spin is held here');
	});

	test('they are back when the lock is let go', async () => {
		const [item] = await sleeper(
			'if (!mmu_notifier_range_blockable(range))\n\t\treturn -EAGAIN;\n\tspin_lock(&spin);\n\tspin_unlock(&spin);\n\tmutex_|',
		);
		expect(item.detail).toBe('void mutex_lock(struct mutex *lock)');
		// editors show the detail above the documentation: it does not say it again
		const said = JSON.stringify((await client.resolve(item)).documentation);
		expect(said).toContain('**Rule.**');
		expect(said).not.toContain('void mutex_lock(');
	});

	test('a callback that may be called for a non-blockable range', async () => {
		const [item, last] = await sleeper('mutex_|');
		expect(last).toBe(true);
		expect(item.detail).toContain('not blockable');
		const [asked] = await sleeper('if (mmu_notifier_range_blockable(range))\n\t\tmutex_|');
		expect(asked.detail).toBe('void mutex_lock(struct mutex *lock)');
		const [refused] = await sleeper('if (!mmu_notifier_range_blockable(range)) {\n\t\tmutex_|\n\t}');
		expect(refused.detail).toContain('not blockable in this branch');
	});

	test('guards hold up to the end of their block', async () => {
		const [item] = await sleeper('{\n\t\tguard(spinlock)(&spin);\n\t\tmutex_|\n\t}');
		expect(item.detail).toContain('spin is held here');
		const [scoped] = await sleeper('scoped_guard(spinlock, &spin) {\n\t\tmutex_|\n\t}');
		expect(scoped.detail).toContain('spin is held here');
		const [after] = await sleeper(
			'{\n\t\tguard(spinlock)(&spin);\n\t}\n\tif (mmu_notifier_range_blockable(range))\n\t\tmutex_|',
		);
		expect(after.detail).toBe('void mutex_lock(struct mutex *lock)');
	});

	test('what sleeps only deep inside is known, too', async () => {
		const items = await client.complete(inCallback('spin_lock(&spin);\n\tmmap_read_|'));
		const detail = (name: string) => items.find(({ label }) => label === name)?.detail ?? '';
		expect(detail('mmap_read_lock')).toMatch(/^may sleep/);
		expect(detail('mmap_read_trylock')).not.toMatch(/^may sleep/);
		const macros = await client.complete(inCallback('spin_lock(&spin);\n\tmutex_lock_nest|'));
		expect(macros.find(({ label }) => label === 'mutex_lock_nest_lock')?.detail).toMatch(/^may sleep/);
	});
});

describe('other functions', () => {
	const helpers = (body: string) =>
		inCallback(body).replace(
			'static int invalidate',
			'static void quick(void)\n{\n}\nstatic void slow(void)\n{\n\tmutex_lock(&lock);\n\tmutex_unlock(&lock);\n}\nstatic int invalidate',
		);

	test('what sleeps in the body of another one is known', async () => {
		const items = await client.complete(helpers('spin_lock(&spin);\n\t|'));
		const detail = (name: string) => items.find(({ label }) => label === name)?.detail;
		expect(detail('quick')).toBe('static void quick(void)');
		// what is wrong here is at the end of a long list
		const slow = (await client.complete(helpers('spin_lock(&spin);\n\tslo|'))).find(({ label }) => label === 'slow');
		expect(slow?.detail).toBe('may sleep, and spin is held here, which makes this atomic');
	});

	test('only bodies are left out, and nothing moves', () => {
		const text = `struct s { int (*f)(void); int a; };
static const struct s t = { .f = one };
static int one(void) /* { */
{
	return 1; // }
}
static int two(struct s *x)
{
	x->
}
static int three(void)
{
	static struct s u = { .f = two };
}
scenario race {
	thread A { one(); }
}
`;
		const bodies = (...left: string[]) => left.reduce((t, body) => t.replace(body, ' '.repeat(body.length)), text);
		const one = '\n\treturn 1; // }\n';
		const two = '\n\tx->\n';
		const race = '\n\tthread A { one(); }\n';
		expect(withoutOtherBodies(text, text.indexOf('x->') + 3)).toBe(bodies(one, race));
		expect(withoutOtherBodies(text, text.indexOf('one();'))).toBe(bodies(one, two));
		expect(withoutOtherBodies(text, 0)).toBe(bodies(one, two, race));
	});

	test('a function that has lost its brace ends where the next one begins', () => {
		const text =
			'int one(void)\n{\n\tif (x) {\n\t\treturn 1;\nint two(void)\n{\n\treturn 2;\n}\nint three(void)\n{\n\tx\n}\n';
		const two = '\n\treturn 2;\n';
		expect(withoutOtherBodies(text, text.indexOf('x\n}'))).toBe(text.replace(two, ' '.repeat(two.length)));
		expect(withoutOtherBodies(text, text.indexOf('return 1'))).toContain('return 1');
		expect(withoutOtherBodies('} } {', 1)).toBe('} } {');
	});
});

test('a client that takes them once is told range and document once, and asks for the head of a function', async () => {
	const able = await FeatureClient.start(
		{},
		{},
		{
			completionItem: {
				snippetSupport: true,
				labelDetailsSupport: true,
				resolveSupport: { properties: ['documentation', 'detail'] },
			},
			completionList: { itemDefaults: ['editRange', 'data'] },
		},
	);
	const { items, itemDefaults } = await able.list(inCallback('spin_lock(&spin);\n\tmutex_|'));
	const item = (name: string) => items.find(({ label }) => label === name);
	const line = inCallback('spin_lock(&spin);\n\t').split('\n').indexOf('\t', 4);
	expect(itemDefaults).toEqual({
		editRange: { start: { line, character: 1 }, end: { line, character: 7 } },
		data: { uri: URI },
	});
	const trylock = item('mutex_trylock') as CompletionItem;
	expect(trylock).toMatchObject({
		textEditText: 'mutex_trylock($0)',
		labelDetails: { detail: '(struct mutex *lock)' },
	});
	for (const absent of ['textEdit', 'detail', 'data']) expect(trylock).not.toHaveProperty(absent);
	const resolved = await able.resolve({ ...trylock, data: itemDefaults?.data });
	expect(resolved.detail).toBe('int mutex_trylock(struct mutex *lock)');
	const sleeps = await able.resolve(item('mutex_lock') as CompletionItem);
	expect(sleeps.detail).toBe('may sleep, and spin is held here, which makes this atomic');
	expect(JSON.stringify(sleeps.documentation)).toContain('**Not here:** it may sleep');
	// a variable of the same name is not that function
	const word = { label: 'mutex_lock', kind: 6 as const, data: itemDefaults?.data };
	expect(await able.resolve(word)).toEqual(word);
});

/** Names whose place says nothing of what will stand there. */
const UNTOLD =
	/^(struct|union|enum|goto|case|else|do|sizeof|return|static|const|inline|extern|void|on|if|for|while|switch|break|continue|default|NULL|with_mm)$/;

test('every name of the corpus is proposed where it stands, with the rest of its line missing', async () => {
	const files = globSync(
		['test/corpus/drivers/{amdgpu_hmm,gntdev,kvm,nouveau_svm,test_hmm}.mmn', 'media/sketches/*.mmn'],
		{
			cwd: ROOT,
		},
	);
	let asked = 0;
	const missing: string[] = [];
	for (const file of files.sort()) {
		const text = read(file);
		const words = piecesOf(text).filter(({ kind, text: word }) => kind === 'word' && !UNTOLD.test(word));
		// Each file would take seconds: every thirteenth word, at another one in each file.
		for (let i = file.length % 13; i < words.length; i += 13) {
			const word = words[i];
			// A label, and a struct that is defined here, are new names.
			const isNew = /^\w+(:| \{)/.test(text.slice(word?.offset));
			// What only prints is declared nowhere.
			if (!word || word.text.length < 4 || isNew || printsOnly(word.text)) continue;
			const half = word.offset + 3;
			const end = text.indexOf('\n', half);
			const cut = text.slice(0, half) + text.slice(end);
			const items = await client.complete(cut, URI, half);
			if (items.length === 0) continue; // a name that is new here
			asked++;
			if (!items.some(({ label }) => label === word.text || label.includes(word.text))) {
				const line = text.slice(0, word.offset).split('\n').length;
				missing.push(`${file}:${line} ${word.text}`);
			}
		}
	}
	expect(asked).toBeGreaterThan(60);
	expect(missing.length, missing.join('\n')).toBe(0);
}, 60_000);
