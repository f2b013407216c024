import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
	CallHierarchyIncomingCallsRequest,
	CallHierarchyOutgoingCallsRequest,
	CallHierarchyPrepareRequest,
	DefinitionRequest,
	DocumentFormattingRequest,
	DocumentHighlightRequest,
	DocumentLinkRequest,
	DocumentOnTypeFormattingRequest,
	DocumentRangeFormattingRequest,
	DocumentSymbolRequest,
	FoldingRangeRequest,
	type Hover,
	HoverRequest,
	InlayHintRequest,
	type Location,
	type MarkupContent,
	PrepareRenameRequest,
	ReferencesRequest,
	RenameRequest,
	type SelectionRange,
	SelectionRangeRequest,
	SemanticTokensRangeRequest,
	SemanticTokensRequest,
	SignatureHelpRequest,
	type WorkspaceEdit,
	WorkspaceSymbolRequest,
} from 'vscode-languageserver-protocol';
import { kernelLibraries } from '../../../src/kernel/library.js';
import { kernelRule } from '../../../src/kernel/rules.js';
import { markdown } from '../../../src/server/features/describe.js';
import { LEGEND } from '../../../src/server/features/semantic-tokens.js';
import { TEMPLATES } from '../../../src/templates/templates.js';
import { applyEdits, FeatureClient, URI } from './client.js';

const SEED = readFileSync(path.resolve(import.meta.dirname, '../../../media/sketches/seed-wait-valid.mmn'), 'utf8');
const KERNEL = 'mmn-kernel:/mn/active-ranges-core.mmn';
const SHARED = 'file:///w/shared.mmn';
const OTHER = 'file:///w/other.mmn';
const WHOLE = { start: { line: 0, character: 0 }, end: { line: 10_000, character: 0 } };

const DISK = {
	[SHARED]:
		'#include <mn/list>\n\n/* Guards the mapping. */\nstatic DEFINE_MUTEX(map_lock);\n\nstruct gpu {\n\tint faults;\n};\n',
	[OTHER]:
		'#include "shared.mmn"\n\nstatic void f(struct gpu *gpu)\n{\n\tmutex_lock(&map_lock);\n\tgpu->faults++;\n\tmutex_unlock(&map_lock);\n}\n',
};

let client: FeatureClient;
beforeAll(async () => {
	client = await FeatureClient.start(DISK);
	client.show(SEED);
	client.show(kernelLibraries.read(KERNEL) ?? '', KERNEL);
});

const hoverText = (hover: Hover | null) => (hover?.contents as MarkupContent | undefined)?.value ?? '';
const places = (found: readonly Location[] | null) =>
	(found ?? []).map(({ uri, range }) => `${uri.replace(/^.*\//, '')}:${range.start.line + 1}`).sort();

describe('hover', () => {
	test('of a kernel call: head, origin, comment, rule with its source, and that it may sleep', async () => {
		const text = hoverText(await client.ask(HoverRequest.type, client.at('range_wait_valid(mm, start', 2)));
		expect(text).toContain(
			'void mmu_notifier_range_wait_valid(struct mm_struct *mm, unsigned long start, unsigned long end)',
		);
		expect(text).toContain('`<mn/active-ranges-core>`');
		expect(text).toContain('As posted: it sleeps');
		expect(text).toMatch(/\*\*Rule\.\*\* Where an active range overlaps it sleeps.*Source: .*PATCH 02\/15/s);
		expect(text).toContain('*may sleep*');
	});

	test('a source that is a commit says since when and what it did, and leads to it', () => {
		expect(markdown(kernelRule('mmu_interval_read_begin')?.source ?? '')).toBe(
			'mm/mmu\\_notifier.c, since v5.5, commit [99cb252f5e68](https://git.kernel.org/linus/99cb252f5e68) ("mm/mmu\\_notifier: add an interval tree notifier")',
		);
		for (const name of ['mmu_notifier_put', 'mmu_notifier_range_blockable', 'kmalloc', 'srcu_read_lock'])
			expect(kernelRule(name)?.source).toMatch(/since v\d\.\d+, commit [\da-f]{12} \("mm.*"\)$/);
	});

	test('says which locks are held there over all runs of the last check', async () => {
		await client.check();
		expect(hoverText(await client.ask(HoverRequest.type, client.at('dev_map(start')))).toContain(
			'held here in every run: `fault_lock`',
		);
		// A comes back here with the lock: the bug of this sketch.
		expect(
			hoverText(await client.ask(HoverRequest.type, client.at('mmu_notifier_range_wait_valid(mm, start'))),
		).toContain('in some runs only: `fault_lock`');
	});

	test('of a local, a field, a struct, an include', async () => {
		expect(hoverText(await client.ask(HoverRequest.type, client.at('range->start')))).toContain(
			'const struct mmu_notifier_range *range',
		);
		expect(hoverText(await client.ask(HoverRequest.type, client.at('range->start', 8)))).toMatch(
			/unsigned long start.*field of `struct mmu_notifier_range`/s,
		);
		expect(hoverText(await client.ask(HoverRequest.type, client.at('mmu_notifier_ops ops')))).toContain(
			'struct mmu_notifier_ops {',
		);
		expect(hoverText(await client.ask(HoverRequest.type, client.at('mn/active-ranges')))).toContain(
			'Active invalidation ranges',
		);
	});

	test('never says that a function never sleeps which calls the driver', async () => {
		const at = client.at('void mmu_notifier_invalidate_range_start', 8, KERNEL);
		expect(hoverText(await client.ask(HoverRequest.type, at))).not.toContain('never sleeps');
		expect(hoverText(await client.ask(HoverRequest.type, client.at('mutex_unlock(&fault_lock);\n}')))).toContain(
			'*never sleeps*',
		);
	});
});

test('signature help: the parameter that is being written, also where the call is not closed, and through a table', async () => {
	const at = client.at('is_valid(mm, start, end))', 'is_valid(mm, sta'.length);
	const help = await client.ask(SignatureHelpRequest.type, at);
	expect(help?.activeParameter).toBe(1);
	const [signature] = help?.signatures ?? [];
	const [from = 0, to = 0] = (signature?.parameters?.[1]?.label as [number, number] | undefined) ?? [];
	expect(signature?.label.slice(from, to)).toBe('unsigned long start');
	const uri = 'file:///w/half.mmn';
	const half = client.show(
		'#include <mn/list>\nstatic void f(struct mmu_notifier *mn)\n{\n\tmn->ops->invalidate_range_start(mn, |\n',
		uri,
	);
	const inner = await client.ask(SignatureHelpRequest.type, half);
	expect(inner?.activeParameter).toBe(1);
	expect(inner?.signatures[0]?.label).toContain('(*invalidate_range_start)');
	const macro = client.show('static void f(void)\n{\n\tcontainer_of(p, |', uri);
	expect((await client.ask(SignatureHelpRequest.type, macro))?.signatures[0]?.label).toBe(
		'container_of(value, type, member)',
	);
});

describe('where it is defined and used', () => {
	test('definition: of a name, into the kernel, of an include, inside the kernel', async () => {
		expect(places((await client.ask(DefinitionRequest.type, client.at('&fault_lock', 2))) as Location[])).toEqual([
			'sketch.mmn:14',
		]);
		const [inKernel] = (await client.ask(DefinitionRequest.type, client.at('dev_map(start'))) as Location[];
		expect(inKernel?.uri).toBe('mmn-kernel:/kernel/device.mmn');
		expect(((await client.ask(DefinitionRequest.type, client.at('<mn/active', 3))) as Location[])[0]?.uri).toBe(
			'mmn-kernel:/mn/active-ranges.mmn',
		);
		const [deeper] = (await client.ask(
			DefinitionRequest.type,
			client.at('active_range(mm, start, end)', 2, KERNEL),
		)) as Location[];
		expect(deeper?.uri).toBe(KERNEL);
	});

	test('a label, a field, a callback in its table', async () => {
		expect(places((await client.ask(DefinitionRequest.type, client.at('goto again', 6))) as Location[])).toEqual([
			'sketch.mmn:32',
		]);
		const [field] = (await client.ask(DefinitionRequest.type, client.at('.invalidate_range_start =', 3))) as Location[];
		expect(field?.uri).toBe(KERNEL);
	});

	test('references: in the sketch, and across includes', async () => {
		const here = await client.ask(ReferencesRequest.type, {
			...client.at('&fault_lock', 2),
			context: { includeDeclaration: true },
		});
		expect(places(here)).toEqual(['sketch.mmn:14', 'sketch.mmn:19', 'sketch.mmn:21', 'sketch.mmn:34', 'sketch.mmn:38']);
		client.show(DISK[SHARED] as string, SHARED);
		const across = await client.ask(ReferencesRequest.type, {
			...client.at('map_lock', 2, SHARED),
			context: { includeDeclaration: false },
		});
		expect(places(across)).toEqual(['other.mmn:5', 'other.mmn:7']);
		const kernel = await client.ask(ReferencesRequest.type, {
			...client.at('overlaps(range', 2, KERNEL),
			context: { includeDeclaration: true },
		});
		expect(places(kernel).length).toBe(2);
	});

	test('names of types that the sketch defines', async () => {
		const uri = 'file:///w/typedef.mmn';
		client.show('typedef struct { int a; } box_t;\nstatic int f(box_t *box)\n{\n\treturn box->a;\n}\n', uri);
		expect(places((await client.ask(DefinitionRequest.type, client.at('box_t *', 2, uri))) as Location[])).toEqual([
			'typedef.mmn:1',
		]);
		const edit = (await client.ask(RenameRequest.type, {
			...client.at('box_t *', 2, uri),
			newName: 'crate_t',
		})) as WorkspaceEdit;
		expect(client.apply(edit.changes?.[uri] ?? [], uri)).toContain('f(crate_t *box)');
		const items = await client.complete('typedef struct { int a; } box_t;\nstatic int f(|');
		expect(items.map(({ label }) => label)).toContain('box_t');
		client.show(SEED);
	});

	test('highlight tells writes from reads', async () => {
		const found = await client.ask(DocumentHighlightRequest.type, client.at('&fault_lock', 2));
		expect(found?.map(({ kind }) => kind)).toEqual([3, 2, 2, 2, 2]);
	});
});

describe('rename', () => {
	test('in all files that see the name', async () => {
		client.show(DISK[SHARED] as string, SHARED);
		const at = client.at('faults', 1, SHARED);
		expect(await client.ask(PrepareRenameRequest.type, at)).toMatchObject({ placeholder: 'faults' });
		const edit = (await client.ask(RenameRequest.type, { ...at, newName: 'misses' })) as WorkspaceEdit;
		const changed = Object.entries(edit.changes ?? {}).map(([uri, edits]) =>
			applyEdits(uri === SHARED ? (DISK[SHARED] as string) : (DISK[OTHER] as string), edits),
		);
		expect(changed.join('')).not.toContain('faults');
		expect(Object.keys(edit.changes ?? {}).sort()).toEqual([OTHER, SHARED]);
	});

	test.each([
		['dev_map(start', 'x', /belongs to the simulated kernel \(<kernel\/device>\)/],
		['&fault_lock', 'mm', /the simulated kernel has that name/],
		['&fault_lock', 'ops', /declared already/],
		['&fault_lock', '9x', /is no name/],
		['goto again', 'other', /no name here/],
	])('of %s to %s is refused with the reason', async (needle, newName, reason) => {
		const at = client.at(needle, needle.startsWith('&') ? 2 : 1);
		await expect(client.ask(RenameRequest.type, { ...at, newName })).rejects.toThrow(reason);
	});

	test('of a name that a macro uses is refused, and what a macro was expanded to is no place', async () => {
		const uri = 'file:///w/macro.mmn';
		client.show(
			'#define TAKE(l) mutex_lock(&(l)->lock)\nstruct gpu { struct mutex lock; };\nstatic void f(struct gpu *gpu)\n{\n\tTAKE(gpu);\n\tmutex_unlock(&gpu->lock);\n}\n',
			uri,
		);
		const lock = client.at('->lock);\n}', 2, uri);
		expect(
			places(await client.ask(ReferencesRequest.type, { ...lock, context: { includeDeclaration: true } })),
		).toEqual(['macro.mmn:2', 'macro.mmn:6']);
		await expect(client.ask(RenameRequest.type, { ...lock, newName: 'guard_lock' })).rejects.toThrow(
			/used in the macro TAKE/,
		);
	});

	test('the sketch means the same afterwards', async () => {
		const edit = (await client.ask(RenameRequest.type, {
			...client.at('&fault_lock', 2),
			newName: 'page_lock',
		})) as WorkspaceEdit;
		const text = applyEdits(SEED, edit.changes?.[URI] ?? []);
		// Comments keep their words.
		expect(text.match(/page_lock/g)).toHaveLength(5);
		const before = (await client.check()).map(({ code }) => code);
		const renamed = 'file:///w/renamed.mmn';
		client.show(text, renamed);
		expect((await client.check(renamed)).map(({ code }) => code)).toEqual(before);
	});
});

describe('the shape of a file', () => {
	test('document symbols, of the kernel, too', async () => {
		const symbols = await client.ask(DocumentSymbolRequest.type, { textDocument: { uri: URI } });
		expect(symbols?.map(({ name }) => name)).toEqual([
			'fault_lock',
			'invalidate_range_start',
			'ops',
			'mn',
			'device_fault',
			'fault_races_munmap',
		]);
		expect(symbols?.at(-1)).toMatchObject({ children: [{ name: 'A' }, { name: 'B' }] });
		const kernel = await client.ask(DocumentSymbolRequest.type, { textDocument: { uri: KERNEL } });
		expect(kernel?.map(({ name }) => name)).toContain('mmu_notifier_range_wait_valid');
	});

	test('workspace symbols: of files that are not open, and of the kernel', async () => {
		const found = await client.ask(WorkspaceSymbolRequest.type, { query: 'map_lock' });
		expect(found?.map(({ name, location }) => `${name} ${location.uri}`)).toContain(`map_lock ${SHARED}`);
		expect((await client.ask(WorkspaceSymbolRequest.type, { query: 'mmput_async' }))?.[0]?.location.uri).toMatch(
			/^mmn-kernel:/,
		);
	});

	test('folding: comments, bodies, scenarios', async () => {
		const ranges = await client.ask(FoldingRangeRequest.type, { textDocument: { uri: URI } });
		const lines = SEED.split('\n');
		expect(ranges?.map(({ startLine, kind }) => kind ?? lines[startLine])).toEqual([
			'comment',
			'{',
			'static const struct mmu_notifier_ops ops = {',
			'{',
			'scenario fault_races_munmap {',
		]);
	});

	test('selection grows from the word to the file', async () => {
		const at = client.at('range->start, range->end', 8);
		const [first] = (await client.ask(SelectionRangeRequest.type, { ...at, positions: [at.position] })) ?? [];
		const texts: string[] = [];
		for (let range: SelectionRange | undefined = first; range; range = range.parent)
			texts.push(client.slice(range.range));
		expect(texts.slice(0, 4)).toEqual([
			'start',
			'range->start',
			'dev_unmap(range->start, range->end)',
			'dev_unmap(range->start, range->end);',
		]);
		expect(texts.at(-1)).toBe(SEED);
	});

	test('semantic tokens, whole and by range, say what a word names', async () => {
		const decode = (data: readonly number[]) => {
			const found: [string, string, number][] = [];
			let line = 0;
			let character = 0;
			for (let i = 0; i < data.length; i += 5) {
				character = data[i] ? (data[i + 1] as number) : character + (data[i + 1] as number);
				line += data[i] as number;
				const text = SEED.split('\n')[line]?.slice(character, character + (data[i + 2] as number)) ?? '';
				found.push([text, LEGEND.tokenTypes[data[i + 3] as number] ?? '', data[i + 4] as number]);
			}
			return found;
		};
		const all = decode((await client.ask(SemanticTokensRequest.type, { textDocument: { uri: URI } }))?.data ?? []);
		const typeOf = (word: string) => all.find(([text]) => text === word)?.[1];
		expect(typeOf('fault_lock')).toBe('variable');
		expect(typeOf('range')).toBe('parameter');
		expect(typeOf('dev_unmap')).toBe('function');
		expect(typeOf('mmu_notifier_ops')).toBe('struct');
		expect(typeOf('again')).toBe('label');
		expect(typeOf('A')).toBe('event');
		const library = 1 << LEGEND.tokenModifiers.indexOf('defaultLibrary');
		expect((all.find(([text]) => text === 'dev_map')?.[2] ?? 0) & library).toBe(library);
		const line = client.at('dev_map(start').position.line;
		const range = { start: { line, character: 0 }, end: { line, character: 80 } };
		const part = decode(
			(await client.ask(SemanticTokensRangeRequest.type, { textDocument: { uri: URI }, range }))?.data ?? [],
		);
		expect(part.map(([text]) => text)).toEqual(['dev_map', 'start', 'end']);
	});

	test('includes are links', async () => {
		const links = await client.ask(DocumentLinkRequest.type, { textDocument: { uri: URI } });
		expect(links?.map(({ target, range }) => [target, client.slice(range)])).toEqual([
			['mmn-kernel:/mn/active-ranges.mmn', 'mn/active-ranges'],
		]);
		client.show(DISK[OTHER] as string, OTHER);
		expect((await client.ask(DocumentLinkRequest.type, { textDocument: { uri: OTHER } }))?.[0]?.target).toBe(SHARED);
	});
});

test('call hierarchy: the kernel calls a callback through its table, threads call handlers', async () => {
	const callback = (
		await client.ask(CallHierarchyPrepareRequest.type, client.at('static void invalidate_range_start', 14))
	)?.[0];
	expect(callback?.name).toBe('invalidate_range_start');
	if (!callback) return;
	const callers = await client.ask(CallHierarchyIncomingCallsRequest.type, { item: callback });
	expect(callers?.map(({ from }) => from.name)).toContain('mmu_notifier_invalidate_range_start');
	expect(
		(await client.ask(CallHierarchyOutgoingCallsRequest.type, { item: callback }))?.map(({ to }) => to.name),
	).toEqual(['mutex_lock', 'dev_unmap', 'mutex_unlock']);
	const kernel = callers?.[0]?.from;
	const back = kernel && (await client.ask(CallHierarchyOutgoingCallsRequest.type, { item: kernel }));
	expect(back?.map(({ to }) => to.name)).toContain('list_add_tail');
	const fault = (await client.ask(CallHierarchyPrepareRequest.type, client.at('device_fault(unsigned')))?.[0];
	const threads = fault && (await client.ask(CallHierarchyIncomingCallsRequest.type, { item: fault }));
	expect(threads?.map(({ from }) => from.name)).toEqual(['A']);
});

describe('formatting', () => {
	const uri = 'file:///w/ugly.mmn';
	const UGLY = 'static int f( int a ){return a*2;}\nstatic int   g;\n';

	test('of a document, a range, and as one types', async () => {
		client.show(UGLY, uri);
		const options = { tabSize: 8, insertSpaces: false };
		const textDocument = { uri };
		const all = await client.ask(DocumentFormattingRequest.type, { textDocument, options });
		expect(client.apply(all ?? [], uri)).toBe('static int f(int a) { return a * 2; }\nstatic int g;\n');
		const range = { start: { line: 1, character: 0 }, end: { line: 1, character: 5 } };
		const part = await client.ask(DocumentRangeFormattingRequest.type, { textDocument, range, options });
		expect(client.apply(part ?? [], uri)).toBe('static int f( int a ){return a*2;}\nstatic int g;\n');
		const typed = await client.ask(DocumentOnTypeFormattingRequest.type, {
			textDocument,
			position: { line: 1, character: 15 },
			ch: ';',
			options,
		});
		expect(client.apply(typed ?? [], uri)).toBe('static int f( int a ){return a*2;}\nstatic int g;\n');
	});
});

describe('inlay hints', () => {
	const hints = async (of: FeatureClient) =>
		((await of.ask(InlayHintRequest.type, { textDocument: { uri: URI }, range: WHOLE })) ?? []).map(
			({ position, label }) => `${of.text().split('\n')[position.line]?.trim()} ${label}`,
		);

	test('say what is held behind the line where that changes, and go when the text is another', async () => {
		await client.check();
		expect(await hints(client)).toEqual([
			'{ holds mmap_lock',
			'mutex_lock(&fault_lock); holds fault_lock, mmap_lock',
			'mutex_unlock(&fault_lock); holds mmap_lock',
			'mutex_lock(&fault_lock); holds fault_lock',
		]);
		client.show(`${SEED}\n`);
		expect(await hints(client)).toEqual([]);
		client.show(SEED);
	});

	test('come and go with the locks only: what the callers of a callback hold is held at each of its lines', async () => {
		const kvm = await FeatureClient.start();
		kvm.show(TEMPLATES.find(({ id }) => id === 'kvm')?.text ?? '');
		await kvm.check();
		const callers = 'anon_vma.rwsem?, mmap_lock?';
		const callback = [
			`{ holds ${callers}`,
			`spin_lock(&kvm->mmu_lock); holds kvm.mmu_lock, ${callers}`,
			`spin_unlock(&kvm->mmu_lock); holds ${callers}`,
		];
		const ours = ['spin_lock(&kvm->mmu_lock); holds kvm.mmu_lock', 'spin_lock(&kvm.mmu_lock); holds kvm.mmu_lock'];
		expect(await hints(kvm)).toEqual([...callback, ...callback, ...ours]);
		expect(hoverText(await kvm.ask(HoverRequest.type, kvm.at('dev_unmap(range', 2)))).toContain('`anon_vma.rwsem`');
	});

	test('of a lock that is only tried, and of one that a helper takes', async () => {
		const helper = await FeatureClient.start();
		helper.show(
			`static DEFINE_MUTEX(lock);\nstatic int n;\n\nstatic bool get(void)\n{\n\tif (!mutex_trylock(&lock))\n\t\treturn false;\n\treturn true;\n}\n
static void use(void)\n{\n\tif (!get())\n\t\treturn;\n\tn++;\n\tmutex_unlock(&lock);\n}\n\nscenario s {\n\tthread A { use(); }\n\tthread B { use(); }\n}\n`,
		);
		await helper.check();
		expect(await hints(helper)).toEqual(['if (!mutex_trylock(&lock)) holds lock?', 'if (!get()) holds lock?']);
	});

	test('without a scenario, call a lock of the second object as the one of the first', async () => {
		const gpu = await FeatureClient.start();
		gpu.show(readFileSync(path.join(import.meta.dirname, '../../findings/drivers/interval-only-unmap.mmn'), 'utf8'));
		await gpu.check();
		const all = await hints(gpu);
		expect(all.join()).not.toContain('second_');
		expect(all).toContain('mutex_lock(&gpu->lock); holds gpu.lock');
		// the driver's own first, whoever called it
		expect(all.filter((hint) => hint.includes('mmap_lock')).some((hint) => / holds gpu\.lock\??, /.test(hint))).toBe(
			true,
		);
	});

	test('can be switched off', async () => {
		const off = await FeatureClient.start({}, { inlayHints: { enabled: false } });
		off.show(SEED);
		await off.check();
		expect(await hints(off)).toEqual([]);
	});
});

test('a file that is not there, and a place beyond its end, are answered with nothing', async () => {
	const gone = { textDocument: { uri: 'file:///w/gone.mmn' }, position: { line: 1, character: 1 } };
	expect(await client.ask(HoverRequest.type, gone)).toBeNull();
	expect(await client.ask(DefinitionRequest.type, gone)).toEqual([]);
	expect(
		await client.ask(HoverRequest.type, { textDocument: { uri: URI }, position: { line: 9999, character: 9 } }),
	).toBeNull();
});
