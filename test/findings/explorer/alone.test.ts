/** What runs with nobody else around: `setup` before a run, `finally` after it. */
import { expect, test } from 'vitest';
import { Explorer, explore } from '../../../src/findings/explorer/explorer.js';
import { mermaidForm } from '../../../src/findings/forms/mermaid.js';
import { svgForm } from '../../../src/findings/forms/svg.js';
import { layRows } from '../../../src/webview/model/rows.js';

const URI = 'file:///w/alone.mmn';
const METRICS = { code: 20, out: 16, letters: 40, compact: false };

async function explorerOf(scenario: string): Promise<Explorer> {
	const text = `DEFINE_MUTEX(lock);
int count, seen;

static void add(int n)
{
	count += n;
	BUG_ON(count > 9);
}

static void once(void)
{
	mutex_lock(&lock);
	count = count + 1;
	mutex_unlock(&lock);
}

${scenario}
`;
	const exploration = await explore(URI, { read: async (uri) => (uri === URI ? text : undefined) });
	expect(exploration.result.problems.filter((p) => p.severity === 'error')).toEqual([]);
	return Explorer.of(exploration, 's') as Explorer;
}

const texts = (all: readonly { readonly text: string; readonly wrong: readonly string[] }[]) =>
	all.map(({ text, wrong }) => [text, ...wrong]);

test('an assertion that fails in finally stands behind the run, with all that ran before it', async () => {
	const explorer = await explorerOf(`scenario s {
		setup { count = 1; if (count) { seen = 1; } add(1); }
		thread A { once(); }
		finally { seen = count; assert(seen == 2); seen = 5; }
	}`);
	const { picture } = explorer.found(null);
	expect(picture.finding?.code).toBe('assertion');
	expect(texts(picture.setup)).toEqual([['count = 1'], ['if (count)'], ['add(1)']]);
	expect(picture.finally.slice(0, 2).map(({ text, wrong }) => [text, wrong.length])).toEqual([
		['seen = count', 0],
		['assert(seen == 2)', 1],
	]);
	expect(picture.finally[1]?.span.line).toBe(20);
	const { rows } = layRows(picture, new Set(), METRICS);
	expect([rows[0], rows.at(-2), rows.at(-1)].map((row) => row && [row.kind, 'open' in row && row.open])).toEqual([
		['setup', false],
		['finally', true],
		['end', false],
	]);
	const open = layRows(picture, new Set(['setup']), METRICS);
	expect((open.rows[0]?.height ?? 0) - (rows[0]?.height ?? 0)).toBe(3 * METRICS.code);
	const words = ['setup: count = 1; if (count); add(1)', 'finally: seen = count; assert(seen == 2)'];
	const mermaid = mermaidForm(picture).replaceAll('#59;', ';');
	const svg = svgForm(picture);
	for (const line of [...words, 'seen == 2 does not hold']) {
		expect(mermaid).toContain(line);
		expect(svg).toContain(line);
	}
	expect(open.height - (open.rows.at(-1)?.top ?? 0)).toBe(open.rows.at(-1)?.height);
});

test('where the run has not come to its end there is nothing of finally; where it ends well, no fault in it', async () => {
	const explorer = await explorerOf(`scenario s {
		thread A { once(); }
		finally { assert(count == 1); }
	}`);
	const found = explorer.found(null);
	expect(found.picture.setup).toEqual([]);
	expect(texts(found.picture.finally)).toEqual([['assert(count == 1)']]);
	expect(explorer.cut(found, 1).picture.finally).toEqual([]);
});

test('a setup that fails says at which statement, in a call of it, and what it did not come to is not there', async () => {
	const explorer = await explorerOf(`scenario s {
		setup { add(1); add(20); add(2); }
		thread A { once(); }
	}`);
	const { picture } = explorer.found(null);
	expect(picture.steps).toEqual([]);
	expect(texts(picture.setup)).toEqual([['add(1)'], ['add(20)', 'count > 9 is true']]);
	expect(layRows(picture, new Set(), METRICS).rows[0]).toMatchObject({ kind: 'setup', open: true, opens: false });
	// threads that never began are drawn all the same: something has to be drawn over
	expect(mermaidForm(picture)).toContain('participant L0 as A');
	expect(svgForm(picture)).toContain('count &gt; 9 is true');
});

test('an update that another thread comes between says what it reads and what it writes; one under a lock does not', async () => {
	const remarks = async (call: string) => {
		const explorer = await explorerOf(`scenario s {
			thread A { ${call}; }
			thread B { ${call}; }
			finally { assert(count == 2); }
		}`);
		const index = explorer.scenario.findings.findIndex(({ code }) => code === 'assertion');
		const { picture } = explorer.found(index < 0 ? null : index);
		const shown = picture.steps.map(({ lane, text, remark }) => `${'AB'[lane]} ${text} | ${remark}`);
		const run = explorer.scenario.findings[index]?.run.flatMap((step) => step.remarks) ?? [];
		return { shown, run };
	};
	const split = await remarks('add(1)');
	expect(split.shown[0]).toBe('A count += n | reads count');
	expect(split.shown.filter((row) => row.includes('writes count'))).toHaveLength(1);
	expect(split.run).toEqual(['reads count', 'writes count']);
	const locked = await remarks('once()');
	expect(locked.shown.filter((row) => /reads|writes/.test(row))).toEqual([]);
});
