/** Which calls may sleep: by the primitives that they come down to. */
import { primitives } from '../../kernel/primitives.js';
import type * as ast from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { type Node, walk } from '../../language/tree.js';

/** Functions from the one asked about down to what sleeps; empty for what never does. */
export type SleepPath = readonly string[];

const SLEEPING = new Set(primitives.filter(({ sleeps }) => sleeps).map(({ name }) => name));
/** Macros that the machine lowers to a sleep (machine/lower/kernel-macros.ts). */
const MACROS =
	/^((io_)?wait_event(_idle|_freezable|_interruptible|_killable|_exclusive|_for|_timeout|_lock_irq)*|wait_var_event|rcuwait_wait_event|might_sleep|(mutex_lock|down_write)_nest_lock)$/;
const ALLOCATES = /^k[vmzc]?[a-z]*alloc(_array|_objs?)?$|^kmemdup$/;
const USER_COPY = /^(copy_(from|to)_user|_*(get|put)_user)$/;
/** Allocations that do not reclaim. */
const NEVER_RECLAIMS = /\b(GFP_ATOMIC|GFP_NOWAIT)\b/;

interface Sleep {
	readonly path: SleepPath;
	/** Calls through a table of operations, of which nobody knows what they do. */
	readonly open: boolean;
}

const known = new WeakMap<ast.FunctionDecl, Sleep>();
const NEVER: Sleep = { path: [], open: false };

/** How a function may come to sleep; empty when no call of its own does. What it calls through a table of operations is not looked at. */
export function sleepPath(declaration: ast.FunctionDecl, program: Program): SleepPath {
	return sleepOf(declaration, program).path;
}

/** True where nothing that the function calls can sleep. */
export function neverSleeps(declaration: ast.FunctionDecl, program: Program): boolean {
	const { path, open } = sleepOf(declaration, program);
	return path.length === 0 && !open;
}

/** An allocation sleeps only where it may reclaim: false for a call with GFP_ATOMIC. */
export function mayAllocateWithout(name: string, text: string): boolean {
	return ALLOCATES.test(name) && NEVER_RECLAIMS.test(text);
}

function sleepOf(declaration: ast.FunctionDecl, program: Program): Sleep {
	const node = program.definitionOf(declaration);
	let sleep = known.get(node);
	if (!sleep) {
		// Recursion adds nothing.
		known.set(node, NEVER);
		sleep = find(node, program);
		known.set(node, sleep);
	}
	return sleep;
}

function find(node: ast.FunctionDecl, program: Program): Sleep {
	const { name } = node;
	if (SLEEPING.has(name) || MACROS.test(name) || ALLOCATES.test(name) || USER_COPY.test(name)) {
		return { path: [name], open: false };
	}
	if (!node.body) return NEVER;
	let path: SleepPath = [];
	let open = false;
	walk(node.body, (inner: Node) => {
		if (path.length > 0 || inner.$type !== 'Call') return;
		const target = inner.callee.$type === 'NameRef' ? inner.callee.target.ref : undefined;
		if (target?.$type !== 'FunctionDecl') {
			open = true;
			return;
		}
		if (mayAllocateWithout(target.name, inner.$cstNode?.text ?? '')) return;
		const below = sleepOf(target, program);
		if (below.path.length > 0) path = [name, ...below.path];
		open ||= below.open;
	});
	return { path, open };
}

/** `may sleep`, with how it comes to it; undefined for what never sleeps. */
export function sleepWords(declaration: ast.FunctionDecl, program: Program): string | undefined {
	const path = sleepPath(declaration, program);
	if (path.length === 0) return undefined;
	if (ALLOCATES.test(declaration.name)) return 'may sleep, unless with GFP_ATOMIC or GFP_NOWAIT';
	const inner = path.filter((name, index) => index > 0 && !name.startsWith('__') && name !== 'might_sleep');
	return inner.length > 0 ? `may sleep (in ${inner.slice(0, 2).join(' → ')})` : 'may sleep';
}
