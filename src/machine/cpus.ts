import { PREEMPT_OFF } from '../kernel/primitives/holding.js';
import { type ConfigItem, isConfigItem, type Scenario } from '../language/generated/ast.js';
import { Status } from './thread.js';

interface Lane {
	/** Index of the thread on top of which it runs; -1: it is no interrupt, or one that runs in a thread of its own. */
	readonly on: number;
}

/**
 * Whose turn it can be, as far as interrupt handlers and CPUs are concerned. `config cpus N`: so many threads run at once
 * when none of them can be preempted; without it, as many as there are.
 */
export class Cpus {
	readonly count: number;
	private readonly rt: boolean;

	constructor(
		private readonly threads: readonly Lane[],
		scenario: Scenario,
	) {
		const words = scenario.items.filter(isConfigItem).flatMap((c: ConfigItem) => c.words);
		const value = words.find((w) => w.name === 'cpus')?.value;
		this.rt = words.some((w) => w.name === 'preempt_rt');
		this.count = value === undefined ? Number.POSITIVE_INFINITY : Math.max(1, Number(value));
	}

	get limited(): boolean {
		return this.count < Number.POSITIVE_INFINITY;
	}

	/** Does a thread in this state run on, without being preempted, until it lets others in? */
	stays(thread: number, local: Int32Array): boolean {
		if ((this.threads[thread]?.on ?? -1) >= 0) return local[0] === Status.running;
		// with PREEMPT_RT a spinlock_t does not keep its holder on the CPU
		return (local[1] as number) >= (this.rt ? PREEMPT_OFF : 1) || local[3] !== 0;
	}

	/** Threads that have all CPUs and cannot be preempted; none while there is a CPU for `thread`. */
	crowding(thread: number, locals: (thread: number) => Int32Array): number[] {
		if (!this.limited) return [];
		// a handler is on the CPU of its thread
		const cpu = (t: number): number => {
			const on = this.threads[t]?.on ?? -1;
			return on >= 0 ? on : t;
		};
		const busy = new Set<number>();
		this.threads.forEach((_, t) => {
			if (this.stays(t, locals(t))) busy.add(cpu(t));
		});
		return busy.has(cpu(thread)) || busy.size < this.count ? [] : [...busy];
	}

	/** May the thread go on? A handler begins while its thread has interrupts on; the thread stands still until it is done. */
	gate(thread: number, locals: (thread: number) => Int32Array): boolean {
		const info = this.threads[thread] as Lane;
		if (this.crowding(thread, locals).length > 0) return false;
		if (info.on >= 0) {
			if (locals(thread)[0] !== Status.idle) return true;
			// also behind the thread's last step: what it does from there to its end costs no step
			return locals(info.on)[3] === 0;
		}
		return !this.threads.some((t, i) => t.on === thread && locals(i)[0] === Status.running);
	}
}
