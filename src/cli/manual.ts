import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

function folder(root: string): string {
	return path.join(root, 'media', 'manual', 'findings');
}

/** The codes that have a page in the manual, in alphabetical order; empty when the manual is not installed. */
export async function findingCodes(root: string): Promise<string[]> {
	try {
		const files = await readdir(folder(root));
		return files
			.filter((file) => file.endsWith('.md'))
			.map((file) => file.slice(0, -3))
			.sort();
	} catch {
		return [];
	}
}

/** The page of a finding, in Markdown. `code` is one of {@link findingCodes}. */
export function findingPage(root: string, code: string): Promise<string> {
	return readFile(path.join(folder(root), `${code}.md`), 'utf8');
}
