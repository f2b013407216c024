import { Fragment } from 'preact';
import type { Outlook } from '../../findings/explorer/picture.js';
import { useExplorer } from './context.js';
import { Verdict } from './icons.js';

const ENDS: Readonly<Record<Outlook, string>> = {
	well: 'well',
	either: 'either',
	badly: 'badly',
	unknown: 'not explored',
};

/** What the marks mean; only those that the run has, or every one. */
export function Legend({ every = false }: { readonly every?: boolean }) {
	const explorer = useExplorer();
	const picture = explorer.picture.value;
	const all = explorer.spans.value?.all ?? [];
	const has = (kind: string, more = (_: { shared: boolean; forEver: boolean }) => true) =>
		every || all.some((span) => span.kind === kind && more(span));
	if (!picture) return null;
	const seen = new Set(picture.steps.flatMap(({ alternatives }) => alternatives.map(({ outlook }) => outlook)));
	const ends = (Object.keys(ENDS) as Outlook[]).filter((outlook) => every || seen.has(outlook));
	return (
		<ul class="legend" aria-label={every ? 'Marks' : 'Key'}>
			{has('lock', ({ shared }) => !shared) && (
				<li>
					<i class="sample lock" />
					holds a lock
				</li>
			)}
			{has('lock', ({ shared }) => shared) && (
				<li>
					<i class="sample lock shared" />
					holds it with others
				</li>
			)}
			{has('range') && (
				<li>
					<i class="sample range" />
					active range
				</li>
			)}
			{has('wait', ({ forEver }) => !forEver) && (
				<li>
					<i class="sample wait" />
					waits for
					<i class="sample arrow rightward" />
				</li>
			)}
			{has('wait', ({ forEver }) => forEver) && (
				<li>
					<i class="sample wait for-ever" />
					waits in vain for
					<i class="sample arrow rightward for-ever" />
				</li>
			)}
			{has('context') && (
				<li>
					<i class="sample tint" />
					in a callback
				</li>
			)}
			{ends.length > 0 && (
				<li>
					another way ends
					{ends.map((outlook) => (
						<Fragment key={outlook}>
							{' '}
							<Verdict outlook={outlook} /> {ENDS[outlook]}
						</Fragment>
					))}
				</li>
			)}
			{every && (
				<li>
					<code>g2</code> freed and used again, <code>rw</code> writable, <code>ro</code> read only
				</li>
			)}
		</ul>
	);
}
