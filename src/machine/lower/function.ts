import type { AstNode } from 'langium';
import {
	type Block,
	type Expression,
	type ForStatement,
	type FunctionDecl,
	isInitializerList,
	isLabelStatement,
	type LabelStatement,
	type MacroDecl,
	type Parameter,
	type Statement,
	type Variable,
} from '../../language/generated/ast.js';
import type { Type } from '../../language/types.js';
import type { FunctionCode, Instruction, Operand } from '../ir.js';
import { MAX_CELLS, MAX_MEMORY_LOCALS, UNINITIALISED } from '../memory.js';
import { addressTakenIn } from './addresses.js';
import { structInto } from './aggregates.js';
import './builtins.js';
import { lowerEach } from './each.js';
import { condition, convert, rvalue } from './expressions.js';
import { freeAtEnd, scopesAround, takeGuard, takeMm } from './guards.js';
import { Label } from './label.js';
import { CannotLower, flatten, type ModuleLowering } from './module.js';
import { lowerSwitch } from './switch.js';
import type { Link } from './template.js';

/**
 * Where a local variable is: in a register, or in memory because its address is taken or it is an aggregate; a struct that is
 * passed by value is where a register says, in a copy that the caller has made.
 */
export type Place = { readonly register: number } | { readonly slot: number } | { readonly at: number };

/** `Instruction` without its node, which `emit` adds. */
type Bare = Instruction extends infer I ? (I extends Instruction ? Omit<I, 'node'> : never) : never;

/** Lowers one function body. Expressions are in expressions.ts, macros of C and the kernel in builtins.ts. */
export class FunctionLowering {
	private readonly places = new Map<AstNode, Place>();
	private readonly labels = new Map<LabelStatement, Label>();
	private readonly constantIndex = new Map<number, number>();
	private readonly loops: { onBreak: Label; onContinue: Label | undefined; scopes: number }[] = [];
	/** The `atomic` and `with_mm` blocks around the current statement, and the code that leaves each. */
	private readonly scopes: { readonly node: AstNode; readonly leave: () => void }[] = [];
	private readonly addressTaken: ReadonlySet<AstNode>;
	private readonly addresses = new Map<AstNode, Operand>();
	/** What `ModuleLowering.link` has to fill in. */
	readonly links: Link[] = [];
	/** Statement whose code is being made: what instructions without a node of their own belong to. */
	private node: AstNode;

	constructor(
		readonly module: ModuleLowering,
		readonly code: FunctionCode,
	) {
		this.node = code.node;
		this.addressTaken = addressTakenIn(code.node);
	}

	// ---- emitting ----

	/** Code for the end of all that runs. */
	beforeReturn?: () => void;

	emit(instruction: Bare, node: AstNode = this.node): number {
		if (instruction.op === 'return') this.beforeReturn?.();
		this.code.code.push({ ...instruction, node } as Instruction);
		return this.code.code.length - 1;
	}

	/** The last access of what was emitted since `start` is meant to meet those of other threads: READ_ONCE() and its like. */
	mark(start: number): void {
		const last = this.code.code[this.code.code.length - 1];
		if (this.code.code.length === start) return;
		if (last?.op === 'load' || last?.op === 'store') last.marked = true;
	}

	/** All accesses of what was emitted since `start` are. */
	markAll(start: number): void {
		for (const i of this.code.code.slice(start)) if (i.op === 'load') i.marked = true;
	}

	at(pc: number): Instruction {
		return this.code.code[pc] as Instruction;
	}

	register(name?: string): number {
		const register = this.code.registers++;
		if (name !== undefined) this.code.registerNames[register] = name;
		return register;
	}

	constant(value: number): Operand {
		const cell = value | 0;
		let index = this.constantIndex.get(cell);
		if (index === undefined) {
			index = this.code.constants.length;
			this.code.constants.push(cell);
			this.constantIndex.set(cell, index);
		}
		return -1 - index;
	}

	/** The address of a global, or of a function as a value. */
	address(node: Variable | MacroDecl | FunctionDecl): Operand {
		let operand = this.addresses.get(node);
		if (operand === undefined) {
			const constant = this.code.constants.push(0) - 1;
			this.links.push(
				node.$type === 'FunctionDecl' ? { kind: 'function', constant, node } : { kind: 'global', constant, node },
			);
			operand = -1 - constant;
			this.addresses.set(node, operand);
		}
		return operand;
	}

	/** The number of a layout for objects of a type. */
	layout(name: string, type: Type | undefined, cells: number): Operand {
		const constant = this.code.constants.push(0) - 1;
		this.links.push({ kind: 'layout', constant, name, type, cells });
		return -1 - constant;
	}

	/** Calls a function that has a body. */
	call(callee: FunctionDecl, to: number, args: readonly Operand[], node: AstNode): void {
		this.links.push({ kind: 'call', pc: this.emit({ op: 'call', to, callee: -1, args }, node), node: callee });
	}

	use(label: Label, patch: (target: number) => void): void {
		if (label.target >= 0) patch(label.target);
		else label.uses.push(patch);
	}

	place(label: Label): void {
		label.target = this.code.code.length;
		for (const patch of label.uses) patch(label.target);
	}

	jump(label: Label, node: AstNode = this.node): void {
		const i = this.at(this.emit({ op: 'jump', target: -1 }, node)) as Instruction & { op: 'jump' };
		this.use(label, (t) => {
			i.target = t;
		});
	}

	branch(operand: Operand, then: Label, otherwise: Label, node: AstNode = this.node): void {
		const i = this.at(this.emit({ op: 'branch', condition: operand, yes: -1, no: -1 }, node)) as Instruction & {
			op: 'branch';
		};
		this.use(then, (t) => {
			i.yes = t;
		});
		this.use(otherwise, (t) => {
			i.no = t;
		});
	}

	// ---- variables ----

	placeOf(node: AstNode): Place | undefined {
		return this.places.get(node);
	}

	memoryLocal(name: string, type: Type): number {
		const cells = this.module.layouts.cells(type);
		if (cells > MAX_CELLS)
			throw new CannotLower(
				this.node,
				`'${name}' has ${cells} cells; the model holds at most ${MAX_CELLS} in one object`,
			);
		if (this.code.memoryLocals.length >= MAX_MEMORY_LOCALS)
			throw new CannotLower(this.node, 'too many locals in memory in one function');
		const local = this.code.memoryLocals.push({ name, cells, layout: -1 }) - 1;
		this.links.push({ kind: 'local', local, name: `${this.code.name}:${name}`, type, cells });
		return local;
	}

	parameters(parameters: readonly Parameter[]): void {
		parameters.forEach((parameter, register) => {
			const type = this.module.semantics.declaredType(parameter);
			this.code.registerNames[register] = parameter.name ?? '';
			this.code.registerNodes[register] = parameter;
			if (type.kind === 'struct') {
				this.places.set(parameter, { at: register });
				return;
			}
			if (!this.addressTaken.has(parameter)) {
				this.places.set(parameter, { register });
				return;
			}
			const slot = this.memoryLocal(parameter.name ?? '', type);
			this.places.set(parameter, { slot });
			this.emit({ op: 'fresh', slot, zero: false }, parameter);
			const to = this.register();
			this.emit({ op: 'local', to, slot }, parameter);
			this.emit({ op: 'store', address: to, value: register }, parameter);
		});
	}

	body(block: Block): void {
		this.block(block);
		this.emit({ op: 'return', value: undefined }, block);
	}

	/** What a call is worth is the address of a struct: it has to be there when the function has returned. */
	private keepsResult(value: Expression): void {
		if (this.module.semantics.typeOf(value).kind !== 'struct') return;
		const local = value.$type === 'NameRef' && value.target.ref !== undefined && this.placeOf(value.target.ref);
		if (local || value.$type === 'Cast')
			throw new CannotLower(value, 'a struct of this function is returned by value: fill one in through a pointer');
	}

	private block(block: Block): void {
		const outer = this.scopes.length;
		for (const statement of block.statements) this.statement(statement);
		// guards of this block, the last one first
		this.leave(outer);
		this.scopes.length = outer;
	}

	/** A declaration of locals; static ones are globals. */
	declare(node: Variable | MacroDecl): void {
		const { semantics } = this.module;
		const declaration = node.$container;
		const storage = node.$type === 'MacroDecl' ? node.storage : 'storage' in declaration ? declaration.storage : [];
		if (storage.includes('static') || storage.includes('extern')) {
			this.address(node);
			return;
		}
		const type = semantics.declaredType(node);
		if (type.kind === 'struct' || type.kind === 'array' || this.addressTaken.has(node)) {
			const slot = this.memoryLocal(node.name, type);
			this.places.set(node, { slot });
			const init = node.$type === 'MacroDecl' ? undefined : node.init;
			this.emit(
				{ op: 'fresh', slot, zero: node.$type === 'MacroDecl' || (init !== undefined && isInitializerList(init)) },
				node,
			);
			if (node.$type === 'MacroDecl') {
				if (node.macro === 'LIST_HEAD') this.initListHead(slot, node);
				return;
			}
			if (init === undefined) return;
			const address = this.register();
			this.emit({ op: 'local', to: address, slot }, node);
			this.initialise(address, 0, type, init);
			return;
		}
		const register = this.register(node.name);
		this.code.registerNodes[register] = node;
		this.places.set(node, { register });
		if (node.$type === 'Variable' && node.init !== undefined) {
			const value = convert(this, rvalue(this, node.init), semantics.typeOf(node.init), type, node.init);
			this.emit({ op: 'move', to: register, from: value }, node);
		} else {
			// each time the declaration is reached, and where a goto or case jumps over it
			this.code.unset.push(register);
			this.emit({ op: 'move', to: register, from: this.constant(UNINITIALISED) }, node);
		}
	}

	private initListHead(slot: number, node: AstNode): void {
		const address = this.register();
		this.emit({ op: 'local', to: address, slot }, node);
		const second = this.register();
		this.emit({ op: 'field', to: second, base: address, offset: 1 }, node);
		this.emit({ op: 'store', address, value: address }, node);
		this.emit({ op: 'store', address: second, value: address }, node);
	}

	/** Stores an initialiser's values at `base + offset`; the cells are zero already where it is a list. */
	initialise(base: Operand, offset: number, type: Type, init: Expression): void {
		if (isInitializerList(init)) {
			for (const entry of flatten(this.module, type, init))
				this.initialise(base, offset + entry.offset, entry.type, entry.value);
			return;
		}
		let address = base;
		if (offset !== 0) {
			address = this.register();
			this.emit({ op: 'field', to: address, base, offset }, init);
		}
		if (type.kind === 'struct') {
			structInto(this, address, type, init);
			return;
		}
		const value = convert(this, rvalue(this, init), this.module.semantics.typeOf(init), type, init);
		this.emit({ op: 'store', address, value }, init);
	}

	// ---- statements ----

	statement(statement: Statement): void {
		const outer = this.node;
		this.node = statement;
		try {
			this.lowerStatement(statement);
		} finally {
			this.node = outer;
		}
	}

	private lowerStatement(s: Statement): void {
		switch (s.$type) {
			case 'Block':
				this.block(s);
				break;
			case 'VariableDecl':
				for (const variable of s.variables) this.declare(variable);
				for (const variable of s.variables)
					if (variable.cleanup !== undefined) this.scopes.push({ node: s, leave: freeAtEnd(this, variable) });
				break;
			case 'MacroDecl':
				this.declare(s);
				break;
			case 'EnumDef':
			case 'EmptyStatement':
				break;
			case 'ExpressionStatement':
				rvalue(this, s.expression, true);
				break;
			case 'IfStatement': {
				const then = new Label();
				const otherwise = new Label();
				const end = new Label();
				condition(this, s.condition, then, otherwise);
				this.place(then);
				this.statement(s.then);
				if (s.otherwise !== undefined) this.jump(end);
				this.place(otherwise);
				if (s.otherwise !== undefined) this.statement(s.otherwise);
				this.place(end);
				break;
			}
			case 'WhileStatement':
			case 'DoStatement':
			case 'ForStatement':
				this.loop(s.$type === 'ForStatement' ? s : undefined, s.condition, s.body, s.$type === 'DoStatement');
				break;
			case 'EachStatement':
				lowerEach(this, s);
				break;
			case 'SwitchStatement':
				lowerSwitch(this, s);
				break;
			case 'CaseLabel':
			case 'DefaultLabel': {
				const label = this.caseLabels.get(s);
				if (label !== undefined) this.place(label);
				break;
			}
			case 'LabelStatement':
				this.place(this.label(s));
				break;
			case 'GotoStatement': {
				const target = s.label?.ref;
				if (!isLabelStatement(target)) throw new CannotLower(s, 'the target of this goto is not known');
				this.emit({ op: 'mark' });
				this.leaveFor(target, s);
				this.jump(this.label(target));
				break;
			}
			case 'BreakStatement': {
				const loop = this.loops[this.loops.length - 1];
				if (loop === undefined) throw new CannotLower(s, 'break outside of a loop or switch');
				this.leave(loop.scopes);
				this.jump(loop.onBreak);
				break;
			}
			case 'ContinueStatement': {
				const loop = this.loops.findLast((l) => l.onContinue !== undefined);
				if (loop?.onContinue === undefined) throw new CannotLower(s, 'continue outside of a loop');
				this.emit({ op: 'mark' });
				this.leave(loop.scopes);
				this.jump(loop.onContinue);
				break;
			}
			case 'ReturnStatement': {
				let value: Operand | undefined;
				if (s.value !== undefined) {
					this.keepsResult(s.value);
					value = rvalue(this, s.value);
					const owner = this.code.node;
					if (owner.$type === 'FunctionDecl') {
						const type = this.module.semantics.declaredType(
							owner as Parameters<typeof this.module.semantics.declaredType>[0],
						);
						if (type.kind === 'function')
							value = convert(this, value, this.module.semantics.typeOf(s.value), type.returns, s.value);
					}
				}
				this.leave(0);
				this.emit({ op: 'return', value });
				break;
			}
			case 'AtomicStatement': {
				const end = (): void => void this.emit({ op: 'atomic-end' });
				this.emit({ op: 'atomic-begin' });
				this.scope(s, end, () => this.block(s.body));
				break;
			}
			case 'WithMmStatement':
				this.scope(s, takeMm(this, s.mm), () => this.statement(s.body));
				break;
			case 'Guard':
				this.scopes.push({ node: s, leave: takeGuard(this, s) });
				break;
			case 'ScopedGuard': {
				// it is a loop of one round: break and continue leave it
				this.scope(s, takeGuard(this, s), () => {
					const done = new Label();
					this.loops.push({ onBreak: done, onContinue: done, scopes: this.scopes.length });
					this.statement(s.body);
					this.loops.pop();
					this.place(done);
				});
				break;
			}
			case 'AsmStatement':
				throw new CannotLower(s, 'inline assembly is not modelled');
		}
	}

	/** Lowers the body of an `atomic` or `with_mm` block, however it is left. */
	private scope(node: AstNode, leave: () => void, body: () => void): void {
		this.scopes.push({ node, leave });
		body();
		this.scopes.pop();
		leave();
	}

	/** Code for jumping out of all but the `count` outermost scopes. */
	private leave(count: number): void {
		for (let n = this.scopes.length - 1; n >= count; n--) this.scopes[n]?.leave();
	}

	/** Code for the scopes that a goto leaves. */
	private leaveFor(target: AstNode, jump: Statement): void {
		const around = scopesAround(target);
		const kept = this.scopes.filter((s) => around.has(s.node)).length;
		if (new Set(this.scopes.slice(0, kept).map((s) => s.node)).size < around.size)
			throw new CannotLower(jump, 'this goto leads into a guard, an atomic or a with_mm block, past its beginning');
		this.leave(kept);
	}

	private label(node: LabelStatement): Label {
		let label = this.labels.get(node);
		if (label === undefined) {
			label = new Label();
			this.labels.set(node, label);
		}
		return label;
	}

	private loop(
		loop: ForStatement | undefined,
		test: Expression | undefined,
		body: Statement,
		bodyFirst: boolean,
	): void {
		if (loop?.declaration !== undefined) this.statement(loop.declaration);
		if (loop?.init !== undefined) rvalue(this, loop.init, true);
		const start = new Label();
		const next = new Label();
		const check = new Label();
		const end = new Label();
		if (!bodyFirst) this.jump(check);
		this.place(start);
		this.loops.push({ onBreak: end, onContinue: next, scopes: this.scopes.length });
		this.statement(body);
		this.loops.pop();
		this.place(next);
		if (loop?.step !== undefined) rvalue(this, loop.step, true);
		this.place(check);
		if (test === undefined) this.jump(start);
		else condition(this, test, start, end);
		this.place(end);
	}

	/** Opens a loop for builtins.ts: `break` and `continue` inside `body` go to the labels. */
	loopBody(body: Statement, onBreak: Label, onContinue: Label): void {
		this.loops.push({ onBreak, onContinue, scopes: this.scopes.length });
		this.statement(body);
		this.loops.pop();
	}

	/** Where a `case` goes on. */
	readonly caseLabels = new Map<AstNode, Label>();

	/** Opens the body of a switch for switch.ts: `break` goes to the label. */
	switchBody(body: Block, onBreak: Label): void {
		this.loops.push({ onBreak, onContinue: undefined, scopes: this.scopes.length });
		this.block(body);
		this.loops.pop();
	}
}
