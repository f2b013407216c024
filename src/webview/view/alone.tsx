import type { Picture } from '../../findings/explorer/picture.js';
import type { AloneRow } from '../model/rows.js';
import { Button } from './button.js';
import { Code } from './code.js';
import { useExplorer } from './context.js';
import { Icon } from './icons.js';

/** What `setup` or `finally` says, in one line or unfolded to one for each statement: before and after the run, with nobody else around. */
export function AloneCell({ row, picture }: { readonly row: AloneRow; readonly picture: Picture }) {
	const explorer = useExplorer();
	const all = picture[row.kind];
	return (
		<>
			<div class="line">
				{row.opens ? (
					<Button
						class="fold"
						aria-expanded={row.open}
						title={row.open ? 'Fold' : `Unfold: ${all.length} statements`}
						onClick={() => explorer.toggle(row)}
					>
						<Icon name="right" size={12} />
						<b>{row.kind}</b>
					</Button>
				) : (
					<b class="words">{row.kind}</b>
				)}
				{!row.open && (
					<span class="text said">
						<Code text={row.head} />
					</span>
				)}
			</div>
			{row.open &&
				all.map(({ text, span, wrong }, at) => (
					<div key={at}>
						<div class="line statement">
							<Button class="fold" title="Show this line" onClick={() => explorer.open(span)}>
								<span class={wrong.length > 0 ? 'text cause' : 'text'}>
									<Code text={text} />
								</span>
							</Button>
						</div>
						{wrong.map((words) => (
							<div key={words} class="remark bad" title={words}>
								{words}
							</div>
						))}
					</div>
				))}
		</>
	);
}
