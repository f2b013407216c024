import { AstUtils } from 'langium';
import {
	type FunctionDecl,
	isCall,
	isFunctionDecl,
	isInitializerEntry,
	isNameRef,
	type Variable,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, spanOfProperty } from '../../language/text.js';
import type { Span } from '../result.js';
import type { Objects } from './objects.js';
import { ownNames } from './registrations.js';
import { namedIn } from './roles.js';

/* Drivers of a bus (lib/bus.mmn): ->probe makes what everybody else is called on, and leaves it with the device. */

/** How a bus calls its things. */
interface Bus {
	readonly register: string;
	readonly unregister: string;
	/** The struct of its devices, and the one that <bus> binds drivers to. */
	readonly device: string;
	readonly bound: string;
	readonly toDevice: string;
}

const BUSES: Readonly<Record<string, Bus>> = {
	pci_driver: {
		register: 'pci_register_driver',
		unregister: 'pci_unregister_driver',
		device: 'pci_dev',
		bound: 'bound_pci_device()',
		toDevice: 'to_pci_dev',
	},
	platform_driver: {
		register: 'platform_driver_register',
		unregister: 'platform_driver_unregister',
		device: 'platform_device',
		bound: 'bound_platform_device()',
		toDevice: 'to_platform_device',
	},
};

/** Tables whose functions a bus calls. */
export const isDriverTable = (struct: string | undefined): boolean =>
	struct !== undefined && (struct in BUSES || struct === 'dev_pm_ops');

/** What registers a misc device, and says that nobody takes it off. */
export const REGISTERS_MISC = /^(module|builtin)_misc_device$/;
const BUILT_IN = /^builtin_(misc_device|pci_driver|platform_driver)$/;

const KEEPS = /^(dev|pci|platform)_set_drvdata$/;

/** The drivers of a sketch, and what the environment does with them. */
export class Drivers {
	private readonly all: readonly { global: Variable; bus: Bus }[];
	/** By struct: the global of the environment's that leads to what ->probe has left with the device. */
	readonly kept = new Map<string, string>();
	/** By struct: the device that a driver of the sketch's is bound to. */
	readonly devices = new Map<string, string>();

	/** Names of the devices that module_misc_device() registers. */
	private readonly misc: readonly string[];

	constructor(private readonly program: Program) {
		this.misc = program.files.flatMap(({ root, kernel }) =>
			(kernel ? [] : root.items).flatMap((item) => {
				const [device] = item.$type === 'FileMacro' && REGISTERS_MISC.test(item.name) ? item.arguments : [];
				return isNameRef(device) ? [device.target.$refText] : [];
			}),
		);
		this.all = program.globals.flatMap((global) => {
			const type = program.semantics.declaredType(global);
			const bus = type.kind === 'struct' && !sourceOf(global).kernel ? BUSES[type.name] : undefined;
			return bus === undefined || global.$type !== 'Variable' ? [] : [{ global, bus }];
		});
		for (const { bus } of this.all) {
			this.devices.set(bus.device, `${bus.toDevice}(${bus.bound})`);
			if (!this.devices.has('device')) this.devices.set('device', bus.bound);
		}
		for (const struct of this.leftWithDevices()) this.kept.set(struct, `bound_${struct}`);
	}

	/** Structs that the sketch's own functions leave with a device. */
	private leftWithDevices(): Set<string> {
		const found = new Set<string>();
		for (const { root, kernel } of this.program.files)
			for (const node of kernel ? [] : AstUtils.streamAllContents(root)) {
				if (!isCall(node) || !isNameRef(node.callee) || !KEEPS.test(node.callee.target.$refText)) continue;
				const keeps = node.callee.target.ref;
				// a stub of the sketch's keeps nothing that could be found
				if (keeps === undefined || !sourceOf(keeps).kernel) continue;
				const type = node.arguments[1] && this.program.semantics.typeOf(node.arguments[1]);
				if (type?.kind === 'pointer' && type.to.kind === 'struct') found.add(type.to.name);
			}
		return found;
	}

	get declarations(): readonly string[] {
		const include = this.all.length > 0 ? ['#include <environment/driver>'] : [];
		if (this.kept.size > 0) include.push('#include <environment/unbound>');
		return [...include, ...[...this.kept].map(([struct, name]) => `static struct ${struct} *${name};`)];
	}

	/** Statements behind all that comes first: nothing can be said of `calls` that are made on nothing. */
	whereUnbound(calls: readonly string[]): readonly string[] {
		const named = (name: string): boolean => calls.some((call) => new RegExp(`\\b${name}\\b`).test(call));
		return [...this.kept.values()].filter(named).map((name) => `if (!${name}) nothing_is_bound();`);
	}

	/** Statements that bind those that no function of the sketch registers. */
	get binding(): readonly string[] {
		const names = ownNames(this.program);
		const calls = this.all
			.filter(({ bus }) => !names.has(bus.register))
			.map(({ global, bus }) => `${bus.register}(&${global.name});`);
		const misc = this.misc.map((name) => `misc_register(&${name});`);
		return calls.length === 0 ? misc : [...misc, ...calls, ...this.keeping(this.all[0]?.bus.bound ?? '')];
	}

	/** Statements that come behind the call of `f`, which may have bound a driver, or been given a device itself. */
	behind(f: FunctionDecl, objects: Objects): readonly string[] {
		const [first] = this.all;
		if (first !== undefined) return this.binding.length === this.misc.length ? this.keeping(first.bus.bound) : [];
		const type = this.program.semantics.declaredType(f);
		const [parameter] = type.kind === 'function' ? type.parameters : [];
		if (parameter?.kind !== 'pointer' || parameter.to.kind !== 'struct') return [];
		const device = objects.object(parameter.to);
		if (device === undefined || !/^(device|pci_dev|platform_device)$/.test(parameter.to.name)) return [];
		return this.keeping(parameter.to.name === 'device' ? device : `${device}.dev`);
	}

	private keeping(device: string): string[] {
		return [...this.kept.values()].map((name) => `${name} = dev_get_drvdata(${device});`);
	}

	/** Some function of the sketch registers its drivers. */
	get registersItself(): boolean {
		const names = ownNames(this.program);
		return this.all.some(({ bus }) => names.has(bus.register));
	}

	/** What is taken for granted where nobody knows which function loads the driver. */
	get remarks(): readonly string[] {
		if (!this.registersItself || namedIn(this.program, 'module_init') !== undefined) return [];
		return this.probing
			.slice(0, 1)
			.map(
				({ name }) =>
					`${name}() runs first and alone, and nothing that it calls fails: name the function that registers the driver in module_init(), and its ways out are tried, and who comes in the middle of it`,
			);
	}

	/** Statements that register what nobody else does, and do what stands for `inner` if that has succeeded. */
	loading(inner: string): string {
		const all = [
			...this.misc.map((name) => ({ call: `misc_register(&${name})`, undo: `misc_deregister(&${name});` })),
			...this.all.map(({ global: { name }, bus }) => ({
				call: `${bus.register}(&${name})`,
				undo: `${bus.unregister}(&${name});`,
			})),
		];
		return all.reduceRight((then, { call }, n) => {
			const undone = all.slice(0, n).map(({ undo }) => undo);
			return `if (${call} == 0) { ${then} }${undone.length > 0 ? ` else { ${undone.reverse().join(' ')} }` : ''}`;
		}, inner);
	}

	/** ->probe of the drivers. */
	get probing(): readonly { readonly name: string; readonly span: Span }[] {
		return this.all.flatMap(({ global }) => {
			const probe = this.operation(global, 'probe');
			return probe === undefined ? [] : [{ name: probe.name, span: spanOfProperty(probe, 'name') }];
		});
	}

	/** Statements of who unbinds a driver by hand, each with the function that hears of it. */
	get unbinding(): readonly { name: string; span: Span; call: string }[] {
		return this.all.map(({ global, bus }) => {
			const remove = this.operation(global, 'remove');
			return {
				name: remove?.name ?? 'device_release_driver',
				span: spanOfProperty(remove ?? global, 'name'),
				call: `device_release_driver(${bus.bound});`,
			};
		});
	}

	/** Where module_pci_driver() and its like stand for what a sketch would name in module_exit(). */
	get leaving(): { readonly call: string; readonly node: Variable } | undefined {
		if (namesIn(this.program).some((name) => BUILT_IN.test(name))) return undefined;
		const misc = this.program.globals.flatMap((g) => (g.$type === 'Variable' && this.misc.includes(g.name) ? [g] : []));
		const [first] = [...this.all.map(({ global }) => global), ...misc];
		const calls = [
			...misc.map(({ name }) => `misc_deregister(&${name});`),
			...this.all.map(({ global, bus }) => `${bus.unregister}(&${global.name});`),
		];
		return first && { call: calls.join(' '), node: first };
	}

	/** ->remove of a driver. */
	get removing(): readonly FunctionDecl[] {
		return this.all.flatMap(({ global }) => this.operation(global, 'remove') ?? []);
	}

	private operation(global: Variable, name: string): FunctionDecl | undefined {
		for (const node of AstUtils.streamAllContents(global)) {
			if (!isInitializerEntry(node) || node.designators[0]?.field?.$refText !== name) continue;
			const target = isNameRef(node.value) ? node.value.target.ref : undefined;
			if (isFunctionDecl(target)) return this.program.definitionOf(target);
		}
		return undefined;
	}
}

/** Names of the macros that stand outside of functions. */
const namesIn = (program: Program): string[] =>
	program.files.flatMap(({ root, kernel }) =>
		(kernel ? [] : root.items).flatMap((item) => (item.$type === 'FileMacro' ? [item.name] : [])),
	);
