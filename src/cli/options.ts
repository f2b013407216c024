import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import { UsageError } from './console.js';
import { didYouMean } from './nearest.js';

type Parsed<T extends ParseArgsOptionsConfig> = ReturnType<
	typeof parseArgs<{ args: string[]; options: T; allowPositionals: true; strict: true }>
>;

/**
 * `node:util`'s parseArgs with messages for people.
 * @throws UsageError naming the option that does not exist, lacks its value or has one too many.
 */
export function parseOptions<const T extends ParseArgsOptionsConfig>(
	command: string,
	args: readonly string[],
	options: T,
): Parsed<T> {
	try {
		return parseArgs({ args: [...args], options, allowPositionals: true, strict: true }) as Parsed<T>;
	} catch (error) {
		throw new UsageError(`${command}: ${explainParseError(error, options)}; see notifier-lab ${command} --help`);
	}
}

function explainParseError(error: unknown, options: ParseArgsOptionsConfig): string {
	const message = error instanceof Error ? error.message : String(error);
	const unknown = /^Unknown option '(-[^']*)'/.exec(message)?.[1];
	if (unknown !== undefined) {
		const names = Object.keys(options).map((name) => `--${name}`);
		return `unknown option ${unknown}${didYouMean(unknown, names)}`;
	}
	const lacks = /^Option '(?:-\w, )?(--[\w-]+)(?: <value>)?' argument (missing|is ambiguous)/.exec(message);
	if (lacks !== null) return `${lacks[1]} needs a value${lacks[2] === 'missing' ? '' : ", and none begins with '-'"}`;
	const flag = /^Option '(?:-\w, )?(--[\w-]+)' does not take an argument/.exec(message)?.[1];
	if (flag !== undefined) return `${flag} takes no value`;
	return (message.split(/[.\n]/)[0] ?? message).trim();
}

/** @throws UsageError unless `text` is a number greater than zero; `whole` refuses fractions. */
export function positive(
	option: string,
	text: string | undefined,
	whole: boolean,
	command = 'check',
): number | undefined {
	if (text === undefined) return undefined;
	const value = (whole ? /^\d+$/ : /^\d+(\.\d+)?$/).test(text) ? Number(text) : Number.NaN;
	if (value > 0 && Number.isFinite(value)) return value;
	throw new UsageError(
		`${command}: --${option} needs a ${whole ? 'whole ' : ''}number greater than zero, not '${text}'`,
	);
}
