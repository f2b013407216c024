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

const PIECE = new RegExp(
	[
		String.raw`(?<comment>\/\*[\s\S]*?(?:\*\/|$(?![\s\S])))`,
		String.raw`(?<line>\/\/[^\r\n]*)`,
		String.raw`(?<macro>#[ \t]*define[ \t]+[_a-zA-Z]\w*\((?:\\\r?\n|[^\r\n])*)`,
		String.raw`(?<directive>#[^\r\n]*)`,
		String.raw`(?<string>"(?:\\.|[^"\\\r\n])*"?|'(?:\\.|[^'\\\r\n])*'?)`,
		String.raw`(?<number>0[xX][0-9a-fA-F]+\w*|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\w*)`,
		String.raw`(?<word>[_a-zA-Z]\w*)`,
		String.raw`(?<symbol>\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[{}()[\];:,.?=<>!~+\-*/%&|^])`,
		String.raw`(?<unknown>[^\s])`,
	].join('|'),
	'yu',
);
const WHITE = /\s*/y;
const KINDS: Readonly<Record<string, PieceKind>> = { line: 'line-comment', macro: 'directive' };

/** All pieces of a text; between them is nothing but white space. */
export function piecesOf(text: string): Piece[] {
	const pieces: Piece[] = [];
	for (let offset = skipWhite(text, 0); offset < text.length; ) {
		PIECE.lastIndex = offset;
		const groups = PIECE.exec(text)?.groups ?? {};
		const name = Object.keys(groups).find((key) => groups[key] !== undefined) ?? 'unknown';
		const whole = groups[name] ?? text.slice(offset, offset + 1);
		const kind = KINDS[name] ?? (name as PieceKind);
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
