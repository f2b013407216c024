/** What our own Markdown pages need to be read in a narrow preview: nobody else's pages are touched. */

/**
 * Lines of code are never wrapped, since the columns of a run would run into each other; they get smaller, down to where
 * 58 columns fit beside a sketch, and scroll where that is not enough. A style in the page is what VS Code's policy allows
 * every preview; one that the extension contributes would be in all of a user's pages.
 */
const STYLE = `<style>
body pre { container-type: inline-size; overflow-x: auto; padding: 12px; }
body pre, body pre code { white-space: pre !important; overflow-wrap: normal; }
body pre code { font-size: clamp(11px, 2.6cqw, 1em); }
</style>`;

/** A page as the preview has it. Sketches are highlighted as the C that they are: the preview knows no other name for it. */
export function asPage(markdown: string): string {
	return `${markdown.replace(/^```mmn$/gm, '```c').trimEnd()}\n\n${STYLE}\n`;
}
