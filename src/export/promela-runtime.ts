/*
 * The fixed part of an exported model: memory, objects, calls and steps, in C for SPIN's c_code. It is written against
 * memory.ts, thread.ts and interpreter.ts as a second implementation of what they say, not generated from them:
 * that the two agree on every state is what test/export checks.
 *
 * SPIN copies c_code into a table of strings without escaping backslashes: no \" here.
 */

/** Declarations that go before the state vector. The sizes are macros of the model. */
export const DECLARATIONS = `
c_decl {
	/* What belongs to one thread. A frame is: function, pc, locks held when a driver's callback was entered or -1, registers. */
	typedef struct Thread {
		short status, atomic, nonblock, irqs_off, reclaim, state, nheld, depth;
		int held[2 * MAX_HELD];	/* resource, mode */
		int stack[MAX_STACK];
	} Thread;
	/* A state. Objects lie in obj[] by ascending slot: slot, layout, flags, references, size, cells. */
	typedef struct World {
		int g[GLOBALS];
		int used;
		int obj[MAX_OBJECTS];
		Thread t[THREADS];
	} World;
	extern World initial(void);
	extern int runs(int t, int c), ends(int t, int c), rests(int t, int c), fails(int t, int c);
	extern void commit(void);
	extern void (*Uerror)(char *);
	extern int readtrail;
}
c_state "World M" "Global" "initial()"
`;

/** Memory: what load, store, kmalloc and kfree mean, and what a step leaves behind. */
export const MEMORY = String.raw`
c_code {
	\#include <setjmp.h>
	enum { FIRST = 4096, FUNCTION = 1 << 29, DYNAMIC = 1 << 30, HEAP = 1 << 19, UNSET = (int)0x8badf00d };
	enum { PUBLISHED = 1, FREED = 2, HEAD = 5 };
	enum { RUNNING, ENDED, IDLE };
	enum { MUTEX = 1, SPIN, READ, WRITE, TOKEN, MODES = 7, IN_CALLBACK = 8 };
	enum { BLOCKED, RUNS, ENDS, RESTS, FAILS };	/* what a step comes to */

	static World W;		/* the state that the step under way works on */
	static Thread *me;
	static int self;	/* its task number */
	static int frame[MAX_DEPTH + 2];	/* where its frames begin in me->stack */
	static int atomic_depth, stepped, instructions, alone;
	static jmp_buf step_ends;
	static char *failure;	/* why the run ends here */
	static char *warning;

	static void fatal(char *what) { failure = what; longjmp(step_ends, 1); }
	static int block(void) { longjmp(step_ends, 2); return 0; }
	static void warn(char *what) { if (!warning) warning = what; }

	static int is_heap(int a) { return a >= DYNAMIC && (a >> 10 & HEAP); }
	static int slot_of(int a) { return a >> 10 & 0xfffff; }
	static int address_of(int slot, int n) { return DYNAMIC | slot << 10 | n; }

	static int *find(int slot)
	{
		int i;
		for (i = 0; i < W.used; i += HEAD + W.obj[i + 4])
			if (W.obj[i] == slot) return &W.obj[i];
		return 0;
	}

	static void remove_object(int at)
	{
		int size = HEAD + W.obj[at + 4];
		memmove(&W.obj[at], &W.obj[at + size], (W.used - at - size) * sizeof(int));
		W.used -= size;
		memset(&W.obj[W.used], 0, size * sizeof(int));
	}

	/* Brings an object to life; one that is in its slot already is forgotten. */
	static int *new_object(int slot, int layout, int cells, int zero)
	{
		int at = 0, i;
		while (at < W.used && W.obj[at] < slot) at += HEAD + W.obj[at + 4];
		if (at < W.used && W.obj[at] == slot) remove_object(at);
		if (W.used + HEAD + cells > MAX_OBJECTS) fatal(TOO_SMALL);
		memmove(&W.obj[at + HEAD + cells], &W.obj[at], (W.used - at) * sizeof(int));
		W.used += HEAD + cells;
		W.obj[at] = slot;
		W.obj[at + 1] = layout;
		W.obj[at + 2] = W.obj[at + 3] = 0;
		W.obj[at + 4] = cells;
		for (i = 0; i < cells; i++) W.obj[at + HEAD + i] = zero ? 0 : UNSET;
		return &W.obj[at];
	}

	/* Another thread can reach the object at this address, and what it leads to, from now on. */
	static void publish(int a)
	{
		int *o, i;
		if (a < DYNAMIC || !(o = find(slot_of(a))) || o[2] & PUBLISHED) return;
		o[2] |= PUBLISHED;
		for (i = 0; i < o[4]; i++) publish(o[HEAD + i]);
	}

	static int *object_cell(int a)
	{
		int *o = find(slot_of(a));
		if (!o || o[2] & FREED) fatal("use-after-free");
		if ((a & 1023) >= o[4]) fatal("out-of-bounds");
		return &o[HEAD + (a & 1023)];
	}

	static void no_cell(int a) { fatal(a == UNSET ? "uninitialised: a pointer that was never set" : "null-deref"); }

	static int load(int a)
	{
		if (a >= FIRST && a < FIRST + ALL_GLOBALS) return place[a - FIRST] < 0 ? constant[a - FIRST] : W.g[place[a - FIRST]];
		if (a < DYNAMIC) no_cell(a);
		return *object_cell(a);
	}

	static void store(int a, int v)
	{
		if (a >= FIRST && a < FIRST + ALL_GLOBALS) {
			if (place[a - FIRST] < 0) {
				if (constant[a - FIRST] == v && alone) return;
				fatal(TOO_SMALL);
			}
			W.g[place[a - FIRST]] = v;
			publish(v);
			return;
		}
		if (a < DYNAMIC) no_cell(a);
		*object_cell(a) = v;
		if (!(find(slot_of(a))[2] & PUBLISHED)) return;
		if (!alone && !is_written(find(slot_of(a))[1], a & 1023)) fatal(TOO_SMALL);
		publish(v);
	}

	/* Is reading this cell a step of its own? Only if some thread writes it while others run. */
	static int seen_load(int a)
	{
		int *o;
		if (a < DYNAMIC) return a >= FIRST && a < FIRST + ALL_GLOBALS && place[a - FIRST] >= 0;
		o = find(slot_of(a));
		return o && o[2] & PUBLISHED && (o[2] & FREED || is_written(o[1], a & 1023));
	}
	static int seen_store(int a)
	{
		int *o;
		return a < DYNAMIC || ((o = find(slot_of(a))) && o[2] & PUBLISHED);
	}

	/* kmalloc: the lowest slot that is free and that nothing points to. */
	static int allocate(int layout, int cells, int zero)
	{
		int slot = HEAP, i;
		if (cells > 1024) fatal("bounded: an object of more than 1024 cells");
		for (i = 0; i < W.used; i += HEAD + W.obj[i + 4])
			if (W.obj[i] == slot) slot++;
			else if (W.obj[i] > slot) break;
		new_object(slot, layout, cells, zero);
		return address_of(slot, 0);
	}

	static void release(int a)
	{
		int *o, i;
		if (!a) return;
		o = is_heap(a) ? find(slot_of(a)) : 0;
		if (!o) fatal("use-after-free: kfree of something that did not come from kmalloc");
		if (o[2] & FREED) fatal("use-after-free: double free");
		if (a & 1023) fatal("use-after-free: kfree of the middle of an object");
		o[2] |= FREED;
		for (i = 0; i < o[4]; i++) {
			o[HEAD + i] = UNSET;
			if (o[2] & PUBLISHED && !alone && !is_written(o[1], i)) fatal(TOO_SMALL);
		}
	}

	/* Registers that point to heap objects: they keep the slots of freed ones from being used again. */
	static void count_references(int sign)
	{
		int f, r, *o;
		for (f = 0; f < me->depth; f++)
			for (r = 0; r < registers[me->stack[frame[f]]]; r++)
				if (is_heap(me->stack[frame[f] + 3 + r]) && (o = find(slot_of(me->stack[frame[f] + 3 + r]))))
					o[3] += sign;
	}

	static void mark(int a)
	{
		int *o, i;
		if (!is_heap(a) || !(o = find(slot_of(a))) || o[2] & 4) return;
		o[2] |= 4;
		if (!(o[2] & FREED)) for (i = 0; i < o[4]; i++) mark(o[HEAD + i]);
	}

	/* Heap objects that nothing leads to make no difference any more. */
	static void collect(void)
	{
		int i, k;
		for (i = 0; i < GLOBALS; i++) mark(W.g[i]);
		for (i = 0; constant_pointers[i]; i++) mark(constant_pointers[i]);
		for (i = 0; i < W.used; i += HEAD + W.obj[i + 4]) {
			if (!(W.obj[i] & HEAP)) for (k = 0; k < W.obj[i + 4]; k++) mark(W.obj[i + HEAD + k]);
			else if (W.obj[i + 3] > 0) mark(address_of(W.obj[i], 0));
		}
		for (i = 0; i < W.used; )
			if (W.obj[i] & HEAP && !(W.obj[i + 2] & 4)) remove_object(i);
			else {
				W.obj[i + 2] &= ~4;
				i += HEAD + W.obj[i + 4];
			}
	}
}
`;

/** Arithmetic, calls and what primitives use. */
export const MACHINE = `
c_code {
	typedef long long wide;
	static int fitted(wide v, wide lo, wide hi)
	{
		if (v < lo || v > hi) fatal("overflow");
		if ((int)v == UNSET) fatal("overflow: a value that the model reserves");
		return (int)v;
	}
	static int any_width(wide v) { if ((int)v == UNSET) fatal("overflow: a value that the model reserves"); return (int)v; }
	static wide nonzero(wide v) { if (!v) fatal("assertion: division by zero"); return v; }
	static int shift(int n) { if (n < 0 || n > 31) fatal("overflow: shift"); return n; }
	static int convert(wide v, wide lo, wide hi, int implicit)
	{
		wide span = hi - lo + 1;
		if ((v >= lo && v <= hi) || hi > 0xffff) return (int)v;
		if (implicit) fatal("overflow");
		return (int)(((v - lo) % span + span) % span + lo);
	}
	static int element(int base, int index, int stride)
	{
		int *o, at;
		if (base < DYNAMIC) {
			if (index && base < FIRST) fatal("null-deref: index into NULL");
			return base + index * stride;
		}
		o = find(slot_of(base));
		if (!o || o[2] & FREED) fatal("use-after-free");
		at = (base & 1023) + index * stride;
		if (at < 0 || at >= o[4]) fatal("out-of-bounds");
		return base + index * stride;
	}
	static int checked(int index, int length) { if (index < 0 || index >= length) fatal("out-of-bounds"); return index; }

	/* ---- the adversary: all combinations of its choices are walked, one for each move ---- */
	static int picks[64], domains[64], ndomains, npicks, cursor, cursor_before;
	static int pick(int lo, int hi)
	{
		int at = cursor++, i, ways = 1;
		if (at >= 64) fatal(TOO_SMALL);
		if (at >= ndomains) {
			domains[ndomains++] = hi - lo + 1;
			for (i = 0; i < ndomains; i++) ways *= domains[i];
			if (ways > 4096) { ndomains--; cursor--; fatal("bounded: one step can go more than 4096 ways"); }
		}
		if (at >= npicks) picks[npicks++] = 0;
		return lo + picks[at];
	}
	static int next_picks(void)
	{
		int i = ndomains - 1;
		for (npicks = ndomains; i >= 0 && picks[i] + 1 >= domains[i]; ) i--;
		if (i < 0) return 0;
		picks[i]++;
		npicks = i + 1;
		return 1;
	}
	static int may_fail(void) { return !alone && !NO_ERRORS; }

	/* ---- locks and tokens that the thread holds, in the order in which it took them ---- */
	static void take(int what, int mode)
	{
		if (me->nheld == MAX_HELD) fatal(TOO_SMALL);
		me->held[2 * me->nheld] = what;
		me->held[2 * me->nheld++ + 1] = mode;
	}
	static int drop(int what, int mode)
	{
		int n = me->nheld;
		while (--n >= 0)
			if (me->held[2 * n] == what && (me->held[2 * n + 1] & MODES) == mode) {
				memmove(&me->held[2 * n], &me->held[2 * n + 2], (me->nheld - n - 1) * 2 * sizeof(int));
				me->nheld--;
				me->held[2 * me->nheld] = me->held[2 * me->nheld + 1] = 0;
				return 1;
			}
		return 0;
	}
	/* What was taken inside a driver's callback is marked so. */
	static void claimed(int before)
	{
		int f, inside = 0;
		if (me->nheld <= before) return;
		for (f = 0; f < me->depth; f++) if (me->stack[frame[f] + 2] >= 0) inside = 1;
		for (; inside && before < me->nheld; before++) me->held[2 * before + 1] |= IN_CALLBACK;
	}
	static void may_sleep(void)
	{
		if (me->atomic > 0 || me->irqs_off > 0) warn("sleep-in-atomic");
		else if (me->nonblock > 0) warn("sleep-in-nonblock");
	}

	/* ---- calls ---- */
	static void push(int function, int held)
	{
		int top = me->depth ? frame[me->depth - 1] + 3 + registers[me->stack[frame[me->depth - 1]]] : 0;
		if (top + 3 + registers[function] > MAX_STACK || me->depth >= MAX_DEPTH) fatal(TOO_SMALL);
		frame[me->depth++] = top;
		me->stack[top] = function;
		me->stack[top + 1] = 0;
		me->stack[top + 2] = held;
	}
	static int result_register (int function, int pc);
	static int call(int function, int pc_after, int nargs, int *args)
	{
		int caller = frame[me->depth - 1], i, *r;
		if (me->depth >= 48) fatal("bounded: calls are nested 48 deep");
		me->stack[caller + 1] = pc_after;
		push(function, in_kernel[me->stack[caller]] && !in_kernel[function] ? me->nheld : -1);
		r = &me->stack[frame[me->depth - 1] + 3];
		for (i = 0; i < nargs && i < parameters[function]; i++) r[i] = args[i];
		return 1;
	}
	static int callee(int target)
	{
		if (target < FUNCTION || target >= DYNAMIC) fatal("null-deref: a call through something that is no function");
		return target & ~FUNCTION;
	}
	static int leave(int value)
	{
		int top = frame[me->depth - 1], i, to;
		memset(&me->stack[top], 0, (3 + registers[me->stack[top]]) * sizeof(int));
		/* its locals in memory die */
		for (i = W.used; i > 0; ) {
			int at = 0;
			while (at + HEAD + W.obj[at + 4] < i) at += HEAD + W.obj[at + 4];
			if (!(W.obj[at] & HEAP) && W.obj[at] >> 7 == (self << 7 | me->depth)) remove_object(at);
			i = at;
		}
		if (--me->depth == 0) return 1;
		top = frame[me->depth - 1];
		to = result_register(me->stack[top], me->stack[top + 1]);
		if (to >= 0) me->stack[top + 3 + to] = value;
		return 1;
	}
	/* A local that lives in memory. */
	static void fresh(int local, int layout, int cells, int zero)
	{
		new_object(self << 14 | me->depth << 7 | local, layout, cells, zero);
	}
	static int local(int n, int layout, int cells)
	{
		if (!find(self << 14 | me->depth << 7 | n)) fresh(n, layout, cells, 0);
		return address_of(self << 14 | me->depth << 7 | n, 0);
	}
	static int current_task(void) { return TASKS + self * TASK_CELLS; }
	static int *regs(void) { return &me->stack[frame[me->depth - 1] + 3]; }
	static int *pc(void) { return &me->stack[frame[me->depth - 1] + 1]; }
}
`;

/** One step of a thread, and the way SPIN asks for it. */
export const STEPS = String.raw`
c_code {
	static void find_frames(void)
	{
		int f, at = 0;
		for (f = 0; f < me->depth; f++) {
			frame[f] = at;
			at += 3 + registers[me->stack[at]];
		}
	}

	/* Runs until the next operation that others can see; the first one is taken whatever it is. */
	static void proceed(void)
	{
		for (;;) {
			if (me->depth > 0) {
				if (!execute(me->stack[frame[me->depth - 1]])) return;
				continue;
			}
			if (me->nheld > 0) {
				int n, locks = 0;
				for (n = 0; n < me->nheld; n++) if ((me->held[2 * n + 1] & MODES) != TOKEN) locks = 1;
				if (locks) {
					warn("lock-leak: the thread ends and still holds a lock");
					me->nheld = 0;
					memset(me->held, 0, sizeof me->held);
				}
			}
			if (alone || entry[self] < 0) {
				me->status = ENDED;
				return;
			}
			me->status = IDLE;	/* a daemon's next round */
			push(entry[self], -1);
			stepped = 1;
		}
	}

	/* Registers that nothing reads any more are zero. */
	static void forget_the_dead(void)
	{
		int f, r;
		for (f = 0; f < me->depth; f++) {
			char *alive = live(me->stack[frame[f]], me->stack[frame[f] + 1]);
			if (alive) for (r = 0; alive[r]; r++) if (alive[r] == '0') me->stack[frame[f] + 3 + r] = 0;
		}
	}

	static void begin(void)
	{
		failure = warning = 0;
		ndomains = cursor = atomic_depth = stepped = instructions = 0;
		find_frames();
	}

	/* One way for the thread to go: RUNS, ENDS, RESTS, FAILS, or BLOCKED where it is blocked. */
	static int go(void)
	{
		int ended;
		W = now.M;
		me = &W.t[self];
		begin();
		cursor_before = 0;
		count_references(-1);
		me->status = RUNNING;
		ended = setjmp(step_ends);
		if (!ended) proceed();
		if (ended == 2) {
			if (now.M.t[self].status == IDLE && interrupts[self] >= 0) {
				/* a handler that cannot get its lock has come all the same */
				W = now.M;
				W.t[self].status = RUNNING;
				return RUNS;
			}
			if (cursor_before < ndomains) ndomains = cursor_before;
			return BLOCKED;
		}
		if (ended == 1) return FAILS;
		forget_the_dead();
		count_references(1);
		collect();
		return me->status == ENDED ? ENDS : me->status == IDLE ? RESTS : RUNS;
	}

	/* Interrupt handlers run on top of their thread, while it has interrupts on. */
	static int may_go(int t)
	{
		int i;
		if (interrupts[t] >= 0) return now.M.t[t].status != IDLE || now.M.t[interrupts[t]].irqs_off == 0;
		for (i = 0; i < THREADS; i++) if (interrupts[i] == t && now.M.t[i].status == RUNNING) return 0;
		return 1;
	}

	/* What finally finds when every thread has ended. */
	static void check_end(void)
	{
		static Thread last;
		static World kept;
		int i;
		if (FINALLY < 0) return;
		for (i = 0; i < THREADS; i++) if (W.t[i].status == RUNNING) return;
		kept = W;
		memset(&last, 0, sizeof last);
		me = &last;
		self = THREADS;
		alone = 1;
		begin();
		atomic_depth = 1;
		push(FINALLY, -1);
		if (!setjmp(step_ends)) proceed();
		alone = 0;
		W = kept;
	}

	static struct { int t, c, kind, at; World from; } tried = { -1 };

	/* The c-th move of thread t, worked out into W. */
	static int attempt(int t, int c)
	{
		int n = 0, kind;
		if (tried.t == t && tried.c == c && !memcmp(&tried.from, &now.M, sizeof(World))) return tried.kind;
		tried.t = t;
		tried.c = c;
		tried.from = now.M;
		tried.kind = BLOCKED;
		if (!may_go(t)) return BLOCKED;
		self = t;
		for (npicks = 0; ; ) {
			kind = go();
			if (kind != BLOCKED && n++ == c) break;
			if (!next_picks()) return BLOCKED;
		}
		if (c == choices[t] - 1) {
			/* there must not be more moves than the process has options */
			World result = W;
			char *why = failure, *said = warning;
			while (next_picks()) if (go() != BLOCKED) { kind = FAILS; why = TOO_SMALL; break; }
			W = result;
			failure = why;
			warning = said;
		}
		if (kind != FAILS && W.t[t].status != RUNNING) {
			char *said = warning;
			check_end();
			if (failure) kind = FAILS;
			if (said) warning = said;
		}
		return tried.kind = kind;
	}
	int runs(int t, int c) { return attempt(t, c) == RUNS; }
	int ends(int t, int c) { return attempt(t, c) == ENDS; }
	int rests(int t, int c) { return attempt(t, c) == RESTS; }
	int fails(int t, int c) { return attempt(t, c) == FAILS; }

	/* Takes the move that was tried last. A run that fails stays where it was: nothing after it has a meaning. */
	void commit(void)
	{
		static char text[600];
		Thread *t = &tried.from.t[tried.t];
		char *stands;
		self = tried.t;
		me = t;
		find_frames();
		stands = t->depth ? where(t->stack[frame[t->depth - 1]], t->stack[frame[t->depth - 1] + 1]) : "";
		if (readtrail) printf("%-12s %s\n", names[tried.t], stands);
		if (tried.kind == FAILS) {
			snprintf(text, sizeof text, "%s: %s, in the step %s", names[tried.t], failure, stands);
			Uerror(text);
		} else {
			now.M = W;
#ifdef WARNINGS
			if (warning) {
				snprintf(text, sizeof text, "%s: %s, in the step %s", names[tried.t], warning, stands);
				Uerror(text);
			}
#endif
		}
		tried.t = -1;
	}
}
`;
