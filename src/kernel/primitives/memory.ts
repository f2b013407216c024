import type { Primitive } from '../context.js';
import { enterAtomic } from './holding.js';

/* Allocation and atomic variables. */

/** Writes the new value and returns what the operation is worth. */
type Operation = (old: number, operand: number) => { value: number; result: number };

const atomic = (name: string, operation: Operation, pointerFirst: boolean): Primitive => ({
	name,
	visible: true,
	run(c, args) {
		const at = (pointerFirst ? args[0] : args[1]) ?? 0;
		const operand = (pointerFirst ? args[1] : args[0]) ?? 0;
		const { value, result } = operation(c.load(at), operand);
		c.store(at, value | 0);
		return result | 0;
	},
});

const atomics = (prefix: string): Primitive[] => [
	{ name: `${prefix}_read`, visible: true, run: (c, [at = 0]) => c.load(at) },
	{
		name: `${prefix}_set`,
		visible: true,
		run(c, [at = 0, n = 0]) {
			c.store(at, n);
			return 0;
		},
	},
	atomic(`${prefix}_inc`, (old) => ({ value: old + 1, result: 0 }), true),
	atomic(`${prefix}_dec`, (old) => ({ value: old - 1, result: 0 }), true),
	atomic(`${prefix}_add`, (old, n) => ({ value: old + n, result: 0 }), false),
	atomic(`${prefix}_sub`, (old, n) => ({ value: old - n, result: 0 }), false),
	atomic(`${prefix}_inc_return`, (old) => ({ value: old + 1, result: old + 1 }), true),
	atomic(`${prefix}_dec_return`, (old) => ({ value: old - 1, result: old - 1 }), true),
	atomic(`${prefix}_add_return`, (old, n) => ({ value: old + n, result: old + n }), false),
	atomic(`${prefix}_sub_return`, (old, n) => ({ value: old - n, result: old - n }), false),
	atomic(`${prefix}_fetch_add`, (old, n) => ({ value: old + n, result: old }), false),
	atomic(`${prefix}_or`, (old, n) => ({ value: old | n, result: 0 }), false),
	atomic(`${prefix}_and`, (old, n) => ({ value: old & n, result: 0 }), false),
	atomic(`${prefix}_andnot`, (old, n) => ({ value: old & ~n, result: 0 }), false),
	atomic(`${prefix}_fetch_inc`, (old) => ({ value: old + 1, result: old }), true),
	atomic(`${prefix}_fetch_dec`, (old) => ({ value: old - 1, result: old }), true),
	atomic(`${prefix}_fetch_sub`, (old, n) => ({ value: old - n, result: old }), false),
	atomic(`${prefix}_fetch_or`, (old, n) => ({ value: old | n, result: old }), false),
	atomic(`${prefix}_fetch_and`, (old, n) => ({ value: old & n, result: old }), false),
	atomic(`${prefix}_fetch_andnot`, (old, n) => ({ value: old & ~n, result: old }), false),
	atomic(`${prefix}_add_negative`, (old, n) => ({ value: old + n, result: old + n < 0 ? 1 : 0 }), false),
	atomic(`${prefix}_dec_if_positive`, (old) => ({ value: old > 0 ? old - 1 : old, result: old - 1 }), true),
	{
		name: `${prefix}_add_unless`,
		visible: true,
		run(c, [at = 0, by = 0, unless = 0]) {
			const old = c.load(at);
			if (old === unless) return 0;
			c.store(at, (old + by) | 0);
			return 1;
		},
	},
	{
		name: `${prefix}_cmpxchg`,
		visible: true,
		run(c, [at = 0, expected = 0, value = 0]) {
			const old = c.load(at);
			if (old === expected) c.store(at, value);
			return old;
		},
	},
	atomic(`${prefix}_dec_and_test`, (old) => ({ value: old - 1, result: old === 1 ? 1 : 0 }), true),
	atomic(`${prefix}_inc_and_test`, (old) => ({ value: old + 1, result: old === -1 ? 1 : 0 }), true),
	atomic(`${prefix}_sub_and_test`, (old, n) => ({ value: old - n, result: old === n ? 1 : 0 }), false),
	atomic(`${prefix}_inc_not_zero`, (old) => ({ value: old === 0 ? 0 : old + 1, result: old === 0 ? 0 : 1 }), true),
	atomic(`${prefix}_xchg`, (old, n) => ({ value: n, result: old }), true),
];

/** __GFP_ZERO of lib/kernel/alloc.mmn, and __GFP_NOFAIL with __GFP_DIRECT_RECLAIM: without, it may fail (__alloc_pages_slowpath()). */
const GFP_NOFAIL = 32768 | 1024;
const GFP_ZERO = 256;

export const memory: readonly Primitive[] = [
	...atomics('atomic'),
	...atomics('atomic_long'),
	...atomics('atomic64'),
	{
		name: '__allocate',
		visible: true,
		run(c, [layout = 0, cells = 0, zero = 0, gfp = 0]) {
			if ((gfp & GFP_NOFAIL) !== GFP_NOFAIL && c.mayFail() && c.pick(0, 1) === 1) return 0;
			return c.allocate(layout, cells, zero !== 0 || (gfp & GFP_ZERO) !== 0);
		},
	},
	{
		// of objects from the heap alone: what is declared may be initialised elsewhere
		name: '__unset',
		visible: false,
		run(c, [object = 0, first = 0, stride = 1, cells = 0]) {
			for (let n = first; n < cells; n += stride) c.forget(object + n);
			return 0;
		},
	},
	{
		name: 'kfree',
		visible: true,
		run(c, [address = 0]) {
			c.free(address);
			return 0;
		},
	},
	{
		// one step, where the CPU takes many: who needs to see it half done has to write it out
		name: '__memset',
		visible: true,
		run(c, [at = 0, value = 0, cells = 0]) {
			for (let n = 0; n < cells; n++) c.store(at + n, value);
			return 0;
		},
	},
	{
		name: '__memcpy',
		visible: true,
		run(c, [to = 0, from = 0, cells = 0]) {
			const copied = Array.from({ length: cells }, (_, n) => c.copy(from + n));
			copied.forEach((value, n) => void c.store(to + n, value));
			return 0;
		},
	},
	{
		// whether something is there: who copies it does not care what it holds
		name: '__look_at',
		visible: true,
		run(c, [at = 0]) {
			c.copy(at);
			return 0;
		},
	},
	{ name: '__may_fail', visible: false, run: (c) => (c.mayFail() ? 1 : 0) },
	{ name: '__in_setup', visible: false, run: (c) => (c.inSetup ? 1 : 0) },
	{
		name: '__allocator_locks',
		visible: false,
		run(c) {
			if (c.task.nonBlock > 0) return 0;
			enterAtomic(c, 'an allocation, whatever its gfp flags,');
			c.task.atomic--;
			return 0;
		},
	},
];
