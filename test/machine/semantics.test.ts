/** What C means, and what scenarios mean: small sketches whose asserts hold, or are found not to. */

import { describe, expect, test } from 'vitest';
import { checkSketch } from '../../src/findings/check.js';
import { oneText } from '../oracle/compare.js';

/** Codes of what is found, by scenario; problems of the text are an error of the test. */
async function codesOf(text: string): Promise<Record<string, string[]>> {
	const { problems, scenarios } = await checkSketch('file:///sketch.mmn', oneText(text), { maxSeconds: 5 });
	expect(problems.filter((p) => p.severity === 'error').map((p) => `${p.span.line}: ${p.message}`)).toEqual([]);
	return Object.fromEntries(
		scenarios.map((s) => [s.name, s.findings.map((f) => `${f.code} ${f.span.line}`).sort()] as const),
	);
}

/** Statements whose asserts all hold; that the last one is reached is checked too. */
const HOLDS: readonly [name: string, statements: string, declarations?: string][] = [
	[
		'arithmetic',
		'assert(7 / 2 == 3); assert(-7 / 2 == -3); assert(-7 % 3 == -1); assert(7 % -3 == 1); assert(2 + 3 * 4 - 1 == 13); int a = 7, b = 2; assert(a / b == 3 && -a / b == -3 && -a % 3 == -1);',
	],
	[
		'bits',
		'int a = 6, b = 3; assert((a & b) == 2); assert((a | b) == 7); assert((a ^ b) == 5); assert(~a == -7); assert(a << 2 == 24); assert(a >> 1 == 3); assert(-8 >> 1 == -4); unsigned int u = 0x80000000; assert(u >> 31 == 1);',
	],
	[
		'structs as arguments',
		'struct lim m = { .min = 5 }; assert(outer(shared) == 3); assert(shared.min == 1 && shared.max == 3); assert(lim_ops.f(m) == 6); assert(m.min == 5); assert(outer((struct lim){ .min = 2 }) == 5); for (int i = 0; i < 2; i++) { m.min = i; assert(outer(m) == 2 * i + 1); } struct lim *p = &m; assert(grow(*p) == 2 && p->min == 1);',
		'struct lim { u32 max; u32 min; }; static struct lim shared = { .max = 3, .min = 1 }; static u32 grow(struct lim l) { l.min++; l.max = l.min; return l.max; } static u32 outer(struct lim l) { u32 g = grow(l); return g + l.min; } struct lim_ops { u32 (*f)(struct lim l); }; static const struct lim_ops lim_ops = { .f = grow };',
	],
	[
		'comparisons',
		'int a = 3; assert(a > 2); assert(a >= 3); assert(a < 4); assert(a <= 3); assert(a != 4); assert((a == 3) == 1); assert((a > 3) == 0); assert(!(a < 3));',
	],
	[
		'signed and unsigned',
		'unsigned int u = 1; int i = -1; assert(i > u); assert(-1 < 1); u8 c = 200; assert(c == 200); assert(c > i); unsigned long m = -1UL; assert(m > 5); assert(m == ~0UL);',
	],
	[
		'precedence',
		'int a = 1, b = 2, c = 4; assert((a | b & c) == 1); assert((a + b << 1) == 6); assert((a < b == 1)); assert(!a + 1 == 1); assert((a, b) == 2); assert(!(a ? 0 : 1 ? 0 : 1)); assert(-a + b == 1); assert((a == 1 || b == 9 && c == 9));',
	],
	[
		'short circuit',
		'int n = 0; if (0 && f()) n = 1; if (1 || f()) n += 2; assert(calls == 0 && n == 2); if (1 && f()) n += 4; if (0 || f()) n += 8; assert(calls == 2 && n == 14); int v = 0 || f(); assert(v == 1); int w = f() && 0; assert(w == 0 && calls == 4);',
		'static int calls; static int f(void) { calls++; return 5; }',
	],
	[
		'conditional',
		'int a = 5; int b = a ? a + 1 : 0; assert(b == 6); assert((a ?: 9) == 5); int z = 0; assert((z ?: 9) == 9); assert((a > 3 ? a > 4 ? 1 : 2 : 3) == 1);',
	],
	[
		'assignment operators',
		'int a = 10; a += 5; a -= 3; a *= 2; a /= 5; a %= 3; assert(a == 1); a <<= 4; a >>= 1; a |= 1; a &= 13; a ^= 4; assert(a == 13); int b; int c = (b = a); assert(c == 13 && b == 13); a = b = 2; assert(a + b == 4);',
	],
	[
		'increments',
		'int a = 1; assert(a++ == 1); assert(a == 2); assert(++a == 3); assert(a-- == 3); assert(--a == 1); g = 4; assert(g++ == 4 && g == 5 && --g == 4); int arr[3] = { 1, 2, 3 }; int i = 0; assert(arr[i++] == 1 && arr[i++] == 2 && i == 2); arr[i]++; assert(arr[2] == 4);',
		'static int g;',
	],
	[
		'conversions',
		'u8 a = (u8)300; assert(a == 44); s8 b = (s8)200; assert(b == -56); u16 c = (u16)-1; assert(c == 65535); bool d = 7; assert(d == 1); bool e = (bool)0; assert(!e); d = 256; assert(d == 1); int big = 70000; assert((u16)big == 4464); char ch = 5; assert(ch + ch == 10);',
	],
	[
		'pointers as truth values',
		'int x = 0; int *p = &x; int *q = NULL; bool b = p; assert(b); b = q; assert(!b); assert(p && !q); assert(p != q); assert(q == NULL); if (!p) assert(0); int n = p ? 1 : 2; assert(n == 1);',
	],
	[
		'enum',
		'enum e v = B; assert(v == 5 && A == 0 && C == 6 && D == -1 && E == 0); switch (v) { case A: assert(0); case B: break; default: assert(0); }',
		'enum e { A, B = 5, C, D = -1, E };',
	],
	[
		'constants',
		'assert(N == 12); int a[N]; a[N - 1] = 1; assert(a[11] == 1); assert(ARRAY_SIZE(a) == 12); assert(0x10 == 16 && 010 == 8 && 1U << 3 == 8);',
		'#define M 3\n#define N (M * 4)\n',
	],
	[
		'switch falls through',
		'int n = 0; switch (2) { case 1: n += 1; case 2: n += 2; case 3: n += 4; break; case 4: n += 8; default: n += 16; } assert(n == 6); switch (9) { default: n = 1; break; case 3: n = 2; } assert(n == 1); switch (7) { case 1: n = 5; } assert(n == 1); switch (3) { default: n = 1; case 4: n += 10; } assert(n == 11);',
	],
	[
		'switch and continue',
		'int i, n = 0; for (i = 0; i < 4; i++) { switch (i) { case 1: continue; case 2: break; default: n += 10; } n++; } assert(n == 23);',
	],
	[
		'goto',
		'int i = 0, n = 0; again: n += i; if (++i < 4) goto again; assert(n == 6); goto over; n = 100; over: assert(n == 6);',
	],
	[
		'goto into a loop',
		'int i = 5, n = 0; goto inside; for (i = 0; i < 3; i++) { n += 100; inside: n += i; } assert(n == 5);',
	],
	[
		'goto out of loops',
		'int i, j; for (i = 0; i < 3; i++) for (j = 0; j < 3; j++) if (i == 1 && j == 2) goto out; assert(0); out: assert(i == 1 && j == 2);',
	],
	[
		'loops',
		'int i = 0, n = 0; do { n++; } while (0); assert(n == 1); do { if (i == 2) continue; n += i; } while (++i < 4); assert(n == 1 + 0 + 1 + 3); while (1) { if (n-- == 0) break; } assert(n == -1); for (;;) { break; } for (int k = 0, m = 9; k < m; k++, m--) n = k; assert(n == 4); i = 3; while (i --> 0) ; assert(i == -1);',
	],
	[
		'shadowing',
		'int x = 1; { int x = 2; { int x = 3; assert(x == 3); } assert(x == 2); x = 9; } assert(x == 1); for (int x = 5; x < 6; x++) assert(x == 5); assert(x == 1 && g == 7); { int g = 1; assert(g == 1); } assert(g == 7);',
		'static int g = 7;',
	],
	[
		'a local of a loop starts anew',
		'int i; int n = 0; for (i = 0; i < 3; i++) { int fresh = 0; struct s t = { 0 }; fresh++; t.a++; n += fresh + t.a; } assert(n == 6);',
		'struct s { int a; };',
	],
	[
		'nested structs',
		'struct outer o = { .a = 1, .in = { .x = 2, .y = { 3, 4, 5 } }, 6 }; assert(o.a == 1 && o.in.x == 2 && o.in.y[0] == 3 && o.in.y[2] == 5 && o.z == 6); o.in.y[1] = 9; struct outer *p = &o; assert(p->in.y[1] == 9); p->in.x++; assert(o.in.x == 3); struct inner *q = &p->in; q->x = 8; assert(o.in.x == 8); int *f = &q->y[2]; *f = 7; assert(o.in.y[2] == 7);',
		'struct inner { int x; int y[3]; }; struct outer { int a; struct inner in; int z; };',
	],
	[
		'arrays of structs',
		'struct s a[3] = { { 1, 2 }, { .b = 4 }, [2] = { 5 } }; assert(a[0].b == 2 && a[1].a == 0 && a[1].b == 4 && a[2].a == 5 && a[2].b == 0); int i; for (i = 0; i < 3; i++) t[i].b = i * i; struct s *p = &t[2]; assert(p->b == 4); assert(t[1].b == 1 && t[0].a == 0); int m[2][3] = { { 1, 2, 3 }, { 4, 5, 6 } }; assert(m[1][0] == 4 && m[0][2] == 3);',
		'struct s { int a, b; }; static struct s t[3];',
	],
	[
		'struct assignment',
		'struct s a = { 1, { 2, 3 } }, b; b = a; a.x = 9; assert(b.x == 1 && b.y[1] == 3); struct s *p = &g; *p = b; assert(g.x == 1 && g.y[0] == 2); b = (struct s){ .x = 4 }; assert(b.x == 4 && b.y[0] == 0); arr[1] = g; assert(arr[1].y[1] == 3 && arr[0].x == 0);',
		'struct s { int x; int y[2]; }; static struct s g, arr[2];',
	],
	[
		'compound literals',
		'struct s *p = &(struct s){ .a = 3, .b = 4 }; assert(p->a + p->b == 7); assert(sum(&(struct s){ 1, 2 }) == 3);',
		'struct s { int a, b; }; static int sum(struct s *s) { return s->a + s->b; }',
	],
	[
		'global initialisers',
		'assert(g.a == 1 && g.p == &x && *g.p == 5 && t[1].a == 7 && t[1].p == &g.a && y == 6 && z[2] == 3);',
		'static int x = 5, y = 2 * 3; static int z[] = { 1, 2, 3 }; struct s { int a; int *p; }; static struct s g = { .a = 1, .p = &x }; static struct s t[2] = { [1] = { 7, &g.a } };',
	],
	[
		'pointers to pointers',
		'int a = 1, b = 2; int *p = &a; int **pp = &p; **pp = 5; assert(a == 5); *pp = &b; assert(*p == 2); set(&p, &a); assert(*p == 5);',
		'static void set(int **p, int *to) { *p = to; }',
	],
	[
		'out parameters',
		'int r; divide(17, 5, &r, &q); assert(r == 2 && q == 3);',
		'static int q; static void divide(int a, int b, int *rest, int *quotient) { *quotient = a / b; *rest = a % b; }',
	],
	[
		'parameters are copies',
		'int a = 3; f(a); assert(a == 3);',
		'static void f(int n) { int *p = &n; *p = 9; n++; assert(*p == 10); }',
	],
	[
		'container_of',
		'struct outer o = { .a = 4 }; struct inner *i = &o.in; assert(container_of(i, struct outer, in)->a == 4); assert(container_of(&i->y, struct inner, y) == i); assert(container_of(&i->y, struct outer, in.y) == &o);',
		'struct inner { int x, y; }; struct outer { int a; struct inner in; };',
	],
	[
		'lists',
		'struct item a = { .n = 1 }, b = { .n = 2 }, c = { .n = 3 }; struct item *i, *t; int s = 0; assert(list_empty(&head)); list_add(&a.link, &head); list_add_tail(&b.link, &head); list_add(&c.link, &head); list_for_each_entry(i, &head, link) s = s * 10 + i->n; assert(s == 312); list_for_each_entry_safe(i, t, &head, link) { if (i->n == 1) list_del(&i->link); } s = 0; list_for_each_entry(i, &head, link) { if (i->n == 3) continue; s = i->n; break; } assert(s == 2 && i == &b); assert(list_first_entry(&head, struct item, link) == &c); list_del_init(&b.link); list_del(&c.link); assert(list_empty(&head) && list_empty(&b.link)); assert(!list_first_entry_or_null(&head, struct item, link));',
		'struct item { int n; struct list_head link; }; static LIST_HEAD(head);',
	],
	[
		'freeing a list safely',
		'struct item *i, *t; int k, s = 0; for (k = 0; k < 3; k++) { i = kmalloc(sizeof(*i), GFP_ATOMIC); if (!i) return; i->n = k; list_add_tail(&i->link, &head); } list_for_each_entry_safe(i, t, &head, link) { s += i->n; list_del(&i->link); kfree(i); } assert(s == 3 && list_empty(&head));',
		'struct item { int n; struct list_head link; }; static LIST_HEAD(head);',
	],
	[
		'function pointers',
		'assert(ops.twice(4) == 8 && ops.next(4) == 5 && !ops.none); const struct ops *o = &ops; assert(o->twice(1) == 2); struct ops mine = { .next = twice }; assert(mine.next(3) == 6); mine.next = next; assert(mine.next(3) == 4);',
		'struct ops { int (*twice)(int n); int (*next)(int n); int (*none)(int n); }; static int twice(int n) { return 2 * n; } static int next(int n) { return n + 1; } static const struct ops ops = { .twice = twice, .next = next };',
	],
	[
		'sizeof',
		'struct s *p; int a[4]; assert(sizeof(a) / sizeof(a[0]) == 4); assert(sizeof(u8) == 1 && sizeof(u16) == 2 && sizeof(u32) == 4); assert(sizeof(*p) == sizeof(struct s)); p = kzalloc(sizeof(*p), GFP_ATOMIC); if (p) { assert(p->b[3] == 0); p->b[3] = 1; kfree(p); }',
		'struct s { int a; int b[4]; };',
	],
	[
		'READ_ONCE and WRITE_ONCE',
		'WRITE_ONCE(g, 4); assert(READ_ONCE(g) == 4); int *p = &g; WRITE_ONCE(*p, READ_ONCE(*p) + 1); assert(g == 5); smp_store_release(&g, 6); assert(smp_load_acquire(&g) == 6);',
		'static int g;',
	],
	[
		'xchg and cmpxchg',
		'assert(xchg(&g, 3) == 0 && g == 3); assert(cmpxchg(&g, 3, 5) == 3 && g == 5); assert(cmpxchg(&g, 3, 7) == 5 && g == 5);',
		'static int g;',
	],
	[
		'atomic_t',
		'atomic_set(&v, 3); atomic_inc(&v); assert(atomic_read(&v) == 4); assert(atomic_dec_return(&v) == 3); assert(atomic_add_return(2, &v) == 5); assert(!atomic_dec_and_test(&v)); atomic_sub(3, &v); assert(atomic_dec_and_test(&v)); assert(!atomic_inc_not_zero(&v)); assert(atomic_xchg(&v, 9) == 0); assert(atomic_fetch_add(1, &v) == 9 && atomic_read(&v) == 10);',
		'static atomic_t v;',
	],
	[
		'min, max, swap',
		'int a = 3, b = 8; assert(min(a, b) == 3 && max(a, b) == 8 && min_t(int, -1, 1) == -1 && clamp(12, 0, 10) == 10); swap(a, b); assert(a == 8 && b == 3);',
	],
	[
		'error pointers',
		'int x; int *p = ERR_PTR(-ENOMEM); assert(IS_ERR(p) && PTR_ERR(p) == -ENOMEM); p = &x; assert(!IS_ERR(p) && !IS_ERR_OR_NULL(p)); p = NULL; assert(!IS_ERR(p) && IS_ERR_OR_NULL(p)); assert(PTR_ERR_OR_ZERO(ERR_PTR(-EINVAL)) == -EINVAL);',
	],
	[
		'likely and unlikely',
		'int a = 4; if (unlikely(a)) a = 5; assert(a == 5); assert(likely(a) == 1); if (likely(!a || a == 5)) a = 6; assert(a == 6);',
	],
	[
		'the comma and the empty statement',
		'int a, b; for (a = 0, b = 9; a < b; a++, b--) ; assert(a == 5 && b == 4); if (a) ; else assert(0); {} ; assert((a = 1, a + 1) == 2);',
	],
	[
		'return out of atomic gives the turn back',
		'f(); assert(g == 0 || g == 1);',
		'static int g; static int f(void) { atomic { if (g == 0) return 1; } return 0; }',
	],
	[
		'early returns',
		'assert(sign(-5) == -1 && sign(0) == 0 && sign(9) == 1);',
		'static int sign(int n) { if (n < 0) return -1; if (n == 0) return 0; return 1; }',
	],
	["pages are the scenario's", 'assert(NR_PAGES == 4 && PAGE_SHIFT == 0 && PAGE_SIZE == 1);'],
	[
		'with_mm',
		'assert(current->mm == mm); with_mm(&mm2) { assert(current->mm == &mm2); } assert(current->mm == mm); leave(); assert(current->mm == mm);',
		'static struct mm_struct mm2; static void leave(void) { with_mm(&mm2) { return; } }',
	],
];

test.each(HOLDS)('C: %s', async (_name, statements, declarations = '') => {
	const text = `${declarations}\nstatic int arrived;\nscenario s {\n\tthread A { ${statements} arrived = 1; }\n\tfinally { assert(arrived); }\n}\n`;
	// `return` on a failed allocation ends the thread early
	const codes = await codesOf(text.replace('if (!i) return;', 'if (!i) { arrived = 1; return; }'));
	expect(codes).toEqual({ s: [] });
});

/** One line of a thread that ends badly, and how. */
const FAILS: readonly [name: string, code: string, statements: string, declarations?: string][] = [
	['an assert', 'assertion', 'int a = 2; assert(a == 3);'],
	['BUG_ON', 'assertion', 'BUG_ON(1);'],
	['WARN_ON', 'assertion', 'if (WARN_ON(1)) return;'],
	['a division by zero', 'assertion', 'int z = 0; z = 4 / z;'],
	['a signed overflow', 'overflow', 'int m = 0x7fffffff; m++;'],
	['an unsigned one below zero', 'overflow', 'unsigned int u = 0; u--;'],
	['an implicit conversion that loses', 'overflow', 'u8 c = 255; c++;'],
	['a shift too far', 'overflow', 'int n = 32; n = 1 << n;'],
	['NULL', 'null-deref', 'int *p = NULL; *p = 1;'],
	['a field of NULL', 'null-deref', 'struct s *p = NULL; p->b = 1;', 'struct s { int a, b; };'],
	['an error pointer', 'null-deref', 'int *p = ERR_PTR(-ENOMEM); *p = 1;'],
	['a NULL function', 'null-deref', 'ops.f(1);', 'struct ops { void (*f)(int n); }; static struct ops ops;'],
	['an index too large', 'out-of-bounds', 'int i = 3; a[i] = 1;', 'static int a[3];'],
	['an index below zero', 'out-of-bounds', 'int i = -1; a[i] = 1;', 'static int a[3];'],
	[
		'an index behind kmalloc',
		'out-of-bounds',
		'int *p = kzalloc(2 * sizeof(int), GFP_ATOMIC); if (p) { p[2] = 1; kfree(p); }',
	],
	['use after kfree', 'use-after-free', 'int *p = kzalloc(sizeof(int), GFP_ATOMIC); kfree(p); if (p) *p = 1;'],
	['double kfree', 'use-after-free', 'int *p = kzalloc(sizeof(int), GFP_ATOMIC); kfree(p); kfree(p);'],
	[
		'a local that has died',
		'use-after-free',
		'int *p = leak(); *p = 2;',
		'static int *leak(void) { int x = 1; int *p = &x; return p; }',
	],
	['unlock of a free lock', 'bad-unlock', 'mutex_unlock(&m);', 'static DEFINE_MUTEX(m);'],
	['a lock that is kept', 'lock-leak', 'mutex_lock(&m);', 'static DEFINE_MUTEX(m);'],
	[
		'sleeping under a spinlock',
		'sleep-in-atomic',
		'spin_lock(&l); might_sleep(); spin_unlock(&l);',
		'static DEFINE_SPINLOCK(l);',
	],
];

test.each(FAILS)('a run ends at %s', async (_name, code, statements, declarations = '') => {
	const text = `${declarations}\nscenario s {\n\tthread A {\n\t\t${statements}\n\t}\n}\n`;
	const { s } = await codesOf(text);
	expect(s?.map((c) => c.replace(/ \d+$/, ''))).toEqual([code]);
});

/** Whole scenarios, with `expect` for what they mean. */
const SCENARIOS: Readonly<Record<string, string>> = {
	'two threads lose an increment':
		'static int n; scenario s { thread A { n++; } thread B { n++; } finally { assert(n == 2); } expect assertion; }',
	'atomic increments are not lost':
		'static atomic_t n; scenario s { thread A { atomic_inc(&n); } thread B { atomic_inc(&n); } finally { assert(atomic_read(&n) == 2); } expect ok; }',
	'locked increments are not lost':
		'static int n; static DEFINE_MUTEX(m); static void f(void) { mutex_lock(&m); n++; mutex_unlock(&m); } scenario s { thread A { f(); } thread B { f(); } finally { assert(n == 2); } expect ok; }',
	'reads in one expression are steps of their own':
		'static int a, b; scenario s { thread A { a = 1; b = 1; } thread B { assert(a >= b); } expect assertion; }',
	'reads in the right order see the writes in order':
		'static int a, b; scenario s { thread A { a = 1; b = 1; } thread B { int y = b; int x = a; assert(x >= y); } expect ok; }',
	'an atomic block is one step':
		'static int a, b; scenario s { thread A { atomic { a = 1; b = 1; } } thread B { atomic { assert(a == b); } } expect ok; }',
	'a return ends an atomic block':
		'static int x, y; static int f(void) { atomic { if (x == 0) return 1; } return 0; } scenario s { thread A { f(); y = 1; y = 2; } thread B { assert(y != 1); } expect assertion; }',
	'a goto ends an atomic block':
		'static int x, y; static void g(void) { atomic { if (x == 0) goto out; x = 2; } out: y = 1; y = 2; } scenario s { thread A { g(); } thread B { assert(y != 1); } expect assertion; }',
	'a break ends an atomic block':
		'static int x, y; scenario s { thread A { while (1) { atomic { if (x == 0) break; } } y = 1; y = 2; } thread B { assert(y != 1); } expect assertion; }',
	'a continue ends an atomic block':
		'static int x, y; scenario s { thread A { int i; for (i = 0; i < 2; i++) { atomic { if (x == 0) continue; x = 3; } } y = 1; y = 2; } thread B { assert(y != 1); } expect assertion; }',
	'a goto inside an atomic block stays there':
		'static int a, b; scenario s { thread A { atomic { int i = 0; again: a++; if (++i < 3) goto again; b = a; } } thread B { atomic { assert(a == b); } } expect ok; }',
	'wait_until waits':
		'static int x; scenario s { thread A { wait_until(x == 2); assert(x == 2); } thread B { x = 1; x = 2; } expect ok; }',
	'wait_until for what never comes':
		'static int x; scenario s { thread A { wait_until(x == 2); } thread B { x = 1; } expect deadlock; }',
	'the adversary picks what lets an atomic step be taken':
		'static int x; scenario s { thread A { int v; atomic { v = any(0, 1); wait_until(v == 1); x = 1; } assert(0); } expect assertion; }',
	'any() gives every value and no other':
		'scenario every { thread A { int v = any(2, 4); assert(v != 3); } expect assertion; } scenario none { thread A { int v = any(2, 4); assert(v >= 2 && v <= 4); bool b = any_bool(); assert(b == 0 || b == 1); } expect ok; }',
	'any() with more values than fit a byte':
		'static int x; scenario s { thread A { x = any(0, 299); } thread B { x = 7; assert(x != 299); } expect assertion; }',
	'kmalloc may fail':
		'scenario s { thread A { int *p = kmalloc(sizeof(int), GFP_ATOMIC); *p = 1; kfree(p); } expect null-deref; }',
	'kmalloc does not fail with no_errors':
		'scenario s { config no_errors; thread A { int *p = kmalloc(sizeof(int), GFP_ATOMIC); *p = 1; kfree(p); } expect ok; }',
	'setup does not fail':
		'static int *p; scenario s { setup { p = kzalloc(sizeof(int), GFP_KERNEL); } thread A { *p = 1; } expect ok; }',
	'an assert in setup': 'static int x; scenario s { setup { assert(x == 1); } thread A { x = 2; } expect assertion; }',
	'a warning in setup, which goes on':
		'static int x; scenario s { setup { WARN_ON(x == 0); } thread A { assert(x == 1); } expect assertion; }',
	'finally comes after all':
		'static int a, b; scenario s { thread A { a = 1; } thread B { b = 1; } finally { assert(a && b); } expect ok; }',
	'finally sees every end':
		'static int x; scenario s { thread A { x = 1; } thread B { x = 2; } finally { assert(x == 1); } expect assertion; }',
	'an interrupt runs at any moment':
		'static int x; scenario s { thread A { x = 1; x = 2; } interrupt I on A { assert(x != 1); } expect assertion; }',
	'an interrupt runs behind the last step':
		'static int x; scenario s { thread A { x = 1; } interrupt I on A { assert(x != 1); } expect assertion; }',
	'an interrupt does not run while interrupts are off':
		'static int x; scenario s { thread A { local_irq_disable(); x = 1; x = 0; local_irq_enable(); } interrupt I on A { assert(x != 1); } expect ok; }',
	'an interrupt runs just before interrupts go off':
		'static int x; scenario s { thread A { x = 1; local_irq_disable(); x = 0; local_irq_enable(); } interrupt I on A { assert(x != 1); } expect assertion; }',
	'an interrupt runs just after interrupts came on':
		'static int x; scenario s { thread A { local_irq_disable(); x = 1; local_irq_enable(); local_irq_disable(); x = 0; local_irq_enable(); } interrupt I on A { assert(x != 1); } expect assertion; }',
	'a thread waits for the handler on top of it':
		'static int x, y; scenario s { thread A { x = 1; assert(y != 1); } interrupt I on A { y = 1; y = 0; } expect ok; }',
	'other threads do not wait for a handler':
		'static int x, y; scenario s { thread A { x = 1; } thread B { assert(y != 1); } interrupt I on A { y = 1; y = 0; } expect assertion; }',
	'a handler spins on the lock of the thread below it':
		'static DEFINE_SPINLOCK(l); scenario s { thread A { spin_lock(&l); spin_unlock(&l); } interrupt I on A { spin_lock(&l); spin_unlock(&l); } expect self-deadlock; }',
	'irqsave keeps the handler away':
		'static DEFINE_SPINLOCK(l); static void f(void) { unsigned long flags; spin_lock_irqsave(&l, flags); spin_unlock_irqrestore(&l, flags); } scenario s { thread A { f(); } interrupt I on A { spin_lock(&l); spin_unlock(&l); } expect ok; }',
	'a handler may not sleep':
		'static DEFINE_MUTEX(m); scenario s { thread A { } interrupt I on A { mutex_lock(&m); mutex_unlock(&m); } expect sleep-in-atomic; }',
	'a daemon may stop for ever between rounds':
		'static int x; scenario s { thread A { assert(x < 3); } daemon D { x = 1; x = 0; } expect ok; }',
	'a daemon goes round again':
		'static int x; scenario s { thread A { } daemon D { if (x < 5) x++; assert(x < 4); } expect assertion; }',
	'a daemon never stops inside a round':
		'static DEFINE_MUTEX(m); scenario s { thread A { mutex_lock(&m); mutex_unlock(&m); } daemon D { mutex_lock(&m); mutex_unlock(&m); } expect ok; }',
	'a daemon that waits inside a round is stuck':
		'static int x; scenario s { thread A { } daemon D { wait_until(x == 1); x = 2; } expect ok; }',
	'globals are as at the start in each scenario':
		'static int x; scenario one { thread A { x = 1; assert(x == 1); } expect ok; } scenario two { thread A { assert(x == 0); } expect ok; }',
	'sleeping and waking':
		'static DECLARE_WAIT_QUEUE_HEAD(q); static int done; scenario s { thread A { wait_event(q, done); assert(done); } thread B { done = 1; wake_up(&q); } expect ok; }',
	'waking before it is true':
		'static DECLARE_WAIT_QUEUE_HEAD(q); static int done; scenario s { thread A { wait_event(q, done); } thread B { wake_up(&q); done = 1; } expect lost-wakeup; }',
	'a trylock never waits':
		'static DEFINE_MUTEX(m); static int n; scenario s { thread A { if (mutex_trylock(&m)) { n++; assert(n == 1); n--; mutex_unlock(&m); } } thread B { if (mutex_trylock(&m)) { n++; assert(n == 1); n--; mutex_unlock(&m); } } expect ok; }',
	'readers share, a writer does not':
		'static DECLARE_RWSEM(r); static int readers; scenario two_readers { thread A { down_read(&r); readers++; readers--; up_read(&r); } thread B { down_read(&r); assert(readers == 0); up_read(&r); } expect assertion; } scenario writer { thread A { down_write(&r); readers = 1; readers = 0; up_write(&r); } thread B { down_read(&r); assert(readers == 0); up_read(&r); } expect ok; }',
	'a queued writer stops new readers':
		'static DECLARE_RWSEM(r); scenario s { thread A { down_read(&r); down_read(&r); up_read(&r); up_read(&r); } thread B { down_write(&r); up_write(&r); } expect deadlock; }',
	'a trylock for reading behind a queued writer fails':
		'static DECLARE_RWSEM(r); static int missed; scenario s { thread A { down_read(&r); if (down_read_trylock(&r)) up_read(&r); else missed = 1; up_read(&r); } thread B { down_write(&r); up_write(&r); } finally { assert(!missed); } expect assertion; }',
	'an object of another thread, freed':
		'struct s { int n; }; static struct s *g; scenario s { config no_errors; setup { g = kzalloc(sizeof(struct s), GFP_KERNEL); } thread A { struct s *p = g; if (p) p->n = 1; } thread B { struct s *p = g; g = NULL; kfree(p); } expect use-after-free; }',
	'a published local of a thread that goes on':
		'static int *g; static void f(void) { int x = 1; g = &x; g = NULL; } scenario s { thread A { f(); } thread B { int *p = g; if (p) *p = 2; } expect use-after-free; }',
	'the kernel calls the driver, which calls the kernel':
		'#include <mn/list>\nstatic int depth; static int start(struct mmu_notifier *mn, const struct mmu_notifier_range *range) { if (depth++ == 0) madvise_dontneed(2, 3); depth--; return 0; } static const struct mmu_notifier_ops ops = { .invalidate_range_start = start }; static struct mmu_notifier mn = { .ops = &ops }; scenario s { setup { mmu_notifier_register(&mn, mm); } thread A { madvise_dontneed(0, 1); assert(depth == 0); } expect ok; }',
	'a callback that calls itself for ever is bounded':
		'#include <mn/list>\nstatic int start(struct mmu_notifier *mn, const struct mmu_notifier_range *range) { madvise_dontneed(2, 3); return 0; } static const struct mmu_notifier_ops ops = { .invalidate_range_start = start }; static struct mmu_notifier mn = { .ops = &ops }; scenario s { setup { mmu_notifier_register(&mn, mm); } thread A { madvise_dontneed(0, 1); } expect bounded; }',
	'a loop on locals alone does not hang the check':
		'static int x; scenario s { thread A { while (1) ; } thread B { x = 1; } expect livelock; }',
};

describe('a scenario', () => {
	test.each(Object.entries(SCENARIOS))('%s', async (_name, text) => {
		const { problems, scenarios } = await checkSketch('file:///sketch.mmn', oneText(text), { maxSeconds: 5 });
		expect(problems.filter((p) => p.severity === 'error').map((p) => `${p.span.line}: ${p.message}`)).toEqual([]);
		expect(scenarios.length).toBeGreaterThan(0);
		for (const { name, expected, asExpected, findings } of scenarios)
			expect(
				asExpected,
				`${name}: expected ${expected.join()}, found ${findings.map((f) => `${f.code}: ${f.message}`).join('; ')}`,
			).toBe(true);
	});
});
