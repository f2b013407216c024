import type { FileResult, ScenarioResult } from '../findings/result.js';
import type { DiagnosticsByFile } from './diagnostics.js';

/** The last check of a sketch that has shown something. */
export interface Checked {
	readonly result: FileResult;
	readonly files: DiagnosticsByFile;
	/** The version of each file that the check read; undefined for one that was not open. */
	readonly versions: ReadonlyMap<string, number | undefined>;
	/** The last check that came to its end, where this one did not, or not yet: what it alone has found stays, as old findings. */
	readonly earlier?: { readonly result: FileResult; readonly files: DiagnosticsByFile };
}

/** What is known of each scenario: as of the check under way, or of the last one that came to run it. */
export function scenariosOf(checked: Checked | undefined): readonly ScenarioResult[] {
	const now = checked?.result.scenarios ?? [];
	const before = checked?.earlier?.result.scenarios ?? [];
	return [...now, ...before.filter(({ name }) => !now.some((s) => s.name === name))];
}
