/**
 * A reader of the part of TLA+ that exports use, on top of the TLA+ community's grammar: what a module says is worked out
 * from its text alone, as TLC would. Values are their own canonical text, so that states can be compared.
 */
import { createRequire } from 'node:module';
import { Language, type Node, Parser } from 'web-tree-sitter';

const require = createRequire(import.meta.url);

let grammar: Promise<Language> | undefined;

type Value = number | boolean | string | Fn | Set<Value> | Operator;
/** A function, record or tuple: by the canonical text of arguments. */
class Fn {
	private text: string | undefined;
	constructor(readonly map: ReadonlyMap<string, { readonly key: Value; readonly value: Value }>) {}
	get key(): string {
		this.text ??= `[${[...this.map]
			.map(([k, { value }]) => `${k}:${textOf(value)}`)
			.sort()
			.join()}]`;
		return this.text;
	}
	static of(pairs: Iterable<readonly [Value, Value]>): Fn {
		return new Fn(new Map([...pairs].map(([key, value]) => [textOf(key), { key, value }])));
	}
	apply(to: Value): Value {
		const found = this.map.get(textOf(to));
		if (found === undefined) throw new Error(`${this.key} has no ${textOf(to)}`);
		return found.value;
	}
}
type Operator = (args: readonly Value[]) => Value;

export function textOf(value: Value): string {
	if (value instanceof Fn) return value.key;
	if (value instanceof Set) return `{${[...value].map(textOf).sort().join()}}`;
	return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
const setFrom = (values: Iterable<Value>): Set<Value> =>
	new Set(new Map([...values].map((v) => [textOf(v), v])).values());
const has = (set: Value, value: Value): boolean => {
	const text = textOf(value);
	for (const v of set as Set<Value>) if (textOf(v) === text) return true;
	return false;
};

export type State = ReadonlyMap<string, Value>;
export const keyOf = (state: State): string => [...state].map(([name, v]) => `${name}=${textOf(v)}`).join(' ');

/** What is known where an expression stands. */
interface Scope {
	readonly names: ReadonlyMap<string, Value | Definition>;
	readonly state: State;
	/** Values of primed variables, as far as the action has said them. */
	readonly next: ReadonlyMap<string, Value>;
	/** The old value in an EXCEPT. */
	readonly old?: Value;
}
interface Definition {
	readonly parameters: readonly string[];
	readonly body: Node;
}
const isDefinition = (x: unknown): x is Definition => typeof x === 'object' && x !== null && 'body' in x;

export class Module {
	private readonly definitions = new Map<string, Value | Definition>();
	readonly variables: string[] = [];
	/** Of the configuration behind the module. */
	readonly invariants: string[] = [];

	private constructor(root: Node, text: string) {
		if (root.hasError) throw new Error(`not TLA+: ${firstError(root)}`);
		const module = root.namedChildren.find((n) => n?.type === 'module');
		for (const unit of module?.namedChildren ?? []) {
			if (unit?.type === 'variable_declaration')
				this.variables.push(
					...named(unit)
						.filter((n) => n.type === 'identifier')
						.map((n) => n.text),
				);
			if (unit?.type === 'operator_definition') {
				const name = field(unit, 'name').text;
				// TLA+ has no forward references
				for (const used of unit.descendantsOfType('identifier_ref'))
					if (used !== null && !isFieldName(used) && !this.known(used.text, unit))
						throw new Error(`${name} uses ${used.text}, which is not there yet`);
				const parameters = fields(unit, 'parameter').map((p) => p?.text ?? '');
				const body = field(unit, 'definition');
				this.definitions.set(name, { parameters, body });
			}
			if (unit?.type === 'recursive_declaration')
				for (const n of unit.descendantsOfType('identifier')) this.definitions.set(n?.text ?? '', 0);
			if (unit?.type === 'constant_declaration')
				for (const n of unit.descendantsOfType('identifier')) this.definitions.set(n?.text ?? '', 0);
		}
		const config = text.slice(text.indexOf('---- CONFIG'));
		for (const [, name, value] of config.matchAll(/^CONSTANT (\w+) = (\w+)$/gm))
			this.definitions.set(name as string, value === 'TRUE');
		for (const [, name] of config.matchAll(/^INVARIANT (\w+)$/gm)) {
			if (!this.definitions.has(name as string)) throw new Error(`no invariant ${name}`);
			this.invariants.push(name as string);
		}
	}

	static async parse(text: string): Promise<Module> {
		grammar ??= Parser.init().then(() =>
			Language.load(require.resolve('@tlaplus/tree-sitter-tlaplus/tree-sitter-tlaplus.wasm')),
		);
		const language = await grammar;
		const parser = new Parser();
		parser.setLanguage(language);
		return new Module(parser.parse(text)?.rootNode as Node, text);
	}

	private known(name: string, unit: Node): boolean {
		if (this.definitions.has(name) || this.variables.includes(name)) return true;
		// parameters, bound names and LET: anywhere in the unit is near enough
		return unit.descendantsOfType('identifier').some((n) => n?.text === name);
	}

	private scope(state: State): Scope {
		return { names: this.definitions, state, next: new Map() };
	}

	private body(name: string): Node {
		const found = this.definitions.get(name);
		if (!isDefinition(found)) throw new Error(`no ${name}`);
		return found.body;
	}

	initial(): State[] {
		const none = new Map<string, Value>();
		// Init says what variables are as actions say what they become
		return this.act(this.body('Init'), { ...this.scope(none), names: this.definitions }, true).map((next) =>
			this.ordered(next),
		);
	}

	/** Successors by an action, as often as it gives them. */
	successors(state: State, action: string): State[] {
		return this.act(this.body(action), this.scope(state), false).map((next) => this.ordered(next));
	}

	holds(state: State, name: string): boolean {
		return this.value(this.body(name), this.scope(state)) === true;
	}

	private ordered(next: ReadonlyMap<string, Value>): State {
		return new Map(
			this.variables.map((name) => {
				const value = next.get(name);
				if (value === undefined) throw new Error(`nothing says what becomes of ${name}`);
				return [name, value];
			}),
		);
	}

	/** All ways in which a formula over two states can become true. */
	private act(node: Node, scope: Scope, init: boolean): ReadonlyMap<string, Value>[] {
		const parts = named(node);
		switch (node.type) {
			case 'parentheses':
			case 'conj_item':
			case 'disj_item':
				return this.act(parts[parts.length - 1] as Node, scope, init);
			case 'conj_list':
				return parts.reduce<ReadonlyMap<string, Value>[]>(
					(found, item) => found.flatMap((next) => this.act(item, { ...scope, next }, init)),
					[scope.next],
				);
			case 'disj_list':
				return parts.flatMap((item) => this.act(item, scope, init));
			case 'identifier_ref': {
				const found = scope.names.get(node.text);
				if (!isDefinition(found)) break;
				return this.act(found.body, { ...scope, names: this.definitions }, init);
			}
			case 'bound_op': {
				const found = scope.names.get(field(node, 'name').text);
				if (!isDefinition(found)) break;
				return this.act(found.body, this.called(found, node, scope), init);
			}
			case 'let_in':
				return this.act(field(node, 'expression'), this.letIn(node, scope), init);
			case 'bounded_quantification': {
				if (field(node, 'quantifier')?.type !== 'exists') break;
				return [...this.bindings(fields(node, 'bound'), scope)].flatMap((inner) =>
					this.act(field(node, 'expression'), inner, init),
				);
			}
			case 'bound_prefix_op':
				if (field(node, 'symbol')?.type !== 'unchanged') break;
				return [new Map([...scope.next, ...scope.state])];
			case 'bound_infix_op': {
				const symbol = field(node, 'symbol')?.type;
				const left = field(node, 'lhs');
				const right = field(node, 'rhs');
				if (symbol === 'lor') return [...this.act(left, scope, init), ...this.act(right, scope, init)];
				if (symbol === 'land')
					return this.act(left, scope, init).flatMap((next) => this.act(right, { ...scope, next }, init));
				const variable = init ? left.text : left.type === 'bound_postfix_op' ? (named(left)[0]?.text ?? '') : '';
				if (symbol !== 'eq' || !this.variables.includes(variable)) break;
				const value = this.value(right, scope);
				const said = scope.next.get(variable);
				if (said !== undefined) return textOf(said) === textOf(value) ? [scope.next] : [];
				return [new Map([...scope.next, [variable, value]])];
			}
			default:
		}
		return this.value(node, scope) === true ? [scope.next] : [];
	}

	/** An operator does not see what is bound where it is used. */
	private called(found: Definition, node: Node, scope: Scope): Scope {
		const args = fields(node, 'parameter').map((p) => this.value(p as Node, scope));
		return {
			...scope,
			names: new Map([...this.definitions, ...found.parameters.map((p, n) => [p, args[n] as Value] as const)]),
		};
	}
	private letIn(node: Node, scope: Scope): Scope {
		let inner = scope;
		for (const unit of fields(node, 'definitions')) {
			const name = field(unit, 'name')?.text;
			if (unit == null || name === undefined) continue;
			const value = this.value(field(unit, 'definition'), inner);
			inner = { ...inner, names: new Map([...inner.names, [name, value]]) };
		}
		return inner;
	}

	private *bindings(bounds: readonly Node[], scope: Scope): Generator<Scope> {
		let scopes = [scope];
		for (const bound of bounds) {
			const names = fields(bound, 'intro').map((n) => n.text);
			const set = this.value(field(bound, 'set'), scope) as Set<Value>;
			for (const name of names)
				scopes = scopes.flatMap((s) => [...set].map((v) => ({ ...s, names: new Map([...s.names, [name, v]]) })));
		}
		yield* scopes;
	}

	private value(node: Node, scope: Scope): Value {
		const parts = named(node);
		const its = (name: string): Node => field(node, name);
		switch (node.type) {
			case 'parentheses':
			case 'conj_item':
			case 'disj_item':
				return this.value(parts[parts.length - 1] as Node, scope);
			case 'nat_number':
				return Number(node.text);
			case 'string':
				return node.text.slice(1, -1);
			case 'boolean':
				return node.text === 'TRUE';
			case 'prev_func_val':
				return scope.old as Value;
			case 'identifier_ref': {
				const variable = scope.state.get(node.text);
				if (variable !== undefined && !scope.names.has(node.text)) return variable;
				const found = scope.names.get(node.text);
				if (found === undefined) throw new Error(`no ${node.text}`);
				return isDefinition(found) ? this.value(found.body, { ...scope, names: this.definitions }) : found;
			}
			case 'bound_op': {
				const found = scope.names.get(its('name').text);
				if (!isDefinition(found)) throw new Error(`no operator ${its('name').text}`);
				return this.value(found.body, this.called(found, node, scope));
			}
			case 'conj_list':
				return parts.every((item) => this.value(item, scope) === true);
			case 'disj_list':
				return parts.some((item) => this.value(item, scope) === true);
			case 'if_then_else':
				return this.value(this.value(its('if'), scope) === true ? its('then') : its('else'), scope);
			case 'let_in':
				return this.value(its('expression'), this.letIn(node, scope));
			case 'finite_set_literal':
				return setFrom(parts.map((p) => this.value(p, scope)));
			case 'tuple_literal':
				return Fn.of(parts.filter((p) => !p.type.endsWith('bracket')).map((p, n) => [n + 1, this.value(p, scope)]));
			case 'record_literal': {
				const items = parts.filter((p) => p.type !== 'all_map_to');
				const pairs: [Value, Value][] = [];
				for (let n = 0; n < items.length; n += 2)
					pairs.push([items[n]?.text ?? '', this.value(items[n + 1] as Node, scope)]);
				return Fn.of(pairs);
			}
			case 'record_value':
				return (this.value(parts[0] as Node, scope) as Fn).apply(parts[1]?.text ?? '');
			case 'function_evaluation':
				return (this.value(parts[0] as Node, scope) as Fn).apply(this.value(parts[1] as Node, scope));
			case 'function_literal': {
				const name = parts[0]?.childForFieldName('intro')?.text ?? '';
				return Fn.of(
					[...this.bindings([parts[0] as Node], scope)].map((inner) => [
						inner.names.get(name) as Value,
						this.value(parts[parts.length - 1] as Node, inner),
					]),
				);
			}
			case 'set_map': {
				const body = parts[0] as Node;
				return setFrom([...this.bindings(parts.slice(1), scope)].map((inner) => this.value(body, inner)));
			}
			case 'set_filter': {
				const name = parts[0]?.childForFieldName('intro')?.text ?? '';
				return setFrom(
					[...this.bindings([parts[0] as Node], scope)]
						.filter((inner) => this.value(parts[parts.length - 1] as Node, inner) === true)
						.map((inner) => inner.names.get(name) as Value),
				);
			}
			case 'except': {
				let fn = this.value(its('expr_to_update'), scope) as Fn;
				for (const update of parts.filter((p) => p.type === 'except_update')) {
					const at = field(update, 'update_specifier').namedChildren[0];
					const key =
						at?.type === 'except_update_fn_appl'
							? this.value(at.namedChildren[0] as Node, scope)
							: (named(at as Node)[0]?.text ?? at?.text ?? '');
					const value = this.value(field(update, 'new_val'), { ...scope, old: fn.apply(key) });
					fn = new Fn(new Map([...fn.map, [textOf(key), { key, value }]]));
				}
				return fn;
			}
			case 'bounded_quantification': {
				const all = its('quantifier').type === 'forall';
				for (const inner of this.bindings(fields(node, 'bound'), scope))
					if ((this.value(its('expression'), inner) === true) !== all) return !all;
				return all;
			}
			case 'choose': {
				const name = its('intro').text;
				const found = [...(this.value(its('set'), scope) as Set<Value>)].filter(
					(v) => this.value(its('expression'), { ...scope, names: new Map([...scope.names, [name, v]]) }) === true,
				);
				if (found.length !== 1) throw new Error(`CHOOSE has ${found.length} to choose from`);
				return found[0] as Value;
			}
			case 'bound_prefix_op': {
				const operand = (): Value => this.value(its('rhs'), scope);
				switch (its('symbol').type) {
					case 'lnot':
						return operand() !== true;
					case 'negative':
						return -(operand() as number);
					case 'domain':
						return setFrom([...(operand() as Fn).map.values()].map(({ key }) => key));
					case 'union':
						return setFrom([...(operand() as Set<Value>)].flatMap((s) => [...(s as Set<Value>)]));
					default:
						throw new Error(`no meaning for ${node.text}`);
				}
			}
			case 'bound_infix_op':
				return this.infix(
					its('symbol').type,
					() => this.value(its('lhs'), scope),
					() => this.value(its('rhs'), scope),
					node,
				);
			default:
				throw new Error(`no meaning for ${node.type}: ${node.text.slice(0, 60)}`);
		}
	}

	private infix(symbol: string, left: () => Value, right: () => Value, node: Node): Value {
		switch (symbol) {
			case 'land':
				return left() === true && right() === true;
			case 'lor':
				return left() === true || right() === true;
			case 'implies':
				return left() !== true || right() === true;
			case 'eq':
				return comparable(left(), right()) && textOf(left()) === textOf(right());
			case 'in':
				return has(right(), left());
			case 'notin':
				return !has(right(), left());
			case 'lt':
				return (left() as number) < (right() as number);
			case 'leq':
				return (left() as number) <= (right() as number);
			case 'plus':
				return (left() as number) + (right() as number);
			case 'minus':
				return (left() as number) - (right() as number);
			case 'mod': {
				const by = right() as number;
				return (((left() as number) % by) + by) % by;
			}
			case 'cup':
				return setFrom([...(left() as Set<Value>), ...(right() as Set<Value>)]);
			case 'setminus': {
				const gone = right();
				return setFrom([...(left() as Set<Value>)].filter((v) => !has(gone, v)));
			}
			case 'map_to':
				return Fn.of([[left(), right()]]);
			case 'compose': {
				const [first, second] = [left() as Fn, right() as Fn];
				return new Fn(new Map([...second.map, ...first.map]));
			}
			default:
				throw new Error(`no meaning for ${symbol}: ${node.text.slice(0, 60)}`);
		}
	}
}

/** TLC does not compare a number with a string. */
function comparable(a: Value, b: Value): boolean {
	if (typeof a !== typeof b) throw new Error(`${textOf(a)} is compared with ${textOf(b)}`);
	return true;
}

/** The children of a field; tree-sitter counts brackets and commas between them, too. */
function fields(node: Node, name: string): Node[] {
	const found: Node[] = [];
	for (let n = 0; n < node.childCount; n++) {
		const child = node.child(n);
		if (child?.isNamed === true && node.fieldNameForChild(n) === name) found.push(child);
	}
	return found;
}
const field = (node: Node, name: string): Node => fields(node, name)[0] as Node;
/** `.name` names a field of a record, nothing that is defined. */
const isFieldName = (node: Node): boolean =>
	node.parent?.type === 'except_update_record_field' ||
	(node.parent?.type === 'record_value' && node.parent.namedChildren[0]?.id !== node.id);
const named = (node: Node): Node[] =>
	node.namedChildren.filter(
		(n): n is Node => n !== null && !/comment|^bullet_|^(l|r)angle|^def_eq$|^header_line$/.test(n.type),
	);

function firstError(node: Node): string {
	for (const child of node.children) {
		if (child === null) continue;
		if (child.isError || child.isMissing) return `line ${child.startPosition.row + 1}: ${child.text.slice(0, 60)}`;
		if (child.hasError) return firstError(child);
	}
	return node.text.slice(0, 60);
}

/** Searches a module breadth first. */
export function explore(module: Module): {
	readonly states: number;
	/** Pairs of states that a step leads between. */
	readonly edges: number;
	readonly deadlocks: number;
	readonly violated: readonly string[];
} {
	const seen = new Map<string, State>();
	for (const state of module.initial()) seen.set(keyOf(state), state);
	let edges = 0;
	let deadlocks = 0;
	const violated = new Set<string>();
	for (const [, state] of seen) {
		for (const name of module.invariants) if (!violated.has(name) && !module.holds(state, name)) violated.add(name);
		const all = new Map(module.successors(state, 'Steps').map((s) => [keyOf(s), s]));
		edges += all.size;
		for (const [key, next] of all) if (!seen.has(key)) seen.set(key, next);
		if (module.successors(state, 'Next').length === 0) deadlocks++;
	}
	return { states: seen.size, edges, deadlocks, violated: [...violated].sort() };
}
