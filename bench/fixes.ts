/**
 * Which findings of the corpus get a fix that was checked: what a user is offered on a squiggle, over all sketches with
 * something wrong in them. `node bench/fixes.mjs` runs it.
 */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkSketch } from '../src/findings/check.js';
import { fixesFor } from '../src/findings/fixes/index.js';
import { blamedOf, checkedFixes } from '../src/findings/fixes/try.js';
import { kernelLibraries } from '../src/kernel/library.js';
import { loadProgram } from '../src/language/program.js';

const [root = '.', pattern = '.', detail] = process.argv.slice(2);
const corpus = path.join(root, 'test/corpus');
const files = fs
	.readdirSync(corpus, { recursive: true, encoding: 'utf8' })
	.filter((file) => file.endsWith('.mmn') && new RegExp(pattern).test(file))
	.sort();
const sources = {
	read: async (uri: string) => {
		try {
			return fs.readFileSync(new URL(uri), 'utf8');
		} catch {
			return undefined;
		}
	},
};

interface Row {
	readonly code: string;
	readonly place: string;
	readonly message: string;
	readonly fixes: readonly string[];
	readonly tried: readonly string[];
}

const rows: Row[] = [];

async function main(): Promise<void> {
	for (const file of files) {
		const uri = pathToFileURL(path.join(corpus, file)).toString();
		const result = await checkSketch(uri, sources, { maxStates: 200_000 });
		const seen = new Set<string>();
		for (const finding of result.scenarios.flatMap((s) => s.findings)) {
			const key = `${finding.code} ${finding.span.line} ${finding.message}`;
			if (finding.severity === 'hint' || finding.severity === 'info' || finding.code === 'bounded' || seen.has(key))
				continue;
			seen.add(key);
			const fixes = await checkedFixes(result, finding, sources, { check: { maxStates: 200_000 } });
			const program = await loadProgram(uri, sources, kernelLibraries);
			const tried = detail === undefined ? [] : fixesFor(program, blamedOf(finding)).map(({ title }) => title);
			rows.push({
				code: finding.code,
				place: `${file}:${finding.span.line}`,
				message: finding.message,
				fixes: fixes.map(({ title }) => title),
				tried,
			});
		}
	}

	const codes = [...new Set(rows.map(({ code }) => code))].sort();
	console.log('| finding | in the corpus | with a fix |\n|---|---:|---:|');
	for (const code of codes) {
		const own = rows.filter((row) => row.code === code);
		console.log(`| \`${code}\` | ${own.length} | ${own.filter(({ fixes }) => fixes.length > 0).length} |`);
	}
	console.log(`| all | ${rows.length} | ${rows.filter(({ fixes }) => fixes.length > 0).length} |`);
	if (detail !== undefined)
		for (const { code, place, message, fixes, tried } of rows) {
			console.log(`\n${place} ${code}: ${message}`);
			for (const title of fixes) console.log(`  + ${title}`);
			if (fixes.length === 0) for (const title of tried) console.log(`  - ${title}`);
		}
}

void main();
