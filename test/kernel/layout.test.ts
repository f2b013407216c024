/** Where primitives look into structs of the simulated kernel, those are laid out as they think. */
import { expect, test } from 'vitest';
import { kernelLibraries } from '../../src/kernel/library.js';
import { SRCU } from '../../src/kernel/primitives/rcu.js';
import { MM } from '../../src/kernel/primitives/rwlocks.js';
import { TASK } from '../../src/kernel/primitives/tasks.js';
import { loadProgram } from '../../src/language/program.js';
import { System } from '../../src/machine/system.js';

const uri = 'file:///layout.mmn';
const text = 'scenario s { pages 3; thread A { munmap(0, 1); synchronize_rcu(); } }\n';
const program = await loadProgram(uri, { read: async () => text }, kernelLibraries);
const [scenario] = program.scenarios;
if (scenario === undefined) throw new Error('there is no scenario');
const system = new System(program, scenario);

function offsets(global: string, fields: readonly string[]): Record<string, number | undefined> {
	let type = system.globals.find((g) => g.name === global)?.type;
	if (type?.kind === 'array') type = type.of;
	if (type?.kind !== 'struct') throw new Error(`${global} is no struct`);
	const struct = type;
	return Object.fromEntries(fields.map((f) => [f, system.layouts.offset(struct, f)]));
}

test('struct mm_struct', () => {
	expect(offsets('init_mm', Object.keys(MM))).toEqual(MM);
});

test('struct srcu_struct', () => {
	expect(offsets('rcu', Object.keys(SRCU))).toEqual(SRCU);
});

test('struct task_struct', () => {
	const { cells, state, ...fields } = TASK;
	expect(offsets('__tasks', [...Object.keys(fields), '__state'])).toEqual({ ...fields, __state: state });
	const type = system.globals.find((g) => g.name === '__tasks')?.type;
	expect(type?.kind === 'array' && system.layouts.cells(type.of)).toBe(cells);
});
