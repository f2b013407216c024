/** What is said of a run: at a stop, and in the debug console. */
import { StoppedEvent } from '@vscode/debugadapter';
import type { DebugProtocol } from '@vscode/debugprotocol';
import { fold, remarksOf } from '../findings/explorer/fold.js';
import type { Alternative, Outlook, Picture, Step } from '../findings/explorer/picture.js';
import type { Span } from '../findings/result.js';

const OUTLOOKS: Record<Outlook, string> = {
	well: 'every way on ends well',
	either: 'ends well or badly',
	badly: 'every way on ends badly',
	unknown: 'not searched to the end',
};

export const HELP = `ways       what each thread could do now, and how that ends
take N     let it do that instead, and go on to an end
found      back to the run that was found
NAME       a value: fault_lock, range->start, page 0`;

/** A row that a run has gone over. */
export interface Told {
	readonly text: string;
	readonly span: Span;
}

/**
 * What was done between two positions, as in the table for a mail.
 * @param unfolded each step, not the call into the kernel that it belongs to
 */
export function rowsBetween(picture: Picture, from: number, to: number, unfolded: boolean): Told[] {
	const rows = unfolded
		? picture.steps.map((step, at) => ({ lane: step.lane, text: step.text, remarks: remarksOf(step), from: at }))
		: fold(picture);
	return rows
		.filter((row) => row.from >= from && row.from < to)
		.map(({ lane, text, remarks, from: row }) => ({
			text: [`${picture.lanes[lane]?.name}  ${text}`, ...(remarks.length > 0 ? [remarks.join('; ')] : [])].join(
				'  // ',
			),
			span: placeOf(picture.steps[row] as Step, unfolded),
		}));
}

/** Where a row stands: of what is folded into a call, the statement of the sketch that makes it. */
function placeOf({ span, stack }: Step, unfolded: boolean): Span {
	const inside = stack.findIndex(({ kernel }, n) => kernel && stack.slice(n).every((f) => f.kernel));
	return (unfolded || inside < 0 ? undefined : stack[inside]?.span) ?? span;
}

/** The step that is taken next: rows that are no steps of their own stand in the state before it. */
export const stepAt = ({ steps }: Picture, at: number): Step | undefined => steps.slice(at).find(({ moves }) => moves);

/** What could be done in a state; that of the run first. */
export function waysAt(picture: Picture, at: number): Alternative[] {
	const step = stepAt(picture, at);
	if (step === undefined) return [...picture.next];
	const { lane, choice, kernel, callText, text, outlook, alternatives } = step;
	return [{ lane, choice, text: kernel && callText !== null ? callText : text, outlook }, ...alternatives];
}

export const wordsOf = (picture: Picture, { lane, text, outlook }: Alternative): string =>
	`${picture.lanes[lane]?.name}: ${text} – ${OUTLOOKS[outlook]}`;

/** Why a session stops. */
export type Reason = 'entry' | 'step' | 'goto' | 'breakpoint' | 'data breakpoint' | 'no return' | 'exception' | 'end';

/** @param thread the protocol's number of the thread to look at */
export function stopped(picture: Picture, thread: number, reason: Reason): DebugProtocol.StoppedEvent {
	const known = reason === 'no return' || reason === 'end' ? 'pause' : reason;
	const event: DebugProtocol.StoppedEvent = new StoppedEvent(known, thread);
	event.body.allThreadsStopped = true;
	if (reason === 'exception') {
		event.body.description = picture.finding?.code ?? '';
		event.body.text = picture.finding?.message ?? '';
	} else if (reason === 'no return') event.body.description = 'from here every way ends badly';
	else if (reason === 'end') event.body.description = picture.ending;
	return event;
}
