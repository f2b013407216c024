/** Icons, drawn on a grid of 16: strokes in the colour of the text. */

const PATHS = {
	error: 'M8 1.6a6.4 6.4 0 1 1 0 12.8A6.4 6.4 0 0 1 8 1.6ZM5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8',
	warning: 'M8 2 1.8 13.4h12.4ZM8 6.4v3.4M8 11.1v1',
	info: 'M8 1.6a6.4 6.4 0 1 1 0 12.8A6.4 6.4 0 0 1 8 1.6ZM8 7v4.2M8 4.6v1',
	ok: 'M8 1.6a6.4 6.4 0 1 1 0 12.8A6.4 6.4 0 0 1 8 1.6ZM4.8 8.2l2.3 2.3 4.2-4.8',
	down: 'm4.2 6.2 3.8 3.8 3.8-3.8',
	right: 'm6.2 4.2 3.8 3.8-3.8 3.8',
	first: 'M3.2 3v10M13.5 8H6M9.2 4.6 5.8 8l3.4 3.4',
	last: 'M12.8 3v10M2.5 8H10M6.8 4.6 10.2 8l-3.4 3.4',
	back: 'M13.5 8H3.2M7 4 3 8l4 4',
	next: 'M2.5 8h10.3M9 4l4 4-4 4',
	play: 'M4.5 2.8v10.4L12.8 8Z',
	pause: 'M5.2 3v10M10.8 3v10',
	switchNext: 'M3 2.5v4.3h8.5v6M8.6 10l2.9 2.9L14.4 10',
	switchBack: 'M13 13.5V9.2H4.5v-6M7.4 6 4.5 3.1 1.6 6',
	changeNext: 'M1.8 8c1.6-2.8 3.4-4 5.6-4s4 1.2 5.6 4M7.4 6.4a1.8 1.8 0 1 1 0 3.6M10.5 12h4M12.5 10l2 2-2 2',
	changeBack: 'M14.2 8c-1.6-2.8-3.4-4-5.6-4S4.6 5.2 3 8M8.6 6.4a1.8 1.8 0 1 0 0 3.6M5.5 12h-4M3.5 10l-2 2 2 2',
	eye: 'M1.5 8C3.2 5 5.4 3.6 8 3.6S12.8 5 14.5 8c-1.7 3-3.9 4.4-6.5 4.4S3.2 11 1.5 8ZM8 5.8a2.2 2.2 0 1 1 0 4.4 2.2 2.2 0 0 1 0-4.4Z',
	pin: 'M5.5 2h5M6 2l-.4 4.8L3.5 8.8v1h9v-1l-2.1-2L10 2M8 10v4.5',
	share: 'M8 10.5V2.2M4.8 5.2 8 2l3.2 3.2M3 8.5v5h10v-5',
	help: 'M8 1.6a6.4 6.4 0 1 1 0 12.8A6.4 6.4 0 0 1 8 1.6ZM5.9 6.3c0-1.2.9-2 2.1-2s2.1.8 2.1 1.9c0 1.5-2.1 1.6-2.1 3.2M8 11v1',
	close: 'm4 4 8 8M12 4l-8 8',
	lock: 'M3.5 7.2h9v6.3h-9ZM5.2 7V4.8a2.8 2.8 0 0 1 5.6 0V7',
	branch: 'M4.5 3v10M4.5 9.5c5 0 7-1.5 7-5.5M9.2 6 11.5 3.6 13.8 6',
	undo: 'M3 6.5h6.5a3.5 3.5 0 0 1 0 7H6M6 3.5 3 6.5l3 3',
	order: 'M2.5 4.5h5M2.5 11.5h5M11.5 3v9.5M9 10l2.5 2.7L14 10',
	open: 'M9 2.5h4.5V7M13.5 2.5 7.5 8.5M11.5 9.5v4h-9v-9h4',
	forEver:
		'M8 8c-1.4-2-2.5-2.6-3.7-2.6a2.6 2.6 0 0 0 0 5.2C5.5 10.6 6.6 10 8 8s2.5-2.6 3.7-2.6a2.6 2.6 0 0 1 0 5.2C10.5 10.6 9.4 10 8 8Z',
	theme: 'M8 2a6 6 0 1 0 0 12ZM8 2a6 6 0 0 1 0 12',
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 16 }: { readonly name: IconName; readonly size?: number }) {
	return (
		<svg class="icon" width={size} height={size} viewBox="0 0 16 16" aria-hidden="true">
			<path d={PATHS[name]} />
		</svg>
	);
}

const VERDICTS = {
	well: <path d="m1.5 6.5 3 3 6-7" />,
	either: (
		<>
			<circle cx="6" cy="6" r="4.7" />
			<path class="fill" d="M6 1.3a4.7 4.7 0 0 1 0 9.4Z" />
		</>
	),
	badly: <path d="m2 2 8 8M10 2l-8 8" />,
	unknown: <path d="M3.8 4c0-1.3 1-2.2 2.3-2.2S8.3 2.6 8.3 4c0 1.6-2.2 1.7-2.2 3.5M6.1 9.3v1.3" />,
} as const;

/** ✓ ◐ ✗ ?: how the ways on end, a shape for each. */
export function Verdict({ outlook }: { readonly outlook: keyof typeof VERDICTS }) {
	return (
		<svg class={`verdict ${outlook}`} width="12" height="12" viewBox="0 0 12 12" aria-hidden="true">
			{VERDICTS[outlook]}
		</svg>
	);
}
