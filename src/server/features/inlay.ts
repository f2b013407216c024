/** Behind each line over which the set of held locks changes: which locks are held from there on. */
import { type InlayHint, InlayHintKind, type Range } from 'vscode-languageserver-protocol';
import type { HeldAt, HeldSet } from '../../findings/result.js';
import { heldAfterWords, heldLabel } from './held.js';
import type { View } from './workspace.js';

/** @param held what the last check has seen, by line (from 1); it has to be a check of the text that is shown */
export function inlayHints(view: View, range: Range, held: ReadonlyMap<number, HeldAt>): InlayHint[] {
	const lines = view.document.getText().split('\n');
	const hints: InlayHint[] = [];
	for (const { line, comes, goes } of held.values()) {
		// nothing is said where nothing is held
		const label = goes === undefined ? '' : heldLabel(goes);
		if (label === '' || (comes !== undefined && label === heldLabel(comes))) continue;
		hints.push({
			position: { line: line - 1, character: (lines[line - 1] ?? '').trimEnd().length },
			label: `holds ${label}`,
			kind: InlayHintKind.Type,
			paddingLeft: true,
			tooltip: { kind: 'markdown', value: heldAfterWords(goes as HeldSet) },
		});
	}
	return hints
		.filter(({ position: { line } }) => line >= range.start.line && line <= range.end.line)
		.sort((a, b) => a.position.line - b.position.line);
}
