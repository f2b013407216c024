/** The parameters of the call around the cursor. */
import { MarkupKind, type Position, type SignatureHelp } from 'vscode-languageserver-protocol';
import { isComment, type Piece, piecesOf } from '../../language/format/tokens.js';
import { headOf, notesOf, parametersOf } from './describe.js';
import type { Declared } from './occurrences.js';
import { localsAt } from './scope-at.js';
import type { View } from './workspace.js';

interface OpenCall {
	/** The name before the parenthesis, with what leads to it: `ops->invalidate`. */
	readonly chain: readonly string[];
	readonly argument: number;
}

/** Help for the call that is being written; null outside of any call. */
export function signatureHelp(view: View, position: Position): SignatureHelp | null {
	const offset = view.document.offsetAt(position);
	const call = callAt(view.document.getText().slice(0, offset));
	const target = call && resolveChain(view, call.chain, offset);
	const parameters = target && parametersOf(target);
	if (!call || !target || !parameters) return null;
	const label = headOf(target, view.program).replace(/\s*\n\s*/g, ' ');
	const documentation = { kind: MarkupKind.Markdown, value: notesOf(target, view.program).join('\n\n') };
	const last = parameters.length - 1;
	const isVariadic = /^(\.\.\.|…)$/.test(parameters[last] ?? '');
	return {
		signatures: [{ label, documentation, parameters: parameterRanges(label, parameters) }],
		activeSignature: 0,
		activeParameter: isVariadic ? Math.min(call.argument, last) : call.argument,
	};
}

/** Where each parameter stands in the label. */
function parameterRanges(label: string, parameters: readonly string[]): { label: [number, number] }[] {
	let from = label.indexOf('(', label.startsWith('(') ? 1 : 0);
	return parameters.map((parameter) => {
		const at = Math.max(label.indexOf(parameter, from), 0);
		from = at + parameter.length;
		return { label: [at, from] };
	});
}

function callAt(before: string): OpenCall | undefined {
	const pieces = piecesOf(before).filter((piece) => !isComment(piece));
	const last = pieces.at(-1);
	if (last?.kind === 'string' && !/^(".*"|'.*')$/s.test(last.text)) return undefined;
	let depth = 0;
	let argument = 0;
	for (let i = pieces.length - 1; i >= 0; i--) {
		const text = pieces[i]?.text ?? '';
		if (text === ')' || text === ']' || text === '}') depth++;
		else if (text === '[' || text === '{') {
			if (--depth < 0) return undefined;
		} else if (text === '(') {
			if (depth-- > 0) continue;
			const chain = chainBefore(pieces, i);
			// A parenthesis of an expression: the call is further out.
			if (chain.length > 0) return { chain, argument };
			depth = 0;
			argument = 0;
		} else if (text === ',' && depth === 0) argument++;
		else if (text === ';' && depth === 0) return undefined;
	}
	return undefined;
}

const NOT_CALLED = /^(if|for|while|switch|return|sizeof|with_mm)$/;

function chainBefore(pieces: readonly Piece[], index: number): string[] {
	const chain: string[] = [];
	let i = index - 1;
	while (pieces[i]?.kind === 'word') {
		chain.unshift(pieces[i]?.text ?? '');
		if (!/^(->|\.)$/.test(pieces[i - 1]?.text ?? '')) break;
		i -= 2;
	}
	return NOT_CALLED.test(chain[0] ?? '') ? [] : chain;
}

function resolveChain(view: View, chain: readonly string[], offset: number): Declared | undefined {
	const { program, root } = view;
	const [first, ...fields] = chain;
	const start = localsAt(root, offset).find(({ name }) => name === first) ?? program.scope.name(first ?? '');
	if (fields.length === 0) return start;
	let type = start && program.semantics.declaredType(start);
	let found: Declared | undefined;
	for (const name of fields) {
		if (type?.kind === 'pointer') type = type.to;
		const field = type && program.semantics.field(type, name);
		found = field?.node;
		type = field?.type;
	}
	return found;
}
