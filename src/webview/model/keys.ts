/** The keyboard: one table for what keys do and for the help that says so. */

import type { Explorer } from '../store.js';

export interface Binding {
	/** `KeyboardEvent.key`, with `Shift+` before it where that matters. */
	readonly keys: readonly string[];
	/** As printed on the key caps. */
	readonly caps: readonly string[];
	readonly words: string;
	/** Whether it is for anything now; always, where nothing is said. */
	when?(explorer: Explorer): boolean;
	/** Also where the focus is on a control that has a use for the key of its own. */
	run(explorer: Explorer): void;
}

/** Focuses the first way that could be taken instead of the current row; the switch to one step at a time is in the trail. */
function otherWay(): void {
	const chip =
		document.querySelector<HTMLElement>('.row.cur .way') ?? document.querySelector<HTMLElement>('.next .way');
	chip?.focus();
}

function press(selector: string): void {
	document.querySelector<HTMLElement>(selector)?.click();
}

export const BINDINGS: readonly Binding[] = [
	{ keys: ['ArrowDown', 'ArrowRight'], caps: ['↓', '→'], words: 'step', run: (explorer) => explorer.step(1) },
	{ keys: ['ArrowUp', 'ArrowLeft'], caps: ['↑', '←'], words: 'step back', run: (explorer) => explorer.step(-1) },
	{
		keys: ['Shift+ArrowDown', 'Shift+ArrowRight'],
		caps: ['⇧', '↓'],
		words: 'to the next context switch',
		run: (explorer) => explorer.toSwitch(1),
	},
	{
		keys: ['Shift+ArrowUp', 'Shift+ArrowLeft'],
		caps: ['⇧', '↑'],
		words: 'to the context switch before',
		run: (explorer) => explorer.toSwitch(-1),
	},
	{ keys: ['Home'], caps: ['Home'], words: 'to the start', run: (explorer) => explorer.go(0) },
	{
		keys: ['End'],
		caps: ['End'],
		words: 'to the end',
		run: (explorer) => explorer.go(explorer.picture.value?.steps.length ?? 0),
	},
	{ keys: ['PageDown'], caps: ['PgDn'], words: 'ten rows on', run: (explorer) => repeat(() => explorer.step(1)) },
	{ keys: ['PageUp'], caps: ['PgUp'], words: 'ten rows back', run: (explorer) => repeat(() => explorer.step(-1)) },
	{ keys: ['c'], caps: ['C'], words: 'to the next change of what is watched', run: (explorer) => explorer.toChange(1) },
	{
		keys: ['Shift+C'],
		caps: ['⇧', 'C'],
		words: 'to the change before of what is watched',
		run: (explorer) => explorer.toChange(-1),
	},
	{ keys: [' '], caps: ['Space'], words: 'play, pause', run: (explorer) => explorer.play() },
	{ keys: ['+'], caps: ['+'], words: 'play faster', run: (explorer) => explorer.faster(1) },
	{ keys: ['-'], caps: ['−'], words: 'play slower', run: (explorer) => explorer.faster(-1) },
	{
		keys: ['u'],
		caps: ['U'],
		words: 'unfold or fold the call under the cursor',
		run: (explorer) => {
			const row = explorer.rows.value?.rows[explorer.currentRow.value];
			if (row?.kind === 'step') explorer.toggle(row);
		},
	},
	{ keys: ['Shift+U'], caps: ['⇧', 'U'], words: 'unfold or fold all calls', run: (explorer) => explorer.toggleAll() },
	{ keys: ['o'], caps: ['O'], words: 'other ways at the cursor', run: otherWay },
	{
		keys: ['f'],
		caps: ['F'],
		words: 'back to the run that was found',
		run: (explorer) => {
			if (explorer.picture.value?.branchAt !== null) explorer.backToFound();
		},
	},
	{ keys: ['p'], caps: ['P'], words: 'pin', run: () => press('#pin') },
	{ keys: ['e'], caps: ['E'], words: 'export', run: () => press('#export') },
	{ keys: ['l'], caps: ['L'], words: 'order two lines', run: () => press('#order') },
	{
		keys: ['Escape'],
		caps: ['Esc'],
		words: 'leave the choice of two lines',
		when: (explorer) => explorer.order.value !== null,
		run: (explorer) => explorer.startOrder(),
	},
	{
		keys: ['?'],
		caps: ['?'],
		words: 'all keys',
		run: (explorer) => {
			explorer.helpOpen.value = !explorer.helpOpen.value;
		},
	},
];

function repeat(step: () => boolean): void {
	for (let turn = 0; turn < 10; turn++) if (!step()) return;
}

const BY_KEY = new Map(BINDINGS.flatMap((binding) => binding.keys.map((key) => [key, binding] as const)));

/** Whether an element has a use of its own for a key. */
function uses(target: EventTarget | null, key: string): boolean {
	if (!(target instanceof HTMLElement)) return false;
	if (target.closest('.monaco-editor, dialog, [role=menu]')) return true;
	if (target instanceof HTMLSelectElement) return true;
	if (target instanceof HTMLInputElement && target.type !== 'range') return true;
	// The grid moves its own focus with the plain arrows, and so do the rows of a source.
	if (/^Arrow/.test(key) && target.closest('[role=grid], [role=listbox]')) return true;
	return (key === ' ' || key === 'Enter') && target.closest('button, a, summary, [role=option]') !== null;
}

/** Does what a key is for. @returns whether it was for something */
export function handleKey(explorer: Explorer, event: KeyboardEvent): boolean {
	if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return false;
	const letter = /^[a-z]$/i.test(event.key);
	const name = event.shiftKey && (letter || /^Arrow/.test(event.key)) ? `Shift+${event.key}` : event.key;
	if (uses(event.target, name)) return false;
	const binding = BY_KEY.get(name);
	if (!binding || binding.when?.(explorer) === false) return false;
	binding.run(explorer);
	return true;
}
