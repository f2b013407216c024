/** `setup` and `finally` in the forms of a run: what comes before and after its steps, with nobody else around. */
import type { Picture } from '../explorer/picture.js';
import { wrap } from './wrap.js';

export interface AloneLine {
	readonly text: string;
	/** It says what is wrong in the statement before it. */
	readonly wrong: boolean;
}

/** `setup: mmu_notifier_register(&mn, mm); dev_map(0, 2)` in lines of a width; nothing where there is no such block, or it does not run. */
export function aloneLines(picture: Picture, kind: 'setup' | 'finally', width: number): AloneLine[] {
	const lines: AloneLine[] = [];
	let texts: string[] = [];
	const flush = (): void => {
		const text = `${lines.length === 0 ? `${kind}: ` : '  '}${texts.join('; ')}`;
		if (texts.length > 0) lines.push(...wrap(text, width, '  ').map((line) => ({ text: line, wrong: false })));
		texts = [];
	};
	for (const { text, wrong } of picture[kind]) {
		texts.push(text);
		if (wrong.length === 0) continue;
		flush();
		for (const words of wrong) lines.push(...wrap(words, width).map((line) => ({ text: line, wrong: true })));
	}
	flush();
	return lines;
}
