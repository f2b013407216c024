/** Colours by meaning: what a word names, not how it is spelt. */
import type { Range, SemanticTokens, SemanticTokensLegend } from 'vscode-languageserver-protocol';
import { sourceOf } from '../../language/text.js';
import { type Declared, type Occurrence, occurrencesOf } from './occurrences.js';
import type { View } from './workspace.js';

const TYPES = [
	'function',
	'macro',
	'variable',
	'parameter',
	'property',
	'struct',
	'enum',
	'enumMember',
	'label',
	'event',
	'class',
	'type',
] as const;
const MODIFIERS = ['declaration', 'definition', 'readonly', 'static', 'defaultLibrary', 'modification'] as const;
type TokenType = (typeof TYPES)[number];
type Modifier = (typeof MODIFIERS)[number];

export const LEGEND: SemanticTokensLegend = { tokenTypes: [...TYPES], tokenModifiers: [...MODIFIERS] };

/** The tokens of a document, or of a part of it. */
export function semanticTokens(view: View, range?: Range): SemanticTokens {
	const data: number[] = [];
	let line = 0;
	let character = 0;
	for (const occurrence of occurrencesOf(view.root)) {
		const { start, end } = occurrence.cst.range;
		if (range && (start.line < range.start.line || start.line > range.end.line)) continue;
		const type = typeOf(occurrence);
		// A token ends with its line, and none begins inside another.
		if (!type || start.line !== end.line) continue;
		if (start.line === line && start.character < character && data.length > 0) continue;
		const from = start.line === line ? character : 0;
		data.push(
			start.line - line,
			start.character - from,
			end.character - start.character,
			TYPES.indexOf(type),
			modifiersOf(occurrence).reduce((bits, modifier) => bits | (1 << MODIFIERS.indexOf(modifier)), 0),
		);
		line = start.line;
		character = start.character;
	}
	return { data };
}

function typeOf({ target, use }: Occurrence): TokenType | undefined {
	switch (target?.$type) {
		case 'FunctionDecl':
			return target.variadic && sourceOf(target).kernel ? 'macro' : 'function';
		case 'Define':
			return 'macro';
		case 'Variable':
		case 'MacroDecl':
			return 'variable';
		case 'Parameter':
			return 'parameter';
		case 'Field':
			return 'property';
		case 'StructDef':
			return use === 'type' ? undefined : 'struct';
		case 'Typedef':
			return 'type';
		case 'EnumDef':
			return 'enum';
		case 'EnumConstant':
			return 'enumMember';
		case 'LabelStatement':
			return 'label';
		case 'ThreadItem':
		case 'InterruptItem':
			return 'event';
		case 'Scenario':
			return 'class';
		default:
			return undefined;
	}
}

function modifiersOf({ target, declares, use }: Occurrence): Modifier[] {
	const found: Modifier[] = [];
	if (!target) return found;
	if (declares) found.push(target.$type === 'FunctionDecl' && target.body ? 'definition' : 'declaration');
	if (use === 'write') found.push('modification');
	if (isConstant(target)) found.push('readonly');
	if (isStatic(target)) found.push('static');
	if (sourceOf(target).kernel) found.push('defaultLibrary');
	return found;
}

function isConstant(target: Declared): boolean {
	if (target.$type === 'EnumConstant' || target.$type === 'Define') return true;
	return (
		target.$type === 'Variable' &&
		target.$container?.$type === 'VariableDecl' &&
		target.stars.length === 0 &&
		target.$container.type.qualifiers.includes('const')
	);
}

function isStatic(target: Declared): boolean {
	const storage =
		target.$type === 'FunctionDecl' || target.$type === 'MacroDecl'
			? target.storage
			: target.$type === 'Variable' && target.$container?.$type === 'VariableDecl'
				? target.$container.storage
				: [];
	return storage.includes('static');
}
