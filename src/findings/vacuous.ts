import { contentsOf } from '../language/contents.js';
import { type File, isInitializerEntry } from '../language/generated/ast.js';
import type { Program } from '../language/program.js';
import type { System } from '../machine/system.js';
import { Coverage, SUCCEEDS } from './coverage.js';
import { OPERATIONS } from './lints/callbacks.js';
import type { ScenarioResult } from './result.js';

const REGISTERS = /^_*(mmu_(interval_)?notifier_(register|insert|get)|mn_(itree_)?register|mn_register)/;
const MAPS = /^(set_device_pte|__dev_bind_mm|__dev_submit)$/;

const PROBES = /^(pci_register_driver|platform_driver_register)$/;

/** Name of an empty function of the default environment's, which it calls when `f` has succeeded. */
export const succeeds = (f: string): string => `${f}${SUCCEEDS}`;

/**
 * Why a verdict says little about a sketch with callbacks: nobody was registered, or the device had nothing that could have
 * become stale; what the rest depends on never succeeded. Empty where all was there, and where a sketch is not about callbacks at all.
 * @param opening functions of the sketch that the default environment calls first
 */
export function vacuous(program: Program, coverage: Coverage, opening: readonly string[] = []): string[] {
	const failed = [
		...(coverage.ran(PROBES) && !coverage.ran(/^driver_bound$/) ? ['->probe of a driver'] : []),
		...(coverage.ran(/^do_open$/) && !coverage.ran(/^fd_install$/) ? ['->open of a file'] : []),
		...opening.filter((f) => !coverage.ran(new RegExp(`^${succeeds(f)}$`))).map((f) => `${f}()`),
	].map((what) => `${what} has never succeeded, so that nothing behind it was run`);
	if (!program.files.some((f) => !f.kernel && hasCallbacks(f.root))) return failed;
	return [
		...failed,
		...(coverage.ran(REGISTERS) ? [] : ['no notifier was registered, so that no callback was called']),
		...(coverage.ran(MAPS) ? [] : ['the device has mapped nothing, so that nothing could become stale']),
	];
}

/** The same for one system, as far as it was searched. */
export function vacuousIn(program: Program, system: System): string[] {
	const coverage = new Coverage();
	coverage.begin(system);
	return vacuous(program, coverage);
}

/** What is said beside a verdict that rests on it: nothing where something went wrong. */
export function nothingThere({ verdict, complete, vacuous: what = [] }: ScenarioResult): readonly string[] {
	if (verdict === 'fail') return [];
	return complete ? what : what.map((clause) => `so far ${clause}`);
}

const hasCallbacks = (root: File): boolean =>
	contentsOf(root).some((n) => isInitializerEntry(n) && OPERATIONS.test(n.designators[0]?.field?.$refText ?? ''));
