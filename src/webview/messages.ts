/** The messages between the explorer's page and whoever shows it (VS Code's panel, the plain test page, a saved HTML file). */

import type { Picture, SavedRun, State } from '../findings/explorer/picture.js';
import type { Span } from '../findings/result.js';

/** From the host to the page. Every picture replaces the one before it; the page keeps its place by thread and statement, not by number. */
export type ToPage =
	| { readonly type: 'picture'; readonly picture: Picture }
	/** The states `from` … of the picture that were left out. */
	| { readonly type: 'states'; readonly from: number; readonly states: readonly State[] }
	/** `old`: what the picture on show is of, where that is no longer what the reader looks at: `older text`, `seed.mmn` */
	| { readonly type: 'busy'; readonly what: string; readonly old: string | null }
	/** The picture on show is right all the same: an edit was taken back. */
	| { readonly type: 'current' }
	/** Nothing can be shown: why, and what to do about it. The last picture stays, marked as old unless it is `current`. */
	| { readonly type: 'problem'; readonly message: string; readonly span: Span | null; readonly current?: boolean }
	/** Go to the first step (after the cursor, round) that runs this line. */
	| { readonly type: 'reveal'; readonly uri: string; readonly line: number }
	/** Text of a source for a pane. */
	| { readonly type: 'source'; readonly uri: string; readonly text: string; readonly title: string }
	/** Text that the host made of the run, for the clipboard or a preview. */
	| { readonly type: 'exported'; readonly format: ExportFormat; readonly ok: boolean; readonly message: string }
	/** A picture as SVG, to be made a PNG of: only a page can. The answer is `export` with its data. */
	| { readonly type: 'raster'; readonly svg: string }
	| { readonly type: 'pinned'; readonly pinned: boolean };

export type ExportFormat = 'table' | 'svg' | 'png' | 'mermaid' | 'json' | 'sarif' | 'html';

/** From the page to the host. */
export type FromPage =
	/** The page listens: what was said before it did is said again. The host's own business, not the server's. */
	| { readonly type: 'ready' }
	/** Another scenario or finding of the file. */
	| { readonly type: 'show'; readonly scenario: string; readonly finding: number | null }
	/** Take this way after the first `steps` steps of the shown run; the host answers with the picture of the branch, continued to its end. */
	| {
			readonly type: 'branch';
			readonly steps: number;
			readonly lane: number;
			readonly choice: number /** Go only one step, so that the reader picks the next one. */;
			readonly single: boolean;
	  }
	/** Back to the run that was found. */
	| { readonly type: 'found' }
	/** The shortest run in which `first` is executed before `second`. */
	| { readonly type: 'order'; readonly first: Span; readonly second: Span }
	| { readonly type: 'states'; readonly from: number; readonly to: number }
	| { readonly type: 'source'; readonly uri: string }
	/** The cursor moved: the editor's decorations follow. */
	| {
			readonly type: 'cursor';
			readonly step: number;
			readonly spans: readonly { readonly lane: number; readonly span: Span }[];
	  }
	| { readonly type: 'open'; readonly span: Span }
	| {
			readonly type: 'export';
			readonly format: ExportFormat /** PNG and SVG as drawn by the page. */;
			readonly data?: string;
	  }
	| { readonly type: 'save'; readonly run: SavedRun }
	| { readonly type: 'pin'; readonly pinned: boolean };
