/** Above each scenario, and at the top of a sketch without any: what came of it, and ways on from there. */
import type { CodeLens, Command } from 'vscode-languageserver-protocol';
import { DEFAULT_ENVIRONMENT } from '../findings/environment/environment.js';
import type { Finding, Hint, ScenarioResult } from '../findings/result.js';
import { nothingThere } from '../findings/vacuous.js';
import { missingFindings } from './diagnostics.js';
import { ADD_SCENARIO, type FindingReference, type ScenarioPlace } from './protocol.js';

/** Commands that a lens may have, where the client has them. */
const EXPLORE = 'notifierLab.explore';
const DEBUG = 'notifierLab.debugScenario';
const MAIL_TABLE = 'notifierLab.copyRunAsMailTable';

export interface LensInput {
	readonly uri: string;
	/** Of the text as it stands now. */
	readonly scenarios: readonly ScenarioPlace[];
	/** Of the last finished check; empty before the first one. */
	readonly results: readonly ScenarioResult[];
	/** Of the same check. */
	readonly hints?: readonly Hint[];
	/** The text has changed since. */
	readonly stale: boolean;
	/** The commands of the client, and those of the server that it can be asked for. */
	readonly commands: ReadonlySet<string>;
}

/** Where the lens of a sketch stands that says nothing of scenarios. */
const TOP: ScenarioPlace = {
	name: DEFAULT_ENVIRONMENT,
	range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
};

const TOP_HINT =
	'Default environment: the sketch has no scenario, so its callbacks and entry points run against those who invalidate, one at a time, then more';

export function lensesOf({ uri, scenarios, results, hints = [], stale, commands }: LensInput): CodeLens[] {
	return (scenarios.length === 0 ? [TOP] : scenarios).flatMap(({ name, range }) => {
		const result = results.find((r) => r.name === name);
		if (result === undefined) return [];
		const lens = (title: string, command: string, argument: object): CodeLens[] =>
			commands.has(command) ? [{ range, command: { title, command, arguments: [argument] } }] : [];
		const index = shownOf(result);
		const reference: FindingReference | undefined = index < 0 ? undefined : { uri, scenario: name, index };
		const more = hints.find((h) => h.offer !== undefined && h.span.line === result.span.line);
		const summary: Command = { title: summaryOf(result, stale, more), command: '' };
		const explore = { uri, scenario: name, ...(reference && { index }) };
		if (scenarios.length === 0) summary.tooltip = TOP_HINT;
		if (commands.has(EXPLORE)) Object.assign(summary, { command: EXPLORE, arguments: [explore] });
		return [
			{ range, command: summary },
			...lens('Explore', EXPLORE, explore),
			...lens('Debug', DEBUG, explore),
			...(reference && !stale ? lens('Mail table', MAIL_TABLE, reference) : []),
			...(scenarios.length === 0 ? lens('Add a scenario', ADD_SCENARIO, { uri }) : []),
		];
	});
}

const RANK = ['error', 'warning', 'info', 'hint'];

/** The finding that a scenario is known by: an error that nobody expected, else the worst; of these the first. */
export function shownOf({ findings, expected }: Pick<ScenarioResult, 'findings' | 'expected'>): number {
	const rank = ({ severity, code }: Finding) =>
		severity === 'error' && !expected.includes(code) ? -1 : RANK.indexOf(severity);
	const worst = [...findings].filter(({ run }) => run.length > 0).sort((a, b) => rank(a) - rank(b))[0];
	return worst === undefined ? -1 : findings.indexOf(worst);
}

/** `✗ deadlock in 9 steps · 1 more · 44 states`. @param more what goes wrong with one thread more */
export function summaryOf(result: ScenarioResult, stale: boolean, more?: Hint): string {
	const { name, expected, findings, states, complete } = result;
	const environment = name === DEFAULT_ENVIRONMENT;
	const shown = findings[shownOf(result)];
	const others = new Set(findings.map(({ code }) => code)).size - 1;
	const missing = missingFindings(result);
	const parts: string[] = missing.length > 0 ? [`✗ ${missing.join(', ')} expected, but not found`] : [];
	if (shown === undefined) {
		if (missing.length === 0) parts.push(complete ? '✓ ok' : '? stopped at a limit');
	} else {
		const wanted = expected.includes(shown.code);
		const sign = wanted ? '✓' : shown.severity === 'error' ? '✗' : shown.severity === 'warning' ? '⚠' : '?';
		parts.push(`${sign} ${shown.code}${lengthOf(shown)}${wanted ? ', as expected' : ''}`);
		if (others > 0) parts.push(`${others} more`);
	}
	parts.push(...nothingThere(result).map((clause) => clause.replace(/,.*/, '')));
	parts.push(`${states.toLocaleString('en-US')} state${states === 1 ? '' : 's'}`);
	if (more !== undefined) parts.push(`${more.code} with one thread more`);
	// the default environment looks no further when it has found enough: that is no limit
	const enough = environment && findings.every(({ code }) => code !== 'bounded');
	if (shown !== undefined && !complete && !enough) parts.push('stopped at a limit');
	if (environment) parts.push('in the default environment');
	if (stale) parts.push('before the last change');
	return parts.join(' · ');
}

/** As the explorer, `replay` and "shortest" count them: what a thread does, not who waits in the end. */
function lengthOf({ run, cycleStart }: Finding): string {
	const steps = (n: number) => `${n} step${n === 1 ? '' : 's'}`;
	if (run.length === 0) return '';
	// what goes wrong before there are threads takes no step of theirs
	if (run.every(({ thread }) => thread === 'setup')) return ' in setup';
	const moves = [...new Set(run.filter(({ blocked }) => !blocked).map(({ step }) => step))];
	if (cycleStart === undefined || cycleStart === null) return ` in ${steps(moves.length)}`;
	const before = moves.filter((step) => step < cycleStart).length;
	return ` in ${steps(before)}, then ${moves.length - before} for ever`;
}
