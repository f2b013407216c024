import type { Paint } from '../findings/forms/paint.js';
import { expandTabs, wrap } from '../findings/forms/wrap.js';

const WIDTH = 78;

/**
 * A page of the manual for a terminal: headings, paragraphs and list items wrapped at 78 columns, code set in by four.
 * Knows just the Markdown that the pages use.
 */
export function plainMarkdown(page: string, paint: Paint): string {
	const out: string[] = [];
	let paragraph: string[] = [];
	const flush = () => {
		if (paragraph.length === 0) return;
		const text = inline(paragraph.join(' '));
		const item = /^(?:[-*]|\d+\.)\s+/.exec(text)?.[0] ?? '';
		out.push(...wrap(text, WIDTH, ' '.repeat(item.length)));
		paragraph = [];
	};
	let code = false;
	for (const line of page.split(/\r?\n/)) {
		if (/^```/.test(line)) {
			flush();
			code = !code;
		} else if (code) out.push(`    ${expandTabs(line)}`.trimEnd());
		else if (line.trim() === '') {
			flush();
			if (out.at(-1) !== '') out.push('');
		} else if (line.startsWith('#')) {
			flush();
			const level = /^#+/.exec(line)?.[0].length ?? 1;
			const text = inline(line.replace(/^#+\s*/, ''));
			out.push(paint.bold(level === 1 ? text : text.toUpperCase()));
		} else {
			if (/^\s*(?:[-*]|\d+\.)\s/.test(line)) flush();
			paragraph.push(line.trim());
		}
	}
	flush();
	return `${out.join('\n').trimEnd()}\n`;
}

/** Links become their text, emphasis goes; code keeps its back quotes, which read well on a terminal. */
function inline(text: string): string {
	return text.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/\*\*([^*]+)\*\*/g, '$1');
}
