/** A state as a debugger shows it: scopes with values by name. */
import type { LockState, PageSlot, Picture, State, Variable } from '../findings/explorer/picture.js';

/** A name with a value, and what is inside. */
export interface Value {
	readonly name: string;
	readonly value: string;
	/** Tells it from all others of a state, in every state of the run. */
	readonly path: string;
	readonly children?: readonly Value[];
}

export interface ScopeOf {
	readonly name: string;
	readonly values: readonly Value[];
	/** Of the simulated kernel: not opened by itself. */
	readonly kernel: boolean;
}

/** All that there is to see in a state, for who stands in `lane`. */
export function scopesOf(picture: Picture, state: State, lane: number): ScopeOf[] {
	const { variables } = state;
	const of = (wanted: (v: Variable) => boolean): Value[] => variables.filter(wanted).map((v) => variable(v));
	const scopes: ScopeOf[] = [
		{ name: 'Locals', values: of((v) => v.lane === lane && v.kind !== 'thread' && !v.kernel), kernel: false },
		{ name: 'Globals', values: of((v) => v.lane === null && !v.kernel), kernel: false },
		{ name: 'Threads', values: threads(picture, state), kernel: false },
		{ name: 'Locks and Ranges', values: [...locks(picture, state), ...ranges(picture, state)], kernel: false },
		{ name: 'Pages', values: [...pages(state), ...jobs(state)], kernel: false },
		{ name: 'Kernel', values: of((v) => v.kernel && (v.lane === null || v.lane === lane)), kernel: true },
	];
	return scopes.filter(({ values }) => values.length > 0);
}

/** The value of `range->start`, `fault_lock` or `mm->notifier_seq`; undefined where nothing is called that. */
export function lookUp(picture: Picture, state: State, lane: number, expression: string): Value | undefined {
	const words = expression
		.trim()
		.replace(/^[&*]+/, '')
		.split(/\s*(?:->|\.|(?=\[))\s*/);
	for (const { values } of scopesOf(picture, state, lane)) {
		let inside: readonly Value[] | undefined = values;
		let found: Value | undefined;
		for (const word of words) {
			found = inside?.find(({ name }) => name === word);
			inside = found?.children;
			if (found === undefined) break;
		}
		if (found !== undefined) return found;
	}
	return undefined;
}

/** By its path. */
export function valueAt(picture: Picture, state: State, lane: number, path: string): string | undefined {
	const search = (values: readonly Value[]): string | undefined => {
		for (const value of values) {
			if (value.path === path) return flat(value);
			const inner = search(value.children ?? []);
			if (inner !== undefined) return inner;
		}
		return undefined;
	};
	return search(scopesOf(picture, state, lane).flatMap(({ values }) => values));
}

/** With all that is inside of it: what changes when any of it does. */
const flat = ({ value, children = [] }: Value): string =>
	[value, ...children.map((c) => `${c.name}=${flat(c)}`)].join(';');

function variable({ name, value, path, children }: Variable): Value {
	const inner = children?.map((c) => variable(c));
	const shown =
		value !== '' || inner === undefined ? value : `{ ${inner.map((c) => `${c.name} = ${c.value}`).join(', ')} }`;
	return { name, value: shown, path, ...(inner && { children: inner }) };
}

function threads({ lanes }: Picture, state: State): Value[] {
	return state.lanes.map(({ status, context, waitsFor }, lane) => {
		const name = lanes[lane]?.name ?? '';
		const whom = waitsFor?.lanes.map((l) => lanes[l]?.name).join(', ') ?? '';
		const waits =
			waitsFor === null
				? // its call stack shows where it is about to begin
					status === 'not started'
					? 'has not moved yet'
					: status
				: `${waitsFor.what}${whom === '' ? '' : `, which is with ${whom}`}${waitsFor.forEver ? ', for ever' : ''}`;
		return { name, value: [waits, ...context].join('; '), path: `thread ${name}` };
	});
}

function locks({ lanes }: Picture, { locks }: State): Value[] {
	const named = (all: readonly { readonly lane: number }[]): string =>
		all.map(({ lane }) => lanes[lane]?.name).join(', ');
	const words = ({ holders, waiters }: LockState): string => {
		const shared = holders.some(({ mode }) => mode === 'shared') ? ' (shared)' : '';
		const held = holders.length === 0 ? 'free' : `held by ${named(holders)}${shared}`;
		return waiters.length === 0 ? held : `${held}; ${named(waiters)} wait${waiters.length === 1 ? 's' : ''}`;
	};
	return locks.map((lock) => ({ name: lock.name, value: words(lock), path: `lock ${lock.name}` }));
}

const ranges = ({ lanes }: Picture, state: State): Value[] =>
	state.ranges.map(({ start, end, lane, kind }) => ({
		name: `[${start}, ${end})`,
		value: `${kind}, of ${lanes[lane]?.name ?? 'nobody'}`,
		path: `range ${kind} ${start} ${end} ${lane}`,
	}));

function pages({ cpu, others, devices }: State): Value[] {
	const tables = [
		{ name: 'CPU', slots: cpu },
		...others.map((o) => ({ name: o.name, slots: o.cpu })),
		...devices.flatMap((d) => [
			{ name: d.name, slots: d.pte },
			{ name: `${d.name} TLB`, slots: d.tlb },
		]),
	];
	return cpu.map((_, page) => {
		const children = tables.map(({ name, slots }) => ({
			name,
			value: slot(slots[page]),
			path: `page ${page} ${name}`,
		}));
		const value = children.map((c) => `${c.name} ${c.value}`).join(' · ');
		return { name: `page ${page}`, value, path: `page ${page}`, children };
	});
}

function slot(entry: PageSlot | undefined): string {
	if (entry === undefined || entry.page === null) return '–';
	const words = `${entry.page} ${entry.write ? 'rw' : 'ro'}${entry.freed ? ', freed' : ''}`;
	return entry.stale === null ? words : `${words}: ${entry.stale}`;
}

const jobs = ({ jobs: all }: State): Value[] =>
	all.map(({ name, state, stale }) => ({
		name,
		value: stale === null ? state : `${state}: ${stale}`,
		path: `job ${name}`,
	}));
