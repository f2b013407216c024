import type { FileResult, Finding, ScenarioResult } from '../result.js';

interface Found {
	readonly scenario: ScenarioResult;
	readonly finding: Finding;
}

/** A finding, and those of other scenarios in which the same is wrong. */
export interface Told extends Found {
	readonly others: readonly Found[];
}

/**
 * The findings that `keep` lets through, each cause once, with the shortest of its runs. What is the same is wrong at
 * the same place, in the same words but for the names of threads and for numbers.
 */
export function eachCause(
	{ scenarios }: FileResult,
	keep: (scenario: ScenarioResult, finding: Finding) => boolean = () => true,
): Told[] {
	const causes = new Map<string, Found[]>();
	for (const scenario of scenarios)
		for (const finding of scenario.findings) {
			if (!keep(scenario, finding)) continue;
			let key = causeOf(scenario, finding);
			// one scenario tells apart what it found twice
			while (causes.get(key)?.at(-1)?.scenario === scenario) key += '+';
			causes.set(key, [...(causes.get(key) ?? []), { scenario, finding }]);
		}
	return [...causes.values()].map((all) => {
		const shortest = all.reduce((best, one) => (one.finding.run.length < best.finding.run.length ? one : best));
		return { ...shortest, others: all.filter((one) => one !== shortest) };
	});
}

function causeOf({ threads, name }: ScenarioResult, { code, severity, span, related, message, run }: Finding): string {
	const words = message.replace(/\w+/g, (word) => (threads.includes(word) || /^\d+$/.test(word) ? '_' : word));
	const places = [span, ...related.map((place) => place.span)].map((s) => `${s.uri}:${s.line}:${s.column}`);
	// what has no run, as where a search stopped, is said of each
	return JSON.stringify([code, severity, words, places, run.length === 0 ? name : '']);
}
