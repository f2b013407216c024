/**
 * Kernel style (Documentation/process/coding-style.rst): tabs of 8, the brace of a function on its own line and all others
 * behind what they belong to, labels at the margin, what is broken into lines aligned with its parenthesis. Where a line
 * of code is broken inside a statement is the author's, as long as it is behind a comma or an operator.
 */

import { BODIES, Braces } from './braces.js';
import { Line, TAB } from './line.js';
import { align, type Brace, type Context, type Control, type Parenthesis, tabs } from './open.js';
import { CONTROL, type Role, rolesOf, takesStatement } from './roles.js';
import { endsLine, isComment, type Piece } from './tokens.js';

/** The white space before each piece, and behind the last. */
export function layout(text: string, pieces: readonly Piece[]): string[] {
	return new Layout(text, pieces).run();
}

class Layout {
	readonly #roles: readonly Role[];
	readonly #line: Line;
	readonly #braces: Braces;
	readonly #stack: Context[] = [];
	readonly #white: string[] = [];
	#column = 0;
	/** The statement goes on: nothing of it has ended yet. */
	#atStart = true;
	#statementIndent = 0;
	/** A line has to end as soon as no comment follows on it. */
	#pending: 'none' | 'line' | 'blank' = 'none';
	/** Index of the last piece that is no comment. */
	#last = -1;
	#statementStart = 0;

	constructor(
		private readonly text: string,
		private readonly pieces: readonly Piece[],
	) {
		this.#roles = rolesOf(pieces);
		this.#line = new Line(pieces, this.#roles);
		this.#braces = new Braces(text, pieces, this.#roles, this.#line);
	}

	run(): string[] {
		this.pieces.forEach((piece, index) => {
			const original = this.#original(index);
			const white = isComment(piece) ? this.#beforeComment(index, original) : this.#beforeCode(index, original);
			this.#white.push(white);
			this.#advance(white, piece.text);
			if (isComment(piece)) {
				if (piece.kind === 'line-comment' && this.#pending === 'none') this.#pending = 'line';
			} else {
				this.#after(index);
				this.#last = index;
			}
		});
		this.#white.push(this.pieces.length > 0 ? '\n' : '');
		return this.#white;
	}

	#original(index: number): string {
		const before = this.pieces[index - 1];
		const from = before ? before.offset + before.text.length : 0;
		return this.text.slice(from, this.pieces[index]?.offset ?? this.text.length);
	}

	#advance(white: string, text: string): void {
		const all = white + text;
		const line = all.lastIndexOf('\n');
		if (line >= 0) this.#column = 0;
		for (const c of line >= 0 ? all.slice(line + 1) : all) {
			this.#column = c === '\t' ? (Math.floor(this.#column / TAB) + 1) * TAB : this.#column + 1;
		}
	}

	// ---- where lines end ----

	#beforeComment(index: number, original: string): string {
		if (index === 0) return '';
		const afterComment = isComment(this.pieces[index - 1] as Piece);
		if (
			!original.includes('\n') &&
			!(this.#pending !== 'none' && afterComment && this.pieces[index - 1]?.kind === 'line-comment')
		) {
			// Behind code, comments are often aligned by hand.
			return this.pieces[index - 1]?.text === '(' && original === ''
				? ''
				: original === ''
					? ' '
					: original.replace(/[^ \t]/g, '');
		}
		const inside = this.#insideStatement();
		const opens = this.#opensBlock();
		if (this.#pending !== 'none') this.#pending = 'line';
		return this.#newline(original, inside ? this.#continued() : tabs(this.#indentOf(index)), opens);
	}

	#beforeCode(index: number, original: string): string {
		if (index === 0) {
			this.#begin(index);
			return '';
		}
		const piece = this.pieces[index] as Piece;
		const afterComment = isComment(this.pieces[index - 1] as Piece);
		if (piece.text === '}') return this.#beforeClosing(index);
		if (this.#breaksBefore(index)) {
			const opens = this.#opensBlock();
			const forced = this.#pending === 'blank';
			this.#begin(index);
			return this.#newline(forced ? '\n\n' : original, tabs(this.#indentOf(index)), opens);
		}
		if (this.#atStart) {
			const isElseIf = piece.text === 'if' && this.pieces[this.#last]?.text === 'else';
			if (isElseIf) this.#statementStart = index;
			else this.#begin(index);
		}
		if (afterComment) {
			if (original.includes('\n'))
				return this.#newline(
					original,
					this.#insideStatement() ? this.#continued() : tabs(this.#indentOf(index)),
					false,
				);
			return original === '' ? '' : ' ';
		}
		return this.#breaksInside(index, original) ? `\n${this.#continued()}` : this.#inLine(index, original);
	}

	/** The author's breaks stay, unless the parenthesis had to be broken before already: then it is filled. */
	#breaksInside(index: number, original: string): boolean {
		const top = this.#stack.at(-1);
		const before = this.pieces[index - 1]?.text;
		if (top?.type === 'brace' && top.isTable && (before === '{' || before === ',')) return true;
		if (!this.#mayBreak(index)) return false;
		const filled = top?.type === 'parenthesis' && top.filled;
		if (original.includes('\n') && !filled) return true;
		const long = this.#line.tooLong(index, this.#column);
		if (long && top?.type === 'parenthesis') top.filled = true;
		return long;
	}

	#inLine(index: number, original: string): string {
		const space = this.#line.between(index, original);
		// Columns that were aligned by hand stay: of fields, of tables of operations, of the bodies of a scenario.
		if (
			space === ' ' &&
			!original.includes('\n') &&
			/^( {2,}|[ \t]*\t[ \t]*)$/.test(original) &&
			this.#isAligned(index)
		)
			return original;
		return space;
	}

	#isAligned(index: number): boolean {
		const top = this.#brace();
		// on one line there is no column, and whether it fits was told with single spaces
		if (top?.oneLine) return false;
		if (top?.kind === 'struct') return isFieldColumn(this.pieces[index]?.kind, this.#roles[index]);
		if (top?.kind === 'list') return this.pieces[index]?.text === '=';
		return top?.kind === 'scenario';
	}

	#beforeClosing(index: number): string {
		while (this.#stack.at(-1) && this.#stack.at(-1)?.type !== 'brace') this.#stack.pop();
		const top = this.#stack.at(-1) as Brace | undefined;
		const isEmpty = this.#last >= 0 && this.pieces[index - 1]?.text === '{';
		const mustBreak = endsLine(this.pieces[index - 1]) || (top?.kind === 'list' && this.#pending !== 'none');
		if (isEmpty && top && (top.oneLine || !BODIES.test(top.kind))) return '';
		if (top?.oneLine) return mustBreak ? '\n' : ' ';
		if (top?.kind === 'list' && !top.isTable && !mustBreak && !this.#isMultiLine(index)) return ' ';
		return this.#newline('\n', tabs(top?.indent ?? 0), false);
	}

	/** A list is broken into lines where the author has begun a line behind its brace. */
	#isMultiLine(closing: number): boolean {
		const opening = this.#braces.openingOf(closing);
		return opening === undefined || this.#startsLine(opening + 1) || this.pieces[opening + 1]?.kind === 'line-comment';
	}

	#breaksBefore(index: number): boolean {
		const piece = this.pieces[index] as Piece;
		if (this.#pending !== 'none') return true;
		if (piece.kind === 'directive' || this.pieces[this.#last]?.kind === 'directive') return true;
		if (endsLine(this.pieces[index - 1])) return true;
		return piece.text === '{' && this.#braceKind(index) === 'function' && !this.#isOneLine(index, 'function');
	}

	/** A newline with its indentation; an empty line stays one, but not behind a brace that opens. */
	#newline(original: string, indent: string, opens: boolean): string {
		const blank = !opens && (original.match(/\n/g)?.length ?? 0) > 1;
		this.#pending = 'none';
		return `${blank ? '\n\n' : '\n'}${indent}`;
	}

	#opensBlock(): boolean {
		return this.pieces[this.#last]?.text === '{' && this.pieces[this.#last + 1] !== undefined;
	}

	/** Behind which pieces a statement may go on in the next line. */
	#mayBreak(index: number): boolean {
		const left = this.pieces[index - 1];
		const role = this.#roles[index - 1];
		if (this.pieces[index]?.text === ')' || this.pieces[index]?.text === ']' || this.pieces[index]?.text === ';')
			return false;
		if (this.#stack.some((c) => c.type === 'brace' && c.oneLine && c.kind !== 'list')) return false;
		const header = this.#stack.at(-1);
		if (header?.type === 'parenthesis' && header.isHeader && left?.text === '(') return false;
		if (left?.text === '{')
			return (
				this.#brace()?.kind === 'list' && this.#stack.at(-1)?.type === 'brace' && this.#original(index).includes('\n')
			);
		if (left?.text === ',' || left?.text === '?') return true;
		if (left?.text === '(') return this.#original(index).includes('\n');
		// int f(void)
		//	__must_hold(&lock)
		if (left?.text === ')' && this.#stack.length === 0)
			return /^__/.test(this.pieces[index]?.text ?? '') && this.#original(index).includes('\n');
		return (
			role === 'binary' ||
			(role === 'ternary' && left?.text === ':') ||
			(left?.kind === 'string' && this.pieces[index]?.kind === 'string')
		);
	}

	// ---- indentation ----

	#brace(): Brace | undefined {
		return this.#stack.findLast((context): context is Brace => context.type === 'brace');
	}

	/** Tabs before a statement that begins now. */
	#indent(): number {
		const top = this.#stack.findLast((context) => context.type !== 'parenthesis');
		return top ? top.indent + 1 : 0;
	}

	#indentOf(index: number): number {
		const piece = this.pieces[index] as Piece;
		if (piece.kind === 'directive') return 0;
		if (piece.text === '{') {
			const top = this.#stack.at(-1);
			if (this.#braceKind(index) === 'function') return 0;
			return top?.type === 'control' ? top.indent : this.#indent();
		}
		const brace = this.#brace();
		if (brace?.kind === 'switch' && /^(case|default)$/.test(piece.text) && this.#stack.at(-1) === brace)
			return brace.indent;
		const next = this.#nextCode(index);
		if (
			piece.kind === 'word' &&
			this.#atStart &&
			next >= 0 &&
			this.#roles[next] === 'label' &&
			piece.text !== 'default'
		)
			return 0;
		return this.#indent();
	}

	#nextCode(index: number): number {
		for (let i = index + 1; i < this.pieces.length; i++) if (!isComment(this.pieces[i] as Piece)) return i;
		return -1;
	}

	/** White space before a line that goes on with a statement. */
	#continued(): string {
		const top = this.#stack.at(-1);
		if (top?.type === 'parenthesis') return align(top.column);
		if (top?.type === 'brace' && top.kind === 'list') return tabs(top.indent + 1);
		return tabs(this.#statementIndent + 1);
	}

	#insideStatement(): boolean {
		return !this.#atStart && this.#pending === 'none';
	}

	// ---- what a piece changes ----

	#begin(index: number): void {
		this.#atStart = true;
		this.#statementStart = index;
		this.#statementIndent = this.#indentOf(index);
	}

	#after(index: number): void {
		const piece = this.pieces[index] as Piece;
		const isFirst = this.#atStart;
		this.#atStart = false;
		if (piece.kind === 'directive') {
			this.#endStatement(index, false);
			return;
		}
		switch (piece.text) {
			case '{':
				this.#open(index);
				return;
			case '}':
				this.#close(index);
				return;
			case '(':
			case '[':
				this.#openParenthesis(index);
				return;
			case ')':
			case ']':
				this.#closeParenthesis();
				return;
			case ';':
				if (this.#stack.at(-1)?.type !== 'parenthesis') this.#endStatement(index, true);
				return;
			default:
		}
		if (this.#roles[index] === 'label') {
			this.#atStart = true;
			this.#pending = this.#brace()?.oneLine ? 'none' : 'line';
		} else if (piece.kind === 'word' && (isFirst || this.pieces[this.#last]?.text === 'else'))
			this.#keyword(piece.text, index);
	}

	#keyword(word: string, index: number): void {
		if (!this.#inBody()) return;
		const indent = this.#statementIndent;
		const top = this.#stack.at(-1);
		if (word === 'while' && top?.type === 'control' && top.word === 'do') {
			// The end of `do`: a statement like any other.
			this.#stack.pop();
			return;
		}
		if (CONTROL.has(word) || takesStatement(word)) {
			if (this.pieces[this.#nextCode(index)]?.text !== '(') return;
			if (word === 'if' && top?.type === 'control' && top.word === 'else' && this.pieces[this.#last]?.text === 'else')
				this.#stack.pop();
			this.#stack.push({ type: 'control', word, indent, ready: false });
		} else if (word === 'else' || word === 'do') {
			this.#stack.push({ type: 'control', word, indent, ready: true });
			this.#expectStatement(index);
		}
	}

	#inBody(): boolean {
		const kind = this.#brace()?.kind;
		return kind === 'function' || kind === 'block' || kind === 'switch';
	}

	/** Behind the head of a control statement: its statement begins in the next line, unless it is a block. */
	#expectStatement(index: number): void {
		const next = this.pieces[this.#nextCode(index)]?.text;
		this.#atStart = true;
		if (next === '{' || (this.pieces[index]?.text === 'else' && next === 'if')) return;
		this.#pending = 'line';
	}

	#openParenthesis(index: number): void {
		const top = this.#stack.at(-1);
		const isHeader = top?.type === 'control' && !top.ready;
		const parenthesis: Parenthesis = { type: 'parenthesis', isHeader, filled: false, column: this.#column };
		this.#stack.push(parenthesis);
		if (!isHeader && this.pieces[index]?.text === '(' && this.#beginsLine(index + 1))
			parenthesis.column = (this.#statementIndent + 1) * TAB;
	}

	/** The piece behind the parenthesis that has just been opened will stand in a line of its own. */
	#beginsLine(index: number): boolean {
		const piece = this.pieces[index];
		if (!piece) return false;
		if (isComment(piece)) return this.#original(index).includes('\n');
		return piece.kind === 'directive' || this.#mayBreak(index);
	}

	#closeParenthesis(): void {
		if (this.#stack.at(-1)?.type !== 'parenthesis') return;
		const closed = this.#stack.pop() as Parenthesis;
		const top = this.#stack.at(-1);
		if (closed.isHeader && top?.type === 'control') {
			top.ready = true;
			this.#expectStatement(this.#white.length - 1);
		}
	}

	#open(index: number): void {
		const kind = this.#braceKind(index);
		const top = this.#stack.at(-1);
		const before = this.#braces.before(index);
		const isBody = this.#roles[before] === 'control' || /^(else|do)$/.test(this.pieces[before]?.text ?? '');
		const control = top?.type === 'control' && isBody ? top : undefined;
		const oneLine = this.#isOneLine(index, kind);
		const outer = this.#brace();
		let indent = control ? control.indent : kind === 'function' ? 0 : this.#statementIndent;
		// A list in a list that is broken into lines.
		if (kind === 'list' && outer?.kind === 'list') indent = outer.indent + (this.#startsLine(index) ? 1 : 0);
		if (kind === 'list' && outer?.kind === 'list' && !this.#startsLine(index)) indent = outer.indent + 1;
		const isTable = kind === 'list' && !oneLine && this.pieces[this.#nextCode(index)]?.text === '.';
		this.#stack.push({ type: 'brace', kind, oneLine, isTable, indent });
		const isEmpty = this.pieces[index + 1]?.text === '}' && !BODIES.test(kind);
		if (kind !== 'list') {
			this.#atStart = true;
			this.#pending = oneLine || isEmpty ? 'none' : 'line';
		} else if (!oneLine && this.#beginsLine(index + 1)) {
			this.#pending = 'none';
		}
	}

	#startsLine(index: number): boolean {
		return this.#white[index]?.includes('\n') ?? false;
	}

	#close(index: number): void {
		const closed = this.#stack.at(-1)?.type === 'brace' ? (this.#stack.pop() as Brace) : undefined;
		if (closed?.kind === 'struct' || closed?.kind === 'list') {
			this.#statementIndent = closed.kind === 'struct' ? closed.indent : this.#statementIndent;
			return;
		}
		const next = this.pieces[this.#nextCode(index)]?.text;
		const top = this.#stack.at(-1);
		if (next === 'else' && top?.type === 'control' && /^(if|else)$/.test(top.word)) {
			this.#statementIndent = top.indent;
			this.#popTo('if');
			this.#atStart = true;
			return;
		}
		if (next === 'while' && top?.type === 'control' && top.word === 'do') {
			this.#statementIndent = top.indent;
			this.#atStart = true;
			return;
		}
		// A statement expression ends inside its statement.
		if (top?.type === 'parenthesis') return;
		this.#endStatement(index, true);
		const isItem =
			this.#stack.length === 0 && (closed?.kind === 'function' || closed?.kind === 'scenario') && !closed.oneLine;
		if (isItem && next !== undefined) this.#pending = 'blank';
		if (next === ';') this.#pending = 'none';
	}

	#endStatement(index: number, popsControls: boolean): void {
		const next = this.pieces[this.#nextCode(index)]?.text;
		if (popsControls) {
			if (next === 'else' && this.#hasControl('if')) this.#popTo('if');
			else if (next === 'while' && this.#hasControl('do'))
				while ((this.#stack.at(-1) as Control).word !== 'do') this.#stack.pop();
			else while (this.#stack.at(-1)?.type === 'control') this.#stack.pop();
		}
		this.#atStart = true;
		this.#pending = this.#brace()?.oneLine && popsControls ? 'none' : 'line';
	}

	#hasControl(word: string): boolean {
		for (let i = this.#stack.length - 1; i >= 0; i--) {
			const context = this.#stack[i];
			if (context?.type !== 'control') return false;
			if (context.word === word) return true;
		}
		return false;
	}

	/** Ends the statements up to the `if` that an `else` belongs to; the `else` stands where it does. */
	#popTo(word: string): void {
		while (this.#stack.at(-1)?.type === 'control') {
			const popped = this.#stack.pop() as Control;
			if (popped.word !== word) continue;
			return;
		}
	}

	// ---- braces ----

	#braceKind(index: number): Brace['kind'] {
		const top = this.#stack.at(-1);
		return this.#braces.kindOf(index, {
			outer: this.#brace()?.kind,
			start: this.#statementStart,
			isSwitch: top?.type === 'control' && top.word === 'switch',
		});
	}

	#isOneLine(index: number, kind: Brace['kind']): boolean {
		return this.#braces.isOneLine(index, {
			kind,
			start: this.#statementStart,
			column: this.#statementIndent * TAB,
			isInOneLine: this.#brace()?.oneLine === true,
			isControlled: this.#stack.at(-1)?.type === 'control',
		});
	}
}

/** Fields are aligned by their names and stars. */
function isFieldColumn(kind: Piece['kind'] | undefined, role: Role | undefined): boolean {
	return kind === 'word' || role === 'pointer';
}
