import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const folder = new URL('../../src/language/', import.meta.url);

test('the language imports neither vscode nor Node nor what is above it', () => {
	const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
	expect(files.length).toBeGreaterThan(20);
	for (const file of files) {
		const text = readFileSync(new URL(file, folder), 'utf8');
		const depth = file.split('/').length - 1;
		for (const [, from = ''] of text.matchAll(/\bfrom '([^']+)'/g)) {
			const outside =
				from.startsWith('../'.repeat(depth + 1)) || (!from.startsWith('.') && !/^(langium|vscode-uri)$/.test(from));
			expect(outside, `${file} imports ${from}`).toBe(false);
		}
	}
});
