/** What each piece of a text is for, told from its neighbours: which star points, which parenthesis casts. */
import { isEachMacro, isTypeWord } from '../generated/ast.js';
import { isComment, type Piece } from './tokens.js';

export type Role =
	| 'plain'
	/** Stands close to what follows: `!`, `-x`, `&x`, `*p`, `++x`. */
	| 'prefix'
	/** Stands close to what is before: `x++`. */
	| 'postfix'
	| 'binary'
	/** A star of a declaration. */
	| 'pointer'
	| 'ternary'
	/** The colon of a label. */
	| 'label'
	/** The closing parenthesis of a cast. */
	| 'cast'
	/** The parentheses behind `if`, `for`, `while`, `switch`, and the closing one of a list loop. */
	| 'control'
	/** A hyphen in the code of a finding. */
	| 'hyphen'
	/** The parenthesis before the star of a function pointer. */
	| 'declarator';

export const CONTROL = new Set(['if', 'for', 'while', 'switch', 'with_mm']);
/** True for a macro behind whose parenthesis a statement stands: loops over lists, `scoped_guard`. */
export function takesStatement(word: string): boolean {
	return isEachMacro(word) || word === 'scoped_guard';
}

const KEYWORDS = new Set(['return', 'case', 'goto', 'else', 'do', 'sizeof', 'on', ...CONTROL]);
const QUALIFIERS = new Set([
	'const',
	'volatile',
	'__user',
	'__rcu',
	'__iomem',
	'restrict',
	'static',
	'extern',
	'inline',
]);
const UNARY = new Set(['*', '&', '-', '+', '!', '~']);
const BINARY = /^([-+*/%&|^]=?|<<=?|>>=?|[<>]=?|[=!]=|=|&&|\|\|)$/;

/** The role of each piece; comments and preprocessor lines are `plain`. */
export function rolesOf(pieces: readonly Piece[]): Role[] {
	const roles: Role[] = pieces.map(() => 'plain');
	const code = pieces.map((_, index) => index).filter((index) => !isComment(pieces[index] as Piece));
	const text = (at: number): string => pieces[code[at] ?? -1]?.text ?? '';
	const open: { questions: number; isCast: boolean; isControl: boolean }[] = [];
	let questions = 0;
	/** The code index at which the statement begins. */
	let start = 0;
	const set = (at: number, role: Role) => {
		const index = code[at];
		if (index !== undefined) roles[index] = role;
	};
	code.forEach((index, at) => {
		const piece = pieces[index] as Piece;
		const before = text(at - 1);
		const role = (n: number): Role => roles[code[n] ?? -1] ?? 'plain';
		const afterOperand = at > 0 && isOperandEnd(pieces[code[at - 1] ?? -1], role(at - 1));
		switch (piece.text) {
			case '(': {
				const isCast = !afterOperand && before !== 'sizeof' && !CONTROL.has(before) && beginsType(text, at + 1);
				const isControl = CONTROL.has(before);
				if (isControl) set(at, 'control');
				else if (text(at + 1) === '*' && isTypeBefore(text, at - 1, role)) set(at, 'declarator');
				open.push({ questions, isCast, isControl: isControl || takesStatement(before) });
				questions = 0;
				break;
			}
			case ')': {
				const opened = open.pop();
				questions = opened?.questions ?? 0;
				if (opened?.isCast) set(at, 'cast');
				else if (opened?.isControl) set(at, 'control');
				break;
			}
			case '?':
				questions++;
				set(at, 'ternary');
				break;
			case ':':
				if (questions > 0) {
					questions--;
					set(at, 'ternary');
				} else if (at - 1 === start || text(start) === 'case' || text(start) === 'default') {
					set(at, 'label');
					start = at + 1;
				} else set(at, 'ternary');
				break;
			case '++':
			case '--':
				set(at, afterOperand ? 'postfix' : 'prefix');
				break;
			default:
				if (piece.text === '-' && /^(expect|environment|config)$/.test(text(start))) set(at, 'hyphen');
				else if (piece.text === '*' && isTypeBefore(text, at - 1, role)) set(at, 'pointer');
				// `foo_t *p;` of a type that nobody knows is still no product.
				else if (piece.text === '*' && at - 1 === start && isWord(text(at + 1)) && /^([;=,]|\[)$/.test(text(at + 2)))
					set(at, 'pointer');
				else if (UNARY.has(piece.text) && !afterOperand) set(at, 'prefix');
				else if (piece.kind === 'symbol' && BINARY.test(piece.text)) set(at, 'binary');
		}
		const ends =
			(piece.text === ';' && open.length === 0) ||
			piece.text === '{' ||
			piece.text === '}' ||
			piece.kind === 'directive';
		if (ends) {
			start = at + 1;
			questions = 0;
			if (piece.text !== ';') open.length = 0;
		}
	});
	return roles;
}

function isWord(text: string): boolean {
	return /^[_a-zA-Z]/.test(text);
}

function isOperandEnd(piece: Piece | undefined, role: Role): boolean {
	if (!piece) return false;
	if (piece.kind === 'word') return !KEYWORDS.has(piece.text);
	if (piece.kind === 'number' || piece.kind === 'string') return true;
	if (piece.text === ')') return role !== 'cast' && role !== 'control';
	// behind a brace a statement begins, or the name of a declaration
	return piece.text === ']' || role === 'postfix';
}

/** A type of the kernel, or one that is named as they are. */
function isTypeName(text: string): boolean {
	return isTypeWord(text) || /^[a-z]\w*_t$/.test(text);
}

/** Does a type begin here? */
function beginsType(text: (at: number) => string, at: number): boolean {
	let first = at;
	while (QUALIFIERS.has(text(first))) first++;
	return isTypeName(text(first)) || /^(struct|union|enum)$/.test(text(first));
}

/** Is this the end of a type: `int`, `struct foo`, a star of a declaration, `const` behind one of them? */
function isTypeBefore(text: (at: number) => string, at: number, role: (at: number) => Role): boolean {
	let last = at;
	while (QUALIFIERS.has(text(last))) last--;
	if (role(last) === 'pointer') return true;
	if (isTypeName(text(last)) && !/^(->|\.)$/.test(text(last - 1))) return true;
	return /^(struct|union|enum)$/.test(text(last - 1)) && isWord(text(last));
}
