import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TEMPLATES } from '../templates/templates.js';
import { type Console, Status, UsageError } from './console.js';
import { didYouMean } from './nearest.js';
import { parseOptions } from './options.js';
import { notWritten } from './outputs.js';

/** What `--api` is where nobody says it: today's. */
const DEFAULT = 'interval';

/** `new NAME [--api API]`: writes a starter sketch to NAME.mmn. Never overwrites a file. */
export async function newSketch(args: readonly string[], console: Console): Promise<Status> {
	const { positionals, values } = parseOptions('new', args, { api: { type: 'string' } });
	const [name] = positionals;
	if (name === undefined || name === '' || positionals.length > 1)
		throw new UsageError('new: give one name for the sketch, as in: notifier-lab new my-driver');
	const api = values.api ?? DEFAULT;
	const starter = TEMPLATES.find(({ id }) => id === api)?.text;
	if (starter === undefined) {
		const known = TEMPLATES.map(({ id }) => id);
		throw new UsageError(`new: no api '${api}'${didYouMean(api, known)}; there are ${known.join(', ')}`);
	}
	const file = name.endsWith('.mmn') ? name : `${name}.mmn`;
	try {
		await writeFile(path.resolve(console.cwd, file), starter, { flag: 'wx' });
	} catch (error) {
		throw new UsageError(`new: ${file}: ${notWritten(error)}`);
	}
	console.out(`${file}\n`);
	console.err(`notifier-lab: check it with: notifier-lab check ${file}\n`);
	return Status.ok;
}
