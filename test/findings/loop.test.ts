import { expect, test } from 'vitest';
import { checkText } from './examples.js';

test.each([
	['for (;;)', 'for (;;) {'],
	['a condition', 'while (turn != 2) {'],
])('who goes round a loop with %s for ever is shown in one line, not in all that the loop holds', async (_, loop) => {
	const text = `static int turn;\n
static void spin(void)
{
	${loop}
		if (READ_ONCE(turn) == 1)
			return;
		cpu_relax();
	}
}

scenario ever { thread A { spin(); } }
`;
	const { scenarios } = await checkText(text);
	const [found] = scenarios.flatMap((s) => s.findings.filter(({ code }) => code === 'livelock'));
	expect(found?.span).toMatchObject({ line: 5, endLine: 5 });
	expect(text.split('\n')[4]?.slice((found?.span.column ?? 0) - 1, (found?.span.endColumn ?? 0) - 1)).toBe(
		loop.startsWith('for') ? 'for (;;)' : 'turn != 2',
	);
});
