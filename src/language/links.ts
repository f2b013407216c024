/** References of the tree, and links that the grammar has no place for. */

import type { AstNode, CstNode, Reference } from 'langium';
import type { MacroDecl, StructDef, Typedef, TypeRef } from './generated/ast.js';

/** A reference is plain data that link.ts fills in: nothing is resolved on demand, so nothing can be cyclic. */
export interface Link<T extends AstNode = AstNode> extends Reference<T> {
	ref: T | undefined;
}

/** A reference by this name that leads nowhere yet. */
export function makeLink(refText: string, refNode?: CstNode): Link {
	return { $refNode: refNode, $refText: refText, ref: undefined } as unknown as Link;
}

/** Sets where a reference leads. */
export function setLink<T extends AstNode>(reference: Reference<T>, target: T): void {
	(reference as { ref: T | undefined }).ref = target;
}

/** The struct that `spinlock_t` or `DEFINE_MUTEX` means. Set once, when the file is linked. */
export const structTargets = new WeakMap<TypeRef | MacroDecl, StructDef>();

/** The typedef that a name of a type leads to. Set once, when the file is linked. */
export const typedefTargets = new WeakMap<TypeRef, Typedef>();

/** The struct that each declaring macro makes an object of. */
export const MACRO_STRUCTS: Readonly<Record<string, string>> = {
	DEFINE_MUTEX: 'mutex',
	DEFINE_SPINLOCK: 'spinlock',
	DEFINE_RAW_SPINLOCK: 'raw_spinlock',
	DEFINE_RWLOCK: 'rwlock',
	DECLARE_RWSEM: 'rw_semaphore',
	DEFINE_SEQLOCK: 'seqlock',
	DECLARE_WAIT_QUEUE_HEAD: 'wait_queue_head',
	DECLARE_WAIT_QUEUE_HEAD_ONSTACK: 'wait_queue_head',
	DEFINE_WAIT: 'wait_queue_entry',
	DECLARE_COMPLETION: 'completion',
	DECLARE_COMPLETION_ONSTACK: 'completion',
	LIST_HEAD: 'list_head',
	HLIST_HEAD: 'hlist_head',
	DEFINE_SRCU: 'srcu_struct',
	DEFINE_STATIC_SRCU: 'srcu_struct',
	DECLARE_WORK: 'work_struct',
	DECLARE_DELAYED_WORK: 'delayed_work',
	DECLARE_WAITQUEUE: 'wait_queue_entry',
	DEFINE_XARRAY: 'xarray',
	DEFINE_XARRAY_ALLOC: 'xarray',
	DEFINE_XARRAY_FLAGS: 'xarray',
	DEFINE_IDR: 'idr',
	DEFINE_IDA: 'ida',
	DEFINE_WW_CLASS: 'ww_class',
	DEFINE_WW_MUTEX: 'ww_mutex',
	DEFINE_STATIC_PERCPU_RWSEM: 'percpu_rw_semaphore',
	DEFINE_SEMAPHORE: 'semaphore',
	DEFINE_TIMER: 'timer_list',
	DECLARE_TASKLET: 'tasklet_struct',
	DECLARE_TASKLET_DISABLED: 'tasklet_struct',
	DECLARE_TASKLET_OLD: 'tasklet_struct',
};

/** The field that the function goes to which such a macro is given. */
export const MACRO_CALLBACKS: Readonly<Record<string, string>> = {
	DECLARE_WORK: 'func',
	DECLARE_DELAYED_WORK: 'func',
	DEFINE_TIMER: 'function',
	DECLARE_TASKLET: 'callback',
	DECLARE_TASKLET_DISABLED: 'callback',
	DECLARE_TASKLET_OLD: 'func',
};
