import type { FunctionCode } from './ir.js';
import type { System } from './system.js';

/** Instructions of one function are numbered below this. */
const MOST_CODE = 2 ** 20;

/** What is noted while a step is taken, each once. */
class Noted {
	readonly functions = new Set<number>();
	readonly written = new Set<number>();
	readonly constant = new Set<number>();
	readonly asked = new Set<number>();
	readonly ran = new Set<number>();
}

const NOTHING: readonly number[] = [];

/** What a memo of steps (explore/memo.ts) knows of a trail: when code on which it depends has changed last, as of a version. */
export interface Kept {
	readonly trail: Trail;
	/** Whose it is, and under which number. */
	readonly by: unknown;
	readonly number: number;
	version: number;
	latest: number;
	retraced: boolean;
}

/** Which code a step depends on: where all of it is the same, the step does the same. */
export class Trail {
	/** Indices of the functions that were in progress or called. */
	functions = NOTHING;
	/** It mattered which thread took the step. */
	identified = false;
	/** Cells that other threads can see and that were written. */
	private written = NOTHING;
	/** Cells that were taken for constant: once they are written, the step is another one. */
	constant = NOTHING;
	/** Cells, of locks too, of which movers were asked; as of which of their changes. */
	asked = NOTHING;
	asOf = 0;
	/** Instructions of the sketch that were run. */
	private ran = NOTHING;
	private noted: Noted | undefined = new Noted();
	kept: Kept | undefined;

	enter(code: FunctionCode): void {
		this.noted?.functions.add(code.index);
	}

	run(code: FunctionCode, pc: number): void {
		if (!code.kernel) this.noted?.ran.add(code.index * MOST_CODE + pc);
	}

	write(key: number): void {
		this.noted?.written.add(key);
	}

	/** The cell was not known to be written. */
	takeForConstant(key: number): void {
		this.noted?.constant.add(key);
	}

	/** What is known of who touches the cell has decided how long the step is. */
	ask(key: number): void {
		this.noted?.asked.add(key);
	}

	/** The step has been taken: from here on it is only kept. */
	close(): void {
		if (this.noted === undefined) return;
		this.functions = [...this.noted.functions];
		this.written = [...this.noted.written];
		this.constant = [...this.noted.constant];
		this.asked = [...this.noted.asked];
		this.ran = [...this.noted.ran];
		this.noted = undefined;
	}

	/** Notes in `system` what the step would have noted there, had it been run. */
	retrace(system: System, thread: number): void {
		for (const ran of this.ran) {
			const code = system.functions[Math.floor(ran / MOST_CODE)] as FunctionCode;
			code.reached[ran % MOST_CODE] = true;
		}
		// of the kernel's functions nobody asks more than whether they were run
		for (const index of this.functions) {
			const code = system.functions[index] as FunctionCode;
			if (code.kernel) code.reached[0] = true;
		}
		for (const key of this.written) system.written.add(key);
		if (this.identified) system.identify(thread);
	}
}
