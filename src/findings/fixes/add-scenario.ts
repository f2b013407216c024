import type { Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import { DEFAULT_ENVIRONMENT, defaultEnvironment } from '../environment/environment.js';
import { Edits, eolOf } from './edits.js';
import type { Fix } from './fix.js';

/** More scenarios than this at once are no start but a pile. */
const MOST = 3;

/**
 * Scenarios for a sketch without any, fitting its callbacks and handlers: each handler races an munmap(2). What it
 * needs (registration, objects) is what the default environment sets up. Undefined where there is nothing to run.
 */
export function addScenario(program: Program): Fix | undefined {
	if (program.scenarios.length > 0) return undefined;
	const environment = defaultEnvironment(program);
	if (environment === undefined) return undefined;
	const { uri, text } = sourceOf(program.root);
	const lines = environment.text.split('\n');
	const from = lines.indexOf(`scenario ${DEFAULT_ENVIRONMENT} {`);
	const own = lines.slice(from, lines.indexOf('}', from));
	const line = (word: string): string | undefined => own.find((l) => l.startsWith(`\t${word} `));
	const setup = line('setup');
	const threads = environment.handlers
		.slice(0, MOST)
		.map(({ name, function: f }) => ({ f, line: line(`thread ${name}`) }));
	const pages = /pages (\d+);/.exec(line('pages') ?? '')?.[1] ?? '2';
	const scenarios = (threads.length > 0 ? threads : [{ f: 'munmap_alone', line: undefined }]).map((thread) => [
		`scenario ${thread.line === undefined ? thread.f : `${thread.f}_races_munmap`} {`,
		`\tpages ${pages};`,
		...(setup === undefined || /\{ *\}/.test(setup) ? [] : [setup.replace('setup {', 'setup    {')]),
		...(thread.line === undefined ? [] : [thread.line]),
		`\tthread I { munmap(0, ${pages}); }`,
		'}',
	]);
	const declarations = lines.slice(0, from).filter((l) => l !== '' && !l.startsWith('#include'));
	const needed = declarations.filter((l) => {
		const name = /(\w+)(\[[^\]]*\])*( = .*)?;$/.exec(l)?.[1];
		return name !== undefined && scenarios.flat().some((s) => new RegExp(`\\b${name}\\b`).test(s));
	});
	const eol = eolOf(text);
	const parts = [...(needed.length > 0 ? [needed] : []), ...scenarios].map((part) => part.join(eol));
	const edits = new Edits().insert(uri, text.trimEnd().length, `${eol}${eol}${parts.join(eol + eol)}`);
	const names = threads.map(({ f }) => `${f}()`).join(', ');
	return { title: names === '' ? 'Add a scenario' : `Add a scenario for ${names}`, edits: edits.list };
}
