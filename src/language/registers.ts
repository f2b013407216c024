/** What a device may answer: which values of a register a sketch tells apart. Nothing says what the hardware really has there. */

import type { AstNode } from 'langium';
import type * as ast from './generated/ast.js';
import type { Semantics } from './semantics.js';
import { type Node, walk } from './tree.js';

const forms = (names: string): string =>
	names
		.split(' ')
		.map((name) => `${name} ${name}_relaxed __raw_${name}`)
		.join(' ');

/** Functions that read a register of up to 32 bits, and of 64. */
export const READ_REGISTER = `${forms('readb readw readl')} ioread8 ioread16 ioread32 ioread16be ioread32be`;
export const READ_LONG_REGISTER = `${forms('readq')} ioread64`;

const known = new WeakMap<AstNode, readonly number[]>();

/** The values that the call of one may give: what its file compares them with, each bit it asks for, and one value more. */
export function valuesRead(call: ast.Call, semantics: Semantics): readonly number[] {
	let values = known.get(call);
	if (values === undefined) {
		values = new Told(call, semantics).values;
		known.set(call, values);
	}
	return values;
}

/** The same of a call that code was made for. */
export const knownValues = (node: AstNode): readonly number[] | undefined => known.get(node);

const COMPARES = /^([=!]=|[<>]=?)$/;
/** Macros that hand on what they are given, and those that only ask whether it is zero. */
const PASSES = /^(likely|unlikely|READ_ONCE|le(16|32|64)_to_cpu)$/;
const ASKS = /^(WARN_ON|WARN_ON_ONCE|BUG_ON)$/;

/** Follows a value through the file to all that it is compared with. */
class Told {
	private readonly compared = new Set<number>();
	private readonly masks = new Set<number>();
	/** Somebody asks whether it is zero. */
	private asked = false;
	private readonly seen = new Set<AstNode>();
	private readonly root: AstNode;

	constructor(
		call: ast.Call,
		private readonly semantics: Semantics,
	) {
		let root: AstNode = call;
		while (root.$container) root = root.$container;
		this.root = root;
		this.follow(call, 0);
	}

	get values(): readonly number[] {
		const all = [...this.masks].reduce((a, b) => a | b, 0);
		const told = new Set([0, ...this.compared, ...this.masks, ...(this.masks.size > 1 ? [all] : [])]);
		if ((this.asked && told.size === 1) || this.compared.size > 0) {
			let other = 1;
			while (told.has(other)) other++;
			told.add(other);
		}
		return [...told];
	}

	/** `shift`: how many bits of the register stand below those of the value. */
	private follow(e: AstNode, shift: number): void {
		if (this.seen.has(e)) return;
		this.seen.add(e);
		const at = e.$container as Node | undefined;
		switch (at?.$type) {
			case 'Parenthesized':
			case 'Cast':
				this.follow(at, shift);
				return;
			case 'Unary':
				if (at.operator === '!') this.asked = true;
				return;
			case 'BinaryExpr':
				this.inBinary(at, e, shift);
				return;
			case 'Conditional':
				if (at.condition === e) this.asked = true;
				else this.follow(at, shift);
				return;
			case 'IfStatement':
			case 'WhileStatement':
			case 'DoStatement':
			case 'ForStatement':
				this.asked = true;
				return;
			case 'SwitchStatement':
				walk(at, (node) => {
					if (node.$type === 'CaseLabel') this.add(node.value, shift);
				});
				return;
			case 'Assignment':
				if (at.value !== e) return;
				this.usesAt(at.target, shift);
				this.follow(at, shift);
				return;
			case 'Variable':
				this.usesOf(at, shift);
				return;
			case 'ReturnStatement':
				this.calls(at, shift);
				return;
			case 'Call':
				this.argument(at, e, shift);
				return;
			default:
		}
	}

	private add(constant: ast.Expression, shift: number): void {
		const value = this.semantics.constant(constant);
		if (value !== undefined) this.compared.add((value << shift) | 0);
	}

	private inBinary(at: ast.BinaryExpr, e: AstNode, shift: number): void {
		const other = at.left === e ? at.right : at.left;
		const value = this.semantics.constant(other);
		if (COMPARES.test(at.operator)) this.add(other, shift);
		else if (at.operator === '&') {
			if (value === undefined) this.asked = true;
			else if (value !== 0) this.masks.add((value << shift) | 0);
			this.follow(at, shift);
		} else if (/^[<>]{2}$/.test(at.operator))
			this.follow(at, shift + (at.left !== e ? 0 : at.operator === '>>' ? (value ?? 0) : -(value ?? 0)));
		else if (/^(&&|\|\|)$/.test(at.operator)) this.asked = true;
		else this.follow(at, shift);
	}

	private usesAt(target: AstNode, shift: number): void {
		const node = target as Node;
		if (node.$type === 'Parenthesized') this.usesAt(node.inner, shift);
		else if (node.$type === 'NameRef' && node.target.ref) this.usesOf(node.target.ref, shift);
		else if (node.$type === 'Member' && node.field.ref) this.usesOf(node.field.ref, shift);
	}

	private usesOf(declaration: AstNode, shift: number): void {
		walk(this.root, (node) => {
			const ref = node.$type === 'NameRef' ? node.target.ref : node.$type === 'Member' ? node.field.ref : undefined;
			if (ref === declaration) this.follow(node, shift);
		});
	}

	/** Where the function is called that returns it. */
	private calls(statement: AstNode, shift: number): void {
		let f: AstNode | undefined = statement;
		while (f && f.$type !== 'FunctionDecl') f = f.$container;
		const name = (f as ast.FunctionDecl | undefined)?.name;
		walk(this.root, (node) => {
			if (node.$type === 'Call' && node.callee.$type === 'NameRef' && node.callee.target.$refText === name)
				this.follow(node, shift);
		});
	}

	private argument(call: ast.Call, e: AstNode, shift: number): void {
		if (call.callee.$type !== 'NameRef') return;
		const name = call.callee.target.$refText;
		if (PASSES.test(name)) this.follow(call, shift);
		else if (ASKS.test(name)) this.asked = true;
		else {
			const n = call.arguments.indexOf(e as ast.Expression);
			walk(this.root, (node) => {
				const parameter = node.$type === 'FunctionDecl' && node.name === name ? node.parameters[n] : undefined;
				if (parameter !== undefined) this.usesOf(parameter, shift);
			});
		}
	}
}
