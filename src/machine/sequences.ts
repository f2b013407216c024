import type { AstNode } from 'langium';
import { isFunctionDecl, isIndex, isMember, isNameRef, isParenthesized } from '../language/generated/ast.js';
import { sourceOf } from '../language/text.js';
import type { Type } from '../language/types.js';
import type { FunctionCode, Instruction } from './ir.js';
import type { Layouts } from './layout.js';
import type { ModuleLowering } from './lower/module.js';
import { GLOBAL_BASE, objectsIn, UNINITIALISED } from './memory.js';
import { ownObjectsIn, registersIn } from './thread.js';

/** New values for old ones; identity where undefined. */
export type Renumbering = ReadonlyMap<number, number>;

/** Two values further apart than this are as good as any two that are: nothing adds more to a copy before it is compared. */
const FAR = 4;
/** The largest distance of neighbours that stays as it is. */
export const LONGEST_GAP = FAR + 1;

/**
 * Renumbers the values of sequence counters, so that a counter that grows without end leaves finitely many states:
 * order, parity and small distances stay. Exact, since nothing else of such a value is ever looked at (sequence-classes.ts).
 * Zero stays zero: it stands for "not yet".
 */
export class Sequences {
	private readonly globals: number[] = [];
	private readonly layouts = new Map<number, readonly number[]>();
	private readonly registers: readonly (Uint8Array | undefined)[];

	private constructor(
		private readonly module: ModuleLowering,
		private readonly classes: ReadonlySet<AstNode>,
		private readonly globalCells: number,
	) {
		for (const global of module.globals) {
			const at = global.address - GLOBAL_BASE;
			if (classes.has(global.node) && global.type.kind !== 'struct')
				for (let n = 0; n < global.cells; n++) this.globals.push(at + n);
			else for (const offset of this.offsets(global.type)) this.globals.push(at + offset);
		}
		this.registers = module.functions.map((code) => this.registersOf(code));
	}

	/** Undefined when the program has no sequence counter. */
	static of(module: ModuleLowering, classes: ReadonlySet<AstNode>, globalCells: number): Sequences | undefined {
		if (classes.size === 0 || module.functions.some((code) => allocatesAnything(code, module))) return undefined;
		return new Sequences(module, classes, globalCells);
	}

	/** Offsets of the cells of a type that hold sequence values. */
	private offsets(type: Type | undefined): number[] {
		const { layouts } = this.module;
		if (type?.kind === 'array') {
			const inner = this.offsets(type.of);
			const size = layouts.cells(type.of);
			const found: number[] = [];
			if (inner.length > 0)
				for (let n = 0; n * size < layouts.cells(type); n++) found.push(...inner.map((o) => n * size + o));
			return found;
		}
		if (type?.kind !== 'struct') return [];
		return type.fields.flatMap((field) => {
			const at = layouts.offset(type, field.name) ?? 0;
			if (this.classes.has(field.node)) return Array.from({ length: layouts.cells(field.type) }, (_, n) => at + n);
			return this.offsets(field.type).map((o) => at + o);
		});
	}

	private offsetsOfLayout(layout: number): readonly number[] {
		let offsets = this.layouts.get(layout);
		if (offsets === undefined) {
			const layouts: Layouts = this.module.layouts;
			offsets = this.offsets(layouts.typeOf(layout));
			this.layouts.set(layout, offsets);
		}
		return offsets;
	}

	/** Registers that hold sequence values: variables of a class, and what is computed from them on the way. */
	private registersOf(code: FunctionCode): Uint8Array | undefined {
		const flags = new Uint8Array(code.registers);
		code.registerNodes.forEach((node, r) => {
			if (node !== undefined && this.classes.has(node)) flags[r] = 1;
		});
		for (let changed = true; changed; ) {
			changed = false;
			for (const i of code.code) {
				const to = 'to' in i ? i.to : -1;
				if (to < 0 || flags[to] || code.registerNodes[to] !== undefined || !this.carries(i, flags)) continue;
				flags[to] = 1;
				changed = true;
			}
		}
		return flags.some((f) => f !== 0) ? flags : undefined;
	}

	private carries(i: Instruction, flags: Uint8Array): boolean {
		switch (i.op) {
			case 'load':
				return this.classes.has(entityOf(i.node) ?? i.node);
			case 'move':
				return i.from >= 0 && flags[i.from] === 1;
			case 'binary':
				return (
					(i.operator === '+' || i.operator === '-' || i.operator === '|') &&
					i.left >= 0 &&
					flags[i.left] === 1 &&
					i.right < 0
				);
			case 'call':
				return this.classes.has((this.module.functions[i.callee] as FunctionCode).node);
			case 'indirect':
				return isMember((i.node as AstNode & { callee?: AstNode }).callee) && this.indirectCarries(i.node);
			default:
				return false;
		}
	}

	/** A call through an operation's field returns a sequence value when the functions behind it do. */
	private indirectCarries(node: AstNode): boolean {
		const { callee } = node as AstNode & { callee?: AstNode };
		const field = isMember(callee) ? callee.field.$refText : '';
		return this.module.functions.some((f) => isFunctionDecl(f.node) && f.name === field && this.classes.has(f.node));
	}

	/** Sequence values in a shared vector. */
	inShared(vector: Int32Array): number[] {
		const values: number[] = [];
		this.eachShared(vector, (at) => {
			values.push(vector[at] as number);
		});
		return values;
	}

	/** Sequence values in a thread's vector. */
	inLocal(vector: Int32Array): number[] {
		const values: number[] = [];
		this.eachLocal(vector, (at) => {
			values.push(vector[at] as number);
		});
		return values;
	}

	/** The renumbered state; undefined when it is numbered that way already. */
	rewriteAll(
		locals: readonly Int32Array[],
		shared: Int32Array,
	): { locals: readonly Int32Array[]; shared: Int32Array } | undefined {
		const to = renumber([...this.inShared(shared), ...locals.flatMap((l) => this.inLocal(l))]);
		if (to === undefined) return undefined;
		return { locals: locals.map((l) => this.rewriteLocal(l, to)), shared: this.rewriteShared(shared, to) };
	}

	rewriteShared(vector: Int32Array, to: Renumbering): Int32Array {
		const copy = vector.slice();
		this.eachShared(vector, (at) => {
			copy[at] = to.get(vector[at] as number) ?? (vector[at] as number);
		});
		return copy;
	}

	rewriteLocal(vector: Int32Array, to: Renumbering): Int32Array {
		const copy = vector.slice();
		this.eachLocal(vector, (at) => {
			copy[at] = to.get(vector[at] as number) ?? (vector[at] as number);
		});
		return copy;
	}

	private eachShared(vector: Int32Array, visit: (at: number) => void): void {
		for (const at of this.globals) visit(at);
		for (const { layout, at } of objectsIn(vector, this.globalCells))
			for (const offset of this.offsetsOfLayout(layout)) visit(at + offset);
	}

	private eachLocal(vector: Int32Array, visit: (at: number) => void): void {
		for (const { layout, at } of ownObjectsIn(vector, this.module.functions))
			for (const offset of this.offsetsOfLayout(layout)) visit(at + offset);
		for (const { code, pc, at } of registersIn(vector, this.module.functions)) {
			const flags = this.registers[code.index];
			if (flags === undefined) continue;
			const live = code.live[pc];
			for (let r = 0; r < flags.length; r++) if (flags[r] && (live === undefined || live[r])) visit(at + r);
		}
	}
}

/** The smallest values with the same order, parity and small distances; undefined when they are that already. */
export function renumber(values: readonly number[]): Renumbering | undefined {
	// few values, most of them equal: sorted in place of a set
	const distinct: number[] = [];
	for (const value of values) {
		if (value === 0 || value === UNINITIALISED) continue;
		let at = distinct.length;
		while (at > 0 && (distinct[at - 1] as number) > value) at--;
		if (at === 0 || distinct[at - 1] !== value) distinct.splice(at, 0, value);
	}
	let to: Map<number, number> | undefined;
	let last = 0;
	let previous = 0;
	for (const value of distinct) {
		const gap = value - previous;
		const next = last === 0 ? (value & 1 ? 1 : 2) : last + (gap <= FAR ? gap : FAR + (gap & 1));
		if (next !== value) {
			to ??= new Map();
			to.set(value, next);
		}
		last = next;
		previous = value;
	}
	return to;
}

/** The variable or field that an expression reads. */
function entityOf(node: AstNode): AstNode | undefined {
	if (isParenthesized(node)) return entityOf(node.inner);
	if (isNameRef(node)) return node.target.ref;
	if (isMember(node)) return node.field.ref;
	if (isIndex(node)) return entityOf(node.array);
	return undefined;
}

/**
 * A function of the sketch's own that returns memory for whatever its caller likes: nobody knows which cells of that hold
 * sequence values, and to renumber some of those that are compared is worse than none.
 */
function allocatesAnything({ node, code, constants }: FunctionCode, module: ModuleLowering): boolean {
	if (!isFunctionDecl(node) || sourceOf(node).kernel || node.stars.length !== 1) return false;
	if (!node.returnType.words.includes('void')) return false;
	const allocate = module.primitive('__allocate');
	return code.some((i) => {
		if (i.op !== 'primitive' || i.primitive !== allocate) return false;
		const layout = i.args[0];
		return layout !== undefined && layout < 0 && module.layouts.typeOf(constants[-1 - layout] as number) === undefined;
	});
}
