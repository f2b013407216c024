import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { firstToShow } from '../findings/explorer/explorer.js';
import type { Picture } from '../findings/explorer/picture.js';
import { sarifForm } from '../findings/forms/sarif.js';
import type { FileResult } from '../findings/result.js';
import { urisOf } from '../server/explorer.js';
import { sourcesOf } from '../server/export.js';
import { savedDocument } from '../webview/document.js';
import { type Console, UsageError } from './console.js';
import { pictureKey } from './explored.js';
import { findingCodes, findingPage } from './manual.js';

/** A checked file, with the pictures of its runs by {@link pictureKey}. */
export interface CheckedRuns {
	readonly result: FileResult;
	readonly pictures: ReadonlyMap<string, Picture>;
}

/** The text of `--format sarif`. Files are called as the user does, relative to the working folder. */
export async function sarifOf(
	runs: readonly CheckedRuns[],
	nameOf: (uri: string) => string,
	console: Console,
): Promise<string> {
	const pages = new Map<string, { title: string; text: string }>();
	for (const code of await findingCodes(console.root)) {
		const text = await findingPage(console.root, code);
		const title = /^#\s+(.*)$/m.exec(text)?.[1] ?? code;
		pages.set(code, { title: title.replace(/`/g, ''), text });
	}
	const { version } = JSON.parse(await readFile(path.join(console.root, 'package.json'), 'utf8'));
	const files = runs.map(({ result, pictures }) => ({
		result,
		picture: (scenario: string, finding: number) => pictures.get(pictureKey(scenario, finding)),
	}));
	const uri = (file: string): string => {
		const name = nameOf(file);
		return name === file ? file : encodeURI(name.split(path.sep).join('/'));
	};
	return sarifForm(files, { version, uri, help: (code) => pages.get(code) });
}

/** The text of `--format html`: undefined where nothing could be searched. */
export async function htmlOf(
	runs: readonly CheckedRuns[],
	textOf: (uri: string) => string | undefined,
	console: Console,
): Promise<string | undefined> {
	const [run] = runs;
	const name = run && firstToShow(run.result);
	if (run === undefined || name === undefined) return undefined;
	const first = [...run.pictures.values()].find((p) => p.scenario === name);
	if (first === undefined) return undefined;
	const others = [...run.pictures.values()].filter((p) => p !== first);
	const texts = new Map<string, string>();
	for (const uri of [first, ...others].flatMap(urisOf)) {
		const text = textOf(uri);
		if (text !== undefined) texts.set(uri, text);
	}
	const read = async (file: string): Promise<string> => {
		try {
			return await readFile(path.join(console.root, 'dist/webview', file), 'utf8');
		} catch {
			throw new UsageError(`check: the explorer's page is not installed: dist/webview/${file} is missing`);
		}
	};
	const [script = '', style = '', themes = '', engine = ''] = await Promise.all(
		['explorer.js', 'explorer.css', 'themes.css', 'engine.js'].map(read),
	);
	return savedDocument({ script, style, themes, engine, pictures: [first, ...others], sources: sourcesOf(texts) });
}
