import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Explorer, Shown } from '../findings/explorer/explorer.js';
import type { Alternative, Picture, State, Step } from '../findings/explorer/picture.js';
import { savedRunOf } from '../findings/explorer/saving.js';
import { aloneLines } from '../findings/forms/alone.js';
import { type Paint, paintWith } from '../findings/forms/paint.js';
import { printable, wrap } from '../findings/forms/wrap.js';
import { type Console, Status, UsageError } from './console.js';
import { exploreSketch, RUN_OPTIONS } from './explored.js';
import { parseOptions } from './options.js';
import { notWritten } from './outputs.js';

const OUTLOOKS = {
	well: ['+', 'ends well'],
	either: ['~', 'may end well or badly'],
	badly: ['-', 'ends badly'],
	unknown: ['?', 'not searched to the end'],
} as const;

const HELP = `  1, 2, …   take this step
  ENTER     go on: the found run where it is followed, else the only step there is
  b [N]     back one step, or N
  f         the found run from here on, or from its start
  w         go on to the nearest good end
  x         go on to where somebody waits for ever; once more, to the end of that
  s         the whole state
  r         the run so far
  save FILE keep the run, for notifier-lab replay
  q         quit
`;

/** `explore FILE`: pick the next thread by hand, and see how every way ends. Reads commands from standard input. */
export async function exploreByHand(args: readonly string[], console: Console): Promise<Status> {
	const { values, positionals } = parseOptions('explore', args, RUN_OPTIONS);
	const [file] = positionals;
	if (file === undefined || positionals.length > 1) throw new UsageError('explore: name one sketch');
	if (file === '-') throw new UsageError('explore: standard input is for your commands: name a file');
	const sketch = await exploreSketch('explore', file, values, console);
	if (sketch === undefined) return Status.usage;
	const session = new Session(sketch.explorer, sketch.finding, console);
	session.begin();
	for await (const line of linesOf(console.stdin)) if (!(await session.command(line.trim()))) break;
	return Status.ok;
}

class Session {
	private readonly paint: Paint;
	private readonly found: Shown;
	private shown: Shown;

	constructor(
		private readonly explorer: Explorer,
		finding: number | null,
		private readonly console: Console,
	) {
		this.paint = paintWith(console.colour);
		this.found = explorer.found(finding);
		this.shown = explorer.cut(this.found, 0);
	}

	begin(): void {
		const { scenario } = this.explorer;
		const { bold, dim } = this.paint;
		const { finding, lanes } = this.found.picture;
		this.say(`${bold(scenario.name)}  ${scenario.states} states, ${scenario.complete ? 'complete' : 'not complete'}`);
		for (const { name, title, kind } of lanes)
			this.say(`  ${bold(name)}  ${title}${kind === 'thread' ? '' : dim(` (${kind})`)}`);
		this.alone(this.found.picture, 'setup');
		if (finding === null) this.say('nothing was found: every way ends well');
		else
			this.say(
				`${this.paint.error(finding.code)}: ${printable(finding.message)}\n${dim('f follows the run that was found')}`,
			);
		this.look();
	}

	/** @returns false to end */
	async command(line: string): Promise<boolean> {
		const [word = '', argument] = line.split(/\s+/);
		const { next } = this.shown.picture;
		if (/^\d+$/.test(word)) {
			const way = next[Number(word) - 1];
			if (way === undefined)
				this.say(
					next.length === 0
						? 'there is no next step'
						: next.length === 1
							? 'there is one way: 1'
							: `there are ${next.length} ways: 1 to ${next.length}`,
				);
			else this.take(way);
			return true;
		}
		switch (word) {
			case '':
				this.goOn();
				return true;
			case 'b': {
				const moves = Math.max(0, this.shown.schedule.length - (Number(argument) || 1));
				this.turnTo(this.explorer.cut(this.shown, moves));
				return true;
			}
			case 'f':
				this.showSteps(this.isOnFound() ? this.shown.schedule.length : 0, this.found);
				return true;
			case 'w':
			case 'x': {
				this.finish(word === 'w');
				return true;
			}
			case 's':
				this.state(true);
				return true;
			case 'r':
				this.steps(this.shown.picture, 0);
				return true;
			case 'save':
				await this.save(argument);
				return true;
			case 'q':
				return false;
			case '?':
			case 'h':
			case 'help':
				this.console.out(HELP);
				return true;
			default:
				this.say(`'${printable(word)}' is no command; ? lists them`);
				return true;
		}
	}

	private goOn(): void {
		const { next } = this.shown.picture;
		const step = this.found.schedule[this.shown.schedule.length];
		const on = this.isOnFound() ? next.find((w) => w.lane === step?.thread && w.choice === step.choice) : undefined;
		const only = next.length === 1 ? next[0] : undefined;
		const way = on ?? only;
		if (way === undefined) this.say(next.length === 0 ? 'there is no next step' : 'pick one of the ways');
		else this.take(way);
	}

	/** To the end of the shortest way that ends like this: a bad one where somebody waits for ever, then where nobody goes on. */
	private finish(good: boolean): void {
		const to = this.explorer.finish(this.shown, good);
		const { steps, next } = this.shown.picture;
		if (to !== undefined && to.schedule.length > this.shown.schedule.length)
			this.showSteps(this.shown.schedule.length, to);
		else if (next.length === 0) this.say('there is no next step');
		else if (good) this.say(to === undefined ? 'no way from here ends well' : 'every thread has ended');
		else if (steps.at(-1)?.outlook === 'badly') this.say('it is wrong for good here, and goes on for ever');
		else this.say('no way from here ends badly');
	}

	/** The steps so far are the first of the found run. */
	private isOnFound(): boolean {
		return this.shown.schedule.every(
			(s, n) => s.thread === this.found.schedule[n]?.thread && s.choice === this.found.schedule[n]?.choice,
		);
	}

	private take({ lane, choice }: Alternative): void {
		const before = this.shown.schedule.length;
		const branch = this.explorer.branch(this.shown, this.shown.picture.steps.length, lane, choice, true);
		if (branch !== undefined) this.showSteps(before, branch);
	}

	private showSteps(from: number, shown: Shown): void {
		this.steps(shown.picture, from);
		this.turnTo(shown);
	}

	private turnTo(shown: Shown): void {
		this.shown = shown;
		this.look();
	}

	/** What runs before or after the steps, with nobody else around. */
	private alone(picture: Picture, kind: 'setup' | 'finally'): void {
		const { bold, error } = this.paint;
		for (const { text, wrong } of aloneLines(picture, kind, 76))
			this.say(`  ${wrong ? error(text) : text.replace(`${kind}:`, bold(`${kind}:`))}`);
	}

	/** The steps from the `from`-th on, with what each comes to; what would be the same row over and over is one. */
	private steps({ steps, lanes, noReturn }: Picture, from: number): void {
		let number = 0;
		const width = Math.max(...lanes.map((l) => l.name.length));
		let first = 0;
		steps.forEach((step, at) => {
			if (step.moves) number++;
			if (step.moves ? number <= from : number < from || (number === from && from > 0 && !step.blocked)) return;
			if (at === noReturn && at > 0) this.say(this.paint.error('     --- from here every way ends badly ---'));
			const next = steps[at + 1];
			if (first === 0) first = number;
			if (next !== undefined && at + 1 !== noReturn && goesOn(step, next)) return;
			const numbers = !step.moves ? '' : first === number ? String(number) : `${first}-${number}`;
			first = 0;
			this.say(this.stepWords(step, numbers, lanes[step.lane]?.name.padEnd(width) ?? ''));
		});
	}

	private stepWords(step: Step, number: string, lane: string): string {
		const { bold, dim, error } = this.paint;
		const inside =
			step.kernel && step.callText !== null && step.callText !== step.text ? dim(`  in ${step.callText}`) : '';
		const remark =
			step.remark === '' ? '' : `\n${' '.repeat(8 + lane.length)}${step.blocked ? error(step.remark) : step.remark}`;
		return `${number.padStart(4).padEnd(5)} ${bold(lane)}  ${printable(step.text)}${inside}${remark}`;
	}

	/** What can be told in a few lines: threads, locks, and the ways on. */
	private look(): void {
		this.say('');
		this.state(false);
		const { picture } = this.shown;
		this.alone(picture, 'finally');
		if (picture.next.length === 0) this.say(this.paint.bold(printable(picture.ending)));
		else if (picture.next.every((w) => w.outlook === 'badly'))
			this.say(this.paint.error('every way from here ends badly; x goes on to the end'));
		const texts = picture.next.map((w) => `${picture.lanes[w.lane]?.name}: ${printable(w.text)}`);
		const width = Math.min(60, Math.max(0, ...texts.map((t) => t.length)));
		picture.next.forEach((way, n) => {
			const [mark, words] = OUTLOOKS[way.outlook];
			const colour =
				way.outlook === 'well' ? this.paint.ok : way.outlook === 'badly' ? this.paint.error : this.paint.warning;
			this.say(`  ${this.paint.bold(String(n + 1))}  ${(texts[n] ?? '').padEnd(width)}  ${colour(`${mark} ${words}`)}`);
		});
		this.console.out(`${this.paint.dim('step, b back, s state, ? help, q quit')} > `);
		if (!this.console.live) this.console.out('\n');
	}

	private state(whole: boolean): void {
		const { picture } = this.shown;
		const [state] = this.shown.states(picture.steps.length, picture.steps.length);
		if (state === undefined) return;
		const write = (label: string, text: string): void => {
			for (const [n, line] of wrap(text, 70).entries())
				this.say(`  ${this.paint.dim((n === 0 ? label : '').padEnd(10))} ${line}`);
		};
		const name = (lane: number): string => picture.lanes[lane]?.name ?? '?';
		state.lanes.forEach((lane, n) => {
			if (!whole && (lane.status === 'idle' || lane.status === 'not started')) return;
			const waits = lane.waitsFor;
			const what =
				waits === null
					? lane.status
					: `${waits.what}${waits.lanes.length > 0 ? ` (${waits.lanes.map(name).join(', ')})` : ''}${waits.forEver ? ', for ever' : ''}`;
			write(
				name(n),
				[what, ...lane.context, ...(lane.atomic ? ['atomic'] : []), ...(lane.nonBlock ? ['must not block'] : [])].join(
					'; ',
				),
			);
		});
		for (const lock of state.locks) {
			if (!whole && lock.holders.length === 0 && lock.waiters.length === 0) continue;
			const held =
				lock.holders.length === 0
					? 'free'
					: `held by ${lock.holders.map((h) => `${name(h.lane)}${h.mode === 'shared' ? ' (shared)' : ''}`).join(', ')}`;
			const wanted =
				lock.waiters.length === 0
					? ''
					: `; ${lock.waiters.map((w) => name(w.lane)).join(', ')} wait${lock.waiters.length === 1 ? 's' : ''}`;
			write('', `${lock.name} ${held}${wanted}`);
		}
		if (!whole) return;
		for (const range of state.ranges) write('', `${range.kind} ${range.name} in ${name(range.lane)}`);
		write('CPU', slots(state.cpu));
		for (const { name, cpu } of state.others) write(name, slots(cpu));
		for (const device of state.devices) {
			write(device.name, slots(device.pte));
			write(`${device.name} TLB`, slots(device.tlb));
		}
		for (const job of state.jobs) write(job.name, job.stale === null ? job.state : `${job.state}: ${job.stale}`);
		const variables: string[] = [];
		const add = (list: State['variables']): void => {
			for (const v of list) {
				if (v.children !== undefined) add(v.children);
				else if (v.kind !== 'thread') variables.push(`${v.path} = ${v.value}`);
			}
		};
		add(state.variables.filter((v) => !v.kernel));
		for (const variable of variables) write('', variable);
	}

	private async save(file: string | undefined): Promise<void> {
		if (file === undefined) {
			this.say('save where? save FILE');
			return;
		}
		if (this.shown.schedule.length === 0) {
			this.say('there is nothing to save yet: take a step');
			return;
		}
		try {
			await writeFile(
				path.resolve(this.console.cwd, file),
				`${JSON.stringify(savedRunOf(this.shown.picture), null, '\t')}\n`,
				{ flag: 'wx' },
			);
			this.say(`saved: ${file}`);
		} catch (error) {
			this.say(`${file}: ${notWritten(error)}`);
		}
	}

	private say(line: string): void {
		this.console.out(`${line}\n`);
	}
}

/** Whether the next step would be told in the same words, of which nothing else has come. */
const goesOn = (step: Step, next: Step): boolean =>
	step.moves &&
	next.moves &&
	!step.cause &&
	step.remark === '' &&
	step.lane === next.lane &&
	step.text === next.text &&
	step.callText === next.callText &&
	step.call === next.call;

const slots = (list: State['cpu']): string =>
	list
		.map(
			(s, n) =>
				`${n} ${s.page === null ? '-' : `${s.page} ${s.write ? 'rw' : 'ro'}${s.freed ? ' FREED' : ''}${s.stale === null ? '' : ` STALE (${s.stale})`}`}`,
		)
		.join(', ');

async function* linesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
	const decoder = new TextDecoder();
	let rest = '';
	for await (const chunk of stream) {
		const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split(/\r?\n/);
		rest = lines.pop() ?? '';
		yield* lines;
	}
	if (rest !== '') yield rest;
}
