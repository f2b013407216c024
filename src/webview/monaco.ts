/** The full editor for the source pane: a script of its own that the page loads when it is asked for. */

import * as monaco from 'monaco-editor/editor/editor.api.js';
import 'monaco-editor/editor/contrib/find/browser/findController.js';
import 'monaco-editor/editor/contrib/folding/browser/folding.js';
import 'monaco-editor/editor/contrib/links/browser/links.js';
import 'monaco-editor/editor/contrib/wordHighlighter/browser/wordHighlighter.js';
import type { Span } from '../findings/result.js';

/** A line with a thread on it. */
export interface MonacoMark {
	readonly line: number;
	readonly className: string;
	readonly words: string;
	readonly now: boolean;
}

export interface MonacoPaneHandle {
	/** Marks the lines of the threads and the cause, and brings a line into view. */
	show(marks: readonly MonacoMark[], cause: Span | null, reveal: number | null): void;
	dispose(): void;
}

export interface MonacoPanes {
	/** An editor in an element; `onLine` hears of lines that are clicked. */
	create(element: HTMLElement, text: string, onLine: (line: number) => void): MonacoPaneHandle;
}

declare global {
	var notifierLabMonaco: MonacoPanes | undefined;
}

const LANGUAGE = 'mmn';
monaco.languages.register({ id: LANGUAGE });
monaco.languages.setMonarchTokensProvider(LANGUAGE, {
	keywords:
		'auto bool break case char const continue default do else enum false for goto if inline int long return short signed sizeof static struct switch true unsigned void volatile while scenario thread daemon interrupt setup pages expect atomic any'.split(
			' ',
		),
	tokenizer: {
		root: [
			[/\/\/.*/, 'comment'],
			[/\/\*/, 'comment', '@comment'],
			[/"([^"\\]|\\.)*"?/, 'string'],
			[/#\s*\w+/, 'keyword'],
			[/\b\d\w*/, 'number'],
			[/[A-Za-z_]\w*/, { cases: { '@keywords': 'keyword', '@default': 'identifier' } }],
		],
		comment: [
			[/\*\//, 'comment', '@pop'],
			[/[^*]+|\*/, 'comment'],
		],
	},
});

/** Monaco wants `#rrggbb` or `#rrggbbaa`: the browser resolves what a variable says. */
function hex(name: string, usual: string): string {
	const value = getComputedStyle(document.body).getPropertyValue(name).trim() || usual;
	const canvas = document.createElement('canvas');
	canvas.width = canvas.height = 1;
	const context = canvas.getContext('2d', { willReadFrequently: true });
	if (!context) return usual;
	context.fillStyle = usual;
	context.fillStyle = value;
	context.fillRect(0, 0, 1, 1);
	const [...bytes] = context.getImageData(0, 0, 1, 1).data;
	return `#${bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** The page's own theme, read out of its variables. */
function useTheme(): void {
	const classes = document.body.classList;
	const light = classes.contains('vscode-light') || classes.contains('vscode-high-contrast-light');
	const contrast = classes.contains('vscode-high-contrast');
	const foreground = hex('--vscode-foreground', light ? '#000000' : '#ffffff');
	const rule = (token: string, name: string) => ({ token, foreground: hex(name, foreground).slice(1, 7) });
	monaco.editor.defineTheme('page', {
		base: contrast ? (light ? 'hc-light' : 'hc-black') : light ? 'vs' : 'vs-dark',
		inherit: true,
		rules: [
			rule('keyword', '--vscode-debugTokenExpression-boolean'),
			rule('string', '--vscode-debugTokenExpression-string'),
			rule('number', '--vscode-debugTokenExpression-number'),
			rule('comment', '--vscode-descriptionForeground'),
		],
		colors: {
			'editor.background': hex('--vscode-editor-background', light ? '#ffffff' : '#000000'),
			'editor.foreground': foreground,
			'editorLineNumber.foreground': hex('--vscode-descriptionForeground', foreground),
		},
	});
	monaco.editor.setTheme('page');
}

globalThis.notifierLabMonaco = {
	create(element, text, onLine) {
		useTheme();
		const style = getComputedStyle(document.documentElement);
		const model = monaco.editor.createModel(text, LANGUAGE);
		const editor = monaco.editor.create(element, {
			model,
			theme: 'page',
			readOnly: true,
			domReadOnly: true,
			automaticLayout: true,
			minimap: { enabled: false },
			glyphMargin: true,
			lineNumbersMinChars: 3,
			scrollBeyondLastLine: false,
			renderLineHighlight: 'none',
			fontFamily: style.getPropertyValue('--vscode-editor-font-family') || 'monospace',
			fontSize: Number.parseFloat(style.getPropertyValue('--vscode-editor-font-size')) || 12,
			ariaLabel: 'Source',
		});
		const decorations = editor.createDecorationsCollection();
		const observer = new MutationObserver(useTheme);
		observer.observe(document.body, { attributeFilter: ['class'] });
		editor.onMouseDown(({ target }) => {
			if (target.position) onLine(target.position.lineNumber);
		});
		return {
			show(marks, cause, reveal) {
				const range = (line: number) => new monaco.Range(line, 1, line, 1);
				decorations.set([
					...marks.map(({ line, className, words, now }) => ({
						range: range(line),
						options: {
							isWholeLine: true,
							className: now ? 'monaco-now' : null,
							glyphMarginClassName: `monaco-mark ${className}`,
							glyphMarginHoverMessage: { value: words },
						},
					})),
					...(cause
						? [
								{
									range: new monaco.Range(cause.line, cause.column, cause.endLine, cause.endColumn),
									options: { inlineClassName: 'monaco-cause' },
								},
							]
						: []),
				]);
				if (reveal !== null) editor.revealLineInCenterIfOutsideViewport(reveal);
			},
			dispose() {
				observer.disconnect();
				editor.dispose();
				model.dispose();
			},
		};
	},
};
