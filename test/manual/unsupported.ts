/** The page of what C has and sketches do not: each construct with what the checker itself says of it. */
import { UNSUPPORTED_WORDS } from '../../src/language/unsupported.js';
import { checkText } from '../findings/examples.js';

/** A construct as one writes it, and the smallest text that has it. */
const CONSTRUCTS: readonly (readonly [shown: string, text: string])[] = [
	['#ifdef CONFIG_X', '#ifdef CONFIG_X\n#endif\n'],
	['#pragma', '#pragma pack(1)\n'],
	['union { … }', 'struct s { union { int a; int b; } u; };\n'],
	['int a : 1, b : 1;', 'struct s { int a : 1; int b : 1; };\n'],
	['float, 1.5', 'static float f;\n'],
	['void f(int n, ...)', 'static void f(int n, ...) { }\n'],
	['f() that calls f()', 'static int f(int n) { return f(n - 1); }\n'],
	['goto *p;', 'static void f(void) { void *p = NULL; goto *p; }\n'],
	['case 1 ... 3:', 'static void f(int n) { switch (n) { case 1 ... 3: break; } }\n'],
	['({ … })', 'static int f(void) { return ({ int a = 1; a; }); }\n'],
	['asm("…")', 'static void f(void) { asm("nop"); }\n'],
	['char *s = "…";', 'static void f(void) { char *s = "text"; pr_info("%s", s); }\n'],
	['jiffies < end', 'static bool f(unsigned long end) { return jiffies < end; }\n'],
	['INTERVAL_TREE_DEFINE(…);', 'INTERVAL_TREE_DEFINE(struct n, rb, u64, last, a, b, static, n_tree);\n'],
	['RB_DECLARE_CALLBACKS(…);', 'RB_DECLARE_CALLBACKS(static, n_callbacks, struct n, rb, u64, last, a);\n'],
	['__attribute__((cleanup(f)))', 'static void f(void) { int a __attribute__((cleanup(g))) = 1; }\n'],
];

export async function unsupported(): Promise<string> {
	const rows: string[] = [];
	for (const [shown, text] of CONSTRUCTS) {
		const { problems } = await checkText(`${text}\nscenario s { thread A { } }\n`);
		const problem = problems.find(
			({ code, message }) => code === 'unsupported' || /not modelled|only modelled/.test(message),
		);
		if (!problem) throw new Error(`nobody refuses ${shown}: ${problems.map(({ message }) => message).join('; ')}`);
		rows.push(`| \`${cell(shown)}\` | ${plain(problem.message)} |`);
	}
	const words = new Map<string, string[]>();
	for (const [word, message] of Object.entries(UNSUPPORTED_WORDS))
		words.set(message, [...(words.get(message) ?? []), `\`${word}\``]);
	for (const [message, names] of words) rows.push(`| ${names.join(', ')} | ${plain(message)} |`);
	return `# What sketches do not have

Each is an error at its own line, in these words. A function that nothing declares is one as well: the message has the stub to write.

| C | what the checker says |
|---|---|
${rows.join('\n')}
`;
}

const cell = (text: string) => text.replaceAll('|', '\\|');

/** Words that Markdown has nothing to say of. */
const plain = (text: string) => cell(text).replace(/[*_<]/g, '\\$&');
