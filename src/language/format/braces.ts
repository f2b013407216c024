/** What braces are for, and whether what is in them stays on their line. */
import { type Line, WIDTH } from './line.js';
import { CONTROL, type Role, takesStatement } from './roles.js';
import { isComment, type Piece } from './tokens.js';

export type BraceKind = 'struct' | 'list' | 'function' | 'scenario' | 'block' | 'switch';

/** Of these an empty one may have lines of its own. */
export const BODIES = /^(function|block|switch)$/;

export class Braces {
	readonly #closing = new Map<number, number>();
	readonly #opening = new Map<number, number>();
	readonly #oneLine = new Map<number, boolean>();

	constructor(
		private readonly text: string,
		private readonly pieces: readonly Piece[],
		private readonly roles: readonly Role[],
		private readonly line: Line,
	) {
		const open: number[] = [];
		pieces.forEach((piece, index) => {
			if (piece.kind !== 'symbol') return;
			if (piece.text === '{') open.push(index);
			const start = piece.text === '}' ? open.pop() : undefined;
			if (start === undefined) return;
			this.#closing.set(start, index);
			this.#opening.set(index, start);
		});
	}

	/** The brace that a closing one belongs to. */
	openingOf(closing: number): number | undefined {
		return this.#opening.get(closing);
	}

	/** The last piece before one that is no comment; -1 for none. */
	before(index: number): number {
		for (let i = index - 1; i >= 0; i--) if (!isComment(this.pieces[i] as Piece)) return i;
		return -1;
	}

	/** @param start where the statement of the brace begins */
	kindOf(
		index: number,
		{
			outer,
			start,
			isSwitch,
		}: { readonly outer: BraceKind | undefined; readonly start: number; readonly isSwitch: boolean },
	): BraceKind {
		const before = this.before(index);
		const text = this.pieces[before]?.text;
		if (outer === 'list' || text === '=' || text === ',' || this.roles[before] === 'cast') return 'list';
		if (outer === 'scenario') return 'block';
		if (outer === 'struct') return 'struct';
		const words = this.pieces.slice(start, index).filter((piece) => !isComment(piece));
		const first = words.find((piece) => !/^(static|extern|const|typedef|inline)$/.test(piece.text))?.text ?? '';
		const isCall = words.some((piece) => piece.text === '(');
		if (!isCall && /^(struct|union)$/.test(first)) return 'struct';
		if (!isCall && first === 'enum') return 'list';
		if (!outer) return first === 'scenario' ? 'scenario' : 'function';
		return isSwitch ? 'switch' : 'block';
	}

	/** Was it on one line, and may it be? Blocks of control statements never are. The first answer stands. */
	isOneLine(index: number, place: Place): boolean {
		let known = this.#oneLine.get(index);
		if (known === undefined) {
			known = this.#fits(index, place);
			this.#oneLine.set(index, known);
		}
		return known;
	}

	#fits(index: number, { kind, start, column, isInOneLine, isControlled }: Place): boolean {
		const end = this.#closing.get(index);
		if (end === undefined) return false;
		if (isInOneLine) return true;
		const broken = this.text.slice(this.pieces[index]?.offset ?? 0, this.pieces[end]?.offset ?? 0).includes('\n');
		// an empty body that was given lines of its own is more easily seen
		if (end === index + 1 && kind !== 'function') return !broken || !BODIES.test(kind);
		if (broken || kind === 'switch' || kind === 'scenario' || (kind === 'block' && isControlled)) return false;
		const inside = this.pieces.slice(index, end + 1);
		if (inside.some((piece) => piece.kind === 'directive')) return false;
		const controls = inside.some(
			(piece) => CONTROL.has(piece.text) || takesStatement(piece.text) || /^(do|else|case|default)$/.test(piece.text),
		);
		if (kind !== 'list' && controls) return false;
		let width = column;
		for (let i = start; i <= end; i++) {
			width += (this.pieces[i]?.text.length ?? 0) + (i > start ? this.line.spaceBefore(i) : 0);
		}
		return width <= WIDTH;
	}
}

/** Where a brace stands. */
interface Place {
	readonly kind: BraceKind;
	/** The first piece of its statement, and the column of that. */
	readonly start: number;
	readonly column: number;
	/** Inside of another one that is on one line. */
	readonly isInOneLine: boolean;
	/** The body of a control statement. */
	readonly isControlled: boolean;
}
