import type { Program } from '../../language/program.js';
import { spanOfProperty } from '../../language/text.js';
import type { Span } from '../result.js';
import type { Drivers } from './drivers.js';
import { INSMOD, OPEN, PROBE, SYSFS, UNBIND } from './lanes.js';
import type { Objects } from './objects.js';
import { finds } from './registrations.js';
import { namedIn } from './roles.js';

/** Threads that bind a driver as its bus does: with others about, and with what may fail failing. */
export interface Binding {
	/** Thread that loads the driver and unloads it again. */
	readonly loads: string;
	/** Threads to run beside those who open what ->probe has published: one that unbinds the device, or `loads`. */
	readonly beside: string;
	/** Threads that open it: one for each operation that they go on with. */
	readonly opens: readonly string[];
	/** All threads, as the scenario's text has them, and what each is. */
	readonly threads: readonly string[];
	readonly words: readonly (readonly [name: string, what: string])[];
	/** Name of ->probe, and where it is. */
	readonly function: string;
	readonly span: Span;
}

/** A call, of the function that is named. */
interface Visit {
	readonly name: string;
	readonly call: string;
}

/**
 * @param calls operations of files, as the environment calls them, and functions of attributes
 * @param exit the function that module_exit() names, the environment's own where there is none
 * @param closing statements before the last close(2)
 * @param anyTime a device may be unbound in sysfs while files are open
 */
export function bindingOf(
	program: Program,
	drivers: Drivers,
	objects: Objects,
	calls: { readonly operations: readonly Visit[]; readonly shown: readonly Visit[] },
	exit: string | undefined,
	closing: string,
	anyTime: boolean,
): Binding | undefined {
	const begin = namedIn(program, 'module_init');
	const opens = finds(program);
	const init = begin === undefined ? undefined : program.functions.get(begin);
	const loading = init && { name: init.name, span: spanOfProperty(init, 'name') };
	// who has no bus publishes, and registers, in module_init(); and may go again before anybody has come
	const probing = drivers.probing[0] ?? loading;
	// what a function that nobody names registers may need what that does before
	const own = drivers.registersItself || drivers.probing.length === 0;
	if (probing === undefined || (own && begin === undefined)) return undefined;
	const last = exit === undefined ? '' : opens ? `if (module_may_go()) ${exit}();` : `${exit}();`;
	const load = own ? `if (${begin}() == 0) { IN }` : drivers.loading('IN');
	const removes = exit === undefined ? undefined : drivers.removing[0]?.name;
	const then = removes === undefined ? '' : `, and ${removes}() if that has succeeded`;
	const unbinds = anyTime && (opens || calls.shown.length > 0) ? drivers.unbinding : [];
	const file = `${objects.the('inode')}, ${objects.the('file')}`;
	const { operations, shown } = calls;
	const opening = !opens ? [] : operations.length === 0 ? [{ name: undefined, call: '' }] : operations;
	const visitors = opening.map(({ name, call }, n) => ({
		thread: opening.length === 1 ? OPEN : `${OPEN}${n + 1}`,
		body: `if (open_file(${file}) == 0) { ${call} ${closing} close_file(${file}); }`,
		what: `who opens the file that ${probing.name}() publishes${name === undefined ? '' : `, for ${name}()`}, as soon as it is there, also while it goes`,
	}));
	const readers = shown.map(({ name, call }, n) => ({
		thread: shown.length === 1 ? SYSFS : `${SYSFS}${n + 1}`,
		body: call,
		what: `who comes to ${name}() as soon as the attribute is there, also while it goes`,
	}));
	visitors.push(...readers);
	const loads = drivers.probing.length === 0 ? INSMOD : PROBE;
	const body = (inner: string): string => load.replace('IN', () => inner);
	return {
		loads,
		beside: unbinds.length > 0 ? UNBIND : loads,
		opens: visitors.map(({ thread }) => thread),
		threads: [
			`\tthread ${loads} { ${body(last)} }`,
			...(unbinds.length > 0 ? [`\tthread ${UNBIND} { ${body(unbinds.map(({ call }) => call).join(' '))} }`] : []),
			...visitors.map(({ thread, body: text }) => `\tthread ${thread} { ${text} }`),
		],
		words: [
			[
				loads,
				drivers.probing.length === 0
					? `who loads the module${exit === undefined ? '' : ' and unloads it again'}: ${probing.name}()`
					: `the driver core: it calls ${probing.name}()${then}`,
			],
			...(unbinds.length > 0
				? ([[UNBIND, `the driver core: it calls ${probing.name}(), and unbinds the device again`]] as const)
				: []),
			...visitors.map(({ thread, what }) => [thread, what] as const),
		],
		function: probing.name,
		span: probing.span,
	};
}
