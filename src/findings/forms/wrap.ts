/**
 * Breaks `text` into lines of at most `width` characters, at spaces; later lines start with `indent`.
 * A word that does not fit is kept whole unless it is longer than `hard` (default: never), then it is broken after a
 * `_` or a bracket, where the eye joins it again.
 */
export function wrap(text: string, width: number, indent = '', hard = Number.POSITIVE_INFINITY): string[] {
	const lines: string[] = [];
	let line = '';
	const room = Math.max(8, width);
	const strict = Math.max(room, hard);
	for (let word of printable(text.replace(/\s+/g, ' '))
		.split(' ')
		.filter((w) => w !== '')) {
		const joined = line === '' || line === indent ? line + word : `${line} ${word}`;
		if (joined.length <= room) {
			line = joined;
			continue;
		}
		if (line !== '' && line !== indent) {
			lines.push(line);
			line = indent;
		}
		while (line.length + word.length > strict) {
			const cut = breakAt(word, room - line.length);
			lines.push(line + word.slice(0, cut));
			word = word.slice(cut);
			line = indent;
		}
		line += word;
	}
	if (line !== '' && line !== indent) lines.push(line);
	return lines;
}

/** The last good place to break `word` within `room` characters; `room` itself where there is none. */
function breakAt(word: string, room: number): number {
	for (let i = room; i > room / 2; i--) if (/[_([,>]/.test(word.charAt(i - 1))) return i;
	return Math.max(1, room);
}

/** `text`, one line, with its tabs as the spaces that the kernel's style shows, and fit for a terminal. */
export function expandTabs(text: string): string {
	let out = '';
	for (const char of printable(text)) out += char === '\t' ? ' '.repeat(8 - (out.length % 8)) : char;
	return out;
}

/** `text` without control characters: a sketch must not be able to steer the terminal that shows it. */
export function printable(text: string): string {
	// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
	return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');
}
