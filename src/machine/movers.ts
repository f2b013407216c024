import type { Trail } from './trail.js';

/**
 * What may be taken together with what comes before and after it, because no other thread can tell.
 *
 * An operation is a *right mover* if it can be exchanged with what another thread does right after it, a *left mover* if
 * with what another does right before it, in every run (Lipton, CACM 18(12), 1975). Taking a lock that nobody looks at in any
 * other way than by taking and releasing it is a right mover, releasing it a left mover; an access to a cell is both as
 * long as a lock is held that everybody holds who makes an access that would conflict. So operations of one thread of the form
 *
 *     right movers … at most one of any other kind … left movers
 *
 * can be one step: every run of single operations becomes one of such steps when threads that are in the middle of their left
 * movers come to the end of them, and threads that are still in their right movers have not begun. Only the first
 * operation of a step may have to wait, apart from operations behind such as touch nothing that is shared: else two threads
 * that each hold what the other wants would not be seen. A step ends where it has become long; so from every state of the
 * single operations steps lead to one between steps, and whoever is stuck before is stuck there.
 *
 * Which locks protect which cells is found during the search, as in Eraser (Savage et al., TOCS 15(4), 1997), and for the
 * same reason as with cells that are never written (WrittenCells) it is enough to look at steps: up to the first access
 * that breaks what is assumed, every run of single operations has its run of steps, which then makes that access too
 * (Stoller and Cohen, "Optimistic synchronization-based state-space reduction", TACAS 2003; Flanagan and Qadeer,
 * "Transactions for software model checking", SoftMC 2003). Then the search begins anew, knowing better.
 */
export class Movers {
	private readonly cells = new Map<number, Cell>();
	/** Of each cell that belongs to a lock that protects something, that lock. */
	private readonly protectors = new Map<number, number>();
	/** Cells of locks that nothing but takes and releases was seen to touch. */
	private readonly plain = new Set<number>();
	/** Locks that were held when an operation ended; and those of which it is assumed that this never happens. */
	private readonly kept = new Set<number>();
	private readonly brief = new Set<number>();
	private readonly uses = new Map<number, Uses>();
	/** True once more is known than when `settle` was called, and steps that were taken may have been too long. */
	grew = false;

	constructor(
		/** By thread: the threads that it is not told apart from, itself among them, as bits. */
		readonly alike: readonly number[],
		/** Two accesses that nothing orders have to be seen side by side. */
		readonly races: boolean,
	) {}

	settle(): void {
		this.grew = false;
	}

	/** Hears of the cells that the step that is taken asks about. */
	trail: Trail | undefined;
	/** Counts changes of what is known, and which was the last one of a cell. */
	private changes = 0;
	private readonly changed = new Map<number, number>();

	/** A step is taken, which `trail` hears of. */
	follow(trail: Trail | undefined): void {
		this.trail = trail;
		if (trail !== undefined) trail.asOf = this.changes;
	}

	/** Is all that a step was told as it was then? It would be taken in the same way, and touch the same cells under the same locks. */
	fits({ asked, asOf }: Trail): boolean {
		return asked.every((key) => (this.changed.get(key) ?? 0) <= asOf);
	}

	private change(key: number): void {
		this.changed.set(key, ++this.changes);
	}

	/** What a lock is called here that lies at `offset` of the object that is looked at, wherever that is. */
	static inside(offset: number): number {
		return INSIDE - offset;
	}

	/** A lock that a thread always has: what nobody else touches is protected by it. Undefined where others count as this thread. */
	own(thread: number): number | undefined {
		const alike = this.alike[thread] as number;
		return (alike & (alike - 1)) === 0 ? -1 - thread : undefined;
	}

	/** May the lock `name`, whose cells begin at `key`, protect anything? */
	protects(name: number, key: number, size: number): boolean {
		for (let k = key; k < key + size; k++) {
			this.trail?.ask(k);
			if (this.cells.get(k)?.overwritten === true) return false;
			this.protectors.set(k, name);
		}
		return true;
	}

	/**
	 * Notes an access. True where it is protected.
	 * @param held locks that keep off whoever writes, or, for a write, whoever makes any access
	 * @param ofLock the access is part of an operation of the lock that the cell belongs to
	 */
	access(key: number, write: boolean, held: readonly number[], ofLock: boolean): boolean {
		this.trail?.ask(key);
		let cell = this.cells.get(key);
		if (cell === undefined) {
			cell = { all: undefined, writes: undefined, readers: false, writers: false, overwritten: false };
			this.cells.set(key, cell);
			this.change(key);
			if (this.plain.has(key)) this.grew = true;
		}
		if (write && !ofLock && !cell.overwritten) {
			cell.overwritten = true;
			this.change(key);
			this.giveUp(key);
		}
		const { all, writes } = cell;
		cell.all = common(all, held);
		if (write) cell.writes = common(writes, held);
		if (cell.all.length !== all?.length || cell.writes?.length !== writes?.length) this.change(key);
		if (cell.all.length === 0 && cell.writers) {
			cell.writers = false;
			this.grew = true;
		}
		if (cell.writes?.length === 0 && cell.readers) {
			cell.readers = false;
			this.grew = true;
		}
		if (write) {
			cell.writers ||= cell.all.length > 0;
			return cell.all.length > 0;
		}
		const left = common(cell.writes, held);
		if (left.length === 0) return false;
		if (left.length !== cell.writes?.length) this.change(key);
		cell.writes = left;
		cell.readers = true;
		return true;
	}

	/** Would `access` be true? */
	isProtected(key: number, write: boolean, held: readonly number[]): boolean {
		this.trail?.ask(key);
		const cell = this.cells.get(key);
		return common(write ? cell?.all : cell?.writes, held).length > 0;
	}

	/** A cell of a lock is written like any other memory: the lock keeps nobody off any more. */
	private giveUp(key: number): void {
		const name = this.protectors.get(key);
		if (name === undefined) return;
		this.protectors.delete(key);
		this.grew = true;
		for (const [k, cell] of this.cells) {
			if (cell.all?.includes(name) || cell.writes?.includes(name)) this.change(k);
			cell.all = cell.all?.filter((lock) => lock !== name);
			cell.writes = cell.writes?.filter((lock) => lock !== name);
			cell.writers &&= cell.all?.length !== 0;
			cell.readers &&= cell.writes?.length !== 0;
		}
	}

	/** Is a lock only ever taken and released, as far as is known? */
	isPlain(key: number): boolean {
		this.trail?.ask(key);
		if (this.cells.has(key)) return false;
		this.plain.add(key);
		return true;
	}

	/** An operation has ended, and the thread holds the lock. */
	keep(key: number): void {
		if (this.kept.has(key)) return;
		this.kept.add(key);
		this.change(key);
		if (this.brief.has(key)) this.grew = true;
	}

	/** Is a lock never held between two operations, as far as is known? Then nobody ever waits for it. */
	isBrief(key: number): boolean {
		this.trail?.ask(key);
		if (this.kept.has(key)) return false;
		this.brief.add(key);
		return true;
	}

	/** Notes an access of the sketch's own code, of the kinds that findings/codes/data-race.ts tells apart. */
	use(key: number, write: boolean, marked: boolean, thread: number): void {
		if (!this.races) return;
		let uses = this.uses.get(key);
		if (uses === undefined) {
			uses = { reads: 0, writes: 0, markedWrites: 0, race: false };
			this.uses.set(key, uses);
		}
		const who = this.alike[thread] as number;
		if (!write) uses.reads |= marked ? 0 : who;
		else if (marked) uses.markedWrites |= who;
		else uses.writes |= who;
		if (uses.race) return;
		const { reads, writes, markedWrites } = uses;
		uses.race = two(writes, reads | writes) || two(reads, markedWrites);
		if (!uses.race) return;
		this.change(key);
		this.grew = true;
	}

	/** May another thread, too, be about to make an access to the cell, in a way that deserves a word? */
	mayRace(key: number, held: readonly number[]): boolean {
		this.trail?.ask(key);
		return this.uses.get(key)?.race === true && common(this.cells.get(key)?.all, held).length === 0;
	}
}

/** What is known of a cell. A set of locks that is undefined has all locks in it: nothing was seen yet. */
interface Cell {
	/** Locks that every access was under, and that kept off all other accesses of which one is a write. */
	all: readonly number[] | undefined;
	/** Locks that every write was under, and every read that was taken for protected. */
	writes: readonly number[] | undefined;
	/** Some read, or some write, was taken for protected. */
	readers: boolean;
	writers: boolean;
	/** Somebody has written it, and not by an operation of a lock. */
	overwritten: boolean;
}

/** Who makes which accesses to a cell in the sketch's own code, as bits. */
interface Uses {
	reads: number;
	writes: number;
	markedWrites: number;
	race: boolean;
}

/** Below the names of the threads' own locks. */
const INSIDE = -100;

const common = (known: readonly number[] | undefined, held: readonly number[]): readonly number[] =>
	known === undefined ? held : known.length === 0 ? known : known.filter((lock) => held.includes(lock));

/** Is there one in `a` and another in `b`? */
const two = (a: number, b: number): boolean => a !== 0 && b !== 0 && ((a | b) & ((a | b) - 1)) !== 0;
