import { AstUtils } from 'langium';
import {
	type FunctionDecl,
	isCall,
	isCast,
	isMember,
	isNameRef,
	isVariable,
	type MacroDecl,
	type Variable,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, sourceText, spanOfProperty } from '../../language/text.js';
import { type StructType, sameType, type Type, typeToString } from '../../language/types.js';
import { BUFFERS, isOwnLocal, literalsIn, localOf, ofUser } from './arguments.js';
import { anyOf, choicesOf, isUserAddress } from './choices.js';
import type { Drivers } from './drivers.js';

/** Pages that adversaries invalidate. */
export const PAGES = 2;
/** The default environment's address space is no larger than this. */
const MOST_PAGES = 8;

/** Where the simulated kernel has an object of its own to point to. */
const KERNELS: Readonly<Record<string, string>> = { mm_struct: 'mm' };

/** Structs of the simulated kernel that it has no object of: the environment makes one. */
const MADE = new Set([
	...['file', 'inode', 'poll_table_struct', 'work_struct'],
	...['device', 'pci_dev', 'pci_device_id', 'platform_device'],
]);

const NOTIFIERS = ['mmu_notifier', 'mmu_interval_notifier'];

/** What was opened first, and what second. */
const OPENED = ['opened', 'second_opened'];

/** What the default environment has to point to, and what it passes to functions that it calls. */
export class Objects {
	/** Declarations of the environment's own objects. */
	readonly declarations: string[] = [];
	/** Pages that the sketch has room for: one where it has an array of one element. */
	readonly span: number;
	/** Pages of the address space: as many as the sketch names in its calls of the kernel. */
	readonly pages: number;
	private readonly globals: readonly (Variable | MacroDecl)[];
	private readonly made = new Map<string, string>();

	constructor(
		private readonly program: Program,
		private readonly drivers: Drivers,
	) {
		this.globals = program.globals.filter((g) => !sourceOf(g).kernel);
		this.pages = Math.max(PAGES, ...literalsIn(program, PAGES, MOST_PAGES));
		const narrow = (type: Type, depth: number): boolean =>
			(type.kind === 'array' && type.length === 1) ||
			(type.kind === 'struct' && depth < 3 && type.fields.some((f) => narrow(f.type, depth + 1)));
		this.span = this.globals.some((g) => !isKernels(this.typeOf(g)) && narrow(this.typeOf(g), 0)) ? 1 : PAGES;
	}

	typeOf(global: Variable | MacroDecl): Type {
		return this.program.semantics.declaredType(global);
	}

	/**
	 * The call of `f` on the `nth` object of each type that it wants; undefined where there is nothing to pass.
	 * @param vary numbers are the adversary's to pick; else they name the whole address space
	 * @param span pages that numbers are to stay in
	 */
	call(f: FunctionDecl, nth: number, vary: boolean, span = this.span): string | undefined {
		const args = this.argumentsOf(f, nth, vary, span);
		return args === undefined || args.includes(undefined) ? undefined : `${f.name}(${args.join(', ')})`;
	}

	private argumentsOf(f: FunctionDecl, nth: number, vary: boolean, span: number): (string | undefined)[] | undefined {
		const type = this.program.semantics.declaredType(f);
		if (type.kind !== 'function' || type.variadic) return undefined;
		let numbers = type.parameters.filter((p) => p.kind === 'int').length;
		const unnamed = numbers;
		return type.parameters.map((parameter, n) => {
			const name = f.parameters[n]?.name ?? '';
			// of ->flush: whose file it is that is closed
			const written = f.parameters[n]?.type;
			if ((written?.typedef ?? written?.unknown) === 'fl_owner_t') return 'NULL';
			if (parameter.kind === 'pointer')
				return isOwnLocal(f, n, parameter.to)
					? `&${localOf(name)}`
					: parameter.user && vary
						? `(${ofUser(parameter.to)})${BUFFERS}`
						: this.pointer(parameter.to.kind === 'void' ? this.meant(f, n) : parameter.to, parameter.user, nth);
			if (parameter.kind !== 'int') return undefined;
			// which line it came on tells drivers nothing that a model has
			if (name === 'irq') return '0';
			const choices = vary ? choicesOf(this.program, f, n) : [];
			if (vary && choices.length === 0 && isUserAddress(this.program, f, n)) return BUFFERS;
			return this.number(parameter.name, name, unnamed - numbers-- === 0, vary, span, choices);
		});
	}

	/** A statement that is `call`, which is one of `f`: with what it needs of its own. */
	statement(f: FunctionDecl, call: string): string {
		const type = this.program.semantics.declaredType(f);
		const locals = (type.kind === 'function' ? type.parameters : []).flatMap((parameter, n) =>
			parameter.kind === 'pointer' && isOwnLocal(f, n, parameter.to)
				? [`${typeToString(parameter.to, localOf(f.parameters[n]?.name ?? ''))} = 0;`]
				: [],
		);
		return locals.length === 0 ? `${call};` : `{ ${locals.join(' ')} ${call}; }`;
	}

	/** What operations of files are called for. */
	the(struct: 'file' | 'inode'): string {
		const def = this.program.structs.get(struct);
		const type = def && this.program.semantics.structType(def);
		return (type && this.object(type)) ?? 'NULL';
	}

	/** A pointer to an object of that struct. */
	object(struct: StructType): string | undefined {
		return this.pointer(struct, false, 0);
	}

	/** The struct of which `f` makes an object and hands it out: it returns a pointer to one, or stores it where it is told to. */
	private handsOut(f: FunctionDecl): { struct: StructType; argument: number | undefined } | undefined {
		const type = this.program.semantics.declaredType(f);
		if (type.kind !== 'function') return undefined;
		const { returns } = type;
		if (returns.kind === 'pointer' && returns.to.kind === 'struct' && !isKernels(returns.to))
			return { struct: returns.to, argument: undefined };
		for (const [argument, p] of type.parameters.entries())
			if (p.kind === 'pointer' && p.to.kind === 'pointer' && p.to.to.kind === 'struct' && !isKernels(p.to.to))
				return { struct: p.to.to, argument };
		return undefined;
	}

	/** What functions that come first hand out is what all others are called on. Gives those in the order in which they can run. */
	open(setup: readonly FunctionDecl[]): readonly FunctionDecl[] {
		for (const f of setup) {
			const out = this.handsOut(f);
			if (out === undefined || this.opened.has(out.struct.name)) continue;
			const names = OPENED.map((prefix) => `${prefix}_${out.struct.name}`);
			this.opened.set(out.struct.name, names);
			this.openers.set(f, out.struct.name);
		}
		// what nobody can be called to make is not there: whoever wants it would be called on NULL
		let before: number;
		do {
			before = this.openers.size;
			for (const [f, struct] of this.openers) {
				if (this.call(f, 0, false) !== undefined) continue;
				this.openers.delete(f);
				this.opened.delete(struct);
				this.unopened.set(struct, f);
			}
		} while (this.openers.size < before);
		for (const [struct, names] of this.opened)
			for (const name of names) this.declarations.push(`static struct ${struct} *${name};`);
		const wants = (f: FunctionDecl): boolean => {
			const type = this.program.semantics.declaredType(f);
			const parameters = type.kind === 'function' ? type.parameters : [];
			return parameters.some((p) => p.kind === 'pointer' && p.to.kind === 'struct' && this.opened.has(p.to.name));
		};
		return [...setup.filter((f) => !wants(f)), ...setup.filter(wants)];
	}

	/** A statement that calls `f`, which comes first, for the `nth` time, and keeps what it hands out. */
	opening(f: FunctionDecl, nth: number): string | undefined {
		const struct = this.openers.get(f);
		const names = struct === undefined ? undefined : this.opened.get(struct);
		const name = names?.[nth];
		const call = this.call(f, nth, false);
		if (call === undefined || name === undefined) return call === undefined ? undefined : this.statement(f, call);
		const kept = this.handsOut(f)?.argument === undefined ? `${name} = ${call};` : this.statement(f, call);
		// who can be opened only once is what both are
		const again = nth > 0 && names !== undefined ? ` if (IS_ERR_OR_NULL(${name})) ${name} = ${names[0]};` : '';
		return `${kept}${again}`;
	}

	/** By struct: the names of what was opened first and second; and who opens it. */
	private readonly opened = new Map<string, readonly string[]>();
	private readonly openers = new Map<FunctionDecl, string>();

	/** By struct: who makes such objects, and cannot be called, because there is nothing to pass to it. */
	private readonly unopened = new Map<string, FunctionDecl>();

	/** Who makes what `f` wants, and cannot be called; `f` where nothing else is missing than what nobody makes. */
	lacking(f: FunctionDecl): FunctionDecl {
		const type = this.program.semantics.declaredType(f);
		for (const p of type.kind === 'function' ? type.parameters : [])
			if (p.kind === 'pointer' && p.to.kind === 'struct') {
				const maker = this.unopened.get(p.to.name);
				if (maker !== undefined && maker !== f) return this.lacking(maker);
			}
		return f;
	}

	/** Why there is no call of `f`, for a reader. */
	missing(f: FunctionDecl): string {
		const maker = this.lacking(f);
		const what = this.parameterLeft(maker);
		const nothing = `there is nothing to pass ${what === undefined ? 'to it' : `for its ${what}`}`;
		if (maker === f) return nothing;
		return `its object comes from ${maker.name}() (line ${spanOfProperty(maker, 'name').line}), and ${nothing}; call both in a scenario`;
	}

	/** The first parameter that there is nothing to pass for. */
	private parameterLeft(f: FunctionDecl): string | undefined {
		const type = this.program.semantics.declaredType(f);
		if (type.kind !== 'function' || type.variadic) return undefined;
		const args = this.argumentsOf(f, 0, false, this.span) ?? [];
		const n = args.indexOf(undefined);
		const parameter = n < 0 ? undefined : type.parameters[n];
		const unknown = parameter?.kind === 'pointer' && parameter.to.kind === 'struct' && parameter.to.def === undefined;
		const way = unknown ? ', which nothing here defines: define it, or include what does (<fs> has struct file)' : '';
		return parameter && `parameter '${typeToString(parameter, f.parameters[n]?.name ?? '')}'${way}`;
	}

	/** Is `f` a work item's function? */
	isWork(f: FunctionDecl): boolean {
		const type = this.program.semantics.declaredType(f);
		const [parameter, ...more] = type.kind === 'function' ? type.parameters : [];
		return parameter?.kind === 'pointer' && isStruct(parameter.to, 'work_struct') && more.length === 0;
	}

	private readonly items = new Set<string>();

	/** The item that a worker runs `f` for: the one of its `call` where it is the first to be run for that, else one of its own. */
	workItem(f: FunctionDecl, call: string): string | undefined {
		if (!this.isWork(f)) return undefined;
		let item = call.slice(f.name.length + 1, -1);
		if (this.items.has(item)) {
			item = `&work_of_${f.name}`;
			this.declarations.push(`static struct work_struct work_of_${f.name};`);
		}
		this.items.add(item);
		return item;
	}

	/** How many different objects `f` can be called on. */
	objectsFor(f: FunctionDecl): number {
		const type = this.program.semantics.declaredType(f);
		if (type.kind !== 'function') return 0;
		const counts = type.parameters.flatMap((p) =>
			p.kind === 'pointer' && p.to.kind === 'struct' && !isKernels(p.to) ? [this.ofStruct(p.to.name).length] : [],
		);
		return Math.max(1, ...counts);
	}

	/** Globals of a struct, the sketch's first, and pointers to one. */
	private ofStruct(name: string): string[] {
		const own = this.globals.flatMap((g) => {
			const type = this.typeOf(g);
			if (type.kind === 'struct' && type.name === name) return [`&${g.name}`];
			if (type.kind === 'array' && type.of.kind === 'struct' && type.of.name === name) return [`&${g.name}[0]`];
			return type.kind === 'pointer' && type.to.kind === 'struct' && type.to.name === name ? [g.name] : [];
		});
		const opened = this.opened.get(name);
		if (opened !== undefined) return [...opened];
		const kept = this.drivers.kept.get(name);
		if (own.length === 0 && kept !== undefined) return [kept];
		const clone = this.made.get(`second ${name}`);
		return clone === undefined ? own : [...own, `&${clone}`];
	}

	private pointer(to: Type, user: boolean, nth: number): string | undefined {
		if (user) return `(${ofUser(to)})0`;
		if (to.kind === 'function') return this.callback(to);
		const opened = to.kind === 'pointer' && to.to.kind === 'struct' ? this.opened.get(to.to.name)?.[nth] : undefined;
		if (opened !== undefined) return `&${opened}`;
		if (to.kind !== 'struct') return undefined;
		if (NOTIFIERS.includes(to.name)) return this.notifier(to.name, nth);
		const kernels = KERNELS[to.name] ?? this.drivers.devices.get(to.name);
		if (kernels !== undefined) return kernels;
		const all = this.ofStruct(to.name);
		if (all.length === 0 && this.unopened.has(to.name)) return undefined;
		return all[nth] ?? all[0] ?? (isKernels(to) && !MADE.has(to.name) ? undefined : this.make(to));
	}

	/** A notifier in an object of the sketch's. */
	private notifier(name: string, nth: number): string | undefined {
		const inGlobals = this.globals.flatMap((g) => this.inside(g, [name]).map(({ path }) => `&${path}`));
		const behind = [...this.opened, ...[...this.drivers.kept].map(([struct, kept]) => [struct, [kept]] as const)];
		const inObjects = behind.flatMap(([struct, names]) => {
			const def = this.program.structs.get(struct);
			const type = def && this.program.semantics.structType(def);
			const inner = type === undefined ? [] : this.within(type, '', [name]);
			return names.flatMap((object) => inner.map(({ path }) => `&${object}->${path.slice(1)}`));
		});
		const all = [...inGlobals, ...inObjects];
		return all[nth] ?? all[0];
	}

	/** What a function takes its `void *` for: `struct gpu *gpu = data;`, or a cast of it. */
	private meant(f: FunctionDecl, n: number): Type {
		const { semantics } = this.program;
		for (const node of f.body === undefined ? [] : AstUtils.streamAllContents(f.body)) {
			if (!isNameRef(node) || node.target.ref !== f.parameters[n]) continue;
			const at = node.$container;
			const type = isVariable(at) ? semantics.declaredType(at) : isCast(at) ? semantics.typeOf(at) : undefined;
			if (type?.kind === 'pointer') return type.to;
		}
		return { kind: 'void' };
	}

	/** A function of the sketch's that fits: to be called back, or handed on to a work item. */
	private callback(type: Type): string | undefined {
		const fits = (f: FunctionDecl): boolean =>
			f.body !== undefined && !sourceOf(f).kernel && sameType(this.program.semantics.declaredType(f), type);
		return [...this.program.functions.values()].find(fits)?.name;
	}

	private number(
		type: string,
		name: string,
		first: boolean,
		vary: boolean,
		span: number,
		choices: readonly string[],
	): string {
		if (/gfp/.test(type) || /^gfp/.test(name)) return 'GFP_KERNEL';
		if (/^enum /.test(type) && choices.length > 0) return anyOf(choices);
		if (/last$/.test(name)) return `${span - 1}`;
		if (/end$|len|size|^n?r?_?pages$|npages|count|cnt|^nr|^n$/.test(name)) return `${span}`;
		if (type === 'bool') return vary ? 'any(0, 1)' : '0';
		const page = vary && span > 1 ? `any(0, ${span - 1})` : '0';
		if (/addr|^va$|vaddr|address|gfn|pfn|index|^arg$|page|offset/.test(name)) return page;
		if (/write|flag/.test(name)) return vary ? anyOf([...new Set(['0', '1', ...choices])]) : '0';
		if (choices.length > 0 && !/start/.test(name)) {
			// the first number may be an address, whatever it is compared with
			const pages = first ? Array.from({ length: span }, (_, n) => String(n)) : [];
			return anyOf([...new Set([...pages, ...choices])]);
		}
		return first && !/start/.test(name) ? page : '0';
	}

	/** Objects whose declarations are not complete yet. */
	private readonly making = new Set<string>();
	/** Statements that let objects point to each other in a circle: they come before anything else. */
	readonly links: string[] = [];

	/** Objects of the environment's own of structs that the sketch allocates and hands to nobody: most of what it does to its own is not done to them. */
	get invented(): readonly string[] {
		const texts = this.program.files.filter((f) => !f.kernel).map((f) => sourceText(f.root));
		return [...this.made]
			.filter(([struct]) => texts.some((t) => new RegExp(`\\bstruct ${struct} ?\\* ?\\w+ = k\\w*alloc`).test(t)))
			.map(([, name]) => name);
	}

	/** An object of the environment's own: all zero, but for pointers to what there is. */
	private make(struct: StructType): string | undefined {
		if (struct.def === undefined) return undefined;
		const known = this.made.get(struct.name);
		if (known !== undefined) return `&${known}`;
		const name = `default_${struct.name}`;
		this.made.set(struct.name, name);
		this.making.add(name);
		const fields = this.pointersIn(struct, name, '');
		this.making.delete(name);
		this.declarations.push(
			`static struct ${struct.name} ${name}${fields.length > 0 ? ` = { ${fields.join(', ')} }` : ''};`,
		);
		return `&${name}`;
	}

	/** Initialisers of the pointers in an object, and in structs that are parts of it; `path` leads to `struct`. */
	private pointersIn(struct: StructType, name: string, path: string): string[] {
		return struct.fields.flatMap(({ name: field, type }) => {
			const at = `${path}.${field}`;
			if (type.kind === 'struct' && !isKernels(type)) return this.pointersIn(type, name, at);
			// what leads to its like is a list, which ends somewhere
			if (type.kind !== 'pointer' || type.to.kind !== 'struct' || type.to.name === struct.name) return [];
			if (type.to.name === 'workqueue_struct') {
				if (!this.isUsed(field)) return [];
				this.links.push(`${name}${at} = alloc_workqueue("default", WQ_MEM_RECLAIM, 0);`);
				this.filled.push(`${name}${at}`);
				return [];
			}
			const value = type.to.name === 'mm_struct' ? '&init_mm' : this.constant(type.to);
			if (value === undefined) return [];
			if (!this.globals.some((g) => value === `&${g.name}`)) this.filled.push(`${name}${at}`);
			// what points back to it is declared before it
			// the name says little to a reader of sketches, who write mm
			const note = value === '&init_mm' ? ' /* what mm points to */' : '';
			if (!this.making.has(value.slice(1))) return [`${at} = ${value}${note}`];
			this.links.push(`${name}${at} = ${value};`);
			return [];
		});
	}

	/** Does the sketch look at a field of this name? */
	private isUsed(field: string): boolean {
		const files = this.program.files.filter((f) => !f.kernel);
		return files.some(({ root }) =>
			AstUtils.streamAllContents(root).some((n) => isMember(n) && n.field.$refText === field),
		);
	}

	/** Pointers in objects of the environment's own that lead to others of those. */
	readonly filled: string[] = [];

	/** Something that an initialiser can point to. */
	private constant(to: StructType): string | undefined {
		const all = this.ofStruct(to.name).filter((o) => o.startsWith('&'));
		return all[0] ?? (isKernels(to) ? undefined : this.make(to));
	}

	/** A second object like the only one of a struct with a subscription in it, so that two share the driver's locks. */
	cloneSubscribers(): void {
		for (const global of this.globals) {
			const type = this.typeOf(global);
			if (global.$type !== 'Variable' || type.kind !== 'struct') continue;
			const holds =
				type.name === 'mmu_interval_notifier' ||
				this.notifiersIn(global).some((n) => n.type === 'mmu_interval_notifier');
			if (!holds || this.ofStruct(type.name).length !== 1) continue;
			const name = `second_${global.name}`;
			const init =
				global.init === undefined
					? ''
					: ` = ${sourceText(global.init).replaceAll(new RegExp(`\\b${global.name}\\.`, 'g'), `${name}.`)}`;
			this.declarations.push(`static struct ${type.name} ${name}${init};`);
			this.made.set(`second ${type.name}`, name);
			this.clones.push({ of: global, name });
		}
	}

	/** The objects that cloneSubscribers() has made. */
	readonly clones: { readonly of: Variable; readonly name: string }[] = [];

	/** Notifiers and devices in a global: itself, or the fields of a driver's own struct. */
	notifiersIn(global: Variable | MacroDecl): { path: string; type: string }[] {
		return this.inside(global, NOTIFIERS);
	}

	inside(global: Variable | MacroDecl, structs: readonly string[]): { path: string; type: string }[] {
		return this.within(this.typeOf(global), global.name, structs);
	}

	/**
	 * Notifiers in objects of the environment's own: those that functions are called on, and those that `callbacks` take their notifier
	 * for a part of.
	 */
	supplied(callbacks: readonly FunctionDecl[]): { path: string; type: string }[] {
		const { semantics, structs } = this.program;
		for (const f of callbacks)
			for (const node of f.body === undefined ? [] : AstUtils.streamAllContents(f.body)) {
				if (!isCall(node) || !isNameRef(node.callee) || node.callee.target.$refText !== 'container_of') continue;
				const type = node.arguments[1] && semantics.typeOf(node.arguments[1]);
				if (type?.kind === 'struct' && !isKernels(type)) this.constant(type);
			}
		return [...this.made].flatMap(([struct, name]) => {
			const def = structs.get(struct);
			const type = def && semantics.structType(def);
			return type === undefined ? [] : this.within(type, name, NOTIFIERS);
		});
	}

	private within(whole: Type, name: string, structs: readonly string[]): { path: string; type: string }[] {
		const found: { path: string; type: string }[] = [];
		const visit = (type: Type, path: string, depth: number): void => {
			if (type.kind !== 'struct') return;
			if (structs.includes(type.name)) found.push({ path, type: type.name });
			else if (depth < 3) for (const field of type.fields) visit(field.type, `${path}.${field.name}`, depth + 1);
		};
		visit(whole, name, 0);
		return found;
	}

	/** The sketch's own globals. */
	get all(): readonly (Variable | MacroDecl)[] {
		return this.globals;
	}
}

export const isStruct = (type: Type, name: string): boolean => type.kind === 'struct' && type.name === name;

/** A struct of the simulated kernel. */
function isKernels(type: Type): boolean {
	return type.kind === 'struct' && type.def !== undefined && sourceOf(type.def).kernel;
}
