/** Which functions two systems have in common: after an edit, most. */

import type { FunctionCode, Instruction } from './ir.js';
import type { System } from './system.js';

/**
 * All that the numbers in a system's vectors stand for, besides code: where it is the same, a vector of one system means
 * the same in the other.
 */
export function signatureOf(system: System): string {
	let signature = signatures.get(system);
	if (signature === undefined) {
		signature = signed(system);
		signatures.set(system, signature);
	}
	return signature;
}

const signatures = new WeakMap<System, string>();

function signed(system: System): string {
	const { image, threads, functions, globals, layouts, scenario, pages } = system;
	return JSON.stringify([
		pages,
		threads.map(({ name, kind, entry, on }) => [name, kind, entry.index, on]),
		functions.map(({ name, kernel }) => [name, kernel]),
		globals.map(({ name, address, cells, kernel }) => [name, address, cells, kernel]),
		layouts.all(),
		[...image.guards],
		[...image.symbols],
		scenario.items.flatMap((item) => (item.$type === 'ConfigItem' ? item.words.map(({ name }) => name) : [])).sort(),
		[image.limitsCpus, image.unfairRwsem, image.preemptRt, image.noErrors, image.everyAccess],
		system.cpus.count,
	]);
}

/** Does a function do the same in both systems? They have to have the same signature. */
export function sameCode(a: FunctionCode, b: FunctionCode): boolean {
	// trees of the simulated kernel are the same in all programs: from another tree, it is another function
	if (a.kernel && a.node !== b.node) return false;
	return (
		a.parameters === b.parameters &&
		a.registers === b.registers &&
		a.code.length === b.code.length &&
		same(a.constants, b.constants) &&
		same(a.unset, b.unset) &&
		same(a.memoryLocals, b.memoryLocals) &&
		a.code.every((instruction, pc) => sameInstruction(instruction, b.code[pc] as Instruction)) &&
		a.live.length === b.live.length &&
		a.live.every((live, pc) => same(live, b.live[pc]))
	);
}

function sameInstruction(a: Instruction, b: Instruction): boolean {
	if (a === b) return true;
	const { node: _, ...rest } = a;
	const { node: __, ...other } = b;
	return same(rest, other);
}

/** Equal plain data. */
function same(a: unknown, b: unknown): boolean {
	if (Object.is(a, b)) return true;
	if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
	const keys = Object.keys(a);
	return (
		keys.length === Object.keys(b).length &&
		keys.every((key) => same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
	);
}
