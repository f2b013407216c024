/** How parts of the text form are coloured; every function gives its argument back unchanged without colour. */
export interface Paint {
	readonly bold: (text: string) => string;
	readonly dim: (text: string) => string;
	readonly error: (text: string) => string;
	readonly warning: (text: string) => string;
	readonly note: (text: string) => string;
	readonly ok: (text: string) => string;
	readonly related: (text: string) => string;
}

/** ANSI colours of the terminal's own palette, so that they fit light and dark ones; plain text without `colour`. */
export function paintWith(colour: boolean): Paint {
	const ansi = (code: string) => (text: string) => (colour && text !== '' ? `\u001b[${code}m${text}\u001b[0m` : text);
	return {
		bold: ansi('1'),
		dim: ansi('2'),
		error: ansi('1;31'),
		warning: ansi('1;33'),
		note: ansi('1;36'),
		ok: ansi('1;32'),
		related: ansi('34'),
	};
}
