import { type AstNode, AstUtils } from 'langium';
import {
	type Expression,
	type Field,
	type FunctionDecl,
	isAssignment,
	isCall,
	isFunctionDecl,
	isIndex,
	isInitializerEntry,
	isMember,
	isNameRef,
	isParenthesized,
	isPostfix,
	isStructDef,
	isUnary,
	isVariable,
	type NameRef,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import { isDriverTable } from './drivers.js';

/** What the functions of a sketch without scenarios are there for, as far as names and calls tell. */
export interface Roles {
	/** Run first, alone: they register notifiers, or are named for a beginning. */
	readonly setup: readonly FunctionDecl[];
	/** Some function of the sketch registers notifiers. */
	readonly registers: boolean;
	/** And list notifiers among them. */
	readonly registersLists: boolean;
	/** Some function of the sketch takes notifiers off. */
	readonly takesOff: boolean;
	/** Handlers that do so themselves: two of them at once would register the same notifier twice. */
	readonly registering: ReadonlySet<FunctionDecl>;
	/** Handlers that a task of the process runs: what they do to `current` keeps the address space alive meanwhile. */
	readonly inProcess: ReadonlySet<FunctionDecl>;
	/** Run as threads: fault handlers first, then what the sketch itself never calls, such as ioctls. */
	readonly handlers: readonly FunctionDecl[];
	/** Run as threads when no handler runs any more: they take notifiers off. */
	readonly teardown: readonly FunctionDecl[];
	/** Called by the simulated kernel through a table of operations of its own. */
	readonly callbacks: readonly FunctionDecl[];
	/** What module_exit() names: run when nobody else runs any more. */
	readonly leaving: FunctionDecl | undefined;
	/** There are notifiers, and by then all are taken off. */
	readonly takesAllOff: boolean;
	/** Interrupt handlers: they return irqreturn_t. */
	readonly interrupts: readonly FunctionDecl[];
	/** Called by nobody, and not to be called from outside: they want a lock to be held. */
	readonly helpers: readonly FunctionDecl[];
	/** Handlers that the kernel calls for an area of the process, with mmap_lock held. */
	readonly areas: ReadonlyMap<FunctionDecl, AreaCall>;
	/** Of those, `->mmap` where it can be run first, alone: it does not wait for mmap_lock. */
	readonly mapsFirst: boolean;
	/** `->open` and `->release` of a file, and all other operations of one. */
	readonly opening: ReadonlySet<FunctionDecl>;
	readonly releasing: ReadonlySet<FunctionDecl>;
	readonly ofFiles: ReadonlySet<FunctionDecl>;
	/** Functions of attributes in sysfs. */
	readonly attributes: ReadonlySet<FunctionDecl>;
	/** What a bus calls of its drivers, but for `->probe` and `->remove`: suspend, shutdown. */
	readonly ofDrivers: ReadonlySet<FunctionDecl>;
}

/** `.mmap` of a file, and what there is for an area from then on. */
export type AreaCall = 'mmap' | 'open' | 'fault' | 'close';

const AREA_CALLS: Readonly<Record<string, AreaCall>> = {
	open: 'open',
	close: 'close',
	fault: 'fault',
	page_mkwrite: 'fault',
	pfn_mkwrite: 'fault',
};

const REGISTERS = /^_*mmu_(interval_)?notifier_(register|insert|insert_locked|get)(_locked)?$/;
const REGISTERS_LIST = /^_*mmu_notifier_(register|get)(_locked)?$/;
const UNREGISTERS = /^_*mmu_(interval_)?notifier_(unregister|remove|put)$/;
const TAKES_OFF = new RegExp(`${UNREGISTERS.source}|^(destroy_workqueue|kthread_stop|cancel_work_sync)$`);
const BEGINS = /(^|_)(init|probe|open|create|setup|attach|bind|load|enable|begin|start|register)$/;
const FAULT = /fault$/;
/** What only fault paths do: a function that registers a notifier and does this too is one. */
const LOOKS_UP =
	/^(mmu_interval_read_begin|hmm_range_fault\w*|__dev_map\w*|dev_map\w*|dev_submit|(get|pin)_user_pages\w*)$/;
/** What only a task of the process can do, but for a kernel thread that borrows its address space. */
const OF_CURRENT =
	/^(current->mm|(get|pin)_user_pages(_unlocked|_fast|_fast_only)?|_*copy_(from|to)_user\w*|_*(get|put)_user|clear_user|fault_in_\w+)$/;
const BORROWS = /^kthread_use_mm$/;
/** What is done to an object before anybody else knows of it. */
const INITIALISES =
	/^(kref_init|mutex_init|(raw_)?spin_lock_init|rwlock_init|init_rwsem|sema_init|init_waitqueue_head|init_srcu_struct)$/;
const ALLOCATES = /[mzc]alloc|_alloc$/;
/** What gives back a reference that somebody else has taken, once for each. */
const GIVES_BACK = /(^|_)(put|release|destroy|free|exit|fini|cleanup|teardown|disconnect|remove|delete)(_|$)/;
const DROPS = /^(kref_put\w*|refcount_dec_and_\w+|mmdrop)$/;
const TAKES = /^(kref_get\w*|refcount_inc\w*)$/;
/** What wants mmap_lock itself, and waits for ever for who has it already. */
const WANTS_MMAP_LOCK =
	/^mmap_(read|write)_lock(_killable)?$|^_*(copy_(from|to)|get|put|clear)_user\w*$|^fault_in_|^(get|pin)_user_pages_(fast|unlocked)$|^mmu_(interval_)?notifier_(register|unregister|insert|get)$/;
const WANTS_LOCK = /^(lockdep_assert|mmap_assert)/;

/** Own functions are those of the user's files that have a body. */
export function rolesOf(program: Program, removing: readonly FunctionDecl[] = []): Roles {
	const own = [...program.functions.values()].filter((f) => f.body !== undefined && !sourceOf(f).kernel);
	const calls = new Map(own.map((f) => [f, calledIn(program, f)]));
	const { named, operations, callbacks, opening, releasing, ofFiles, ofBus, ofDrivers, areas, attributes, requested } =
		referencesOf(program, own);
	const called = new Set([...calls].flatMap(([f, { functions }]) => [...functions].filter((callee) => callee !== f)));
	const byFault = new Set(
		[...calls].flatMap(([f, { functions }]) => (FAULT.test(f.name) ? [...functions].filter((c) => c !== f) : [])),
	);
	const closures = new Map(own.map((f) => [f, namesBehind(f, calls)]));
	const reaches = (f: FunctionDecl, pattern: RegExp): boolean =>
		[...(closures.get(f) ?? [])].some((name) => pattern.test(name));

	// who has taken no reference lives by the one that everything began with: nobody runs beside the end of that
	const shares = own.some((f) => [...(calls.get(f)?.names ?? [])].some((name) => TAKES.test(name)));

	const setup: FunctionDecl[] = [];
	const begins: FunctionDecl[] = [];
	const handlers: FunctionDecl[] = [];
	/** Register, and serve what they have registered. */
	const serving: FunctionDecl[] = [];
	const teardown: FunctionDecl[] = [];
	const helpers: FunctionDecl[] = [];
	const interrupts: FunctionDecl[] = [];
	const begin = namedIn(program, 'module_init');
	const leaving = own.find((f) => f.name === namedIn(program, 'module_exit') && f.parameters.length === 0);
	for (const f of own) {
		if (callbacks.has(f) || ofBus.has(f) || f === leaving) continue;
		if (f.name === begin) {
			begins.unshift(f);
			continue;
		}
		if (isInterrupt(f)) {
			// what the sketch requests itself comes from then on
			if (!called.has(f) && !requested.has(f)) interrupts.push(f);
			continue;
		}
		if (areas.has(f) || attributes.has(f)) {
			handlers.push(f);
			continue;
		}
		const last = !shares && GIVES_BACK.test(f.name) && reaches(f, DROPS);
		const fault = FAULT.test(f.name);
		// what others call or keep the address of runs when they say so; a fault handler is called by the device as well
		if (fault ? byFault.has(f) : called.has(f) || (named.has(f) && !operations.has(f))) continue;
		const registers = reaches(f, REGISTERS);
		const takesOff = reaches(f, TAKES_OFF);
		const serves = reaches(f, LOOKS_UP);
		// no operation of a file runs before its open or beside its release
		if (opening.has(f)) setup.push(f);
		else if (releasing.has(f)) teardown.push(f);
		else if (fault || (registers && reaches(f, UNREGISTERS) && (serves || !BEGINS.test(f.name)))) handlers.push(f);
		else if (registers) (serves && !BEGINS.test(f.name) ? serving : setup).push(f);
		else if (takesOff || last) teardown.push(f);
		else if (BEGINS.test(f.name)) begins.push(f);
		// what it makes itself is its own, and may be made while others run
		else if (reaches(f, INITIALISES) && !reaches(f, ALLOCATES) && !operations.has(f)) begins.push(f);
		else if ([...(calls.get(f)?.names ?? [])].some((name) => WANTS_LOCK.test(name))) helpers.push(f);
		// who calls nothing of the kernel's and touches nothing of others' has nothing to race with; nor does anybody know what is held where
		// a header's accessor is called. Of what is called for a file the kernel decides
		else if (
			ofFiles.has(f) ||
			[...(closures.get(f) ?? [])].some((name) => isKernels(program, name)) ||
			calls.get(f)?.writes === true ||
			(calls.get(f)?.reads === true && !f.storage.some((word) => /inline/.test(word)))
		)
			handlers.push(f);
	}
	const turnOf = (f: FunctionDecl): number => (areas.get(f) === 'close' ? 2 : FAULT.test(f.name) ? 0 : 1);
	// where others need the notifier, it has to be there before them
	if (handlers.length === 0) handlers.push(...serving);
	else setup.push(...serving);
	return {
		setup: [...begins, ...setup],
		registers: own.some((f) => reaches(f, REGISTERS)),
		registersLists: own.some((f) => reaches(f, REGISTERS_LIST)),
		inProcess: new Set(handlers.filter((f) => areas.has(f) || (reaches(f, OF_CURRENT) && !reaches(f, BORROWS)))),
		takesOff: own.some((f) => reaches(f, UNREGISTERS)),
		registering: new Set(handlers.filter((f) => reaches(f, REGISTERS))),
		handlers: [0, 1, 2].flatMap((turn) => handlers.filter((f) => turnOf(f) === turn)),
		teardown,
		callbacks: [...callbacks],
		leaving,
		takesAllOff:
			callbacks.size > 0 &&
			[...teardown, ...removing, ...(leaving ? [leaving] : [])].some((f) => reaches(f, UNREGISTERS)),
		helpers,
		interrupts,
		areas,
		mapsFirst: [...areas].every(([f, call]) => call !== 'mmap' || !reaches(f, WANTS_MMAP_LOCK)),
		opening,
		releasing,
		ofFiles,
		attributes,
		ofDrivers,
	};
}

/** The function that the sketch's own `module_init(f);` or `module_exit(f);` names. */
export function namedIn(program: Program, macro: string): string | undefined {
	for (const { root, kernel } of program.files)
		for (const item of kernel ? [] : root.items) {
			const [name] = item.$type === 'FileMacro' && item.name === macro ? item.arguments : [];
			if (isNameRef(name)) return name.target.$refText;
		}
	return undefined;
}

/** What request_irq() is given; the second half of request_threaded_irq() is a thread, and may sleep. */
const isInterrupt = ({ name, returnType, stars }: FunctionDecl): boolean =>
	(returnType.typedef ?? returnType.unknown) === 'irqreturn_t' && stars.length === 0 && !/thread/.test(name);

/** Names of what has to do with an address space or its pages, also remotely: who only runs threads of the kernel is not among them. */
const OF_MEMORY =
	/(^|_)mm(_|$|u|ap|put|get|drop|grab)|vma|(^|_)vm[af]?_|user|page|pfn|folio|gup|pte|hmm|fault|invalidat|notif|migrat|reclaim|memalloc|exit_mm|fork|^current$|dma_(map|fence)|^_*dev_(map|unmap|clear|flush|bind|submit|read|write|access|job)/;

/**
 * Copies from and to users, and what goes with them. A copy takes mmap_lock for reading, and gives it back before it returns: where nothing
 * of the sketch's runs with mmap_lock held (no callback, no operation of an area, no lock taken by name), who holds that lock waits for
 * nothing that a sketch could hold, so that a copy is only ever put off. Nor can anybody tell what is on a user's page, who may write
 * there at any time (get_user() brings any number that is told apart). So all
 * interleavings with an invalidator show what those without one show.
 */
const COPIES =
	/^_*(copy_(from|to)_user|clear_user|[gp][eu]t_user)$|^v?memdup_user$|^(access_ok|u64_to_user_ptr|might_fault)$/;

/** Does the sketch name anything that adversaries from the mm could have to do with? */
export function touchesMemory(program: Program): boolean {
	const names = new Set(
		program.files
			.filter(({ kernel }) => !kernel)
			.flatMap(({ root }) => [...AstUtils.streamAllContents(root).flatMap((node) => AstUtils.streamReferences(node))])
			.map(({ reference }) => reference.$refText),
	);
	return [...names].some((name) => OF_MEMORY.test(name) && !COPIES.test(name));
}

interface Called {
	/** Functions of the sketch's own that are called. */
	readonly functions: ReadonlySet<FunctionDecl>;
	/** Names of all functions that are called, and `current->mm` where that is named. */
	readonly names: ReadonlySet<string>;
	/** It writes to a global itself, or to what a pointer leads to. */
	readonly writes: boolean;
	/** It reads what a pointer leads to, or a global that somebody may write. */
	readonly reads: boolean;
}

function calledIn(program: Program, f: FunctionDecl): Called {
	const functions = new Set<FunctionDecl>();
	const names = new Set<string>();
	let writes = false;
	let reads = false;
	for (const node of AstUtils.streamAllContents(f)) {
		reads ||= (isMember(node) && node.operator === '->') || isGlobal(node);
		if (isAssignment(node)) writes ||= isShared(node.target);
		else if ((isPostfix(node) || isUnary(node)) && /^(\+\+|--)$/.test(node.operator)) writes ||= isShared(node.operand);
		if (
			isMember(node) &&
			isNameRef(node.object) &&
			`${node.object.target.$refText}->${node.field.$refText}` === 'current->mm'
		)
			names.add('current->mm');
		if (!isCall(node) || !isNameRef(node.callee)) continue;
		names.add(node.callee.target.$refText);
		const target = node.callee.target.ref;
		if (isFunctionDecl(target)) functions.add(program.definitionOf(target));
	}
	return { functions, names, writes, reads };
}

/** A global that is no constant. */
function isGlobal(node: AstNode): boolean {
	const target = isNameRef(node) ? node.target.ref : undefined;
	if (!isVariable(target) || target.$container.$type !== 'VariableDecl') return false;
	return target.$container.$container.$type === 'File' && !target.$container.type.qualifiers.includes('const');
}

/** Is what an expression designates a global, or behind a pointer? */
function isShared(target: Expression): boolean {
	if (isParenthesized(target)) return isShared(target.inner);
	if (isMember(target)) return target.operator === '->' || isShared(target.object);
	if (isIndex(target)) return isShared(target.array);
	if (!isNameRef(target)) return true;
	return AstUtils.getContainerOfType(target.target.ref, isFunctionDecl) === undefined;
}

/** All names that `f` calls, itself or through the sketch's own functions. */
function namesBehind(f: FunctionDecl, calls: ReadonlyMap<FunctionDecl, Called>): Set<string> {
	const names = new Set<string>();
	const seen = new Set<FunctionDecl>([f]);
	for (const at of seen) {
		const inside = calls.get(at);
		for (const name of inside?.names ?? []) names.add(name);
		for (const callee of inside?.functions ?? []) seen.add(callee);
	}
	return names;
}

function isKernels(program: Program, name: string): boolean {
	const f = program.functions.get(name);
	// macros that no prototype can express, such as wait_event(), are the kernel's, too
	return f === undefined ? /^(wait_event|READ_ONCE|WRITE_ONCE|xchg|cmpxchg|dev_)/.test(name) : sourceOf(f).kernel;
}

/** Functions that are named without being called: anywhere, in tables of the sketch's own, in tables of the kernel's. */
function referencesOf(
	program: Program,
	own: readonly FunctionDecl[],
): Record<
	| 'named'
	| 'operations'
	| 'callbacks'
	| 'opening'
	| 'releasing'
	| 'ofFiles'
	| 'ofBus'
	| 'ofDrivers'
	| 'requested'
	| 'attributes',
	Set<FunctionDecl>
> &
	Pick<Roles, 'areas'> {
	const areas = new Map<FunctionDecl, AreaCall>();
	const [opening, releasing, ofFiles] = [new Set<FunctionDecl>(), new Set<FunctionDecl>(), new Set<FunctionDecl>()];
	const [ofBus, ofDrivers, attributes] = [new Set<FunctionDecl>(), new Set<FunctionDecl>(), new Set<FunctionDecl>()];
	const named = new Set<FunctionDecl>();
	const requested = new Set<FunctionDecl>();
	const inTable = new Map<FunctionDecl, Set<unknown>>();
	const callbacks = new Set<FunctionDecl>();
	const dispatched = new Set<unknown>();
	const bodies = new Set(own);
	for (const { root, kernel } of program.files) {
		if (kernel) continue;
		for (const node of AstUtils.streamAllContents(root)) {
			if (isCall(node) && isMember(node.callee)) dispatched.add(node.callee.field.ref);
			if (!isNameRef(node) || !isFunctionDecl(node.target.ref) || isCallee(node)) continue;
			const f = program.definitionOf(node.target.ref);
			if (!bodies.has(f)) continue;
			named.add(f);
			if (isRequested(node)) requested.add(f);
			const field = fieldOf(node);
			if (field === undefined) continue;
			const isOfFile = tableOf(field) === 'file_operations';
			const ofArea = tableOf(field) === 'vm_operations_struct' ? AREA_CALLS[field.name] : undefined;
			if (isOfFile && field.name === 'open') opening.add(f);
			if (isOfFile && field.name === 'release') releasing.add(f);
			if (isOfFile && !/^(open|release)$/.test(field.name)) ofFiles.add(f);
			if (ofArea !== undefined) areas.set(f, ofArea);
			if (tableOf(field) === 'device_attribute' && sourceOf(field).kernel) {
				attributes.add(f);
				continue;
			}
			if (isDriverTable(tableOf(field)) && sourceOf(field).kernel) {
				ofBus.add(f);
				if (!/^(probe|remove)$/.test(field.name)) ofDrivers.add(f);
				continue;
			}
			if (isOfFile && field.name === 'mmap') areas.set(f, 'mmap');
			if (sourceOf(field).kernel && !isOfFile && ofArea === undefined) callbacks.add(f);
			else inTable.set(f, (inTable.get(f) ?? new Set()).add(field));
		}
	}
	// what the sketch calls through its table itself is no entry point
	const operations = new Set(
		[...inTable].flatMap(([f, fields]) => ([...fields].some((x) => dispatched.has(x)) ? [] : [f])),
	);
	return { named, operations, callbacks, opening, releasing, ofFiles, ofBus, ofDrivers, areas, requested, attributes };
}

const isCallee = (node: NameRef): boolean => isCall(node.$container) && node.$container.callee === node;

/** Is the name an argument of request_irq() or its like? */
const isRequested = (node: NameRef): boolean =>
	isCall(node.$container) &&
	isNameRef(node.$container.callee) &&
	/^(devm_)?request_(threaded_)?irq$/.test(node.$container.callee.target.$refText);

/** The name of the struct that a field is one of. */
function tableOf(field: Field): string | undefined {
	const struct = field.$container.$container;
	return isStructDef(struct) ? struct.name : undefined;
}

/** The field of a table of operations that a name is the initialiser of. */
function fieldOf(node: NameRef) {
	const entry = node.$container;
	return isInitializerEntry(entry) ? entry.designators[0]?.field?.ref : undefined;
}
