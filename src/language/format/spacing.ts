/** The white space between two pieces of one line, in kernel style. */
import { CONTROL, type Role } from './roles.js';
import { type Piece, piecesOf } from './tokens.js';

interface Side {
	readonly piece: Piece;
	readonly role: Role;
}

/** @param original the white space that stands there now */
export function spaceBetween(left: Side, right: Side, original: string): '' | ' ' {
	const space = wanted(left, right, original);
	return space === '' && original !== '' && merges(left.piece.text, right.piece.text) ? ' ' : space;
}

/** Would two pieces be read as others when nothing is between them? */
function merges(left: string, right: string): boolean {
	const together = piecesOf(left + right);
	return together.length !== 2 || together[0]?.text !== left;
}

function wanted(left: Side, right: Side, original: string): '' | ' ' {
	const a = left.piece.text;
	const b = right.piece.text;
	if (left.piece.kind === 'unknown' || right.piece.kind === 'unknown') return original === '' ? '' : ' ';
	if (left.role === 'hyphen' || right.role === 'hyphen') return '';
	if (b === ',' || b === ';') return '';
	if (right.role === 'label') return '';
	if (a === '(' || a === '[' || b === ')' || b === ']') return '';
	if (b === '[') return a === '{' || a === ',' || a === '=' ? ' ' : '';
	if (b === '->' || a === '->' || a === '.') return '';
	if (b === '.') return a === '{' || a === ',' || a === '=' ? ' ' : '';
	if (left.role === 'prefix' || left.role === 'pointer' || left.role === 'cast') return b === '{' ? ' ' : '';
	if (right.role === 'postfix') return '';
	if (right.role === 'pointer') return ' ';
	if (b === '(') return beforeParenthesis(left, right);
	if (a === '{' && b === '}') return '';
	if (left.role === 'postfix' && /^[\])]$/.test(b)) return '';
	return ' ';
}

function beforeParenthesis(left: Side, right: Side): '' | ' ' {
	const { piece, role } = left;
	if (right.role === 'control' || right.role === 'declarator') return ' ';
	if (piece.kind === 'word')
		return piece.text === 'return' || piece.text === 'case' || CONTROL.has(piece.text) ? ' ' : '';
	if (piece.text === ')' || piece.text === ']') return '';
	return role === 'binary' || role === 'ternary' || piece.text === ',' || piece.text === '{' || piece.text === ';'
		? ' '
		: '';
}
