/** Runs to keep: they replay after edits, or say which step no longer fits. */
import type { Graph } from '../../explore/graph.js';
import { rowOf } from '../run.js';
import type { SavedRun } from './picture.js';
import { wordsOf } from './steps.js';

/** The first step of a saved run that the sketch no longer has. */
export interface Misfit {
	/** From 0. */
	readonly step: number;
	readonly message: string;
}

/** What a file has that ought to be a saved run. @returns what is wrong with it, in words, where it is none */
export function parseSavedRun(text: string): SavedRun | string {
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch {
		return 'it is not JSON';
	}
	if (!isObject(value) || value.tool !== 'notifier-lab') return 'it was not saved by Notifier Lab';
	if (value.version !== 1) return `its version is ${String(value.version)}, and this program reads version 1`;
	const { file, scenario, code, steps } = value;
	if (typeof scenario !== 'string' || !Array.isArray(steps)) return 'it names no scenario or has no steps';
	const parsed: SavedRun['steps'][number][] = [];
	for (const step of steps) {
		if (
			!isObject(step) ||
			typeof step.thread !== 'string' ||
			!Number.isInteger(step.choice) ||
			typeof step.text !== 'string'
		)
			return `its step ${parsed.length + 1} is not one`;
		parsed.push({
			thread: step.thread,
			choice: step.choice as number,
			text: step.text,
			line: typeof step.line === 'number' ? step.line : 0,
		});
	}
	return {
		version: 1,
		tool: 'notifier-lab',
		file: typeof file === 'string' ? file : '',
		scenario,
		code: typeof code === 'string' ? code : null,
		steps: parsed,
	};
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Takes the steps of a saved run as far as they fit: the same thread has to be able to do the same. Lines may have moved. */
export function replaySaved(
	graph: Graph,
	saved: SavedRun,
): { schedule: { thread: number; choice: number }[]; misfit: Misfit | undefined } {
	const { system } = graph;
	const schedule: { thread: number; choice: number }[] = [];
	let state = 0;
	for (const [step, { thread: name, choice, text }] of saved.steps.entries()) {
		const no = (why: string) => ({ schedule, misfit: { step, message: `step ${step + 1} no longer fits: ${why}` } });
		const thread = system.threads.findIndex((t) => t.name === name);
		if (thread < 0) return no(`there is no thread ${name}`);
		if (state < 0) return no('the run has ended before it');
		if (state >= graph.expanded) return no('the search did not get so far');
		const place = system.position(thread, graph.local(state, thread));
		const row = rowOf(name, place, step + 1, null);
		const now = wordsOf(row, place);
		const { from, to } = graph.edges(state);
		const moves: number[] = [];
		let next: number | undefined;
		for (let e = from; e < to; e++) {
			if (graph.edgeThread(e) !== thread) continue;
			moves.push(graph.edgeChoice(e));
			if (graph.edgeChoice(e) === choice) next = graph.target(e);
		}
		if (graph.status(state, thread) === 1) return no(`${name} has ended, and did "${text}" then`);
		if (now !== text && row.text !== text) return no(`${name} comes to "${now}" where it did "${text}"`);
		if (moves.length === 0) return no(`${name} waits at "${text}" now`);
		if (next === undefined) return no(`"${text}" of ${name} has no way ${choice + 1} any more`);
		schedule.push({ thread, choice });
		state = next;
	}
	return { schedule, misfit: undefined };
}
