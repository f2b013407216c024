import { expect, test } from 'vitest';
import { checkText } from './examples.js';

const text = (above: string, behind = '', extra = '') => `static DEFINE_MUTEX(l);
static DEFINE_MUTEX(m);

scenario twice {
	thread A {
		mutex_lock(&l);
${above}		mutex_lock(&l);${behind}
	}
${extra}}
`;

async function check(sketch: string, options?: Parameters<typeof checkText>[2]) {
	const { scenarios, hints = [] } = await checkText(sketch, 'example', options);
	const [scenario] = scenarios;
	return {
		codes: scenario?.findings.map((f) => f.code),
		verdict: scenario?.verdict,
		asExpected: scenario?.asExpected,
		said: scenario?.assumptions.filter((a) => a.includes('ignored')),
		hints: hints.filter((h) => h.code === 'ignore').map((h) => `${h.span.line}: ${h.message}`),
	};
}

const clean = { codes: [], verdict: 'ok', asExpected: true, hints: [] };

test.each([
	['above the line', text('\t\t// notifier-lab-ignore: self-deadlock only a test\n'), 8],
	['as a block', text('\t\t/* notifier-lab-ignore: self-deadlock only a test */\n'), 8],
	['with a line between', text('\t\t// notifier-lab-ignore: self-deadlock only a test\n\t\t// more\n\n'), 10],
	['on the line', text('', ' // notifier-lab-ignore: self-deadlock only a test'), 7],
	['among other codes', text('\t\t// notifier-lab-ignore: livelock, self-deadlock only a test\n'), 8],
])('a finding is ignored by a comment %s, and that is said', async (_, sketch, line) => {
	expect(await check(sketch)).toEqual({
		...clean,
		said: [`self-deadlock in line ${line} is ignored: only a test`],
	});
});

test.each([
	[
		'of another code',
		'\t\t// notifier-lab-ignore: deadlock why\n',
		'nothing to ignore here: no run shows deadlock at this line',
	],
	[
		'of no code',
		'\t\t// notifier-lab-ignore: nonsense why\n',
		"no finding has the code 'nonsense': nothing is ignored for it",
	],
	[
		'without code',
		'\t\t// notifier-lab-ignore\n',
		'say what to ignore and why: `// notifier-lab-ignore: deadlock the reason`',
	],
])('a comment %s ignores nothing, and is a hint', async (_, above, hint) => {
	expect(await check(text(above))).toMatchObject({ codes: ['self-deadlock'], verdict: 'fail', hints: [`7: ${hint}`] });
});

test('a comment two statements above is about something else', async () => {
	const sketch = text('\t\t// notifier-lab-ignore: self-deadlock why\n\t\tmutex_lock(&m);\n');
	expect(await check(sketch)).toMatchObject({ codes: ['self-deadlock'], asExpected: false });
});

test('without a reason it works, and is a hint', async () => {
	expect(await check(text('\t\t// notifier-lab-ignore: self-deadlock\n'))).toMatchObject({
		codes: [],
		hints: ['7: say why self-deadlock may be ignored here, behind the code'],
	});
});

test('what a scenario expects is found all the same', async () => {
	const sketch = text('\t\t// notifier-lab-ignore: self-deadlock why\n', '', '\texpect self-deadlock;\n');
	expect(await check(sketch)).toMatchObject({ codes: ['self-deadlock'], asExpected: true });
});

test('a comment is no hint where its finding was not looked for', async () => {
	const sketch = text('\t\t// notifier-lab-ignore: self-deadlock why\n');
	expect((await check(sketch, { only: ['deadlock'] })).hints).toEqual([]);
});

test('a sketch without scenarios can be left out of the default environment', async () => {
	const sketch = 'int gpu_fault(unsigned long addr)\n{\n\treturn 0;\n}\n';
	expect((await checkText(sketch)).scenarios).toHaveLength(1);
	expect((await checkText(sketch, 'example', { environment: 'none' })).scenarios).toEqual([]);
});
