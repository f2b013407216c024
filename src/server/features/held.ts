/** The locks that are held at a line over all runs of the last check, in words. */
import type { HeldAt, HeldSet } from '../../findings/result.js';

/** What the last check has seen at one line of a file. */
export interface HeldHere extends HeldAt {
	/** The text has changed since. */
	readonly stale: boolean;
}

/** For a hover. */
export function heldWords({ always, sometimes, stale }: HeldHere): string {
	const parts: string[] = [];
	if (always.length > 0) parts.push(`held here in every run: ${list(always)}`);
	if (sometimes.length > 0) parts.push(`in some runs only: ${list(sometimes)}`);
	if (parts.length === 0) parts.push('no lock is held here in any run');
	return `**Locks.** ${parts.join('; ')}${stale ? ' *(as of the last check; the text has changed)*' : ''}`;
}

/** For the tip of an inlay hint. */
export function heldAfterWords({ always, sometimes }: HeldSet): string {
	const parts: string[] = [];
	if (always.length > 0) parts.push(`held from here on in every run: ${list(always)}`);
	if (sometimes.length > 0) parts.push(`in some runs only: ${list(sometimes)}`);
	return `**Locks.** ${parts.join('; ')}`;
}

/** For an inlay hint: short. */
export function heldLabel({ always, sometimes }: HeldSet): string {
	return [...always, ...sometimes.map((name) => `${name}?`)].join(', ');
}

function list(names: readonly string[]): string {
	return names.map((name) => `\`${name}\``).join(', ');
}
