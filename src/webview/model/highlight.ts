/** Colours for the light source pane: comments, texts, numbers, words of C and of the sketch language. */

export type Token = readonly [kind: 'comment' | 'string' | 'number' | 'word' | 'directive' | '', text: string];

const WORDS = new Set(
	(
		'auto bool break case char const continue default do else enum extern false for goto if inline int long register return ' +
		'short signed sizeof static struct switch true typedef union unsigned void volatile while NULL u8 u16 u32 u64 s32 s64 size_t ' +
		'scenario thread daemon interrupt setup finally pages expect invariant atomic any repeat devices after'
	).split(' '),
);
const PARTS =
	/\/\/.*|\/\*[\s\S]*?(?:\*\/|$)|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|\b\d\w*|[A-Za-z_]\w*|\s+|[^\sA-Za-z_]/g;

/** Lines of tokens; line 1 is at index 0. Comments may run over lines. */
export function highlight(text: string): readonly (readonly Token[])[] {
	const lines: Token[][] = [[]];
	const put = (kind: Token[0], part: string) => {
		part.split('\n').forEach((piece, at) => {
			if (at > 0) lines.push([]);
			const line = lines.at(-1);
			const last = line?.at(-1);
			if (piece === '' || !line) return;
			if (last && last[0] === kind) line[line.length - 1] = [kind, last[1] + piece];
			else line.push([kind, piece]);
		});
	};
	for (const [part] of text.replace(/\r\n?/g, '\n').matchAll(PARTS)) {
		if (part.startsWith('//') || part.startsWith('/*')) put('comment', part);
		else if (/^["']/.test(part)) put('string', part);
		else if (/^\d/.test(part)) put('number', part);
		else if (part === '#') put('directive', part);
		else if (WORDS.has(part)) put('word', part);
		else if (lines.at(-1)?.length === 1 && lines.at(-1)?.[0]?.[1] === '#') put('directive', part);
		else put('', part);
	}
	return lines;
}
