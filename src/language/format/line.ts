/** How much fits on a line, and how bad it is to break it where. */
import type { Role } from './roles.js';
import { spaceBetween } from './spacing.js';
import { isComment, type Piece } from './tokens.js';

/** The longest line; beyond it a statement is broken. */
export const WIDTH = 100;
export const TAB = 8;

export class Line {
	constructor(
		private readonly pieces: readonly Piece[],
		private readonly roles: readonly Role[],
	) {}

	/** The white space between a piece and the one before it, where the line goes on. */
	between(index: number, original: string): '' | ' ' {
		return spaceBetween(this.#side(index - 1), this.#side(index), original);
	}

	/** Its width. */
	spaceBefore(index: number): number {
		return this.between(index, '').length;
	}

	/** Does what comes up to the next place where a break would be as good go beyond the longest line? */
	tooLong(index: number, from: number): boolean {
		// Rather inside of what is assigned than before it.
		const isAssignment = /^[^=!<>]?=$/.test(this.pieces[index - 1]?.text ?? '');
		const rank = isAssignment ? Number.MAX_SAFE_INTEGER : this.#breakRank(index - 1, 0);
		let depth = 0;
		let column = from + 1;
		for (let i = index; i < this.pieces.length; i++) {
			const piece = this.pieces[i] as Piece;
			if (isComment(piece) || piece.kind === 'directive') break;
			// The brace of a function has a line of its own.
			if (piece.text === '{' && depth < 0 && this.roles[i - 1] !== 'control') break;
			column += piece.text.length + (i > index ? this.spaceBefore(i) : 0);
			if (/^[([{]$/.test(piece.text)) depth++;
			else if (/^[)\]}]$/.test(piece.text)) depth--;
			const endsHeader = depth < 0 && this.roles[i] === 'control';
			if (piece.text === ';' || endsHeader || (piece.text === '{' && depth <= 1)) break;
			if (this.#breakRank(i, depth) <= rank) break;
		}
		return column > WIDTH;
	}

	/** How bad it is to break behind a piece: the deeper, the worse; behind `==` worse than behind `&&`. */
	#breakRank(index: number, depth: number): number {
		const text = this.pieces[index]?.text ?? '';
		const role = this.roles[index];
		if (text === ',' || text === '&&' || text === '||') return depth * 4;
		if (role === 'ternary') return depth * 4 + 2;
		if (role !== 'binary') return Number.POSITIVE_INFINITY;
		return depth * 4 + (/^[^=!<>]?=$/.test(text) ? 3 : /^[|+-]$/.test(text) ? 1 : 2);
	}

	#side(index: number): { piece: Piece; role: Role } {
		return { piece: this.pieces[index] as Piece, role: this.roles[index] ?? 'plain' };
	}
}
