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
		short status, atomic, nonblock, irqs_off, signalling, state, nheld, depth;
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
	extern void (*uerror)(char *);
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
	/* The thread that takes the step, and the objects: with more room than they need between two steps. */
	static struct {
		int status, atomic, nonblock, irqs_off, signalling, state, nheld, depth;
		int held[2 * ROOM_HELD];
		int stack[ROOM_STACK];
	} task, *me = &task;
	static int self;	/* its number */
	static int used_cells, obj[ROOM_OBJECTS];
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
		for (i = 0; i < used_cells; i += HEAD + obj[i + 4])
			if (obj[i] == slot) return &obj[i];
		return 0;
	}

	static void remove_object(int at)
	{
		int size = HEAD + obj[at + 4];
		memmove(&obj[at], &obj[at + size], (used_cells - at - size) * sizeof(int));
		used_cells -= size;
		memset(&obj[used_cells], 0, size * sizeof(int));
	}

	/* Brings an object to life; one that is in its slot already is forgotten. */
	static int *new_object(int slot, int layout, int cells, int zero)
	{
		int at = 0, i;
		while (at < used_cells && obj[at] < slot) at += HEAD + obj[at + 4];
		if (at < used_cells && obj[at] == slot) remove_object(at);
		if (used_cells + HEAD + cells > ROOM_OBJECTS) fatal(TOO_SMALL);
		memmove(&obj[at + HEAD + cells], &obj[at], (used_cells - at) * sizeof(int));
		used_cells += HEAD + cells;
		obj[at] = slot;
		obj[at + 1] = layout;
		obj[at + 2] = obj[at + 3] = 0;
		obj[at + 4] = cells;
		for (i = 0; i < cells; i++) obj[at + HEAD + i] = zero ? 0 : UNSET;
		return &obj[at];
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

	/* what an instruction reads; it may copy a value that was never set */
	static int peek(int a)
	{
		if (a >= FIRST && a < FIRST + ALL_GLOBALS) return place[a - FIRST] < 0 ? constant[a - FIRST] : W.g[place[a - FIRST]];
		if (a < DYNAMIC) no_cell(a);
		return *object_cell(a);
	}
	/* what is used must have been set */
	static int used(int v) { if (v == UNSET) fatal("uninitialised: a value is used before it was set"); return v; }
	static int load(int a) { return used(peek(a)); }

	static void store(int a, int v)
	{
		if (a >= FIRST && a < FIRST + ALL_GLOBALS) {
			if (place[a - FIRST] < 0) {
				/* finally may write what no thread writes: nobody comes after it */
				if (!alone) fatal(TOO_SMALL);
				constant[a - FIRST] = v;
				publish(v);
				return;
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
		return o && o[2] & PUBLISHED && (o[2] & FREED || is_written(o[1], a & 1023)
			|| (!(o[0] & HEAP) && o[0] >> 14 != self && dies(o[1])));
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
		for (i = 0; i < used_cells; i += HEAD + obj[i + 4])
			if (obj[i] == slot) slot++;
			else if (obj[i] > slot) break;
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

	/*
	 * Registers and locals of its own that point to heap objects: they keep the slots of freed ones from being used
	 * again.
	 */
	static void count_references(int sign)
	{
		int f, r, i, *o;
		for (i = 0; i < used_cells; i += HEAD + obj[i + 4]) {
			if (obj[i] & HEAP || obj[i + 2] & PUBLISHED || obj[i] >> 14 != self) continue;
			for (r = 0; r < obj[i + 4]; r++)
				if (is_heap(obj[i + HEAD + r]) && (o = find(slot_of(obj[i + HEAD + r])))) o[3] += sign;
		}
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
		for (i = 0; i < used_cells; i += HEAD + obj[i + 4]) {
			if (!(obj[i] & HEAP)) for (k = 0; k < obj[i + 4]; k++) mark(obj[i + HEAD + k]);
			else if (obj[i + 3] > 0) mark(address_of(obj[i], 0));
		}
		for (i = 0; i < used_cells; )
			if (obj[i] & HEAP && !(obj[i + 2] & 4)) remove_object(i);
			else {
				obj[i + 2] &= ~4;
				i += HEAD + obj[i + 4];
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
	static int truth(int v) { return v == UNSET ? UNSET : v != 0; }
	static int convert(wide v, wide lo, wide hi, int implicit)
	{
		wide span = hi - lo + 1;
		if ((int)v == UNSET) return UNSET;
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
	/* A timer or a signal ends the wait: without timeouts it never comes. */
	static void expire(void)
	{
#ifdef NO_TIMEOUTS
		block();
#endif
	}
	static int may_fail(void) { return !alone && !NO_ERRORS; }

	/* ---- locks and tokens that the thread holds, in the order in which it took them ---- */
	static void take(int what, int mode)
	{
		if (me->nheld == ROOM_HELD) fatal(TOO_SMALL);
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
	static void may_sleep(int in_any_state)
	{
		if (me->atomic > 0 || me->irqs_off > 0) warn("sleep-in-atomic");
		else if (me->nonblock > 0) warn("sleep-in-nonblock");
		else if (me->state && !in_any_state) warn("contract: sleeps before it sleeps");
	}

	static void enter_atomic(int may_sleep_with_rt)
	{
		int n, raw = 0;
		for (n = 0; n < me->nheld; n++) if ((me->held[2 * n + 1] & MODES) == SPIN) raw = 1;
		if (PREEMPT_RT && may_sleep_with_rt) {
			if (raw || me->atomic % RCU_READ >= PREEMPT_OFF || me->irqs_off > 0) warn("sleep-in-atomic");
			else if (me->nonblock > 0) warn("sleep-in-nonblock");
		}
		me->atomic += may_sleep_with_rt ? 1 : PREEMPT_OFF;
	}

	/* ---- calls ---- */
	static void push(int function, int held)
	{
		int top = me->depth ? frame[me->depth - 1] + 3 + registers[me->stack[frame[me->depth - 1]]] : 0;
		if (top + 3 + registers[function] > ROOM_STACK || me->depth >= MAX_DEPTH) fatal(TOO_SMALL);
		frame[me->depth++] = top;
		me->stack[top] = function;
		me->stack[top + 1] = 0;
		me->stack[top + 2] = held;
		unset(function, &me->stack[top + 3]);
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
		for (i = used_cells; i > 0; ) {
			int at = 0;
			while (at + HEAD + obj[at + 4] < i) at += HEAD + obj[at + 4];
			if (!(obj[at] & HEAP) && obj[at] >> 7 == (self << 7 | me->depth)) remove_object(at);
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
	static void set_state(int task, int state)
	{
		if (load(TASKS + task * TASK_CELLS + TASK_STATE) != state) store(TASKS + task * TASK_CELLS + TASK_STATE, state);
	}
	static void update(int a, int v) { if (load(a) != v) store(a, v); }
	static int try_to_wake(int task, int mode)
	{
		if (!(load(TASKS + task * TASK_CELLS + TASK_STATE) & mode)) return 0;
		set_state(task, 0);
		return 1;
	}
	/* Wakes everybody in a queue who does not wait exclusively, and so many of those who do, or all. */
	static int wake(int queue, int mode, int exclusive)
	{
		int woken = 0, waiters = load(queue), staying = load(queue + 1), seats, kept = 0, n, k = 0, left = exclusive;
		for (n = 0; n < THREADS; n++) {
			if (!((waiters | staying) & 1 << n) || !try_to_wake(n, mode)) continue;
			waiters &= ~(1 << n);
			woken++;
		}
		update(queue, waiters);
		seats = load(queue + 2);
		for (n = 0; n < 6 && seats >> 5 * n & 31; n++) {
			int seat = seats >> 5 * n & 31;
			if ((exclusive && left == 0) || !try_to_wake(seat - 1, mode)) {
				kept |= seat << 5 * k++;
				continue;
			}
			left--;
			woken++;
		}
		update(queue + 2, kept);
		return woken;
	}
	static int nth(int *list, int n)
	{
		while (*list && n-- > 0) list++;
		return *list;
	}
	static int is_mm(int address)
	{
		int *mm;
		for (mm = mms; *mm; mm++) if (*mm == address) return 1;
		return 0;
	}
	static int current_task(void) { return TASKS + self * TASK_CELLS; }
	static int *regs(void) { return &me->stack[frame[me->depth - 1] + 3]; }
	static int *pc(void) { return &me->stack[frame[me->depth - 1] + 1]; }
}
`;
