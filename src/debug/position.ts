/**
 * Places in a run, and the ways between them. A position is the index of a state: the step of the same number is the next one.
 */
import { fold } from '../findings/explorer/fold.js';
import type { Picture, State, Step } from '../findings/explorer/picture.js';
import type { Span } from '../findings/result.js';

/** A call in progress. */
export interface Frame {
	readonly name: string;
	/** Null where the simulated kernel has no source for it. */
	readonly span: Span | null;
	readonly kernel: boolean;
}

/** A line to stop at. */
export interface Line {
	readonly uri: string;
	readonly line: number;
}

/** Where a step stands: its statement, and the calls around it. */
const placesOf = ({ span, stack }: Step): Span[] => [span, ...stack.flatMap((f) => (f.span === null ? [] : [f.span]))];

const isAt = (span: Span, { uri, line }: Line): boolean =>
	span.uri === uri && span.line <= line && line <= Math.max(span.line, span.endLine);

/**
 * The spans of a step by which it comes to a line. Statements that nobody else can see run at the end of the step before them: they
 * count where no step stands at the line itself.
 */
function waysTo({ steps }: Picture, line: Line): (step: Step) => Span[] {
	const stands = steps.some((step) => placesOf(step).some((span) => isAt(span, line)));
	return stands ? placesOf : ({ details }) => details.map(({ span }) => span);
}

/** Some step of the run goes through the line. */
export function isOnRun(picture: Picture, line: Line): boolean {
	const spans = waysTo(picture, line);
	return picture.steps.some((step) => spans(step).some((span) => isAt(span, line)));
}

/** The step comes to the line: its thread was elsewhere before. */
export function reaches(picture: Picture, at: number, line: Line): boolean {
	const { steps } = picture;
	const step = steps[at];
	const spans = waysTo(picture, line);
	if (step === undefined || !spans(step).some((span) => isAt(span, line))) return false;
	const before = steps.slice(0, at).findLast(({ lane }) => lane === step.lane);
	if (before === undefined) return true;
	const inside = spans(before).some((span) => isAt(span, line));
	// the same statement once more is another visit; a step deeper inside of it is not
	return !inside || (isAt(step.span, line) && before.stack.length > step.stack.length);
}

/** The thread whose step is next; at the end the one that the finding is about. */
export function focus({ steps }: Picture, at: number): number {
	const next = steps[at] ?? steps.findLast(({ cause }) => cause) ?? steps[steps.length - 1];
	return next?.lane ?? 0;
}

/** One row on or back: calls into the simulated kernel are one, until another thread gets in between. */
export function over(picture: Picture, at: number, back: boolean): number {
	const rows = fold(picture);
	if (back) return rows.findLast(({ from }) => from < at)?.from ?? 0;
	return rows.find(({ to }) => to > at)?.to ?? picture.steps.length;
}

/** Until the thread is back in the function that has called the one it is in, and about to go on there. */
export function out(picture: Picture, at: number): number {
	const lane = focus(picture, at);
	const next = (from: number): Step | undefined => picture.steps.slice(from).find((s) => s.lane === lane);
	const depth = next(at)?.stack.length ?? 0;
	for (let to = at + 1; to < picture.steps.length; to++) {
		const step = picture.steps[to] as Step;
		if (step.lane === lane && step.stack.length < depth) return to;
	}
	return picture.steps.length;
}

/** What stops a run. */
export interface Stops {
	readonly lines: readonly Line[];
	/** Values, by what tells one. */
	readonly watched: readonly ((state: State) => string | undefined)[];
	/** Stop where no way ends well any more. */
	readonly noReturn: boolean;
}

export interface Stop {
	readonly at: number;
	readonly why: 'breakpoint' | 'data breakpoint' | 'no return' | 'end';
	/** Of a breakpoint: its line. */
	readonly line?: Line;
}

/** The next place to stop at, on or back. */
export function goOn(picture: Picture, at: number, back: boolean, { lines, watched, noReturn }: Stops): Stop {
	const { steps, states } = picture;
	const end = back ? 0 : steps.length;
	for (let to = at + (back ? -1 : 1); back ? to > end : to < end; to += back ? -1 : 1) {
		const line = lines.find((l) => reaches(picture, to, l));
		if (line !== undefined) return { at: to, why: 'breakpoint', line };
		if (noReturn && picture.noReturn === to) return { at: to, why: 'no return' };
		const [before, after] = [states[to - 1], states[to]];
		if (before && after && watched.some((value) => value(before) !== value(after)))
			return { at: to, why: 'data breakpoint' };
	}
	return { at: end, why: 'end' };
}

/** The calls that a thread stands in, innermost first; none where it has ended. */
export function framesOf(picture: Picture, at: number, lane: number): Frame[] {
	const state = picture.states[at]?.lanes[lane];
	const { name = '', title = '' } = picture.lanes[lane] ?? {};
	if (state === undefined || state.status === 'ended') return [];
	const own = (step: Step): boolean => step.lane === lane && step.span.line > 0;
	const last = picture.steps.slice(0, at).findLast(own);
	// it stands where its next step is taken, or where it was last found waiting
	const row = picture.steps.slice(at).find(own) ?? (last?.blocked ? last : undefined);
	if (row === undefined) {
		const frames: Frame[] = [];
		if (state.span !== null && state.home !== null && !same(state.span, state.home))
			frames.push({ name: 'simulated kernel', span: state.span, kernel: true });
		return [...frames, { name, span: state.home ?? state.span, kernel: false }];
	}
	// each function is at the place where it calls the next
	const calls = [{ name: title, kernel: false }, ...row.stack];
	return calls
		.map((call, n) => ({
			name: call.name,
			kernel: call.kernel,
			span: n === row.stack.length ? row.span : (row.stack[n]?.span ?? null),
		}))
		.reverse();
}

const same = (a: Span, b: Span): boolean => a.uri === b.uri && a.line === b.line && a.column === b.column;
