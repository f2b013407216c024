import { expect, test } from 'vitest';
import { textForm } from '../../src/findings/forms/text.js';
import { toDiagnostics } from '../../src/server/diagnostics.js';
import { checkText } from './examples.js';

const SKETCH = `static int state;

static int twice(int n)
{
	return 2 * n;
}

static void set(int n)
{
	if (n > 3) {
		state = n;
		state++;
		pr_err("too many");
	} else if (n == 2)
		state = 2;
	else
		state = 1;
	switch (n) {
	case 7:
		state = 7;
		break;
	default:
		state = 8;
	}
}

scenario one {
	thread A { set(1); }
	expect ok;
}
`;

const two = SKETCH.replace('set(1);', 'set(twice(any(0, 7)));');

test('each stretch of code that no run reaches is one hint', async () => {
	const { hints, scenarios } = await checkText(SKETCH);
	expect(scenarios.map((s) => s.verdict)).toEqual(['ok']);
	expect(hints?.map((h) => [h.severity, h.span.line, h.span.endLine, h.message])).toEqual([
		['hint', 3, 3, 'twice() is not called in any scenario'],
		['hint', 11, 12, 'no run of any scenario gets here'],
		['hint', 15, 15, 'no run of any scenario gets here'],
		['hint', 20, 21, 'no run of any scenario gets here'],
	]);
});

test('what some scenario runs is no hint', async () => {
	const { hints } = await checkText(two);
	expect(hints?.map((h) => h.span.line)).toEqual([20]);
});

test('there are none when something is not as expected, or was not searched to its end', async () => {
	expect((await checkText(SKETCH.replace('expect ok', 'expect deadlock'))).hints).toBeUndefined();
	expect((await checkText(SKETCH.replace('set(1);', 'set(1); BUG_ON(1);'))).hints).toBeUndefined();
});

test('they are faded in the editor, and one line in a terminal', async () => {
	const result = await checkText(SKETCH);
	const [diagnostics = []] = [...toDiagnostics(result, { links: false }).values()];
	expect(diagnostics.map((d) => [d.severity, d.tags])).toEqual([1, 2, 3, 4].map(() => [4, [1]]));
	const options = { path: () => 'f.mmn', source: () => SKETCH, colour: false };
	expect(textForm(result, options)).toContain('hints  4 (unreachable); --hints shows them\n');
	expect(textForm(result, options)).not.toContain('hint:');
	expect(textForm(result, { ...options, hints: true })).toContain(
		'f.mmn:11:3: hint: no run of any scenario gets here [unreachable]\n',
	);
});
