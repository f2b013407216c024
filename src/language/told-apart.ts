import type { AstNode } from 'langium';
import type * as ast from './generated/ast.js';
import type { Semantics } from './semantics.js';
import { type Node, walk } from './tree.js';

/** So many bits are tried in all ways, and so many values of several parts. */
const FEW = 3;
const MOST = 64;
const COMPARES = /^([=!]=|[<>]=?)$/;
/** Macros that hand on what they are given, and those that only ask whether it is zero. */
const PASSES = /^(likely|unlikely|READ_ONCE|le(16|32|64)_to_cpu)$/;
const ASKS = /^(WARN_ON|WARN_ON_ONCE|BUG_ON)$/;

/** One of each, or none of it, in all ways. */
function combined(each: readonly (readonly number[])[]): readonly number[] {
	let sets: readonly number[] = [0];
	for (const values of each) sets = [0, ...values].flatMap((value) => sets.map((set) => set | value));
	return sets;
}

/** Which part of the value is looked at: how many bits stand below it, and its mask, where there is one. */
interface Place {
	readonly shift: number;
	readonly mask: number | undefined;
}

const WHOLE: Place = { shift: 0, mask: undefined };

/** Follows a value through the file to all that it is compared with: what values it takes to come to all branches. */
export class Told {
	private readonly compared = new Set<number>();
	/** Parts of it that are asked for, by their mask, with what they are compared with. */
	private readonly parts = new Map<number, Set<number>>();
	/** Somebody asks whether it is zero. */
	private asked = false;
	private readonly seen = new Set<AstNode>();
	private readonly root: AstNode;

	/** @param node anything in the file that is looked at */
	constructor(
		node: AstNode,
		private readonly semantics: Semantics,
	) {
		let root: AstNode = node;
		while (root.$container) root = root.$container;
		this.root = root;
	}

	/** Follows what an expression gives. */
	from(value: ast.Expression): this {
		this.follow(value, WHOLE);
		return this;
	}

	/** Follows what is kept in a variable, a parameter or a field. */
	keptIn(declaration: AstNode): this {
		this.usesOf(declaration, WHOLE);
		return this;
	}

	/** Zero, each value and bit that is asked for, what goes together, and one value that none of these is. Zero alone where nothing tells values apart. */
	get values(): readonly number[] {
		const told = new Set([0, ...this.compared, ...this.bits, ...this.together]);
		if ((this.asked && told.size === 1) || this.compared.size > 0) {
			let other = 1;
			while (told.has(other)) other++;
			told.add(other);
		}
		return [...told];
	}

	/** Somebody looks at a part of it. */
	get inParts(): boolean {
		return this.parts.size > 0;
	}

	/** All bits at once, and where there are few any of them. */
	private get bits(): readonly number[] {
		const single = [...this.parts].flatMap(([mask, values]) => (values.size === 0 ? [mask] : []));
		if (single.length > FEW) return [...single, single.reduce((a, b) => a | b, 0)];
		return combined(single.map((bit) => [bit]));
	}

	/** A value of each part that is compared by itself: a command is told by its group and its number. */
	private get together(): readonly number[] {
		const parts = [...this.parts].filter(([, values]) => values.size > 0);
		const apart = parts.every(([mask], n) => parts.every(([other], m) => n === m || (mask & other) === 0));
		const each = parts.map(([, values]) => [...values]);
		return apart && each.reduce((n, values) => n * (values.length + 1), 1) <= MOST ? combined(each) : each.flat();
	}

	private follow(e: AstNode, place: Place): void {
		if (this.seen.has(e)) return;
		this.seen.add(e);
		const at = e.$container as Node | undefined;
		switch (at?.$type) {
			case 'Parenthesized':
			case 'Cast':
				this.follow(at, place);
				return;
			case 'Unary':
				if (at.operator === '!') this.asked = true;
				// what is kept in an array, or behind a pointer
				else if (at.operator === '*') this.follow(at, place);
				return;
			case 'Index':
				if (at.array === e) this.follow(at, place);
				return;
			case 'BinaryExpr':
				this.inBinary(at, e, place);
				return;
			case 'Conditional':
				if (at.condition === e) this.asked = true;
				else this.follow(at, place);
				return;
			case 'IfStatement':
			case 'WhileStatement':
			case 'DoStatement':
			case 'ForStatement':
				this.asked = true;
				return;
			case 'SwitchStatement':
				walk(at, (node) => {
					if (node.$type === 'CaseLabel') this.add(node.value, place);
				});
				return;
			case 'Assignment':
				if (at.value !== e) return;
				this.usesAt(at.target, place);
				this.follow(at, place);
				return;
			case 'Variable':
				this.usesOf(at, place);
				return;
			case 'ReturnStatement':
				this.calls(at, place);
				return;
			case 'Call':
				this.argument(at, e, place);
				return;
			default:
		}
	}

	private add(constant: ast.Expression, { shift, mask }: Place): void {
		const value = this.semantics.constant(constant);
		if (value === undefined) return;
		if (mask === undefined) this.compared.add((value << shift) | 0);
		else this.parts.get(mask)?.add((value << shift) & mask);
	}

	private inBinary(at: ast.BinaryExpr, e: AstNode, place: Place): void {
		const other = at.left === e ? at.right : at.left;
		const value = this.semantics.constant(other);
		const { shift, mask } = place;
		if (COMPARES.test(at.operator)) this.add(other, place);
		else if (at.operator === '&') {
			const part = ((value ?? 0) << shift) & (mask ?? -1);
			if (part === 0) this.asked = true;
			else if (!this.parts.has(part)) this.parts.set(part, new Set());
			this.follow(at, part === 0 ? place : { shift, mask: part });
		} else if (/^[<>]{2}$/.test(at.operator) && at.left === e)
			this.follow(at, { shift: shift + (at.operator === '>>' ? (value ?? 0) : -(value ?? 0)), mask });
		else if (/^(&&|\|\|)$/.test(at.operator)) this.asked = true;
		else this.follow(at, place);
	}

	private usesAt(target: AstNode, place: Place): void {
		const node = target as Node;
		if (node.$type === 'Parenthesized') this.usesAt(node.inner, place);
		else if (node.$type === 'NameRef' && node.target.ref) this.usesOf(node.target.ref, place);
		else if (node.$type === 'Member' && node.field.ref) this.usesOf(node.field.ref, place);
	}

	private usesOf(declaration: AstNode, place: Place): void {
		walk(this.root, (node) => {
			const ref = node.$type === 'NameRef' ? node.target.ref : node.$type === 'Member' ? node.field.ref : undefined;
			if (ref === declaration) this.follow(node, place);
		});
	}

	/** Where the function is called that returns it. */
	private calls(statement: AstNode, place: Place): void {
		let f: AstNode | undefined = statement;
		while (f && f.$type !== 'FunctionDecl') f = f.$container;
		const name = (f as ast.FunctionDecl | undefined)?.name;
		walk(this.root, (node) => {
			if (node.$type === 'Call' && node.callee.$type === 'NameRef' && node.callee.target.$refText === name)
				this.follow(node, place);
		});
	}

	private argument(call: ast.Call, e: AstNode, place: Place): void {
		if (call.callee.$type !== 'NameRef') return;
		const name = call.callee.target.$refText;
		if (PASSES.test(name)) this.follow(call, place);
		else if (ASKS.test(name)) this.asked = true;
		else {
			const n = call.arguments.indexOf(e as ast.Expression);
			walk(this.root, (node) => {
				const parameter = node.$type === 'FunctionDecl' && node.name === name ? node.parameters[n] : undefined;
				if (parameter !== undefined) this.usesOf(parameter, place);
			});
		}
	}
}

const brought = new WeakMap<AstNode, readonly number[]>();

/** Notes which numbers besides the one on the page a get_user() may bring. */
export const noteBrought = (call: AstNode, values: readonly number[]): void => void brought.set(call, values);

/** What has been noted of a call. */
export const broughtBy = (call: AstNode): readonly number[] | undefined => brought.get(call);
