/*
 * Steps of an exported model, in C: what the options of its processes ask for. See promela-runtime.ts.
 */

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
			if (me->irqs_off > 0 && (self >= THREADS || interrupts[self] < 0)) {
				warn("lock-leak: the thread ends with interrupts off");
				me->irqs_off = 0;
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

	/* Sequence counters grow without end: only the order, parity and small distances of their values count. */
	static int values[MAX_VALUES + 2], nvalues;
	static void visit(int *cell, int write)
	{
		int n;
		if (*cell == 0 || *cell == UNSET) return;
		for (n = 0; n < nvalues && values[2 * n] < *cell; ) n++;
		if (write) { *cell = values[2 * n + 1]; return; }
		if (n < nvalues && values[2 * n] == *cell) return;
		if (2 * nvalues + 2 > MAX_VALUES) fatal(TOO_SMALL);
		memmove(&values[2 * n + 2], &values[2 * n], 2 * (nvalues - n) * sizeof(int));
		values[2 * n] = *cell;
		nvalues++;
	}
	static void visit_all(int write)
	{
		int i, n, f, r, at;
		char *flags;
		for (i = 0; sequence_globals[i] >= 0; i++)
			if (place[sequence_globals[i]] >= 0) visit(&W.g[place[sequence_globals[i]]], write);
			else if (!write) visit(&constant[sequence_globals[i]], 0);
		for (i = 0; i < W.used; i += HEAD + W.obj[i + 4])
			for (n = 0; n < W.obj[i + 4]; n++) if (is_sequence(W.obj[i + 1], n)) visit(&W.obj[i + HEAD + n], write);
		for (n = 0; n < THREADS; n++)
			for (f = at = 0; f < W.t[n].depth; f++, at += 3 + registers[W.t[n].stack[at]])
				if ((flags = sequence_registers(W.t[n].stack[at])))
					for (r = 0; flags[r]; r++) if (flags[r] == '1') visit(&W.t[n].stack[at + 3 + r], write);
	}
	static void renumber(void)
	{
		int n, last = 0, gap;
		nvalues = 0;
		visit_all(0);
		for (n = 0; n < nvalues; n++) {
			gap = n ? values[2 * n] - values[2 * n - 2] : 0;
			last = n == 0 ? (values[0] & 1 ? 1 : 2) : last + (gap <= 4 ? gap : 4 + (gap & 1));
			values[2 * n + 1] = last;
		}
		visit_all(1);
	}

	static void begin(void)
	{
		failure = warning = 0;
		ndomains = cursor = atomic_depth = stepped = instructions = 0;
		find_frames();
	}

	/* Takes a thread and the objects out of a state, and puts them back. */
	static void unpack_objects(void)
	{
		used_cells = W.used;
		memset(obj, 0, sizeof obj);
		memcpy(obj, W.obj, W.used * sizeof(int));
	}
	static void unpack(World *from, int t)
	{
		Thread *h = &from->t[t];
		W = *from;
		self = t;
		me->status = h->status; me->atomic = h->atomic; me->nonblock = h->nonblock; me->irqs_off = h->irqs_off;
		me->signalling = h->signalling; me->state = h->state; me->nheld = h->nheld; me->depth = h->depth;
		memset(me->held, 0, sizeof me->held);
		memcpy(me->held, h->held, sizeof h->held);
		memset(me->stack, 0, sizeof me->stack);
		memcpy(me->stack, h->stack, sizeof h->stack);
		unpack_objects();
	}
	static int pack(void)
	{
		Thread *h = &W.t[self];
		int stack = me->depth ? frame[me->depth - 1] + 3 + registers[me->stack[frame[me->depth - 1]]] : 0;
		if (stack > MAX_STACK || me->nheld > MAX_HELD || used_cells > MAX_OBJECTS) return 0;
		h->status = me->status; h->atomic = me->atomic; h->nonblock = me->nonblock; h->irqs_off = me->irqs_off;
		h->signalling = me->signalling; h->state = me->state; h->nheld = me->nheld; h->depth = me->depth;
		memcpy(h->held, me->held, sizeof h->held);
		memcpy(h->stack, me->stack, sizeof h->stack);
		W.used = used_cells;
		memcpy(W.obj, obj, sizeof W.obj);
		return 1;
	}

	/* One way for the thread to go: RUNS, ENDS, RESTS, FAILS, or BLOCKED where it is blocked. */
	static int go(void)
	{
		int ended;
		unpack(&now.M, self);
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
		if (!pack()) {
			failure = TOO_SMALL;
			return FAILS;
		}
		if (SEQUENCES) renumber();
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
		static World kept;
		static int constants[sizeof constant / sizeof *constant];
		int i;
		if (FINALLY < 0) return;
		for (i = 0; i < THREADS; i++) if (W.t[i].status == RUNNING) return;
		kept = W;
		memcpy(constants, constant, sizeof constant);
		memset(me, 0, sizeof *me);
		unpack_objects();
		self = THREADS;
		alone = 1;
		begin();
		atomic_depth = 1;
		push(FINALLY, -1);
		if (!setjmp(step_ends)) proceed();
		alone = 0;
		W = kept;
		memcpy(constant, constants, sizeof constant);
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
		static World reached;
		Thread *t = &tried.from.t[tried.t];
		char *stands;
		reached = W;
		unpack(&tried.from, tried.t);
		find_frames();
		stands = t->depth ? where(t->stack[frame[t->depth - 1]], t->stack[frame[t->depth - 1] + 1]) : "";
		if (readtrail) printf("%-12s %s\n", names[tried.t], stands);
		if (failure) {
			snprintf(text, sizeof text, "%s: %s, in the step %s", names[tried.t], failure, stands);
			uerror(text);
		}
		/* what finally finds is found in the state that is reached; any other failure leaves no state behind */
		if (tried.kind != FAILS) {
			now.M = reached;
#ifdef WARNINGS
			if (warning) {
				snprintf(text, sizeof text, "%s: %s, in the step %s", names[tried.t], warning, stands);
				uerror(text);
			}
#endif
		}
		tried.t = -1;
	}
}
`;
