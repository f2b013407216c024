import { expect, test } from 'vitest';
import { checkText } from '../findings/examples.js';

const copies = (name: string, before: string, after: string): string => `
static void ${name}(void)
{
	int value;

	${before}
	assert(copy_from_user(&value, u64_to_user_ptr(0), sizeof(value)) ${after});
}
scenario s { pages 1; config no_errors; setup { munmap(0, 1); } thread A { ${name}(); } expect ok; }
`;

test('code of the kernel that depends on what a sketch uses is not that of the sketch before it', async () => {
	const plain = copies('plain', '', '== 0');
	const careful = copies('careful', 'pagefault_disable();', '!= 0');
	for (const text of [plain, careful, plain, careful]) {
		const { problems, scenarios } = await checkText(text);
		expect(problems).toEqual([]);
		expect(scenarios.map((s) => [s.verdict, s.findings.map((f) => f.message)])).toEqual([['ok', []]]);
	}
});
