/** What the ways of one thread from one state come to: `returns NULL`, `picks 1`. */
import type { Graph } from '../../explore/graph.js';
import type { Move, Trace } from '../../machine/step.js';
import { pickWords, withoutOpen } from '../picks.js';
import { primitiveRemark, rowOf, valueWords } from '../run.js';

/** So far a way is followed, with nobody else in between, until the call that the sketch has made returns. */
const MOST_STEPS = 60;

const FAILS = /^returns (-E|NULL|ERR_PTR)/;

/** What the simulated kernel picks where no value says it, by the function or primitive that does. */
const OWN: Readonly<Record<string, (picked: number) => string>> = {
	__alloc_enter: (victim) => (victim === 0 ? 'reclaims nothing' : `reclaims page ${victim - 1}`),
	__dev_job_fn: (job) => `job ${job} ends`,
	__allocate: (object) => (object === 0 ? 'returns NULL' : 'succeeds'),
	__signal_pending: (signal) => (signal === 0 ? 'no signal comes' : 'a signal comes'),
};

/** The words that only one has. */
const unlike = (all: readonly (string | undefined)[]) =>
	all.map((words) => (all.indexOf(words) === all.lastIndexOf(words) ? words : undefined));

export class Choices {
	private readonly known = new Map<string, readonly (string | undefined)[]>();

	constructor(private readonly graph: Graph) {}

	/** What tells a way from the thread's others; undefined where nothing of it is known, or another comes to the same. */
	of(state: number, thread: number, choice: number): string | undefined {
		const key = `${state} ${thread}`;
		let all = this.known.get(key);
		if (all === undefined) {
			const count = this.graph.moveCount(state, thread);
			const said = unlike(Array.from({ length: count }, (_, n) => this.follow(state, thread, n)));
			const others = (n: number) => said.every((words, at) => at === n || FAILS.test(words ?? ''));
			const next = said.map((words, n) => {
				if (words !== undefined) return words;
				return count > 1 && others(n) ? 'does not fail here' : this.next(state, thread, n);
			});
			all = unlike(next);
			this.known.set(key, all);
		}
		return all[choice];
	}

	/** What it comes to after the step. */
	private next(state: number, thread: number, choice: number): string | undefined {
		const { graph } = this;
		const target = graph.targetOf(state, thread, choice);
		if (target < 0) return undefined;
		const { system } = graph;
		const before = rowOf('', system.position(thread, graph.local(state, thread)), 0, null);
		const after = rowOf('', system.position(thread, graph.local(target, thread)), 0, null);
		return after.text === before.text ? undefined : `then ${after.text}`;
	}

	private follow(start: number, thread: number, choice: number): string | undefined {
		const { graph } = this;
		const { system } = graph;
		const { frames } = system.position(thread, graph.local(start, thread));
		const own = frames.findLastIndex((f) => !f.code.kernel);
		const picks: string[] = [];
		let said: string | undefined;
		let returned = false;
		let first = true;
		const take = (state: number, which: number, trace: Trace): Move | undefined =>
			system.replay(thread, graph.local(state, thread), graph.sharedOf(state), which, trace);
		const trace: Trace = {
			picked: (value, node, code) => {
				if (!first) return;
				const words = code.kernel ? OWN[code.name]?.(value) : pickWords(value, node);
				if (words !== undefined) picks.push(words);
			},
			primitive: (name, _args, value, _node, depth) => {
				if (first && depth === frames.length && own === depth - 1)
					said ??= OWN[name]?.(value) ?? primitiveRemark(name, value);
			},
			returned: (code, value, depth) => {
				if (returned || !code.kernel || depth > own + 1) return;
				returned = true;
				said = valueWords(code, value, system);
			},
		};
		let state = start;
		for (let n = 0, which = choice; n < MOST_STEPS; n++, which = 0) {
			// a second choice: what comes of the first is open
			if (state < 0 || state >= graph.expanded || (n > 0 && graph.moveCount(state, thread) !== 1)) return undefined;
			if (take(state, which, trace) === undefined) return undefined;
			if (picks.length > 0)
				return withoutOpen(picks)
					.join(', ')
					.replace(/, picks /g, ', ');
			if (returned || own < 0 || said !== undefined) return said;
			first = false;
			state = graph.targetOf(state, thread, which);
		}
		return undefined;
	}
}
