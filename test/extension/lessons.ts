/** The whole course in a real VS Code: a lesson is open, a wrong attempt leaves it open, hints come, the solution ticks it. */
import * as vscode from 'vscode';
import { COURSE } from '../../src/lessons/lesson.js';
import { ATTEMPTS } from '../lessons/attempts.js';
import { equal, eventually, ok } from './check.js';

const { executeCommand } = vscode.commands;

async function textOf(uri: vscode.Uri): Promise<string> {
	return new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
}

async function shipped(file: string): Promise<string> {
	const extension = vscode.extensions.getExtension('notifier-lab.notifier-lab');
	ok(extension, 'the extension is there');
	return textOf(vscode.Uri.joinPath(extension.extensionUri, 'media/lessons', file));
}

async function type(document: vscode.TextDocument, text: string): Promise<void> {
	const edit = new vscode.WorkspaceEdit();
	edit.replace(document.uri, document.validateRange(new vscode.Range(0, 0, document.lineCount, 0)), text);
	ok(await vscode.workspace.applyEdit(edit), 'the text is typed');
}

/** The titles above the sketch: how the goal stands, and what can be done. */
async function lenses(document: vscode.TextDocument): Promise<string[]> {
	const found = await executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', document.uri, 20);
	return found
		.map(({ command }) => command)
		.filter((command) => command?.command.startsWith('notifierLab.lesson.'))
		.map((command) => command?.title ?? '');
}

/** Asks again until the page says so: judging takes as long as checking does. */
async function pageThat(page: vscode.Uri, what: string, holds: (text: string) => boolean): Promise<string> {
	let text = '';
	for (const end = Date.now() + 20_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50))) {
		text = await textOf(page);
		if (holds(text)) return text;
	}
	throw new Error(`${what}: the page is still\n${text}`);
}

const goalOf = (page: string) => (page.split('## Goal')[1] ?? '').split('\n## ')[0] ?? '';

suite('Lessons', () => {
	suiteTeardown(async () => {
		await executeCommand('workbench.action.closeAllEditors');
	});

	for (const id of COURSE) {
		test(id, async () => {
			await executeCommand('notifierLab.lesson.open', id);
			const document = vscode.window.activeTextEditor?.document;
			ok(document, 'a sketch is active');
			ok(document.uri.path.endsWith(`/${id}.mmn`), `it is the lesson's: ${document.uri}`);
			const start = await shipped(`${id}.mmn`);
			equal(document.getText(), start, 'it is the one to begin with');
			const page = document.uri.with({ path: document.uri.path.replace(/mmn$/, 'md') });
			const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
			ok(
				tabs.some(({ input }) => input instanceof vscode.TabInputCustom && input.uri.toString() === page.toString()),
				'the page is beside it',
			);
			await pageThat(page, 'judged at the start', (text) => /☐.* — \*/.test(goalOf(text)));

			const [attempt] = ATTEMPTS[id];
			ok(attempt, 'there is a wrong attempt');
			const wrong = attempt.edits.reduce((text, [from, to]) => text.replace(from, () => to), start);
			await type(document, wrong);
			await pageThat(page, `after "${attempt.name}"`, (text) => attempt.why.test(goalOf(text)));
			ok(!(await textOf(page)).includes('## What you have seen'), 'a wrong attempt stays open');

			ok(!(await textOf(page)).includes('**Hint 1.**'), 'no hint before it is asked for');
			await executeCommand('notifierLab.lesson.hint', id);
			await pageThat(page, 'a hint', (text) => text.includes('**Hint 1.**'));
			ok(!(await textOf(page)).includes('**Hint 2.**'), 'one hint at a time');

			await type(document, await shipped(`${id}.solution.mmn`));
			const done = await pageThat(page, 'the solution', (text) => text.includes('## What you have seen'));
			ok(done.includes('The run of `'), 'the closing words show the run');
			ok(!goalOf(done).includes('☐'), `every condition is ticked: ${goalOf(done)}`);
			const last = id === COURSE[COURSE.length - 1];
			await eventuallyLens(document, (titles) => titles.some((title) => title.includes('$(pass-filled)')));
			equal((await lenses(document)).includes('$(arrow-right) Next Lesson'), !last, 'the way on');
			await document.save();
		});
	}

	test('a lesson is not begun again over what was written without asking', async () => {
		const [id] = COURSE;
		await executeCommand('notifierLab.lesson.open', id);
		const document = vscode.window.activeTextEditor?.document;
		ok(document, 'the sketch is active');
		equal(document.getText(), await shipped(`${id}.solution.mmn`), 'what was written stays');
		// VS Code shows no dialogs to tests: it refuses to. scripts/try-learning.mjs answers this one.
		const refused = await executeCommand('notifierLab.lesson.restart', id).then(
			() => '',
			(error) => String(error),
		);
		ok(refused.includes('over?'), `it asks: ${refused}`);
		equal(document.getText(), await shipped(`${id}.solution.mmn`), 'what was written stays');
	});

	test('a lesson begun again has its hints again', async () => {
		const [id] = COURSE;
		await executeCommand('notifierLab.lesson.open', id);
		const document = vscode.window.activeTextEditor?.document;
		ok(document, 'the sketch is active');
		await type(document, await shipped(`${id}.mmn`));
		await executeCommand('notifierLab.lesson.restart', id);
		equal(document.getText(), await shipped(`${id}.mmn`), 'begun again');
		const titles = await lenses(document);
		ok(
			titles.some((title) => title.includes('Next Hint (1 of')),
			`hints begin again: ${titles.join(', ')}`,
		);
		await document.save();
	});

	test('how a lesson began can be looked at again, with its finding', async () => {
		const [id] = COURSE;
		await executeCommand('notifierLab.lesson.start', id);
		const uri = vscode.window.activeTextEditor?.document.uri;
		ok(uri, 'an editor is active');
		ok(uri.path.endsWith(`media/lessons/${id}.mmn`), `it shows the start: ${uri}`);
		await eventually('its finding', () =>
			vscode.languages
				.getDiagnostics(uri)
				.find(({ code }) => typeof code === 'object' && code.value === 'stale-mapping'),
		);
	});

	test('the solution is compared with what the reader has', async () => {
		const [, id] = COURSE;
		await executeCommand('notifierLab.lesson.solution', id);
		const diff = await eventually('the comparison', () =>
			vscode.window.tabGroups.all
				.flatMap((group) => group.tabs)
				.map(({ input }) => input)
				.find((input) => input instanceof vscode.TabInputTextDiff),
		);
		ok(diff.original.path.endsWith(`${id}.solution.mmn`), `the solution is on the left: ${diff.original}`);
		ok(diff.modified.path.endsWith(`/lessons/${id}.mmn`), `the reader's is on the right: ${diff.modified}`);
	});
});

async function eventuallyLens(document: vscode.TextDocument, holds: (titles: string[]) => boolean): Promise<void> {
	for (const end = Date.now() + 10_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 50)))
		if (holds(await lenses(document))) return;
	throw new Error(`above the sketch: ${(await lenses(document)).join(', ')}`);
}
