import { useExplorer } from './context.js';
import { Verdict } from './icons.js';

/** What the marks mean; only those that the run has. */
export function Legend() {
	const explorer = useExplorer();
	const picture = explorer.picture.value;
	const all = explorer.spans.value?.all ?? [];
	const has = (kind: string, more = (_: { shared: boolean; forEver: boolean }) => true) =>
		all.some((span) => span.kind === kind && more(span));
	if (!picture) return null;
	return (
		<ul class="legend" aria-label="Key">
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
			{has('wait') && (
				<li>
					<i class={`sample wait${has('wait', ({ forEver }) => forEver) ? ' for-ever' : ''}`} />
					waits for
					<i class={`sample arrow rightward${has('wait', ({ forEver }) => forEver) ? ' for-ever' : ''}`} />
				</li>
			)}
			{has('context') && (
				<li>
					<i class="sample tint" />
					in a callback
				</li>
			)}
			{picture.steps.some(({ alternatives }) => alternatives.length > 0) && (
				<li>
					another way ends <Verdict outlook="well" /> well <Verdict outlook="either" /> either{' '}
					<Verdict outlook="badly" /> badly
				</li>
			)}
		</ul>
	);
}
