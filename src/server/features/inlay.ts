/** Behind each line at which the set of held locks changes: which locks are held from there on. */
import { type InlayHint, InlayHintKind, type Range } from 'vscode-languageserver-protocol';
import type { HeldAt } from '../../findings/result.js';
import { heldLabel, heldWords } from './held.js';
import type { View } from './workspace.js';

/** @param held what the last check has seen, by line (from 1); it has to be a check of the text that is shown */
export function inlayHints(view: View, range: Range, held: ReadonlyMap<number, HeldAt>): InlayHint[] {
	const hints: InlayHint[] = [];
	const lines = view.document.getText().split('\n');
	let before = '';
	for (const line of [...held.keys()].sort((a, b) => a - b)) {
		const here = held.get(line);
		if (!here) continue;
		const label = heldLabel(here);
		// A function begins anew: nothing is said where nothing is held.
		const starts = beginsBody(lines, line);
		const changed = starts ? label !== '' : label !== before;
		before = label;
		if (!changed || label === '' || line - 1 < range.start.line || line - 1 > range.end.line) continue;
		const text = (lines[line - 1] ?? '').trimEnd();
		hints.push({
			position: { line: line - 1, character: text.length },
			label: `holds ${label}`,
			kind: InlayHintKind.Type,
			paddingLeft: true,
			tooltip: { kind: 'markdown', value: heldWords({ ...here, stale: false }) },
		});
	}
	return hints;
}

/** Does a function begin between this line and what stands before it? */
function beginsBody(lines: readonly string[], line: number): boolean {
	for (let at = line - 2; at >= 0; at--) {
		if (/^}/.test(lines[at] ?? '')) return true;
		if (/^{/.test(lines[at] ?? '') || /^\S.*\)\s*{?\s*$/.test(lines[at] ?? '')) return true;
		if (/^\s+\S/.test(lines[at] ?? '')) return false;
	}
	return true;
}
