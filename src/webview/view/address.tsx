import type { PageSlot, Picture, RangeState, State } from '../../findings/explorer/picture.js';
import { pageWords } from '../model/facts.js';
import { laneName } from '../model/words.js';
import { laneClass } from './badge.js';
import { Button } from './button.js';
import { useExplorer } from './context.js';
import { Icon } from './icons.js';
import { changedIn, Section } from './state.js';
import { Unseen } from './unseen.js';

interface Table {
	readonly label: string;
	/** As in the facts: `page NAME NUMBER`. */
	readonly name: string;
	readonly slots: readonly PageSlot[];
}

function tablesOf(state: State): readonly Table[] {
	const several = state.devices.length > 1;
	return [
		{ label: 'CPU', name: 'CPU', slots: state.cpu },
		...state.others.map(({ name, cpu }) => ({ label: `CPU, ${name}`, name: `CPU ${name}`, slots: cpu })),
		...state.devices.flatMap(({ name, pte, tlb }) => [
			{ label: several ? name : 'device', name, slots: pte },
			{ label: several ? `${name} TLB` : 'device TLB', name: `${name} TLB`, slots: tlb },
		]),
	].filter(({ slots }) => slots.length > 0);
}

/** What a cell says in signs, in words. */
const hoverOf = ({ page, stale }: PageSlot, words: string): string =>
	page === null ? words : `${words}${stale ? `: ${stale}` : ''}\ng: how often it was given out`;

function Slot({ slot, page, table, inside }: { slot: PageSlot; page: number; table: Table; inside: string }) {
	const { changes } = useExplorer();
	const changed = changes.value.has(`page ${table.name} ${page}`);
	const words = pageWords(slot);
	const classes = [inside, changed ? 'changed' : '', slot.stale ? 'stale' : '', slot.page === null ? 'empty' : ''];
	return (
		<td class={classes.join(' ').trim()} colSpan={Math.max(1, slot.pages)} title={hoverOf(slot, words)}>
			<span aria-hidden="true">
				{slot.page === null ? (
					'–'
				) : (
					<>
						<span class={slot.freed ? 'page freed' : 'page'}>{slot.page}</span>
						<small>
							{' '}
							g{slot.generation} {slot.write ? 'rw' : 'ro'}
						</small>
					</>
				)}
			</span>
			<Unseen>
				{words}
				{slot.stale ? `, wrong: ${slot.stale}` : ''}
				{changed ? ', changed' : ''}
			</Unseen>
		</td>
	);
}

/** Cells of one table; a huge mapping is one cell. */
function Slots({ table, marks }: { readonly table: Table; readonly marks: readonly string[] }) {
	const cells = [];
	for (let page = 0; page < table.slots.length; page++) {
		const slot = table.slots[page];
		if (!slot) continue;
		cells.push(<Slot key={page} slot={slot} page={page} table={table} inside={marks[page] ?? ''} />);
		if (slot.pages > 1) page += slot.pages - 1;
	}
	return <>{cells}</>;
}

function Range({ range, picture }: { readonly range: RangeState; readonly picture: Picture }) {
	const end = Math.min(range.end, picture.pages);
	const start = Math.max(0, range.start);
	if (end <= start) return null;
	const who = laneName(picture, range.lane);
	const kind =
		range.kind === 'fault' ? `${who} wants` : range.kind === 'active' ? `${who} active` : `${who} ${range.kind}`;
	return (
		<tr class="range">
			<th scope="row">{kind}</th>
			{start > 0 && <td colSpan={start} />}
			<td colSpan={end - start}>
				<span class={`bracket ${laneClass(range.lane)} ${range.kind === 'fault' ? 'wants' : ''}`}>
					<span>
						[{range.start}, {range.end})
					</span>
				</span>
			</td>
			{end < picture.pages && <td colSpan={picture.pages - end} />}
		</tr>
	);
}

/** The address space page by page: who maps what, what is being invalidated, and what is stale and why. */
export function AddressSpace({ state, picture }: { readonly state: State; readonly picture: Picture }) {
	const { changes } = useExplorer();
	const tables = tablesOf(state);
	const pages = Array.from({ length: picture.pages }, (_, page) => page);
	const active = state.ranges.filter(({ kind }) => kind === 'active');
	const marks = pages.map((page) => {
		const over = active.find(({ start, end }) => start <= page && page < end);
		return over ? `over ${laneClass(over.lane)}` : '';
	});
	const reasons = tables.flatMap(({ label, slots }) =>
		slots.flatMap(({ stale }, page) => (stale ? [{ where: `${label} page ${page}`, stale }] : [])),
	);
	return (
		<Section name="space" title="Address space" changed={changedIn(changes.value, 'page ')}>
			<div class="scrolls">
				<table class="space" aria-label="Page tables">
					<colgroup>
						<col class="names" />
						{pages.map((page) => (
							<col key={page} />
						))}
					</colgroup>
					<thead>
						{state.ranges.map((range, at) => (
							<Range key={at} range={range} picture={picture} />
						))}
						<tr>
							<th scope="col">
								<Unseen>table</Unseen>
							</th>
							{pages.map((page) => (
								<th key={page} scope="col" class={marks[page]}>
									<PageHead tables={tables} page={page} />
								</th>
							))}
						</tr>
					</thead>
					<tbody>
						{tables.map((table) => (
							<tr key={table.name}>
								<th scope="row">{table.label}</th>
								<Slots table={table} marks={marks} />
							</tr>
						))}
					</tbody>
				</table>
			</div>
			{reasons.length > 0 && (
				<ul class="reasons">
					{reasons.map(({ where, stale }) => (
						<li key={where} class="bad">
							<b>{where}</b>: {stale}
						</li>
					))}
				</ul>
			)}
		</Section>
	);
}

/** The head of a page's column; it watches the page in all tables. */
function PageHead({ tables, page }: { readonly tables: readonly Table[]; readonly page: number }) {
	const explorer = useExplorer();
	const facts = tables.map(({ name }) => `page ${name} ${page}`);
	const on = facts.some((fact) => explorer.watched.value.has(fact));
	return (
		<Button
			class="page-head"
			aria-pressed={on}
			title={on ? 'Watched: C goes to its next change' : `Watch page ${page}`}
			onClick={() => {
				for (const fact of facts) if (explorer.watched.value.has(fact) === on) explorer.toggleWatch(fact);
			}}
		>
			{on ? <Icon name="eye" size={12} /> : <span class="word">page</span>} {page}
		</Button>
	);
}
