import type { FunctionDecl } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { spanOfProperty } from '../../language/text.js';
import type { Span } from '../result.js';
import { succeeds } from '../vacuous.js';
import { Areas } from './areas.js';
import { Attributes } from './attributes.js';
import { type Binding, bindingOf } from './binding.js';
import { Drivers } from './drivers.js';
import { EARLIER_DECLARATION, type Earlier, earlierOf } from './earlier.js';
import { EXIT, FORK, laneOf, MMAP, NESTED, REAPER, RECLAIM, RMMOD, RMMOD_ONCE, STREAM, WRITER } from './lanes.js';
import { isStruct, Objects, PAGES } from './objects.js';
import { callbackNames, finds, ownNames, registrationsOf } from './registrations.js';
import { rolesOf, touchesMemory } from './roles.js';
import { coresOf, hasWorkers, isToday, kernelsOwn, mappingAtStart } from './traits.js';

/**
 * The default environment (language.md, Scenarios): what a sketch without scenarios is checked against. Smaller ones
 * call wrong drivers right (domain/semantics.md, part 6), so it has every adversary that a real driver meets: an
 * invalidator that holds mmap_lock for write, one that holds no mmap_lock at all, one that nests its ranges, a writer
 * that queues for mmap_lock, the OOM reaper, which must not be made to sleep, a second subscription, another driver.
 */
export interface Environment {
	/** The sketch's text of the environment: one file that includes the user's. */
	readonly text: string;
	/** Uri of that file, next to the user's. */
	readonly uri: string;
	/** Threads that run the sketch's own functions. */
	readonly handlers: readonly Handler[];
	/** Threads that take the driver down. */
	readonly teardown: readonly Handler[];
	/** Threads that run all of it, one after another, and what module_exit() names last. */
	readonly leaving:
		| {
				/** Twice, and with nobody beside it. */
				readonly alone: string;
				/** Once. */
				readonly once: string;
				/** Who may come meanwhile. */
				readonly against: readonly string[];
				/** The function that module_exit() names. */
				readonly span: Span;
		  }
		| undefined;
	/** Threads that bind a driver of a bus with everybody about; they have a scenario of their own. */
	readonly binding: Binding | undefined;
	/** Calls that are over before two others meet. */
	readonly earlier: Earlier | undefined;
	/** Interrupt handlers of the sketch, each on top of each thread that it may meet. */
	readonly interrupts: readonly Interrupt[];
	/** Names of the threads that are the environment's, with what each of them is. */
	readonly adversaries: ReadonlyMap<string, string>;
	/** The same for those that only some scenarios have. */
	readonly sometimes: ReadonlyMap<string, string>;
	readonly has: {
		/** A scenario in which a second object of the driver is subscribed, too. */
		readonly second: boolean;
		/** A scenario with an endless stream of ranges that have nothing to do with the sketch's (S07). */
		readonly stream: boolean;
		/** A scenario with another driver, whose callback waits. */
		readonly other: boolean;
		/** A scenario in which the process ends, for list notifiers that have no `->release` to hear of it. */
		readonly exit: boolean;
		/** The first scenario with a single page, where the sketch does not need more. */
		readonly onePage: boolean;
	};
	/** Functions of the sketch that call its own callbacks, where the kernel of the model would. */
	readonly cores: readonly string[];
	/** Objects that were made up although the sketch makes such objects itself, and keeps them from everybody. */
	readonly invented: readonly string[];
	/** Functions of the sketch that come first, and of which it can be told whether they have succeeded. */
	readonly opening: readonly string[];
	/** Second objects that were made up, by name, and which of the sketch's each is like. */
	readonly clones: ReadonlyMap<string, string>;
	/** What else has to be said of a result, one sentence each. */
	readonly remarks: readonly string[];
}

/** An interrupt handler on top of one thread. */
export interface Interrupt {
	readonly name: string;
	/** Name of the thread. */
	readonly on: string;
	readonly function: string;
}

/** A thread that runs one of the sketch's functions. */
export interface Handler {
	/** Name of the thread, and of the one that runs the same on a second object. */
	readonly name: string;
	readonly second: string | undefined;
	/** Name of a thread that runs the same at the same time. */
	readonly twin: string;
	/** Of what takes the driver down: name of a thread that runs all handlers before it, one after another. */
	readonly last?: string;
	/** It registers a notifier itself. */
	readonly registers: boolean;
	/** Called for a file that is open. */
	readonly ofFile: boolean;
	/** Of what takes the driver down: nobody waits for files to be closed before that. */
	readonly anyTime?: boolean;
	/** Where the sketch says what is run, if it does not call that itself. */
	readonly span?: Span;
	readonly function: string;
}

/** The name under which results of the default environment appear; also that of its first scenario. */
export const DEFAULT_ENVIRONMENT = 'default_environment';
/** What the environment's text calls the sketch that it includes. */
export const SKETCH = 'sketch.mmn';
export const WITH_SECOND = 'default_environment_two';
export const WITH_STREAM = 'default_environment_stream';
export const WITH_OTHER = 'default_environment_other';
export const WITH_EXIT = 'default_environment_exit';
export const WITH_BUS = 'default_environment_bus';
export const WITH_EARLIER = 'default_environment_earlier';
export const WITH_ONE_PAGE = 'default_environment_one_page';

/** More entry points than this are not run: say so rather than search for ever. */
const MOST_HANDLERS = 8;

/** Adversaries whose callbacks an interrupt may come on top of, or come while a module goes: with mmap_lock, and without. */
const INTERRUPTED = [MMAP, RECLAIM];

/** The callback of <environment/other-driver>, in which nobody but an invalidator of the environment's is to wait. */
export const OTHER_CALLBACK = 'other_driver_invalidate';

/** The environment for a program without scenarios; undefined when there is nothing to run in it. */
export function defaultEnvironment(program: Program): Environment | undefined {
	const drivers = new Drivers(program);
	const roles = rolesOf(program, drivers.removing);
	const objects = new Objects(program, drivers);
	const left: string[] = [];
	const items: string[] = [];
	const opening = objects.open(roles.setup);
	const areas = new Areas(roles, objects);
	const attributes = new Attributes(program, objects);
	const callable = roles.handlers.flatMap((f) => {
		const plain = areas.has(f) || attributes.has(f) ? undefined : objects.call(f, 0, true);
		const item = plain === undefined ? undefined : objects.workItem(f, plain);
		if (item !== undefined) items.push(`INIT_WORK(${item}, ${f.name});`);
		const call =
			item !== undefined
				? `schedule_work(${item});`
				: plain === undefined
					? (areas.body(f) ?? attributes.body(f))
					: objects.statement(f, plain);
		if (call === undefined) left.push(`${f.name}() was not run: ${objects.missing(f)}`);
		return call === undefined ? [] : [{ f, call }];
	});
	for (const { f } of callable.slice(MOST_HANDLERS))
		left.push(`${f.name}() was not run: ${MOST_HANDLERS} functions were before it`);
	for (const f of roles.ofDrivers) left.push(`${f.name}() was not run: what suspends, resumes or shuts down is not`);
	for (const f of roles.helpers) left.push(`${f.name}() was not run: nobody calls it, and it wants a lock to be held`);
	const run = callable.slice(0, MOST_HANDLERS);
	const registration = registrationsOf(program, roles, objects, drivers, opening);
	const ends = roles.teardown.flatMap((f) => {
		const call = objects.call(f, 0, false);
		const before = roles.releasing.has(f) ? areas.closing() : '';
		return call === undefined ? [] : [{ f, call: `${before}${objects.statement(f, call)}` }];
	});
	const none = run.length + registration.first.length + drivers.unbinding.length === 0;
	if (none && roles.leaving === undefined) return undefined;

	const lanes = new Set<string>();
	const handlers = run.map(({ f }, n): Handler => {
		const lane = laneOf(f.name, run.length === 1 ? 'task' : `task${n + 1}`, lanes);
		const second = registration.second.length > 0 && objects.objectsFor(f) > 1;
		return {
			name: lane,
			second: second ? `${lane}_other` : undefined,
			twin: `${lane}_again`,
			registers: roles.registering.has(f),
			ofFile: roles.ofFiles.has(f) || roles.areas.has(f) || attributes.has(f),
			function: f.name,
		};
	});
	const anyTime = !callbackNames(program).has('suppress_bind_attrs');
	const last = [
		...ends.map(({ f, call }) => ({
			name: f.name,
			call,
			ofFile: roles.releasing.has(f),
			anyTime: false,
			span: undefined,
		})),
		...drivers.unbinding.map((unbinding) => ({ ...unbinding, ofFile: false, anyTime })),
	];
	const teardown = last.map(({ name, ofFile, anyTime, span }, n): Handler => {
		const lane = laneOf(name, last.length === 1 ? 'teardown' : `teardown${n + 1}`, lanes);
		return {
			name: lane,
			second: undefined,
			twin: '',
			...(run.length > 0 && { last: `${lane}_last` }),
			registers: false,
			ofFile,
			anyTime,
			...(span && { span }),
			function: name,
		};
	});
	// who hands its objects to nobody may do to them elsewhere what module_exit() needs
	const gone = roles.leaving ?? drivers.leaving;
	const leaves = gone !== undefined && (objects.invented.length === 0 || last.length > 0) ? gone : undefined;
	const exit = roles.leaving?.name ?? 'leave_module';
	// a driver that leaves the mm alone hears of nothing that goes on there
	const beside = roles.callbacks.length > 0 || touchesMemory(program);
	const interrupted = beside ? INTERRUPTED : [];
	const comes = roles.interrupts.flatMap((f) => {
		const call = objects.call(f, 0, true);
		if (call === undefined) left.push(`${f.name}() was not run: ${objects.missing(f)}`);
		return call === undefined ? [] : [{ f, call }];
	});
	const interrupts = comes.flatMap(({ f, call }, n) =>
		[...[...handlers, ...teardown].map(({ name }) => name), ...interrupted].map((on) => ({
			name: `${comes.length === 1 ? 'irq' : `irq${n + 1}`}_on_${on}`,
			on,
			function: f.name,
			f,
			call,
		})),
	);
	// who locks ranges is called inside of the lock only
	const nests = kernelsOwn(program, 'mmu_notifier_register') !== undefined && !program.functions.has('range_lock');
	// a worker is none of its tasks, so that it may end meanwhile
	const exits = callbackNames(program).has('release') || run.some(({ f }) => objects.isWork(f)) || hasWorkers(program);
	const end: [name: string, what: string, body: string] = [EXIT, 'the end of the process', 'exit_mmap();'];
	const ofMemory = (size: number): [name: string, what: string, body: string][] => [
		[MMAP, 'mmap(MAP_FIXED), which holds mmap_lock for write', `mmap_fixed(0, ${size});`],
		[RECLAIM, 'reclaim, which holds no mmap_lock', `reclaim(0, ${Math.min(objects.span, size)});`],
		[WRITER, 'a writer that queues for mmap_lock', 'mmap_write_lock(mm); mmap_write_unlock(mm);'],
		[REAPER, 'the OOM reaper, which must not sleep', `oom_reap(0, ${size});`],
		[FORK, 'fork, which only write-protects', `fork(0, ${size});`],
		...(!nests
			? []
			: ([[NESTED, 'a thread with one range inside of another', 'zap_over_split_pmd();']] as [
					string,
					string,
					string,
				][])),
		...(exits ? [end] : []),
	];
	const against = (size: number) => (beside ? ofMemory(size) : []);
	const adversaries = against(PAGES);
	const maps: string[] = run.length > 0 || last.length > 0 ? [] : mappingAtStart(program, objects);
	const has = {
		second: registration.second.length > 0,
		stream: [...ownNames(program)].some((name) => /^mmu_notifier_range_wait_(active|valid)$/.test(name)),
		// without a notifier there is no range to wait for, and nobody to be told of one
		other: isToday(program) && roles.callbacks.length > 0 && ownNames(program).has('mmap_read_lock'),
		// not for operations that only flush TLBs: there is no way for the device of the model to let go of a page table that it walks
		exit:
			!exits &&
			callbackNames(program).has('invalidate_range_start') &&
			objects.all.some((g) => isStruct(objects.typeOf(g), 'mmu_notifier_ops')),
		onePage: objects.pages === PAGES,
	};
	const scenario = (
		name: string,
		setup: readonly string[],
		threads: readonly string[],
		pages = beside ? objects.pages : 1,
		others = against(Math.min(pages, PAGES)),
	): string =>
		[
			`scenario ${name} {`,
			`\tpages ${pages};`,
			`\tsetup { ${setup.join(' ')} }`,
			...threads,
			...others.map(([thread, , body]) => `\tthread ${thread} { ${body} }`),
			'}',
			'',
		].join('\n');
	// a task keeps its address space until it ends itself
	const kept = (call: string): string => `if (mmget_not_zero(mm)) { ${call} mmput(mm); }`;
	const body = ({ f, call }: (typeof run)[number]): string =>
		exits && roles.inProcess.has(f) && !objects.isWork(f) ? kept(call) : call;
	const uses = run.map(body).join(' ');
	const undone = registration.undone.join(' ');
	const closes = ends.map(({ call }) => call).join(' ');
	const threads = [
		...run.map((handler, n) => `\tthread ${handlers[n]?.name} { ${body(handler)} }`),
		...run.map((handler, n) => `\tthread ${handlers[n]?.twin} { ${body(handler)} }`),
		...last.map(({ call }, n) => `\tthread ${teardown[n]?.name} { ${call} }`),
		...last.flatMap(({ call }, n) => {
			const name = teardown[n]?.last;
			return name === undefined ? [] : [`\tthread ${name} { ${uses} ${n < ends.length ? '' : closes} ${call} }`];
		}),
		...(leaves === undefined
			? []
			: [
					`\tthread ${RMMOD} { ${uses} ${uses} ${closes} ${undone} ${exit}(); }`,
					`\tthread ${RMMOD_ONCE} { ${uses} ${closes} ${undone} ${exit}(); }`,
				]),
		...interrupts.map(({ name, on, call }) => `\tinterrupt ${name} on ${on} { ${call}; }`),
	];
	const seconds = handlers.flatMap(({ second }, n) => {
		const { f } = run[n] as (typeof run)[number];
		const call = second === undefined ? undefined : objects.call(f, 1, true);
		return call === undefined ? [] : [`\tthread ${second} { ${body({ f, call: objects.statement(f, call) })} }`];
	});
	maps.unshift(...areas.setup, ...attributes.setup);
	const operations = run.flatMap(({ f, call }, n) =>
		handlers[n]?.ofFile &&
		!attributes.has(f) &&
		!/\bbound_/.test(call) &&
		(!areas.has(f) || roles.areas.get(f) === 'mmap')
			? [{ name: f.name, call: body({ f, call }) }]
			: [],
	);
	const shown = run.flatMap(({ f, call }) => (attributes.has(f) ? [{ name: f.name, call: body({ f, call }) }] : []));
	const binding = bindingOf(program, drivers, objects, { operations, shown }, leaves && exit, areas.closing(), anyTime);
	const earlier = earlierOf(
		program,
		run.flatMap(({ f, call }, n) => {
			const handler = handlers[n];
			return handler === undefined ? [] : [{ handler, f, body: body({ f, call }) }];
		}),
		last.flatMap(({ call }, n) => {
			const { name, anyTime: always } = teardown[n] ?? {};
			return name === undefined || !always ? [] : [{ name, functions: drivers.removing, body: call }];
		}),
		interrupts,
	);
	const nothing = drivers.whereUnbound([...run, ...last].map(({ call }) => call));
	const first = [...objects.links, ...registration.before, ...registration.first, ...nothing, ...items, ...maps];
	const text = [
		`#include "${SKETCH}"`,
		...(nests ? ['#include <environment/nested-ranges>'] : []),
		...(has.other ? ['#include <environment/other-driver>'] : []),
		...objects.declarations,
		...drivers.declarations,
		...(finds(program) ? ['#include <environment/opening>'] : []),
		...areas.declarations,
		...attributes.declarations,
		...(earlier === undefined ? [] : [EARLIER_DECLARATION]),
		...registration.telling.map((f) => `static void ${succeeds(f)}(void) {}`),
		...(leaves === undefined || roles.leaving !== undefined || drivers.leaving === undefined
			? []
			: [`static void ${exit}(void) { ${drivers.leaving.call} }`]),
		...(leaves === undefined ? [] : [`module_exit(${exit});`]),
		scenario(DEFAULT_ENVIRONMENT, first, threads),
		has.second
			? scenario(
					WITH_SECOND,
					[...objects.links, ...registration.before, ...registration.first, ...registration.second, ...items, ...maps],
					[...threads, ...seconds],
				)
			: '',
		has.stream
			? scenario(
					WITH_STREAM,
					first,
					[...threads, `\tdaemon ${STREAM} { munmap(${objects.pages}, ${objects.pages + 1}); }`],
					objects.pages + 1,
				)
			: '',
		// a missing ->release is what is looked for there, not each mmget_not_zero() that it would spare
		has.exit
			? scenario(
					WITH_EXIT,
					first,
					run.map(({ call }, n) => `\tthread ${handlers[n]?.name} { ${kept(call)} }`),
					objects.pages,
					[end],
				)
			: '',
		has.onePage
			? scenario(
					WITH_ONE_PAGE,
					first,
					run.map(({ f, call }, n) => {
						const narrow = objects.isWork(f) || areas.has(f) ? undefined : objects.call(f, 0, true, 1);
						return `\tthread ${handlers[n]?.name} { ${narrow === undefined ? call : objects.statement(f, narrow)} }`;
					}),
					1,
				)
			: '',
		has.other ? scenario(WITH_OTHER, [...first, 'other_driver_open();'], threads) : '',
		earlier === undefined ? '' : scenario(WITH_EARLIER, first, earlier.threads, beside ? objects.pages : 1, []),
		binding === undefined ? '' : scenario(WITH_BUS, objects.links, binding.threads),
	].join('\n');
	return {
		text,
		uri: program.uri.replace(/[^/:]*$/, (file) => `.${DEFAULT_ENVIRONMENT}.${file}`),
		handlers,
		teardown,
		leaving: leaves && {
			alone: RMMOD,
			once: RMMOD_ONCE,
			against: roles.takesAllOff ? interrupted : [],
			span: spanOfProperty('node' in leaves ? leaves.node : leaves, 'name'),
		},
		interrupts,
		binding,
		earlier,
		adversaries: new Map(adversaries.map(([name, what]) => [name, what])),
		sometimes: new Map<string, string>([
			...(binding?.words ?? []),
			...(earlier?.words ?? []),
			...(has.stream ? ([[STREAM, 'an endless stream of ranges elsewhere']] as const) : []),
			...(has.exit ? [[end[0], end[1]] as const] : []),
			...(leaves
				? [RMMOD, RMMOD_ONCE].map(
						(name) =>
							[
								name,
								`one task that calls everything in turn, and then ${exit === 'leave_module' ? 'unloads the module' : `${exit}()`}`,
							] as const,
					)
				: []),
		]),
		has,
		cores: coresOf(program),
		invented: objects.invented,
		opening: registration.telling,
		clones: new Map(objects.clones.map(({ of, name }) => [name, of.name])),
		remarks: [
			...objects.invented.map(
				(name) =>
					`${name} is made up: the sketch allocates such an object, but nothing leads to that one. Return it, or keep it in a global, and functions are called on it`,
			),
			...(objects.filled.length === 0
				? []
				: [`what nobody here has set before leads to made-up objects, too: ${objects.filled.join(', ')}`]),
			...(run.length === 0
				? [
						`nothing here looks like a fault handler (a function whose name ends in "fault", or one that nobody calls): only ${roles.callbacks.length > 0 ? 'the callbacks' : 'what a bus, interrupts and queues call'} ${roles.callbacks.length > 0 ? 'were' : 'was'} run${maps.length > 0 ? ', on a device that has every page mapped at the start' : ''}`,
					]
				: []),
			...(registration.first.length === 0 && roles.callbacks.length > 0
				? [
						`no notifier was registered but by the driver itself: there is no global object that ${roles.callbacks[0]?.name}() could be a callback of`,
					]
				: []),
			...(handlers.some((h) => h.ofFile)
				? [
						'no more than three file operations are over before two others meet: what four of them leave behind for two others was not met',
					]
				: []),
			...drivers.remarks,
			...left,
		],
	};
}

/** A function that would be run, had it something to be called on, why it has not, and who to look at: what to say where nothing can be run at all. */
export function notRun(program: Program): { f: FunctionDecl; at: FunctionDecl; why: string } | undefined {
	const drivers = new Drivers(program);
	const roles = rolesOf(program, drivers.removing);
	const objects = new Objects(program, drivers);
	objects.open(roles.setup);
	for (const f of [...roles.handlers, ...roles.setup])
		if (objects.call(f, 0, true) === undefined) return { f, at: objects.lacking(f), why: objects.missing(f) };
	return undefined;
}
