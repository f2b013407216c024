import { type AstNode, AstUtils } from 'langium';
import { printsOnly } from '../language/builtins.js';
import {
	type Call,
	type Expression,
	type File,
	type FunctionDecl,
	isBinaryExpr,
	isCall,
	isFunctionDecl,
	isInitializerList,
	isMember,
	isNameRef,
	isVariable,
} from '../language/generated/ast.js';
import type { Program } from '../language/program.js';
import type { Semantics } from '../language/semantics.js';
import { sourceOf } from '../language/text.js';
import { decay } from '../language/types.js';
import type { ModuleLowering } from './lower/module.js';

/**
 * Which variables, fields, parameters and results are sequence counters: only added to, `|1`, `&1`, compared with each
 * other for equality, and copied. Their values mean nothing but their order and parity, so they may be renumbered
 * (language.md, Types). Found by following every use in the program; one other use, such as a
 * comparison by `<` or with a constant, is enough to leave a variable and all its copies alone.
 */
export function sequenceClasses(module: ModuleLowering): ReadonlySet<AstNode> {
	const { program } = module;
	let found = classes.get(program);
	if (found === undefined) {
		const operations = operationsOf(module);
		const flow = new Flow();
		const { facts, others } = factsOfKernel(module);
		flow.add(facts);
		for (const node of others) flow.add(factsOf(module, node, operations));
		for (const { root, kernel } of program.files)
			if (!kernel) for (const node of functionsIn(root)) flow.add(factsOf(module, node, operations));
		for (const scenario of program.scenarios)
			for (const item of scenario.items) flow.add(factsOf(module, item, operations));
		found = flow.result();
		classes.set(program, found);
	}
	return found;
}

/** By program: they are the same for each of its scenarios. */
const classes = new WeakMap<Program, ReadonlySet<AstNode>>();

type Pair = readonly [AstNode, AstNode];

/** What one function tells about the entities in it. */
interface Facts {
	readonly seen: ReadonlySet<AstNode>;
	/** Used as more than a sequence counter. */
	readonly bad: ReadonlySet<AstNode>;
	readonly counted: ReadonlySet<AstNode>;
	/** One is a copy of the other, or compared with it. */
	readonly pairs: readonly Pair[];
}

/** What the files of the simulated kernel tell, together. */
interface KernelFacts {
	readonly facts: Facts;
	/** Functions that call through a field: where that leads differs from program to program. */
	readonly others: readonly AstNode[];
	/** Functions that were asked for by name: it holds as long as no sketch defines one of its own. */
	readonly names: ReadonlySet<string>;
}

/** By files and size of the address space. The kernel's trees are the same in every program. */
const ofKernel = new Map<string, KernelFacts>();

function factsOfKernel(module: ModuleLowering): KernelFacts {
	const { files } = module.program;
	const key = [module.pages, ...files.filter((f) => f.kernel).map((f) => f.uri)].join(' ');
	let found = ofKernel.get(key);
	const own = files.filter((f) => !f.kernel).flatMap((f) => functionsIn(f.root));
	if (found !== undefined && !own.some((f) => found?.names.has(f.name))) return found;
	const facts = { seen: new Set<AstNode>(), bad: new Set<AstNode>(), counted: new Set<AstNode>(), pairs: [] as Pair[] };
	const others: AstNode[] = [];
	const names = new Set<string>();
	for (const { root, kernel } of files) {
		if (!kernel) continue;
		for (const node of functionsIn(root)) {
			const uses = new Uses(module, new Map());
			for (const wanted of module.resolving(() => uses.function(node)).functions.keys())
				names.add(typeof wanted === 'string' ? wanted : wanted.name);
			if (uses.indirect) {
				others.push(node);
				continue;
			}
			for (const entity of uses.seen) facts.seen.add(entity);
			for (const entity of uses.bad) facts.bad.add(entity);
			for (const entity of uses.counted) facts.counted.add(entity);
			facts.pairs.push(...uses.pairs);
		}
	}
	found = { facts, others, names };
	if (!own.some((f) => names.has(f.name))) ofKernel.set(key, found);
	return found;
}

const functionsIn = (root: File): FunctionDecl[] =>
	root.items.filter((item) => isFunctionDecl(item)).filter((item) => item.body !== undefined);

function factsOf(module: ModuleLowering, node: AstNode, operations: ReadonlyMap<AstNode, readonly AstNode[]>): Facts {
	const uses = new Uses(module, operations);
	uses.function(node);
	return uses;
}

/** Functions that initialisers put into an operation's field: whom a call through the field may reach. */
function operationsOf(module: ModuleLowering): ReadonlyMap<AstNode, readonly AstNode[]> {
	const operations = new Map<AstNode, AstNode[]>();
	for (const { root } of module.program.files)
		for (const entry of initializersOf(root)) {
			const field = entry.designators[0]?.field?.ref;
			const target = isNameRef(entry.value) ? entry.value.target.ref : undefined;
			if (field !== undefined && isFunctionDecl(target))
				operations.set(field, [...(operations.get(field) ?? []), module.definition(target)]);
		}
	return operations;
}

/** What an expression's value is: a copy of an entity, a constant, or something computed. */
type Value = AstNode | 'constant' | undefined;

/** How a value is used by what stands around it. */
type Use = 'copied' | 'dropped' | 'used';

type Initializer = AstNode & { designators: { field?: { ref?: AstNode } }[]; value: Expression };

const initializers = new WeakMap<AstNode, readonly Initializer[]>();

/** Entries of initialiser lists in a file. Remembered: most files are the kernel's, and walking them costs more than the rest. */
function initializersOf(root: AstNode): readonly Initializer[] {
	let found = initializers.get(root);
	if (found === undefined) {
		found = AstUtils.streamAllContents(root)
			.filter((node): node is Initializer => node.$type === 'InitializerEntry')
			.toArray();
		initializers.set(root, found);
	}
	return found;
}

/** Joins the facts of all functions. */
class Flow {
	private readonly parent = new Map<AstNode, AstNode>();
	private readonly all: Facts[] = [];

	add(facts: Facts): void {
		this.all.push(facts);
		for (const [a, b] of facts.pairs) {
			const x = this.find(a);
			const y = this.find(b);
			if (x !== y) this.parent.set(x, y);
		}
	}

	/** Entities of classes in which nothing is bad and something is counted. */
	result(): ReadonlySet<AstNode> {
		const roots = (of: (facts: Facts) => ReadonlySet<AstNode>): Set<AstNode> => {
			const found = new Set<AstNode>();
			for (const facts of this.all) for (const node of of(facts)) found.add(this.find(node));
			return found;
		};
		const bad = roots((f) => f.bad);
		const counted = roots((f) => f.counted);
		const result = new Set<AstNode>();
		for (const { seen } of this.all)
			for (const node of seen) {
				const root = this.find(node);
				if (counted.has(root) && !bad.has(root)) result.add(node);
			}
		return result;
	}

	private find(node: AstNode): AstNode {
		let root = node;
		for (let up = this.parent.get(root); up !== undefined; up = this.parent.get(root)) root = up;
		return root;
	}
}

/** Follows every use in one function. */
class Uses implements Facts {
	readonly bad = new Set<AstNode>();
	readonly counted = new Set<AstNode>();
	readonly seen = new Set<AstNode>();
	readonly pairs: Pair[] = [];
	/** It calls through a field: where that leads differs from program to program. */
	indirect = false;
	private readonly semantics: Semantics;

	constructor(
		private readonly module: ModuleLowering,
		private readonly operations: ReadonlyMap<AstNode, readonly AstNode[]>,
	) {
		this.semantics = module.semantics;
	}

	private unify(a: AstNode, b: AstNode): void {
		if (a !== b) this.pairs.push([a, b]);
	}

	/** The entity a declaration stands for, when its values are wide enough to be a counter. */
	private entity(node: AstNode | undefined): AstNode | undefined {
		if (node === undefined) return undefined;
		if (!['Variable', 'Parameter', 'Field', 'FunctionDecl'].includes(node.$type)) return undefined;
		let type = this.semantics.declaredType(node as Parameters<Semantics['declaredType']>[0]);
		if (type.kind === 'function') type = type.returns;
		while (type.kind === 'array') type = type.of;
		if (type.kind !== 'int' || type.max <= 0xffff) return undefined;
		this.seen.add(node);
		return node;
	}

	private spoil(value: Value): void {
		if (value === this.zero) return;
		if (value !== undefined && value !== 'constant') this.bad.add(value);
	}

	/** `to` gets the value: a copy joins it to its source. */
	private assign(to: AstNode | undefined, value: Value): void {
		if (value === this.zero) return;
		const target = this.entity(to);
		if (target === undefined) {
			this.spoil(value);
			return;
		}
		if (value === undefined) this.bad.add(target);
		// zero stays zero; other constants would lose their distance, unless the kernel's own authors know what they do
		else if (value === 'constant') {
			if (!sourceOf(target).kernel) this.constants.add(target);
		} else this.unify(target, value);
	}

	private readonly constants = new Set<AstNode>();

	function(node: AstNode): void {
		const owner = isFunctionDecl(node) ? this.entity(node) : undefined;
		for (const child of AstUtils.streamContents(node)) this.visit(child, owner);
		for (const target of this.constants) this.bad.add(target);
		this.constants.clear();
	}

	private visit(node: AstNode, owner: AstNode | undefined): void {
		switch (node.$type) {
			case 'ExpressionStatement':
				this.expression((node as AstNode & { expression: Expression }).expression, 'dropped');
				return;
			case 'ReturnStatement': {
				const { value } = node as AstNode & { value?: Expression };
				if (value !== undefined) this.assign(owner, this.expression(value, 'copied'));
				return;
			}
			case 'Variable': {
				const { init } = node as AstNode & { init?: Expression };
				if (init === undefined) return;
				if (isInitializerList(init)) this.children(init, owner);
				else this.assign(node, this.expression(init, 'copied', true));
				return;
			}
			default:
				if (isExpression(node)) this.expression(node as Expression, 'used');
				else this.children(node, owner);
		}
	}

	private children(node: AstNode, owner: AstNode | undefined): void {
		for (const child of AstUtils.streamContents(node)) this.visit(child, owner);
	}

	/** Follows an expression; `zeroIsFine`: a zero that initialises is no constant to worry about. */
	private expression(e: Expression, use: Use, zeroIsFine = false): Value {
		const value = this.follow(e, use);
		if (value === 'constant') return zeroIsFine && this.module.constant(e) === 0 ? this.zero : value;
		if (use === 'used') this.spoil(value);
		return value;
	}

	/** Stands for the value 0, which joins nothing. */
	private readonly zero: AstNode = { $type: 'Zero' } as AstNode;

	private follow(e: Expression, use: Use): Value {
		if (this.module.constant(e) !== undefined) return 'constant';
		switch (e.$type) {
			case 'Parenthesized':
				return this.follow(e.inner, use);
			case 'NameRef':
				return this.entity(e.target.ref);
			case 'Member':
				this.expression(e.object, 'dropped');
				return this.entity(e.field.ref);
			case 'Index':
				this.expression(e.index, 'used');
				return this.follow(e.array, 'dropped');
			case 'Cast':
				if (e.operand === undefined) return undefined;
				if (decay(this.semantics.typeOf(e)).kind === 'int') return this.follow(e.operand, use);
				this.expression(e.operand, 'used');
				return undefined;
			case 'Assignment': {
				const target = this.follow(e.target, 'dropped');
				if (e.operator === '=')
					this.assign(target === 'constant' ? undefined : target, this.expression(e.value, 'copied'));
				else {
					const operand = this.module.constant(e.value);
					if (
						operand !== undefined &&
						(e.operator === '+=' || e.operator === '-=' || (e.operator === '|=' && operand === 1))
					)
						this.count(target, e.operator !== '-=');
					else {
						this.spoil(target);
						this.expression(e.value, 'used');
					}
				}
				return target;
			}
			case 'Unary':
				if (e.operator === '++' || e.operator === '--') return this.step(e.operand, e.operator === '++');
				if (e.operator === '&') {
					this.spoil(this.follow(e.operand, 'dropped'));
					return undefined;
				}
				this.expression(e.operand, e.operator === '*' ? 'dropped' : 'used');
				return undefined;
			case 'Postfix':
				return this.step(e.operand, e.operator === '++');
			case 'BinaryExpr':
				return this.binary(e);
			case 'Conditional': {
				this.expression(e.condition, 'used');
				const a = e.then === undefined ? undefined : this.expression(e.then, 'copied');
				const b = this.expression(e.otherwise, 'copied');
				if (a !== undefined && a !== 'constant' && b !== undefined && b !== 'constant') {
					this.unify(a, b);
					return a;
				}
				this.spoil(a);
				this.spoil(b);
				return undefined;
			}
			case 'CommaExpr':
				this.expression(e.left, 'dropped');
				return this.follow(e.right, use);
			case 'Call':
				return this.call(e, use);
			default:
				for (const child of AstUtils.streamContents(e))
					if (isExpression(child)) this.expression(child as Expression, 'used');
				return undefined;
		}
	}

	private step(operand: Expression, up: boolean): Value {
		const value = this.follow(operand, 'dropped');
		this.count(value, up);
		return value;
	}

	/** A counter has a place that others can see, and goes up only; a local that is counted is a number. */
	private count(value: Value, up: boolean): void {
		if (value === undefined || value === 'constant') return;
		if (isLocal(value) || !up) this.bad.add(value);
		else this.counted.add(value);
	}

	/** `seq + 1`, `seq | 1`: a copy, further on. */
	private sum(value: Value, operator: string): Value {
		if (value !== undefined && value !== 'constant' && operator !== '-' && !isLocal(value)) this.counted.add(value);
		return value;
	}

	private binary(e: Expression & { $type: 'BinaryExpr' }): Value {
		if (!isBinaryExpr(e)) return undefined;
		const constant = this.module.constant(e.right);
		if (e.operator === '==' || e.operator === '!=') {
			const a = this.expression(e.left, 'copied');
			const b = this.expression(e.right, 'copied');
			if (a !== undefined && a !== 'constant' && b !== undefined && b !== 'constant') this.unify(a, b);
			else {
				this.spoil(a);
				this.spoil(b);
			}
			return undefined;
		}
		if (
			constant !== undefined &&
			(e.operator === '+' || e.operator === '-' || (e.operator === '|' && constant === 1)) &&
			Math.abs(constant) <= 2
		)
			return this.sum(this.expression(e.left, 'copied'), e.operator);
		// parity survives
		if (constant === 1 && e.operator === '&') {
			this.expression(e.left, 'copied');
			return undefined;
		}
		this.expression(e.left, 'used');
		this.expression(e.right, 'used');
		return undefined;
	}

	private call(e: Call, use: Use): Value {
		if (this.semantics.macroOf(e) !== undefined) return this.macro(e, use);
		const { callee } = e;
		let targets: readonly AstNode[] = [];
		if (isNameRef(callee) && isFunctionDecl(callee.target.ref)) {
			const definition = this.module.definition(callee.target.ref);
			if (definition.body !== undefined) targets = [definition];
		} else {
			this.expression(callee, 'dropped');
			const field = isMember(callee) ? callee.field.ref : undefined;
			targets = (field && this.operations.get(field)) ?? [];
			this.indirect = true;
		}
		const values = e.arguments.map((a) => this.expression(a, targets.length === 0 ? 'used' : 'copied', true));
		let result: Value;
		for (const target of targets) {
			if (!isFunctionDecl(target)) continue;
			values.forEach((value, n) => {
				this.assign(target.parameters[n], value);
			});
			const returned = this.entity(target);
			if (returned !== undefined) {
				if (result !== undefined && result !== 'constant') this.unify(result, returned);
				result = returned;
			}
		}
		return result;
	}

	private macro(e: Call, use: Use): Value {
		const name = isNameRef(e.callee) ? e.callee.target.$refText : '';
		const [first, second] = e.arguments;
		if (first !== undefined && /^(READ_ONCE|likely|unlikely)$/.test(name)) {
			if (name === 'READ_ONCE') return this.follow(first, use);
			this.expression(first, 'used');
			return undefined;
		}
		if (first !== undefined && second !== undefined && name === 'WRITE_ONCE') {
			const target = this.follow(first, 'dropped');
			this.assign(target === 'constant' ? undefined : target, this.expression(second, 'copied'));
			return target;
		}
		// what is printed is of no consequence
		const read: Use = printsOnly(name) ? 'dropped' : 'used';
		for (const argument of e.arguments) if (argument.$type !== 'TypeArgument') this.expression(argument, read);
		return undefined;
	}
}

/** A parameter, or a variable of a function. */
const isLocal = (node: AstNode): boolean =>
	node.$type === 'Parameter' || (isVariable(node) && node.$container.$container?.$type !== 'File');

const EXPRESSIONS = new Set([
	'Assignment',
	'BinaryExpr',
	'Call',
	'Cast',
	'CharLiteral',
	'CommaExpr',
	'Conditional',
	'Index',
	'Member',
	'NameRef',
	'NumberLiteral',
	'Parenthesized',
	'Postfix',
	'SizeOf',
	'StringLiteral',
	'Unary',
]);

const isExpression = (node: AstNode): boolean => EXPRESSIONS.has(node.$type) || isCall(node);
