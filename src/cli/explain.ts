import { paintWith } from '../findings/forms/paint.js';
import { type Console, Status, UsageError } from './console.js';
import { findingCodes, findingPage } from './manual.js';
import { plainMarkdown } from './markdown.js';
import { didYouMean } from './nearest.js';
import { parseOptions } from './options.js';

/** `explain CODE`: the manual's page of a finding. Without a code, all codes with what they mean in a line. */
export async function explain(args: readonly string[], console: Console): Promise<Status> {
	const { positionals } = parseOptions('explain', args, {});
	const known = await findingCodes(console.root);
	if (known.length === 0) throw new UsageError(`explain: the manual is missing: no pages under ${console.root}`);
	const paint = paintWith(console.colour);
	if (positionals.length === 0) {
		const width = Math.max(...known.map((code) => code.length));
		for (const code of known) {
			const title = /^#\s+(.*)$/m.exec(await findingPage(console.root, code))?.[1] ?? '';
			const meaning = title.replace(/^`?[\w-]+`?\s*[:–—-]\s*/, '');
			console.out(`${paint.bold(code.padEnd(width))}  ${meaning}\n`);
		}
		return Status.ok;
	}
	for (const code of positionals)
		if (!known.includes(code))
			throw new UsageError(
				`explain: no finding has the code '${code}'${didYouMean(code, known)}; notifier-lab explain lists them`,
			);
	const pages = await Promise.all(positionals.map((code) => findingPage(console.root, code)));
	console.out(pages.map((page) => plainMarkdown(page, paint)).join('\n'));
	return Status.ok;
}
