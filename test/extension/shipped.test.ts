/** The walkthrough's last step asks for a sketch of the reader's own. */
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { ExtensionContext, TextDocument, Uri } from 'vscode';
import { isOwn } from '../../src/extension/shipped.js';
import { root } from '../build.js';

const at = (file: string) => ({ path: file, toString: () => `file://${file}` }) as Uri;
const context = { extensionUri: at('/ext/lab'), globalStorageUri: at('/storage/lab') } as ExtensionContext;
const own = (file: string, text: string) =>
	isOwn({ uri: at(file), getText: () => text } as Partial<TextDocument> as TextDocument, context);

test('a file with text of its own is the reader’s', () => {
	expect(own('/home/me/driver.mmn', 'int x;')).toBe(true);
	expect(own('/ext/lab-mine/driver.mmn', 'int x;')).toBe(true);
});

test('what lies below the extension or its storage is not, nor is a lesson', () => {
	expect(own('/ext/lab/test/driver.mmn', 'int x;')).toBe(false);
	expect(own('/storage/lab/walkthrough/seed-wait-valid.mmn', 'int x;')).toBe(false);
	expect(own('/home/me/03-drop-the-lock.mmn', 'int x;')).toBe(false);
});

test.each(globSync('media/{sketches,templates}/*.mmn', { cwd: root }))(
	'%s is not, wherever it is copied to',
	(file) => {
		const text = readFileSync(path.join(root, file), 'utf8');
		expect(own('/home/me/copy.mmn', text)).toBe(false);
		expect(own('/home/me/copy.mmn', text.replaceAll('\n', '\r\n'))).toBe(false);
		expect(own('/home/me/copy.mmn', `${text}int mine;\n`)).toBe(true);
	},
);
