import { isFunctionDecl } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import { SUCCEEDS } from '../coverage.js';
import { DEFAULT_ENVIRONMENT, defaultEnvironment, type Environment, WITH_BUS } from '../environment/environment.js';
import type { Finding } from '../result.js';
import { Edits, eolOf } from './edits.js';
import type { Fix } from './fix.js';

/** More scenarios than this at once are no start but a pile. */
const MOST = 3;

/**
 * Scenarios for a sketch without any. Where the default environment has found something, those threads of it that ran:
 * what was seen without a scenario must be seen with one. Else some that fit its callbacks and handlers: each handler races
 * an munmap(2). What they need (registration, objects) is what the default environment sets up. Undefined where there is
 * nothing to run.
 */
export function addScenario(program: Program, found: readonly Finding[] = []): Fix | undefined {
	if (program.scenarios.length > 0) return undefined;
	const environment = defaultEnvironment(program);
	if (environment === undefined) return undefined;
	const { uri, text } = sourceOf(program.root);
	const lines = environment.text.split('\n');
	const wrong = found.filter(isWrong);
	const shown = whatFailed(environment, lines, wrong);
	const first = shown.scenarios.length > 0 ? shown : against(environment, lines);
	// what is only noted is not to be lost either
	const noted = whatFailed(
		environment,
		lines,
		found.filter((f) => !isWrong(f)),
	);
	const scenarios = [...first.scenarios, ...noted.scenarios].slice(0, MOST);
	const { functions } = first;
	const head = lines.slice(0, lines.indexOf(`scenario ${DEFAULT_ENVIRONMENT} {`));
	const own = new Set(
		program.files.flatMap((f) => (f.kernel ? [] : f.root.items.filter(isFunctionDecl).map((g) => g.name))),
	);
	// objects point to each other: what one needs is declared before it
	const used = scenarios.flat();
	const needed: string[] = [];
	for (const l of head.reverse()) {
		const library = /^#include <(.*)>$/.exec(l)?.[1];
		const name = library === undefined ? DECLARES.exec(l)?.slice(1).find(Boolean) : LIBRARIES[library];
		if (name === undefined || own.has(name) || !used.some((u) => new RegExp(`\\b(${name})\\b`).test(u))) continue;
		needed.unshift(l);
		used.push(l);
	}
	const eol = eolOf(text);
	const parts = [...(needed.length > 0 ? [needed] : []), ...scenarios].map((part) => part.join(eol));
	const edits = new Edits().insert(uri, text.trimEnd().length, `${eol}${eol}${parts.join(eol + eol)}`);
	const names = functions.map((f) => `${f}()`).join(', ');
	return { title: names === '' ? 'Add a scenario' : `Add a scenario for ${names}`, edits: edits.list };
}

/** What a line declares: the function that a module goes by, or an object. */
const DECLARES = /^static void (\w+)\(void\) \{|^module_exit\((\w+)\);$|(\w+)(?:\[[^\]]*\])*(?: = .*)?;$/;

/** The libraries that the environment includes, and what is called of each. */
const LIBRARIES: Readonly<Record<string, string>> = {
	'environment/nested-ranges': 'zap_over_split_pmd',
	'environment/other-driver': 'other_driver_open',
	'environment/areas': 'unmap_area',
	'environment/attributes': 'attribute_is_there|begin_attribute|end_attribute',
	'environment/driver': 'bound_pci_device|bound_platform_device',
	'environment/unbound': 'nothing_is_bound',
	'environment/opening': 'find_what_is_opened|open_file|close_file|module_may_go',
};

interface Added {
	/** Lines of each scenario. */
	readonly scenarios: readonly (readonly string[])[];
	/** The sketch's functions that run in them. */
	readonly functions: readonly string[];
}

const isWrong = ({ severity }: Finding): boolean => severity === 'error' || severity === 'warning';

const blockOf = (lines: readonly string[], scenario: string): string[] => {
	const from = lines.indexOf(`scenario ${scenario} {`);
	return from < 0 ? [] : lines.slice(from + 1, lines.indexOf('}', from)).map(withoutTelling);
};

/** What only tells the environment whether a function has succeeded stays there. */
const withoutTelling = (line: string): string =>
	line
		.replaceAll(new RegExp(`if \\((\\w+\\([^;{}]*\\)) >= 0\\) \\w+${SUCCEEDS}\\(\\);`, 'g'), '$1;')
		.replaceAll(new RegExp(` if \\(!IS_ERR_OR_NULL\\(\\w+\\)\\) \\w+${SUCCEEDS}\\(\\);`, 'g'), '');

const isEmptySetup = (line: string): boolean => /^\tsetup \{ *\}$/.test(line);

/** Those threads of the environment that a finding was seen with, each set once, errors first. */
function whatFailed(environment: Environment, lines: readonly string[], found: readonly Finding[]): Added {
	const scenarios = new Map<string, string[]>();
	const functions = new Set<string>();
	const names = new Set<string>();
	const first = ['error', 'warning', 'info', 'hint'].flatMap((severity) =>
		found.filter((f) => f.severity === severity),
	);
	for (const { code, combination } of first) {
		if (combination === undefined || scenarios.size >= MOST) continue;
		const wanted = new Set(combination.threads);
		const body = blockOf(lines, combination.scenario).filter((line) => {
			const name = /^\t(?:thread|daemon|interrupt) (\w+) /.exec(line)?.[1];
			return name === undefined ? !isEmptySetup(line) : wanted.delete(name);
		});
		// an older text has had others
		const key = body.join('\n');
		if (body.length === 0 || wanted.size > 0 || scenarios.has(key)) continue;
		const run = [...environment.handlers, ...environment.teardown].filter((h) =>
			[h.name, h.second, h.twin, h.last].some((name) => name !== undefined && combination.threads.includes(name)),
		);
		for (const h of run) functions.add(h.function);
		const probe = combination.scenario === WITH_BUS ? environment.binding?.function : undefined;
		const plain = `${run[0]?.function ?? probe ?? 'callback'}_${code.replaceAll('-', '_')}`;
		const name = names.has(plain) ? `${plain}_${scenarios.size + 1}` : plain;
		names.add(name);
		scenarios.set(key, [`scenario ${name} {`, ...body.map(wide), '}']);
	}
	return { scenarios: [...scenarios.values()], functions: [...functions] };
}

const wide = (line: string): string => line.replace(/^\tsetup \{/, '\tsetup    {');

/** Each handler against an munmap(2). */
function against(environment: Environment, lines: readonly string[]): Added {
	const own = blockOf(lines, DEFAULT_ENVIRONMENT);
	const line = (word: string): string | undefined => own.find((l) => l.startsWith(`\t${word} `));
	const setup = line('setup');
	const threads = environment.handlers
		.slice(0, MOST)
		.map(({ name, function: f }) => ({ f, line: line(`thread ${name}`) }));
	const pages = /pages (\d+);/.exec(line('pages') ?? '')?.[1] ?? '2';
	const scenarios = (threads.length > 0 ? threads : [{ f: 'munmap_alone', line: undefined }]).map((thread) => [
		`scenario ${thread.line === undefined ? thread.f : `${thread.f}_races_munmap`} {`,
		`\tpages ${pages};`,
		...(setup === undefined || isEmptySetup(setup) ? [] : [wide(setup)]),
		...(thread.line === undefined ? [] : [thread.line]),
		`\tthread I { munmap(0, ${pages}); }`,
		'}',
	]);
	return { scenarios, functions: threads.map(({ f }) => f) };
}
