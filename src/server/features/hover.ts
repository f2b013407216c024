/** What is to be known of the word under the cursor, and of the locks that are held there. */
import { CstUtils } from 'langium';
import { type Hover, MarkupKind, type Position } from 'vscode-languageserver-protocol';
import { kernelLibraries } from '../../kernel/library.js';
import type { Field } from '../../language/generated/ast.js';
import { sourceOf } from '../../language/text.js';
import { headComment } from './comments.js';
import { headOf, markdown, notesOf, originOf } from './describe.js';
import { type HeldHere, heldWords } from './held.js';
import { includeAt } from './links.js';
import { targetAt } from './navigate.js';
import { enclosing, nodeAt } from './scope-at.js';
import { scenarioSnippets } from './snippets.js';
import { rangeOf, type View } from './workspace.js';

/** @param held what the last check has seen at the line; undefined where it saw nothing */
export function hover(view: View, position: Position, held: HeldHere | undefined): Hover | null {
	const include = includeAt(view, position);
	if (include) {
		const about = include.library ? headComment(kernelLibraries.read(include.target) ?? '') : undefined;
		return about ? { contents: { kind: MarkupKind.Markdown, value: markdown(about) } } : null;
	}
	const found = targetAt(view, position);
	const parts: string[] = [];
	// first of all, since a hover shows no more than some ten lines unless it is scrolled
	const locks = held && runs(view, position) ? heldWords(held) : '';
	if (found) {
		const { target } = found;
		const owner = target.$type === 'Field' ? ownerOf(target) : undefined;
		const elsewhere = sourceOf(target).uri !== sourceOf(view.root).uri;
		const where = owner ? `field of \`${owner}\`` : '';
		parts.push(`\`\`\`c\n${headOf(target, view.program)}\n\`\`\``);
		const line = [where, elsewhere ? `from \`${originOf(target)}\`` : ''].filter((t) => t !== '').join(', ');
		if (line || locks) parts.push([line, locks].filter((t) => t !== '').join('  \n'));
		parts.push(...notesOf(target, view.program));
	}
	const word = found ? undefined : scenarioWord(view, position);
	if (word) parts.push(word);
	if (!found && locks) parts.push(locks);
	if (parts.length === 0) return null;
	return {
		contents: { kind: MarkupKind.Markdown, value: parts.join('\n\n') },
		...(found && { range: rangeOf(found.occurrence.cst) }),
	};
}

/** What `pages`, `daemon`, … mean. */
function scenarioWord(view: View, position: Position): string | undefined {
	const offset = view.document.offsetAt(position);
	const leaf = view.root.$cstNode && CstUtils.findLeafNodeAtOffset(view.root.$cstNode, offset);
	if (leaf === undefined || !/Item$/.test(leaf.astNode.$type) || leaf.astNode.$container?.$type !== 'Scenario')
		return undefined;
	const words = scenarioSnippets(view.program).find(({ label }) => label === leaf.text);
	return words && `**${words.label}** – ${words.detail}`;
}

function ownerOf(field: Field): string | undefined {
	const def = enclosing(field, 'StructDef');
	return def?.name && `struct ${def.name}`;
}

/** Locks are told for code that runs, not for declarations. */
function runs(view: View, position: Position): boolean {
	const node = nodeAt(view.root, view.document.offsetAt(position));
	return enclosing(node, 'Block') !== undefined;
}
