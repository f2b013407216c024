/**
 * A text as its smallest pieces, comments and preprocessor lines among them. Unlike the parser's lexer this one leaves
 * nothing out and refuses nothing: formatter and proposals work on half a sketch as on a whole one.
 */

export type PieceKind = 'word' | 'number' | 'string' | 'comment' | 'line-comment' | 'directive' | 'symbol' | 'unknown';

export interface Piece {
	readonly kind: PieceKind;
	readonly text: string;
	readonly offset: number;
}

const GROUPS: readonly (readonly [PieceKind, string])[] = [
	['comment', String.raw`\/\*[\s\S]*?(?:\*\/|$(?![\s\S]))`],
	['line-comment', String.raw`\/\/[^\r\n]*`],
	['directive', String.raw`#[ \t]*define[ \t]+[_a-zA-Z]\w*\((?:\\\r?\n|[^\r\n])*`],
	['directive', String.raw`#[^\r\n]*`],
	['string', String.raw`"(?:\\.|[^"\\\r\n])*"?|'(?:\\.|[^'\\\r\n])*'?`],
	['number', String.raw`0[xX][0-9a-fA-F]+\w*|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\w*`],
	['word', String.raw`[_a-zA-Z]\w*`],
	['symbol', String.raw`\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[{}()[\];:,.?=<>!~+\-*/%&|^]`],
	['unknown', String.raw`[^\s]`],
];
const PIECE = new RegExp(GROUPS.map(([, pattern]) => `(${pattern})`).join('|'), 'yu');
const WHITE = /\s*/y;

/** All pieces of a text; between them is nothing but white space. */
export function piecesOf(text: string): Piece[] {
	const pieces: Piece[] = [];
	for (let offset = skipWhite(text, 0); offset < text.length; ) {
		PIECE.lastIndex = offset;
		const match = PIECE.exec(text);
		const kind = GROUPS.find((_, n) => match?.[n + 1] !== undefined)?.[0] ?? 'unknown';
		const whole = match?.[0] ?? text.slice(offset, offset + 1);
		const piece =
			kind === 'directive' || kind === 'line-comment' ? ofLine(whole) : isOpenComment(whole) ? whole.trimEnd() : whole;
		pieces.push({ kind, text: piece, offset });
		offset = skipWhite(text, offset + piece.length);
	}
	return pieces;
}

function isOpenComment(text: string): boolean {
	return text.startsWith('/*') && !(text.endsWith('*/') && text.length >= 4);
}

function skipWhite(text: string, offset: number): number {
	WHITE.lastIndex = offset;
	WHITE.exec(text);
	return WHITE.lastIndex;
}

/** White space at the end of a line belongs to no piece, nor does a comment that goes on behind #include and #define. */
function ofLine(line: string): string {
	if (/^#[ \t]*(include|define)\b/.test(line)) {
		const comment = line.lastIndexOf('/*');
		if (comment > 0 && !line.includes('*/', comment + 2)) return line.slice(0, comment).trimEnd();
	}
	return line.trimEnd();
}

/** True for what goes up to the end of its line: a line comment, a directive, a string that is not closed. */
export function endsLine(piece: Piece | undefined): boolean {
	if (piece?.kind === 'string')
		return piece.text.length < 2 || !/^(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')$/.test(piece.text);
	return piece?.kind === 'line-comment' || piece?.kind === 'directive';
}

/** True for what only people read. */
export function isComment({ kind }: Piece): boolean {
	return kind === 'comment' || kind === 'line-comment';
}
