/** Pictures made by hand: what the page shows does not depend on the engine. */
import type { Bar, LaneState, Picture, State, Step, Variable } from '../../src/findings/explorer/picture.js';
import type { Span } from '../../src/findings/result.js';

const FILE = 'file:///sketches/made.mmn';

function at(line: number): Span {
	return { uri: FILE, line, column: 1, endLine: line, endColumn: 20 };
}

/** Threads that take turns with locks of their own, for a run of any length. */
export function longPicture(steps: number, lanes: number): Picture {
	const names = Array.from({ length: lanes }, (_, lane) => 'ABCDEFGHIJKL'[lane] ?? `T${lane}`);
	const holder = new Array<boolean>(lanes).fill(false);
	const made: Step[] = [];
	const state = (done: number): State => ({
		lanes: names.map(
			(_, lane): LaneState => ({
				status: 'runs',
				span: at((lane % 20) + 1),
				home: null,
				atomic: false,
				nonBlock: false,
				context: lane === 1 && done % 50 > 25 ? ['callback'] : [],
				waitsFor: null,
			}),
		),
		locks: names.map((name, lane) => ({
			name: `lock_${name}`,
			kind: 'mutex',
			holders: holder[lane] ? [{ lane, mode: 'exclusive' as const }] : [],
			waiters: [],
		})),
		ranges: [],
		cpu: Array.from({ length: 4 }, (_, page) => ({
			page: `p${page}`,
			generation: 1,
			write: true,
			freed: false,
			stale: null,
			pages: 1,
		})),
		others: [],
		devices: [],
		jobs: [],
		variables: names.map(
			(name, lane): Variable => ({
				path: `${name}.round`,
				name: 'round',
				value: String(Math.floor(done / lanes)),
				lane,
				kind: 'local',
				kernel: false,
			}),
		),
	});
	const states = [state(0)];
	const bars: Bar[] = [];
	const taken = new Array<number>(lanes).fill(0);
	for (let done = 0; done < steps; done++) {
		const lane = (done * 7 + Math.floor(done / 13)) % lanes;
		holder[lane] = !holder[lane];
		const name = names[lane] ?? '';
		if (holder[lane]) taken[lane] = done + 1;
		else
			bars.push({
				lane,
				kind: 'lock',
				name: `lock_${name}`,
				mode: 'exclusive',
				from: taken[lane] ?? 0,
				to: done,
				lanes: [],
				forEver: false,
			});
		made.push({
			lane,
			choice: 0,
			text: `${holder[lane] ? 'mutex_lock' : 'mutex_unlock'}(&lock_${name})`,
			remark: `${holder[lane] ? 'takes' : 'releases'} lock_${name}`,
			span: at((lane % 20) + 1),
			kernel: false,
			stack: [{ name: 'work', call: 'work()', kernel: false, span: at(1) }],
			call: null,
			callText: null,
			matters: true,
			moves: true,
			details: [],
			cause: false,
			blocked: false,
			alternatives: [{ lane: (lane + 1) % lanes, choice: 0, text: `round ${done % 90}`, outlook: 'either' }],
			outlook: 'either',
		});
		states.push(state(done + 1));
	}
	return {
		version: 1,
		file: FILE,
		environment: null,
		scenario: 'long',
		scenarios: ['long', 'other'],
		finding: null,
		findings: [],
		shown: -1,
		verdict: 'ok',
		statesExplored: steps + 1,
		complete: true,
		assumptions: [],
		pages: 4,
		lanes: names.map((name) => ({ name, title: `work(${name})`, kind: 'thread' })),
		setup: [],
		steps: made,
		finally: [],
		states,
		bars,
		noReturn: null,
		cycleStart: null,
		waits: [],
		never: [],
		branchAt: null,
		ending: 'every thread has ended',
		next: [],
	};
}
