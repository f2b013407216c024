import { AstUtils } from 'langium';
import {
	type FunctionDecl,
	isInitializerEntry,
	isNameRef,
	type MacroDecl,
	type Variable,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { succeeds } from '../vacuous.js';
import { type Drivers, REGISTERS_MISC } from './drivers.js';
import { isStruct, type Objects } from './objects.js';
import type { Roles } from './roles.js';

/* How the notifiers of a sketch without scenarios come to be registered. */

interface Registrations {
	/** Calls that come before any registration. */
	readonly before: readonly string[];
	readonly first: readonly string[];
	/** Of a second object, or subscription. */
	readonly second: readonly string[];
	/** Functions of the sketch's own among those of which it can be told whether they succeed. */
	readonly telling: readonly string[];
	/** Statements that take off what is the environment's to take off. */
	readonly undone: readonly string[];
}

/** Registers every notifier among the user's globals, by the sketch's own functions where it has them. */
export function registrationsOf(
	program: Program,
	roles: Roles,
	objects: Objects,
	drivers: Drivers,
	opening: readonly FunctionDecl[],
): Registrations {
	objects.cloneSubscribers();
	const first: string[] = [...drivers.binding];
	const second: string[] = [];
	const telling: string[] = [];
	const found = finds(program) ? [`find_what_is_opened(${objects.the('inode')}, ${objects.the('file')});`] : [];
	for (const f of opening) {
		const call = objects.opening(f, 0);
		if (call === undefined) continue;
		if (roles.opening.has(f)) first.push(...found);
		const told = thatTells(program, f, call);
		if (told !== undefined) telling.push(f.name);
		first.push(told ?? call, ...drivers.behind(f, objects));
		const other = objects.opening(f, 1);
		if (other !== undefined && other !== call) second.push(other);
	}
	// misc_open() notes the device in a file also where the driver has no ->open of its own
	if (roles.opening.size === 0 && roles.ofFiles.size > 0) first.push(...found);
	// what the sketch's own functions register needs more than a registration
	const names = ownNames(program);
	const left = (global: Variable | MacroDecl): boolean =>
		!roles.registers || (isStruct(objects.typeOf(global), 'mmu_interval_notifier') && !names.has(global.name));
	const notifiers = notifiersOf(program, objects, left);
	// what nobody registers is registered in an object of the environment's
	const lists = !roles.registersLists && tableOf(objects, 'mmu_notifier_ops') !== undefined;
	if ((!roles.registers || lists) && notifiers.first.length === 0) {
		const supplied = objects
			.supplied(roles.callbacks)
			.filter(({ type }) => !roles.registers || type === 'mmu_notifier');
		notifiers.first.push(...supplied.flatMap(({ path, type }) => registration(program, objects, path, type) ?? []));
	}
	const undone = roles.takesOff ? [] : notifiers.first.flatMap((call) => undoing(program, call));
	return roles.registers
		? { before: [], first: [...first, ...notifiers.first], second: [...second, ...notifiers.second], undone, telling }
		: { before: first, ...notifiers, undone, telling };
}

/** The statement that is a `call` of `f`, and calls an empty function where that has succeeded; undefined where nothing tells. */
function thatTells(program: Program, f: FunctionDecl, call: string): string | undefined {
	const type = program.semantics.declaredType(f);
	const returns = type.kind === 'function' ? type.returns : type;
	const [, kept] = /^(\w+) = \w+\(/.exec(call) ?? [];
	if (returns.kind === 'pointer' && kept !== undefined)
		return `${call} if (!IS_ERR_OR_NULL(${kept})) ${succeeds(f.name)}();`;
	if (returns.kind !== 'int' || !returns.signed || returns.name === 'bool') return undefined;
	return call.replace(new RegExp(`(\\b${f.name}\\(.*\\));( \\})?$`), `if ($1 >= 0) ${succeeds(f.name)}();$2`);
}

/** What takes off what a registration of the environment's has registered. */
function undoing(program: Program, call: string): string[] {
	const [, interval, notifier] = /mmu_(interval_)?notifier_(?:register|insert)\((.*?),/.exec(call) ?? [];
	const name = interval === undefined ? 'mmu_notifier_unregister' : 'mmu_interval_notifier_remove';
	if (notifier === undefined || !program.functions.has(name)) return [];
	return [`${name}(${notifier}${interval === undefined ? ', mm' : ''});`];
}

/** Does `->open` find what the sketch has registered in the file, or the inode? */
export const finds = (program: Program): boolean =>
	['misc_register', 'cdev_add'].some((name) => ownNames(program).has(name)) ||
	program.files.some(
		({ root, kernel }) => !kernel && root.items.some((x) => x.$type === 'FileMacro' && REGISTERS_MISC.test(x.name)),
	);

/** A registration of each notifier that stands in a global; of a second one where the API has subscriptions. */
function notifiersOf(
	program: Program,
	objects: Objects,
	left: (global: Variable | MacroDecl) => boolean,
): { first: string[]; second: string[] } {
	const first: string[] = [];
	const second: string[] = [];
	const listOps = tableOf(objects, 'mmu_notifier_ops');
	const clones = new Map(objects.clones.map((c) => [c.of as unknown, c.name]));
	const seen = new Set<string>();
	if (
		listOps !== undefined &&
		callbackNames(program).has('alloc_notifier') &&
		!ownNames(program).has('mmu_notifier_get')
	)
		first.push(`mmu_notifier_get(&${listOps.name}, mm);`);
	for (const global of objects.all.filter(left)) {
		for (const { path, type } of objects.notifiersIn(global)) {
			const hasOps = /\bops\b/.test(global.$cstNode?.text ?? '');
			const call = registration(program, objects, path, type, hasOps);
			if (type === 'mmu_notifier') first.push(call ?? '');
			else if (call !== undefined) {
				const clone = clones.get(global);
				// of several the sketch has itself the first is enough to begin with
				const struct = objects.typeOf(global);
				const name = struct.kind === 'struct' ? struct.name : '';
				(seen.has(name) ? second : first).push(call);
				const other = clone && registration(program, objects, `${clone}${path.slice(global.name.length)}`, type);
				if (other !== undefined) second.push(other);
			}
		}
		const struct = objects.typeOf(global);
		if (struct.kind === 'struct') seen.add(struct.name);
	}
	return { first, second };
}

const tableOf = (objects: Objects, struct: string): Variable | MacroDecl | undefined =>
	objects.all.find((g) => isStruct(objects.typeOf(g), struct));

/** The statement that registers the notifier at `path`; undefined for an interval notifier that the sketch has no operations for. */
function registration(
	program: Program,
	objects: Objects,
	path: string,
	type: string,
	hasOps = false,
): string | undefined {
	if (type !== 'mmu_notifier') {
		const ops = tableOf(objects, 'mmu_interval_notifier_ops');
		return ops && `mmu_interval_notifier_insert(&${path}, mm, 0, NR_PAGES, &${ops.name});`;
	}
	const ops = tableOf(objects, 'mmu_notifier_ops');
	const set = hasOps || assignsOps(program) || ops === undefined ? '' : `${path}.ops = &${ops.name}; `;
	return `${set}mmu_notifier_register(&${path}, mm);`;
}

/** Does the sketch set `->ops` of a notifier in a function? */
const assignsOps = (program: Program): boolean =>
	program.files.some((f) => !f.kernel && /[.>]ops\s*=[^=]/.test(f.root.$cstNode?.text ?? ''));

/** All names that the sketch's own files mention. */
export function ownNames(program: Program): Set<string> {
	const names = new Set<string>();
	for (const { root, kernel } of program.files)
		if (!kernel)
			for (const node of AstUtils.streamAllContents(root)) if (isNameRef(node)) names.add(node.target.$refText);
	return names;
}

/** The operations that the sketch implements, and all other fields that initialisers of its own name. */
export function callbackNames(program: Program): Set<string> {
	const names = new Set<string>();
	for (const { root, kernel } of program.files) {
		if (kernel) continue;
		for (const node of AstUtils.streamAllContents(root))
			if (isInitializerEntry(node))
				for (const { field } of node.designators) if (field !== undefined) names.add(field.$refText);
	}
	return names;
}
