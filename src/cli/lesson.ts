import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Paint, paintWith } from '../findings/forms/paint.js';
import { wrap } from '../findings/forms/wrap.js';
import { judge } from '../lessons/judge.js';
import { COURSE, type Judgement, type Lesson, parseLesson, type Told } from '../lessons/lesson.js';
import { type Console, Status, UsageError } from './console.js';
import { collectInputs } from './inputs.js';
import { plainMarkdown } from './markdown.js';
import { parseOptions, positive } from './options.js';
import { notWritten } from './outputs.js';

const WIDTH = 78;

/**
 * `lesson [N [FILE]]`: the list of lessons; the page of one, with its sketch written beside; what the judge says of FILE.
 */
export async function lesson(args: readonly string[], console: Console): Promise<Status> {
	const { positionals, values } = parseOptions('lesson', args, {
		hint: { type: 'string' },
		solution: { type: 'boolean' },
	});
	const [number, file] = positionals;
	if (positionals.length > 2) throw new UsageError('lesson: name one lesson, and one sketch to judge');
	if (number === undefined) return list(console);
	const id = COURSE[Number(number) - 1];
	if (id === undefined)
		throw new UsageError(`lesson: there is no lesson ${number}: 1 to ${COURSE.length}; notifier-lab lesson lists them`);
	const it = parseLesson(await read(console, `${id}.md`));
	if (values.solution === true) {
		console.out(await read(console, `${id}.solution.mmn`));
		return Status.ok;
	}
	const hint = positive('hint', values.hint, true, 'lesson');
	if (hint !== undefined) return tellHint(it, number, hint, console);
	const start = await read(console, `${id}.mmn`);
	return file === undefined ? begin(it, number, `${id}.mmn`, start, console) : judged(it, number, start, file, console);
}

async function read({ root }: Console, name: string): Promise<string> {
	try {
		return await readFile(path.join(root, 'media', 'lessons', name), 'utf8');
	} catch {
		throw new UsageError(`lesson: the lessons are missing: no media/lessons under ${root}`);
	}
}

async function list(console: Console): Promise<Status> {
	for (const id of COURSE) console.out(`${parseLesson(await read(console, `${id}.md`)).title}\n`);
	console.err('notifier-lab: begin with: notifier-lab lesson 1\n');
	return Status.ok;
}

function tellHint({ hints }: Lesson, number: string, hint: number, console: Console): Status {
	const text = hints[hint - 1];
	if (text === undefined)
		throw new UsageError(`lesson: lesson ${number} has ${hints.length} hints; then there is --solution`);
	console.out(plainMarkdown(text, paintWith(console.colour)));
	return Status.ok;
}

/** What it is about, its goal, and its sketch in this folder. A sketch that is there stays as it is. */
async function begin(it: Lesson, number: string, name: string, start: string, console: Console): Promise<Status> {
	const goal = it.goal.map(({ words }) => `- ${words}`).join('\n');
	const page = `# ${it.title}\n\n${it.task}\n\n## Goal\n\n${goal}\n`;
	console.out(plainMarkdown(page, paintWith(console.colour)));
	let there = false;
	try {
		await writeFile(path.resolve(console.cwd, name), start, { flag: 'wx' });
	} catch (error) {
		there = (error as NodeJS.ErrnoException).code === 'EEXIST';
		if (!there) throw new UsageError(`lesson: ${name}: ${notWritten(error)}`);
	}
	console.err(
		`\nnotifier-lab: ${there ? 'your sketch is' : 'wrote'} ${name}; look at it with: notifier-lab check ${name}, or explore ${name}\nnotifier-lab: is it done? notifier-lab lesson ${number} ${name}; a hint: notifier-lab lesson ${number} --hint 1\n`,
	);
	return Status.ok;
}

async function judged(it: Lesson, number: string, start: string, file: string, console: Console): Promise<Status> {
	const { inputs, errors } = await collectInputs([file], console);
	const [input] = inputs;
	if (input === undefined || inputs.length > 1)
		throw new UsageError(errors[0] ?? `lesson: ${file} holds ${inputs.length} sketches: name one`);
	const judgement = await judge(it, start, input.text);
	const paint = paintWith(console.colour);
	console.out(conditionsOf(judgement, paint));
	const told = judgement.begun ? judgement.conditions.find((condition) => condition.told)?.told : undefined;
	if (told) console.out(`\n${tell(told)}`);
	if (!judgement.reached) {
		console.err(`notifier-lab: not done yet; a hint: notifier-lab lesson ${number} --hint 1\n`);
		return Status.unexpected;
	}
	console.out(`\n${plainMarkdown(`# What you have seen\n\n${it.closing}`, paint)}`);
	if (judgement.run) console.out(`\n${tell(judgement.run)}`);
	const next = Number(number) + 1;
	if (next <= COURSE.length) console.err(`notifier-lab: done; go on with: notifier-lab lesson ${next}\n`);
	return Status.ok;
}

const conditionsOf = ({ conditions }: Judgement, paint: Paint): string =>
	conditions
		.flatMap(({ words, met, why }) => [
			...wrap(`${met ? '[x]' : '[ ]'} ${words.replaceAll('`', '')}`, WIDTH, '    ').map((line) =>
				met ? paint.ok(line) : line,
			),
			...(why === '' ? [] : wrap(`    ${why}`, WIDTH, '    ').map((line) => paint.error(`    ${line.trim()}`))),
		])
		.map((line) => `${line}\n`)
		.join('');

function tell({ scenario, source, message, table }: Told): string {
	const own = source === undefined ? '' : `The judge ran a scenario of its own:\n\n${source}\n\n`;
	const lines = wrap(`In ${scenario}: ${message}.`, WIDTH).join('\n');
	return `${own}${lines}\n${table === '' ? '' : `\n${table.replace(/^(?=.)/gm, '    ')}\n`}`;
}
