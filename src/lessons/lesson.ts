/**
 * A lesson is a page (`media/lessons/ID.md`) beside two sketches: the one to begin with (`ID.mmn`) and one that reaches
 * the goal (`ID.solution.mmn`). The page says in sections what it is about, what to do, when it is done and which hints
 * there are. Plain text in, plain data out: for the server, which judges, and the extension, which shows.
 */

/** All lessons, in the order in which they build on each other. */
export const COURSE = [
	'01-an-invalidation',
	'02-the-documented-sequence',
	'03-drop-the-lock',
	'04-starvation',
	'05-the-count',
	'06-range-lock',
	'07-sequence-and-retry',
	'08-interval-notifiers',
	'09-your-own-allocation',
	'10-non-blockable',
	'11-the-end-of-an-mm',
	'12-tlb-order',
	'13-fences',
	'14-find-it-alone',
] as const;

/** One line of a goal: what the checker has to agree to, and how the reader is told. */
export interface Condition {
	/** `fault_races_munmap is ok`; what can stand here: {@link judge} in judge.ts. */
	readonly rule: string;
	readonly words: string;
}

export interface Lesson {
	readonly title: string;
	/** Markdown: what it is about, and what to do. */
	readonly task: string;
	readonly goal: readonly Condition[];
	/** Scenarios that only the judge runs, in the sketch language; they follow the reader's text. */
	readonly scenarios: string;
	/** Markdown, from a nudge to nearly all. */
	readonly hints: readonly string[];
	/** Markdown, for who has reached the goal. */
	readonly closing: string;
}

/** A finding as the page tells it. */
export interface Told {
	readonly scenario: string;
	/** The scenario's text, where only the judge has it. */
	readonly source?: string;
	/** What is wrong and what helps: plain text. */
	readonly message: string;
	/** The run as the table of a mail; empty where there is none. */
	readonly table: string;
}

/** How a condition of the goal stands. */
export interface Judged {
	readonly words: string;
	readonly met: boolean;
	/** Why it is not met, in one sentence; empty where it is. */
	readonly why: string;
	/** What was found, where that is why. */
	readonly told?: Told;
}

/** What the judge says of a text. The goal is reached when every condition is met. */
export interface Judgement {
	readonly conditions: readonly Judged[];
	readonly reached: boolean;
	/** Whether there is an attempt to speak of: the text is not the one to begin with. */
	readonly begun: boolean;
	/** Of a goal that is reached: the run that the lesson is about. */
	readonly run?: Told;
	/** Which text has that run, to explore it: the one to begin with, or the reader's. */
	readonly where?: 'start' | 'now';
}

/** Takes the page of a lesson apart. */
export function parseLesson(page: string): Lesson {
	const [head = '', ...sections] = page.split(/^## /m);
	const named = sections.map((text) => {
		const end = text.indexOf('\n');
		return { name: text.slice(0, end).trim(), body: text.slice(end + 1).trim() };
	});
	const bodies = (name: string) => named.filter((section) => section.name === name).map(({ body }) => body);
	const [goal = ''] = bodies('Goal');
	const [task = ''] = bodies('Your task');
	const [closing = ''] = bodies('What you have seen');
	return {
		title: /^# (.*)$/m.exec(head)?.[1] ?? '',
		task: `${head.replace(/^# .*\n/, '').trim()}\n\n## Your task\n\n${task}`,
		goal: [...goal.matchAll(/^- `([^`]+)`: (.*(?:\n {2}.*)*)$/gm)].map(([, rule = '', words = '']) => ({
			rule,
			words: words.replace(/\s+/g, ' '),
		})),
		scenarios: /^```mmn\n([\s\S]*?)^```$/m.exec(goal)?.[1] ?? '',
		hints: bodies('Hint'),
		closing,
	};
}

/**
 * The page as the reader has it. What changes stands on top, where it is seen: the goal with its ticks, the hints asked
 * for so far, the closing words once it is done.
 *
 * @param shown how many hints
 * @param last whether no lesson comes after it
 */
export function renderLesson(
	lesson: Lesson,
	judged: Judgement | undefined,
	shown: number,
	done: boolean,
	last: boolean,
): string {
	const conditions: readonly Judged[] =
		judged?.conditions ?? lesson.goal.map(({ words }) => ({ words, met: done, why: '' }));
	const goal = conditions.map(({ words, met, why }) => `${met ? '☑' : '☐'} ${words}${why && ` — *${why}*`}`);
	// the newest first: it is what was asked for
	const hints = lesson.hints
		.map((hint, n) => `**Hint ${n + 1}.** ${hint}`)
		.slice(0, shown)
		.reverse();
	const parts = [`# ${lesson.title}`, `## Goal\n\n${goal.join('  \n')}`];
	const hinted = hints.length > 0 ? [`## Hints\n\n${hints.join('\n\n')}`] : [];
	if (!done) parts.push(...hinted);
	const told = judged?.begun ? conditions.find((condition) => condition.told)?.told : undefined;
	if (told) parts.push(`## What your sketch does now\n\n${tell(told)}`);
	if (done) parts.push(`## What you have seen\n\n${lesson.closing}`);
	if (done && judged?.run) parts.push(closingRun(judged.run, judged.where));
	if (done && !last) parts.push('→ Go on with **Next Lesson**, above the first line of the sketch.');
	if (done) parts.push(...hinted);
	parts.push(`## What it is about\n\n${lesson.task}`);
	return `${parts.join('\n\n')}\n`;
}

/** One finding: where, what, and the run. */
function tell({ scenario, source, message, table }: Told): string {
	const whose = source
		? `The judge ran a scenario of its own; put it into your sketch to explore it.\n\n${fenced('c', source)}\n\n`
		: '';
	return `${whose}In \`${scenario}\`: ${plain(message)}.${table && `\n\n${fenced('text', table)}`}`;
}

function closingRun({ scenario, table }: Told, where: Judgement['where']): string {
	const again = {
		start: '\n\n*How It Began*, above the sketch, opens it once more, and *Explore* plays it.',
		now: '\n\n*Explore*, above your scenario, plays it.',
	};
	return `The run of \`${scenario}\`:\n\n${fenced('text', table)}${where ? again[where] : ''}`;
}

const fenced = (language: string, text: string): string => `\`\`\`${language}\n${text}\n\`\`\``;

/** Text in which Markdown has nothing to say. */
const plain = (text: string): string => text.replace(/[\\`*_<[\]]/g, '\\$&');
