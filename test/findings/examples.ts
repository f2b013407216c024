import { type CheckOptions, checkSketch, type Sources } from '../../src/findings/check.js';
import type { FileResult } from '../../src/findings/result.js';

/** Checks one text that includes nothing but the simulated kernel. */
export function checkText(text: string, name = 'example', options: CheckOptions = {}): Promise<FileResult> {
	const uri = `file:///${name}.mmn`;
	const sources: Sources = { read: async (wanted) => (wanted === uri ? text : undefined) };
	return checkSketch(uri, sources, options);
}

/** Whether the layers below check anything yet: a sketch with a scenario has a result. */
export async function checkerWorks(): Promise<boolean> {
	const { scenarios, problems } = await checkText('scenario empty {\n\tthread A { }\n}\n');
	return scenarios.length + problems.length > 0;
}
