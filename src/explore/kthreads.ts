import { TASK } from '../kernel/primitives/tasks.js';
import type { System } from '../machine/system.js';
import { Status } from '../machine/thread.js';

/**
 * Kernel threads that nobody stops. They outlive everybody who gives them work, until the module goes and calls
 * kthread_stop(); a scenario need not show that. One is at rest where all others have ended, or are the kernel's and it does not sleep, if
 *
 * - stopped now, it would always come to its end: it looks at kthread_should_stop() often enough;
 * - asleep, it would find nothing to do if it were woken: else its wake-up was lost.
 */
export class Kthreads {
	/** The lanes of kernel threads, as bits. */
	readonly mask: number;
	/** All of the kernel's own, as bits. */
	readonly lanes: number;
	private readonly known = new Map<string, boolean>();

	constructor(private readonly system: System) {
		this.mask = system.threads.reduce((m, { kind, name }, t) => m | (isKthread(kind, name) ? 1 << t : 0), 0);
		this.lanes = system.threads.reduce((m, { kind }, t) => m | (kind === 'kernel' ? 1 << t : 0), 0);
	}

	/** Those of `running` that are at rest, as bits; `key` names the state. */
	atRest(running: number, locals: readonly Int32Array[], shared: Int32Array, key: string): number {
		// somebody may still have something for them; of work items and timers that go on for ever only who sleeps has to be told
		const others = running & ~this.mask;
		if ((others & ~this.lanes) !== 0) return 0;
		let rest = 0;
		locals.forEach((_, t) => {
			if ((running & (1 << t)) === 0) return;
			const name = `${t} ${key}`;
			let is = this.known.get(name);
			if (is === undefined) {
				is = others === 0 ? this.isAtRest(t, locals, shared) : this.onlyLooks(t, locals, shared);
				this.known.set(name, is);
			}
			if (is) rest |= 1 << t;
		});
		return rest;
	}

	/** It does not sleep, and whoever else runs, it would come to its end when stopped. */
	private onlyLooks(t: number, locals: readonly Int32Array[], shared: Int32Array): boolean {
		const { system } = this;
		if (system.hasFinally || system.step(t, locals[t] as Int32Array, shared).wait !== undefined) return false;
		return this.endsWhenStopped(t, locals, shared, [t]);
	}

	private isAtRest(t: number, locals: readonly Int32Array[], shared: Int32Array): boolean {
		const { system } = this;
		const asleep = system.step(t, locals[t] as Int32Array, shared).wait !== undefined;
		// `finally` is for when all have ended: who never sleeps leaves no moment for it
		if (!asleep && system.hasFinally) return false;
		return (!asleep || this.sleepsAgain(t, locals, shared)) && this.endsWhenStopped(t, locals, shared);
	}

	/** Woken for nothing, does it come back to the very state that it slept in? */
	private sleepsAgain(t: number, locals: readonly Int32Array[], shared: Int32Array): boolean {
		const { system } = this;
		const woken = system.withCell(shared, system.symbol('__tasks') + t * TASK.cells + TASK.state, 0);
		const asleep = keyOf({ locals, shared });
		const { states, ends } = this.runs({ locals, shared: woken }, [t]);
		return ends.length > 0 && ends.every((n) => keyOf(states[n] as State) === asleep);
	}

	/** Can it always come to its end, once all kernel threads are told to stop? */
	private endsWhenStopped(
		t: number,
		locals: readonly Int32Array[],
		shared: Int32Array,
		movers = threadsOf(this.lanes),
	): boolean {
		const { states, edges } = this.runs({ locals, shared: this.system.stopKthreads(shared) }, movers);
		const ends = states.map((s) => s === undefined || s.locals[t]?.[0] !== Status.running);
		for (let changed = true; changed; ) {
			changed = false;
			for (const [from, to] of edges)
				if (ends[to] === true && ends[from] === false) {
					ends[from] = true;
					changed = true;
				}
		}
		return states.length > 0 && ends.every((e) => e);
	}

	/** All runs of some of the threads; `ends`: states in which none of them can move. Nothing where they are too many. */
	private runs(
		start: State,
		movers: readonly number[],
	): { states: (State | undefined)[]; edges: [number, number][]; ends: number[] } {
		const { system } = this;
		const states: (State | undefined)[] = [];
		const edges: [number, number][] = [];
		const ends: number[] = [];
		const numbers = new Map<string, number>();
		const number = (state: State | undefined): number => {
			const canonical = state && system.canonical(state.locals, state.shared);
			const key = canonical === undefined ? '' : keyOf(canonical);
			const known = numbers.get(key);
			if (known !== undefined) return known;
			numbers.set(key, states.length);
			return states.push(canonical) - 1;
		};
		number(start);
		for (let n = 0; n < states.length; n++) {
			if (n === MOST_STATES) return { states: [], edges: [], ends: [] };
			const state = states[n];
			if (state === undefined) continue;
			let moves = false;
			for (const t of movers) {
				const local = state.locals[t] as Int32Array;
				if (local[0] === Status.ended) continue;
				const step = system.step(t, local, state.shared);
				if (step.wait !== undefined) continue;
				for (const move of step.moves) {
					moves = true;
					// a run that ends at a finding leaves nobody behind
					const next = { locals: state.locals.with(t, move.local), shared: move.shared };
					edges.push([n, number(move.fatal ? undefined : next)]);
				}
			}
			if (!moves) ends.push(n);
		}
		return { states, edges, ends };
	}
}

const threadsOf = (mask: number): number[] => Array.from({ length: 32 }, (_, t) => t).filter((t) => mask & (1 << t));

interface State {
	readonly locals: readonly Int32Array[];
	readonly shared: Int32Array;
}

/** More are not looked at: then the thread counts as one that does not rest. */
const MOST_STATES = 3000;

const keyOf = ({ locals, shared }: State): string => [...locals, shared].map((v) => v.join()).join(' ');

const isKthread = (kind: string, name: string): boolean => kind === 'kernel' && /^kthread(\/\d+)?$/.test(name);
