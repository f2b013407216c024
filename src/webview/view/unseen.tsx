import type { ComponentChildren } from 'preact';

/** Words for who listens: what a colour, a place or a line says to who looks. */
export function Unseen({ children }: { children: ComponentChildren }) {
	return <span class="unseen">{children}</span>;
}
