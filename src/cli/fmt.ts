import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { formatText } from '../language/format/format.js';
import { type Console, Status, UsageError } from './console.js';
import { collectInputs } from './inputs.js';
import { parseOptions } from './options.js';
import { notWritten } from './outputs.js';

/**
 * `fmt FILE …`: brings sketches into kernel style, in their files; standard input goes to standard output. With
 * `--check` nothing is written, and the names of files that are not in style are printed.
 */
export async function fmt(args: readonly string[], console: Console): Promise<Status> {
	const { values, positionals } = parseOptions('fmt', args, { check: { type: 'boolean' } });
	if (positionals.length === 0) throw new UsageError('fmt: give the files to format, or - for standard input');
	const { inputs, errors } = await collectInputs(positionals, console);
	for (const error of errors) console.err(`notifier-lab: ${error}\n`);
	const failures: string[] = [];
	let unstyled = 0;
	for (const input of inputs) {
		const formatted = formatText(input.text);
		const changes = formatted !== input.text;
		if (values.check === true) {
			if (changes) console.out(`${input.path}\n`);
			if (changes) unstyled++;
		} else if (input.path === '<stdin>') {
			console.out(formatted);
		} else if (changes) {
			await writeFile(path.resolve(console.cwd, input.path), formatted).catch((error: unknown) => {
				failures.push(`${input.path}: ${notWritten(error)}`);
			});
		}
	}
	for (const failure of failures) console.err(`notifier-lab: ${failure}\n`);
	if (errors.length > 0 || failures.length > 0) return Status.usage;
	return unstyled > 0 ? Status.unexpected : Status.ok;
}
