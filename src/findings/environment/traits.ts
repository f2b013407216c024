import { AstUtils } from 'langium';
import { type FunctionDecl, isCall, isFunctionDecl, isMember, isNameRef } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import type { Objects } from './objects.js';
import { callbackNames, ownNames } from './registrations.js';

/* What a sketch does that the environment has to know of, as far as names tell. */

/**
 * Functions of the sketch that play the core: they call callbacks through a table of the sketch's own, or stand for the
 * kernel's own function. No invalidator of the environment's comes by there.
 */
export function coresOf(program: Program): string[] {
	const found = new Set<string>();
	for (const { root, kernel } of program.files) {
		if (kernel) continue;
		for (const f of root.items.filter(isFunctionDecl)) {
			if (f.body === undefined) continue;
			if (/^_*mmu_notifier_invalidate_range_(start|end)/.test(f.name)) found.add(f.name);
			for (const node of AstUtils.streamAllContents(f))
				if (
					isCall(node) &&
					isMember(node.callee) &&
					node.callee.field.ref !== undefined &&
					!sourceOf(node.callee.field.ref).kernel &&
					/invalidate/.test(node.callee.field.$refText)
				)
					found.add(f.name);
		}
	}
	return [...found];
}

const MAKES_WORKERS = /^(INIT_(DELAYED_)?WORK|DECLARE_(DELAYED_)?WORK|kthread_(run|create)|request_threaded_irq)$/;

/** Does the sketch leave work to kernel threads? */
export const hasWorkers = (program: Program): boolean =>
	[...ownNames(program)].some((name) => MAKES_WORKERS.test(name)) ||
	program.globals.some((g) => g.$type === 'MacroDecl' && !sourceOf(g).kernel && MAKES_WORKERS.test(g.macro));

/** A function of the simulated kernel. */
export function kernelsOwn(program: Program, name: string): FunctionDecl | undefined {
	const f = program.functions.get(name);
	return f !== undefined && sourceOf(f).kernel ? f : undefined;
}

/** The generation of <mn/list>: mmu_notifier_invalidate_range_start() takes a range, and nothing else. */
export const isToday = (program: Program): boolean =>
	kernelsOwn(program, 'mmu_notifier_invalidate_range_start')?.parameters.length === 1;

/**
 * Where callbacks unmap and nobody maps, the device has everything mapped at the start: else there is nothing that a
 * wrong callback could leave behind.
 */
export function mappingAtStart(program: Program, objects: Objects): string[] {
	const names = ownNames(program);
	const maps = [...names].some((name) => /^dev_(map|map_page|bind_mm|submit)$/.test(name));
	const callbacks = callbackNames(program);
	if (maps || ![...callbacks].some((name) => /invalidate/.test(name))) return [];
	if (callbacks.has('arch_invalidate_secondary_tlbs')) return ['dev_bind_mm(mm);'];
	if (![...names].some((name) => /^dev_(unmap|clear|flush)$/.test(name))) return [];
	const devices = objects.all.flatMap((g) => objects.inside(g, ['device']).map(({ path }) => path));
	if (namesDevice(program)) return devices.slice(0, 1).map((path) => `dev_map(&${path}, 0, NR_PAGES);`);
	return ['dev_map(0, NR_PAGES);'];
}

/** Does the sketch name the device that it unmaps from? */
const namesDevice = (program: Program): boolean =>
	program.files.some(
		({ root, kernel }) =>
			!kernel &&
			AstUtils.streamAllContents(root).some(
				(n) =>
					isCall(n) &&
					isNameRef(n.callee) &&
					/^dev_(unmap|clear|flush)$/.test(n.callee.target.$refText) &&
					n.arguments.length > 2,
			),
	);
