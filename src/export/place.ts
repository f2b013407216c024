import type { AstNode } from 'langium';
import { sourceText, spanOf } from '../language/text.js';

/** Text of a sketch, fit for comments and strings of C and TLA+. */
export const plainText = (text: string): string =>
	text
		.replaceAll('"', "'")
		.replaceAll('\\', '/')
		.replaceAll('*/', '* /')
		.replaceAll('/*', '/ *')
		.replaceAll('*)', '* )')
		.replaceAll('(*', '( *')
		.replace(/[^\x20-\x7e]/g, '?')
		.slice(0, 100);

/** `sketch.mmn:27: mutex_lock(&fault_lock)` */
export function placeText(node: AstNode): string {
	const { uri, line } = spanOf(node);
	const text = sourceText(node).split('\n')[0]?.trim() ?? '';
	return `${uri.replace(/^.*[/:]/, '')}:${line}: ${plainText(text)}`;
}
