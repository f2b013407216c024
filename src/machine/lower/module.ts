import type { AstNode } from 'langium';
import type { Primitive } from '../../kernel/context.js';
import { isEmptyInitializer } from '../../language/builtins.js';
import {
	type Block,
	type Expression,
	type FunctionDecl,
	type InitializerList,
	isEnumConstant,
	isFunctionDecl,
	isInitializerList,
	isMacroDecl,
	isNameRef,
	isVariable,
	type MacroDecl,
	type NameRef,
	type Variable,
} from '../../language/generated/ast.js';
import { MACRO_CALLBACKS } from '../../language/links.js';
import type { Problem } from '../../language/problem.js';
import type { Program } from '../../language/program.js';
import { sourceOf, spanOf } from '../../language/text.js';
import type { FieldInfo, Type } from '../../language/types.js';
import type { FunctionCode, Instruction, MemoryLocal } from '../ir.js';
import { Layouts, structsIn } from '../layout.js';
import { computeLiveness } from '../liveness.js';
import { FUNCTION, GLOBAL_BASE } from '../memory.js';
import { FunctionLowering } from './function.js';
import { namesUsed } from './names-used.js';
import { handler } from './readers.js';
import { keepTemplate, type Resolved, type Template, templateOf } from './template.js';

/** A global in memory. */
export interface Global {
	readonly name: string;
	readonly address: number;
	readonly cells: number;
	readonly type: Type;
	readonly node: Variable | MacroDecl;
	/** Declared in a file of the simulated kernel. */
	readonly kernel: boolean;
}

/** Thrown while lowering: what the program asks for has no code. Caught in `lowerProgram`; becomes a Problem. */
export class CannotLower {
	constructor(
		readonly node: AstNode,
		readonly message: string,
	) {}
}

/**
 * Turns the typed tree into flat code, function by function, as far as the scenario reaches:
 * a function that nothing calls costs nothing.
 */
export class ModuleLowering {
	readonly functions: FunctionCode[] = [];
	readonly globals: Global[] = [];
	/** Addresses behind arrays, kept free so that whoever runs over the end meets nobody else's cell. */
	readonly guards = new Set<number>();
	readonly layouts: Layouts;
	readonly problems: Problem[] = [];
	private readonly functionIndex = new Map<AstNode, number>();
	private readonly globalIndex = new Map<AstNode, Global>();
	private readonly pending: (() => void)[] = [];
	/** What code is made for besides the program: the key of its templates. */
	private readonly variant: string;
	private readonly primitiveIndex: ReadonlyMap<string, number>;
	private nextAddress = GLOBAL_BASE;
	/** (address, value) pairs of initialised globals. */
	private readonly initial: [number, number][] = [];

	constructor(
		readonly program: Program,
		readonly primitives: readonly Primitive[],
		/** Size of the address space, pages. */
		readonly pages: number,
		/** Names of `config` items that are on. */
		readonly config: ReadonlySet<string>,
	) {
		// __config() is a constant of the code
		this.variant = [pages, ...[...config].sort()].join(' ');
		this.layouts = new Layouts(program.semantics, pages);
		this.primitiveIndex = new Map(primitives.map((p, n) => [p.name, n]));
	}

	get semantics(): Program['semantics'] {
		return this.program.semantics;
	}

	constant(expression: Expression): number | undefined {
		return this.semantics.constant(expression, this.pages);
	}

	primitive(name: string): number | undefined {
		return this.primitiveIndex.get(name);
	}

	isKernel(node: AstNode): boolean {
		return sourceOf(node).kernel;
	}

	/** Has the function of the simulated kernel been reached? */
	isLowered(name: string): boolean {
		return this.functions.some((f) => f.kernel && f.name === name);
	}

	/** Lowers all functions that were asked for, and theirs. */
	lowerAll(): void {
		for (let job = this.pending.pop(); job !== undefined; job = this.pending.pop()) {
			try {
				job();
			} catch (e) {
				if (!(e instanceof CannotLower)) throw e;
				this.problems.push({ code: 'unsupported', severity: 'error', message: e.message, span: spanOf(e.node) });
			}
		}
	}

	/** Finishes all functions that were asked for. Returns the globals' first values. */
	finish(): Int32Array {
		this.lowerAll();
		const cells = new Int32Array(this.nextAddress - GLOBAL_BASE);
		for (const [address, value] of this.initial) cells[address - GLOBAL_BASE] = value;
		return cells;
	}

	/** Index of a function's code, lowering it when it is first asked for. */
	function(declaration: FunctionDecl): number {
		const known = this.functionIndex.get(declaration);
		if (known !== undefined) return known;
		const { body } = declaration;
		if (body === undefined) throw new CannotLower(declaration, `'${declaration.name}' has no body`);
		return this.add(
			declaration.name,
			declaration,
			(lowering) => {
				lowering.parameters(declaration.parameters);
				lowering.body(body);
			},
			declaration.parameters.length,
		);
	}

	/** Index of the code of a scenario's block. */
	block(name: string, block: Block, node: AstNode): number {
		return (
			this.functionIndex.get(node) ??
			this.add(
				name,
				node,
				(lowering) => {
					if (node.$type === 'InterruptItem') handler(lowering);
					lowering.body(block);
				},
				0,
			)
		);
	}

	/** Index of code that calls a function with constants: an adversary of the environment. */
	adversary(declaration: FunctionDecl, args: readonly number[]): number {
		const callee = this.function(declaration);
		const code = this.newCode(declaration.name, declaration, 0);
		code.constants.push(...args);
		code.registers = 1;
		code.code.push(
			{ op: 'call', node: declaration, to: 0, callee, args: args.map((_, n) => -1 - n) },
			{ op: 'return', node: declaration, value: undefined },
		);
		this.pending.push(() => computeLiveness(code));
		return code.index;
	}

	private newCode(name: string, node: AstNode, parameters: number): FunctionCode {
		const code = emptyCode(name, this.functions.length, this.isKernel(node), node, parameters);
		this.functions.push(code);
		return code;
	}

	private add(name: string, node: AstNode, lower: (lowering: FunctionLowering) => void, parameters: number): number {
		const code = this.newCode(name, node, parameters);
		this.functionIndex.set(node, code.index);
		this.pending.push(() => this.link(this.template(name, node, lower, parameters), code));
		return code.index;
	}

	private template(
		name: string,
		node: AstNode,
		lower: (lowering: FunctionLowering) => void,
		parameters: number,
	): Template {
		const known = templateOf(node, this.variant);
		if (known !== undefined && this.holds(known.resolved)) return known;
		const code = emptyCode(name, -1, this.isKernel(node), node, parameters);
		const lowering = new FunctionLowering(this, code);
		const resolved = this.resolving(() => lower(lowering));
		computeLiveness(code);
		const template = { code, links: lowering.links, resolved };
		keepTemplate(node, this.variant, template);
		return template;
	}

	private resolved:
		| { functions: Map<string | FunctionDecl, FunctionDecl | undefined>; used: Map<string, boolean> }
		| undefined;

	/** What `work` asks of the program's functions. */
	resolving(work: () => void): Resolved {
		const resolved = { functions: new Map<string | FunctionDecl, FunctionDecl | undefined>(), used: new Map() };
		this.resolved = resolved;
		try {
			work();
		} finally {
			this.resolved = undefined;
		}
		return resolved;
	}

	/** Do names lead where they led when it was worked out? */
	holds(resolved: Resolved): boolean {
		for (const [name, used] of resolved.used) if (this.uses(name) !== used) return false;
		for (const [wanted, found] of resolved.functions)
			if ((typeof wanted === 'string' ? this.named(wanted) : this.definition(wanted)) !== found) return false;
		return true;
	}

	/** Copies a template into `code` and fills in what differs from scenario to scenario. */
	private link({ code: from, links }: Template, code: FunctionCode): void {
		code.registers = from.registers;
		code.registerNames.push(...from.registerNames);
		code.registerNodes.push(...from.registerNodes);
		code.constants.push(...from.constants);
		code.code.push(...from.code);
		code.memoryLocals.push(...from.memoryLocals);
		code.unset.push(...from.unset);
		code.live = from.live;
		for (const link of links) {
			switch (link.kind) {
				case 'global':
					code.constants[link.constant] = this.global(link.node).address;
					break;
				case 'function':
					code.constants[link.constant] = FUNCTION | this.function(link.node);
					break;
				case 'layout':
					code.constants[link.constant] = this.layouts.index(link.name, link.type, link.cells);
					break;
				case 'local':
					code.memoryLocals[link.local] = {
						...(code.memoryLocals[link.local] as MemoryLocal),
						layout: this.layouts.index(link.name, link.type, link.cells),
					};
					break;
				case 'call':
					code.code[link.pc] = {
						...(code.code[link.pc] as Instruction & { op: 'call' }),
						callee: this.function(link.node),
					};
			}
		}
	}

	/** The global that a file-level or static local declaration stands for. */
	global(node: Variable | MacroDecl): Global {
		const known = this.globalIndex.get(node);
		if (known !== undefined) return known;
		const type = this.semantics.declaredType(node);
		const cells = this.layouts.cells(type);
		const global: Global = {
			name: node.name,
			address: this.nextAddress,
			cells,
			type,
			node,
			kernel: this.isKernel(node),
		};
		this.nextAddress += cells;
		if (type.kind === 'array' && !global.kernel) this.guards.add(this.nextAddress++);
		this.globals.push(global);
		this.globalIndex.set(node, global);
		if (isMacroDecl(node)) this.initialiseMacro(node, global.address, type);
		else if (node.init !== undefined) {
			const { init } = node;
			this.pending.push(() => this.initialise(global.address, type, init));
		}
		return global;
	}

	private initialiseMacro(node: MacroDecl, address: number, type: Type): void {
		if (node.macro === 'LIST_HEAD') this.listHead(address);
		if (type.kind !== 'struct') return;
		const [first] = node.arguments;
		const put = (offset: number | undefined, value: () => number): void => {
			if (offset !== undefined) this.pending.push(() => void this.initial.push([address + offset, value()]));
		};
		const field = (name: string): number | undefined => this.layouts.offset(type, name);
		// of DEFINE_XARRAY_ALLOC(): XA_FLAGS_ALLOC
		if (/^DEFINE_XARRAY_/.test(node.macro)) put(field('xa_flags'), () => (first ? (this.constant(first) ?? 0) : 4));
		// without a number until 6.4
		if (node.macro === 'DEFINE_SEMAPHORE') put(field('count'), () => (first ? (this.constant(first) ?? 0) : 1));
		if (first === undefined) return;
		if (node.macro === 'DECLARE_TASKLET_DISABLED') put(field('count'), () => 1);
		// of a delayed item it is the first cell of the work item in it
		const work = structsIn(this.layouts, type, 'work_struct')[0];
		const callback = MACRO_CALLBACKS[node.macro];
		if (callback !== undefined) put(field(callback) ?? work, () => this.constantValue(first));
	}

	private listHead(address: number): void {
		this.initial.push([address, address], [address + 1, address]);
	}

	private initialise(address: number, type: Type, given: Expression): void {
		const init = this.meant(given) ?? given;
		if (isInitializerList(init)) {
			this.initialiseList(address, type, init);
			return;
		}
		if (isEmptyInitializer(init)) return;
		if (init.$type === 'Call' && isNameRef(init.callee)) {
			const macro = init.callee.target.$refText;
			if (macro === 'LIST_HEAD_INIT') {
				this.listHead(address);
				return;
			}
			const [argument] = init.arguments;
			if (/_INIT$/.test(macro) && argument !== undefined && type.kind === 'struct') {
				const value = this.constant(argument);
				this.initial.push([address, value ?? 0]);
				return;
			}
			if (/(_INIT|_INITIALIZER|_UNLOCKED|_ZERO)$/.test(macro)) return;
		}
		this.initial.push([address, this.constantValue(init)]);
	}

	/** `(struct foo){ … }`, as it stands or by a name: of a #define, or of a struct that is a macro of the kernel (xa_limit_32b). */
	private meant(init: Expression): Expression | undefined {
		if (init.$type === 'Cast') return init.literal;
		const target = isNameRef(init) ? init.target.ref : undefined;
		if (target?.$type === 'Define' && target.value?.$type === 'Cast') return target.value.literal;
		const isStruct = target && isVariable(target) && this.semantics.typeOf(init).kind === 'struct';
		return isStruct && this.isKernel(target) ? target.init : undefined;
	}

	private initialiseList(address: number, type: Type, list: InitializerList): void {
		for (const { offset, type: entryType, value } of flatten(this, type, list))
			this.initialise(address + offset, entryType, value);
	}

	/** The value of an initialiser: a constant, the address of a global or of a part of it, a function. */
	private constantValue(expression: Expression): number {
		const constant = this.constant(expression);
		if (constant !== undefined) return constant | 0;
		switch (expression.$type) {
			case 'Parenthesized':
				return this.constantValue(expression.inner);
			case 'Cast':
				if (expression.operand !== undefined) return this.constantValue(expression.operand);
				break;
			case 'StringLiteral':
				return 0;
			case 'Unary':
				if (expression.operator === '&') return this.constantAddress(expression.operand);
				break;
			case 'NameRef': {
				const target = expression.target.ref;
				if (isFunctionDecl(target)) return FUNCTION | this.function(this.definition(target));
				if (isEnumConstant(target)) break;
				const type = this.semantics.typeOf(expression);
				if (type.kind === 'array') return this.constantAddress(expression);
				break;
			}
			default:
		}
		throw new CannotLower(
			expression,
			'the initialiser of a global has to be a constant, the address of a global, or a function',
		);
	}

	private constantAddress(expression: Expression): number {
		switch (expression.$type) {
			case 'Parenthesized':
				return this.constantAddress(expression.inner);
			case 'NameRef': {
				const target = expression.target.ref;
				if (isFunctionDecl(target)) return FUNCTION | this.function(this.definition(target));
				if (isVariable(target) || isMacroDecl(target)) return this.global(target).address;
				break;
			}
			case 'Member': {
				const type = this.semantics.typeOf(expression.object);
				if (expression.operator === '.' && type.kind === 'struct')
					return this.constantAddress(expression.object) + (this.layouts.offset(type, expression.field.$refText) ?? 0);
				break;
			}
			case 'Index': {
				const type = this.semantics.typeOf(expression.array);
				const index = this.constant(expression.index);
				if (type.kind === 'array' && index !== undefined)
					return this.constantAddress(expression.array) + index * this.layouts.cells(type.of);
				break;
			}
			default:
		}
		throw new CannotLower(expression, 'this is not the address of a global, as an initialiser has to be');
	}

	/** The global that an address lies in, or right behind. */
	globalAt(address: number): Global | undefined {
		let low = 0;
		let high = this.globals.length;
		while (low < high) {
			const middle = (low + high) >> 1;
			if ((this.globals[middle] as Global).address <= address) low = middle + 1;
			else high = middle;
		}
		const found = this.globals[low - 1];
		return found && address <= found.address + found.cells ? found : undefined;
	}

	/** The declaration with a body, where there is one. */
	definition(declaration: FunctionDecl): FunctionDecl {
		if (declaration.body !== undefined) return declaration;
		const found = this.program.functions.get(declaration.name) ?? declaration;
		this.resolved?.functions.set(declaration, found);
		return found;
	}

	/** Does the sketch, or a library that it includes by name, refer to this name? */
	uses(name: string): boolean {
		const found = namesUsed(this.program).has(name);
		this.resolved?.used.set(name, found);
		return found;
	}

	/** The program's function of this name. */
	named(name: string): FunctionDecl | undefined {
		const found = this.program.functions.get(name);
		this.resolved?.functions.set(name, found);
		return found;
	}

	/** What a name designates; undefined when it is unknown (a problem was reported for it). */
	target(reference: NameRef): NonNullable<NameRef['target']['ref']> | undefined {
		return reference.target.ref;
	}
}

const emptyCode = (name: string, index: number, kernel: boolean, node: AstNode, parameters: number): FunctionCode => ({
	name,
	index,
	kernel,
	node,
	parameters,
	registers: parameters,
	registerNames: [],
	registerNodes: [],
	constants: [],
	code: [],
	memoryLocals: [],
	reached: [],
	unset: [],
	live: [],
});

/** The entries of an initialiser list with the place in cells and the type that each one sets; the rest is zero. */
export function flatten(
	module: ModuleLowering,
	type: Type,
	list: InitializerList,
): { offset: number; type: Type; value: Expression }[] {
	return module.semantics
		.initializerEntries(list, type)
		.map(({ path, type: entryType, value }) => ({ offset: pathOffset(module, type, path), type: entryType, value }));
}

/** The offset in cells to which a path of fields and indices leads from an object of `type`. */
export function pathOffset(module: ModuleLowering, type: Type, path: readonly (FieldInfo | number)[]): number {
	let at = type;
	let offset = 0;
	for (const part of path) {
		if (typeof part === 'number') {
			if (at.kind !== 'array') return offset;
			offset += part * module.layouts.cells(at.of);
			at = at.of;
		} else {
			if (at.kind !== 'struct') return offset;
			offset += module.layouts.offset(at, part.name) ?? 0;
			at = part.type;
		}
	}
	return offset;
}
