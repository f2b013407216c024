/** What can be written at a place of a text, told from what stands before it: the text may be broken in any way. */

import { isComment, type Piece, piecesOf } from '../../language/format/tokens.js';
import { isTypeWord } from '../../language/generated/ast.js';
import { startsItemWord } from '../../language/lexer.js';

/** What a pair of braces is for. */
type Brace = 'struct' | 'enum' | 'function' | 'scenario' | 'block' | 'init';

export type PlaceKind =
	/** Nothing can be proposed: a comment, a string, a new name. */
	| 'none'
	| 'include'
	| 'directive'
	| 'file'
	| 'scenario'
	| 'codes'
	| 'environment'
	| 'config'
	| 'thread'
	| 'field-type'
	| 'parameter-type'
	| 'type'
	| 'tag'
	| 'label'
	| 'member'
	| 'designator'
	| 'statement'
	| 'expression';

export interface Place {
	readonly kind: PlaceKind;
	/** Where the word under the cursor begins, and what of it has been typed. */
	readonly start: number;
	readonly prefix: string;
	/** `struct`, `union`, `enum` before a tag. */
	readonly keyword: string;
	/** Parentheses that are open since the statement began. */
	readonly parentheses: number;
	/** Stands in a function, or in a block of a scenario. */
	readonly inBody: boolean;
	/** Offset of the operator before a member. */
	readonly operator: number;
}

interface Open {
	readonly brace: Brace;
	/** Parentheses open inside it. */
	parentheses: number;
	/** Index of the piece behind the last `;`, `{` or `}` in it. */
	head: number;
}

const BODIES = new Set(['setup', 'thread', 'daemon', 'interrupt', 'finally']);
const CONTROL = new Set(['if', 'for', 'while', 'switch', 'with_mm', 'scoped_guard']);

/** The place of an offset in a text. */
export function placeAt(text: string, offset: number): Place {
	const before = text.slice(0, offset);
	const line = before.slice(before.lastIndexOf('\n') + 1);
	const include = /^\s*#\s*include\s*[<"]([^>"]*)$/.exec(line);
	if (include) return plain('include', offset - (include[1]?.length ?? 0), include[1] ?? '');
	const directive = /^\s*(#\s*\w*)$/.exec(line);
	if (directive) return plain('directive', offset - (directive[1]?.length ?? 0), directive[1] ?? '');
	const pieces = piecesOf(before);
	const last = pieces.at(-1);
	if (last && insideLast(last, offset)) return plain('none', offset, '');
	const typed = last?.kind === 'word' && last.offset + last.text.length === offset ? last : undefined;
	const code = pieces.filter((piece) => piece !== typed && !isComment(piece));
	const start = typed?.offset ?? offset;
	const prefix = typed?.text ?? '';
	if (typed === undefined && last?.kind === 'number' && last.offset + last.text.length === offset) {
		return plain('none', offset, '');
	}
	return { ...classify(code, text), start, prefix, ...hyphens(text, start, prefix, code) };
}

/**
 * A text without the bodies of functions and scenarios that an offset does not stand in, and each character where it was:
 * nothing in them can be named from there. Tables of operations stay, wherever they are filled.
 */
export function withoutOtherBodies(text: string, offset: number): string {
	const pieces = piecesOf(text).filter((piece) => !isComment(piece));
	let balance = 0;
	for (const piece of pieces) balance += piece.text === '{' ? 1 : piece.text === '}' ? -1 : 0;
	const parts: string[] = [];
	let done = 0;
	let depth = 0;
	/** Where the body begins that is open. */
	let body: number | undefined;
	pieces.forEach((piece, index) => {
		// As the parser does, see `closeBlocks` in the lexer.
		if (balance > 0 && depth > 0 && text[piece.offset - 1] === '\n' && startsItemWord(piece.text)) {
			depth = 0;
			body = undefined;
		}
		if (piece.text === '{') {
			const isBody = pieces[index - 1]?.text === ')' || pieces[index - 2]?.text === 'scenario';
			if (depth++ === 0) body = isBody ? piece.offset + 1 : undefined;
		} else if (piece.text === '}' && depth > 0 && --depth === 0 && body !== undefined) {
			const inside = text.slice(body, piece.offset);
			if ((offset < body || offset > piece.offset) && !/[{,]\s*\.\s*\w+\s*=/.test(inside)) {
				parts.push(text.slice(done, body), ' '.repeat(inside.length));
				done = piece.offset;
			}
			body = undefined;
		}
	});
	parts.push(text.slice(done));
	return parts.join('');
}

function plain(kind: PlaceKind, start: number, prefix: string): Place {
	return { kind, start, prefix, keyword: '', parentheses: 0, inBody: false, operator: -1 };
}

function insideLast(last: Piece, offset: number): boolean {
	const end = last.offset + last.text.length;
	if (last.kind === 'comment') return !last.text.endsWith('*/') || last.text.length < 4;
	if (last.kind === 'line-comment') return true;
	if (last.kind === 'directive') return end === offset;
	if (last.kind === 'string') return end === offset && !/^(".*"|'.*')$/s.test(last.text);
	return false;
}

/** The codes of findings have hyphens: `stale-ma|` is one word. */
function hyphens(text: string, start: number, prefix: string, code: readonly Piece[]): Partial<Place> {
	const head = headWord(code);
	if (head !== 'expect') return {};
	const longer = /[\w-]*$/.exec(text.slice(0, start))?.[0] ?? '';
	return { start: start - longer.length, prefix: longer + prefix };
}

function headWord(code: readonly Piece[]): string {
	for (let i = code.length - 1; i >= 0; i--) {
		const text = code[i]?.text;
		if (text === ';' || text === '{' || text === '}') return code[i + 1]?.text ?? '';
	}
	return '';
}

function classify(code: readonly Piece[], text: string): Place {
	const stack: Open[] = [];
	let fileHead = 0;
	let fileParentheses = 0;
	code.forEach((piece, index) => {
		const top = stack.at(-1);
		const column = piece.offset - text.lastIndexOf('\n', piece.offset - 1) - 1;
		if (top && column === 0 && startsItemWord(piece.text)) {
			// As the parser does: the function above has lost its brace.
			stack.length = 0;
			fileHead = index;
			fileParentheses = 0;
		}
		const at = stack.at(-1);
		switch (piece.text) {
			case '{': {
				const brace = braceAt(code, index, at, at?.head ?? fileHead);
				stack.push({ brace, parentheses: 0, head: index + 1 });
				break;
			}
			case '}': {
				const closed = stack.pop();
				const now = stack.at(-1);
				const ends = closed?.brace !== 'init' && closed?.brace !== 'struct' && closed?.brace !== 'enum';
				if (ends && now) now.head = index + 1;
				else if (ends) fileHead = index + 1;
				break;
			}
			case '(':
				if (at) at.parentheses++;
				else fileParentheses++;
				break;
			case ')':
				if (at) at.parentheses = Math.max(0, at.parentheses - 1);
				else fileParentheses = Math.max(0, fileParentheses - 1);
				break;
			case ';':
				if (at) {
					if (at.parentheses === 0) at.head = index + 1;
				} else {
					fileHead = index + 1;
					fileParentheses = 0;
				}
				break;
			default:
				if (piece.kind === 'directive' && !at) fileHead = index + 1;
		}
	});
	const top = stack.at(-1);
	const inBody = stack.some(({ brace }) => brace === 'function' || brace === 'block');
	const parentheses = top?.parentheses ?? fileParentheses;
	const statement = code.slice(top?.head ?? fileHead);
	const previous = code.at(-1);
	const place = (kind: PlaceKind, keyword = ''): Place => ({
		...plain(kind, 0, ''),
		keyword,
		parentheses,
		inBody,
		operator: previous?.offset ?? -1,
	});
	const word = previous?.text ?? '';
	if (word === '->') return place('member');
	if (word === '.')
		return top?.brace === 'init' && /^[{,]$/.test(code.at(-2)?.text ?? '') ? place('designator') : place('member');
	if (word === 'struct' || word === 'union' || word === 'enum') return place('tag', word);
	if (word === 'goto') return place('label');
	if (top?.brace === 'scenario') return place(inScenario(statement));
	if (top?.brace === 'struct')
		return place(
			statement.length === 0 || onlyQualifiers(statement) ? 'field-type' : parentheses > 0 ? 'parameter-type' : 'none',
		);
	if (top?.brace === 'enum') return place(word === '=' ? 'expression' : 'none');
	if (top?.brace === 'init') return place('expression');
	if (!top) return place(atFile(statement, parentheses));
	return place(inBlock(statement, parentheses, word));
}

function braceAt(code: readonly Piece[], index: number, at: Open | undefined, head: number): Brace {
	const before = code[index - 1]?.text ?? '';
	const words = code.slice(head, index).map(({ text }) => text);
	if (at?.brace === 'init' || before === '=') return 'init';
	if (at?.brace === 'scenario') return 'block';
	const kind = words.find((word) => word === 'struct' || word === 'union' || word === 'enum');
	if (kind && !words.includes('(') && !words.includes('=')) return kind === 'enum' ? 'enum' : 'struct';
	if (at?.brace === 'struct') return 'struct';
	if (!at) return words[0] === 'scenario' ? 'scenario' : 'function';
	return 'block';
}

function inScenario(statement: readonly Piece[]): PlaceKind {
	const [head, second, third] = statement;
	if (!head) return 'scenario';
	if (head.text === 'expect') return 'codes';
	if (head.text === 'environment') return 'environment';
	if (head.text === 'config') return statement.length === 1 || statement.at(-1)?.text === ',' ? 'config' : 'none';
	if (head.text === 'interrupt' && third?.text === 'on' && second) return statement.length === 3 ? 'thread' : 'none';
	if (head.text === 'pages') return 'none';
	return BODIES.has(head.text) ? 'none' : 'none';
}

const DEFINING = /^(DEFINE_|DECLARE_|LIST_HEAD$)/;
const QUALIFIERS = /^(static|extern|inline|const|volatile|__user|__rcu|__init|__exit|noinline|__always_inline)$/;

function onlyQualifiers(statement: readonly Piece[]): boolean {
	return statement.every(({ text }) => QUALIFIERS.test(text));
}

function atFile(statement: readonly Piece[], parentheses: number): PlaceKind {
	if (statement.length === 0) return 'file';
	if (onlyQualifiers(statement)) return 'type';
	const previous = statement.at(-1)?.text ?? '';
	if (parentheses > 0) {
		if (statement.some(({ text }) => text === '=')) return 'expression';
		// DEFINE_MUTEX(name): a name that is new.
		if (statement.some(({ text }) => DEFINING.test(text))) return previous === ',' ? 'expression' : 'none';
		return /^(\(|,|const)$/.test(previous) ? 'parameter-type' : 'none';
	}
	return statement.some(({ text }) => text === '=') && previous !== ')' ? 'expression' : 'none';
}

function inBlock(statement: readonly Piece[], parentheses: number, previous: string): PlaceKind {
	if (statement.length === 0) return 'statement';
	if (parentheses === 0) {
		if (previous === 'else' || previous === 'do' || previous === ':')
			return previous === ':' && statement.some(({ text }) => text === '?') ? 'expression' : 'statement';
		if (previous === ')' && CONTROL.has(statement[0]?.text ?? '')) return 'statement';
		if (previous === ')' && statement.some(({ text }, index) => index > 0 && CONTROL.has(text))) return 'statement';
		if (previous === ')') return 'none';
	}
	if (onlyQualifiers(statement)) return 'type';
	const words = statement.map(({ text }) => text);
	if (isTypeWord(previous)) return 'none';
	// `struct foo |` and `struct foo *|` name something new.
	const tagged = words[0] === 'struct' || words[0] === 'enum' || (words[0] === 'const' && words[1] === 'struct');
	const first = words.find((word) => !QUALIFIERS.test(word)) ?? '';
	if (parentheses === 0 && (tagged || isTypeWord(first)) && !words.includes('=') && /^(\w+|\*|,)$/.test(previous))
		return 'none';
	return 'expression';
}
