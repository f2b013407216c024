/** A state as a flat list of named facts: what two states are compared by, and what can be watched. */

import type { PageSlot, Picture, State, Variable } from '../../findings/explorer/picture.js';

export type Facts = ReadonlyMap<string, string>;

export function pageWords(slot: PageSlot): string {
	if (slot.page === null) return 'nothing';
	return `${slot.page} generation ${slot.generation} ${slot.write ? 'read-write' : 'read-only'}${slot.freed ? ', freed' : ''}`;
}

function addVariable(facts: Map<string, string>, variable: Variable): void {
	facts.set(`variable ${variable.path}`, variable.value);
	for (const child of variable.children ?? []) addVariable(facts, child);
}

function addSlots(facts: Map<string, string>, name: string, slots: readonly PageSlot[]): void {
	slots.forEach((slot, page) => {
		facts.set(`page ${name} ${page}`, `${pageWords(slot)}${slot.stale ?? ''}`);
	});
}

const made = new WeakMap<State, Facts>();

/** Keys are `lock NAME`, `range NAME`, `page TABLE NUMBER`, `job NAME`, `variable PATH`, `thread NUMBER`. */
export function factsOf(state: State): Facts {
	const known = made.get(state);
	if (known) return known;
	const facts = new Map<string, string>();
	for (const { name, holders, waiters } of state.locks)
		facts.set(
			`lock ${name}`,
			`${holders.map(({ lane, mode }) => `${lane}${mode}`).join(' ')}|${waiters.map(({ lane }) => lane).join(' ')}`,
		);
	for (const range of state.ranges)
		facts.set(`range ${range.lane} ${range.name}`, `[${range.start}, ${range.end}) ${range.kind}`);
	addSlots(facts, 'CPU', state.cpu);
	for (const { name, cpu } of state.others) addSlots(facts, `CPU ${name}`, cpu);
	for (const device of state.devices) {
		addSlots(facts, device.name, device.pte);
		addSlots(facts, `${device.name} TLB`, device.tlb);
	}
	for (const job of state.jobs) facts.set(`job ${job.name}`, `${job.state} ${job.stale ?? ''}`);
	for (const variable of state.variables) addVariable(facts, variable);
	state.lanes.forEach((lane, at) => {
		facts.set(`thread ${at}`, lane.status);
	});
	made.set(state, facts);
	return facts;
}

/** Facts that differ, with their value before (null: there was none). What is gone is changed too. */
export function changesBetween(before: State, after: State): ReadonlyMap<string, string | null> {
	const changes = new Map<string, string | null>();
	const old = factsOf(before);
	const now = factsOf(after);
	for (const [key, value] of now) if (old.get(key) !== value) changes.set(key, old.get(key) ?? null);
	for (const [key, value] of old) if (!now.has(key)) changes.set(key, value);
	return changes;
}

/**
 * The next state (backwards: the one before) in which one of the watched facts is new.
 *
 * @returns the state's index; null where there is none; `{ from, to }` where states have to be asked for first
 */
export function nextChange(
	picture: Picture,
	watched: ReadonlySet<string>,
	cursor: number,
	direction: 1 | -1,
): number | null | { readonly from: number; readonly to: number } {
	const start = direction > 0 ? cursor + 1 : cursor - 1;
	for (let at = start; at > 0 && at < picture.states.length; at += direction) {
		const before = picture.states[at - 1];
		const after = picture.states[at];
		if (!before || !after) {
			const end = Math.max(0, Math.min(picture.states.length - 1, at + direction * 500));
			return { from: Math.min(at - 1, end), to: Math.max(at, end) };
		}
		const changes = changesBetween(before, after);
		for (const key of watched) if (changes.has(key)) return at;
	}
	return null;
}
