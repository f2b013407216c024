import { mergeHeldFiles } from '../held.js';
import type { Finding, ScenarioResult, Span, Verdict } from '../result.js';
import { bounded } from '../scenario.js';
import { DEFAULT_ENVIRONMENT, type Environment } from './environment.js';

/** What is said of the whole sketch stands in its first line. */
export const topOf = (uri: string): Span => ({ uri, line: 1, column: 1, endLine: 1, endColumn: 1 });

const WORST: readonly Verdict[] = ['fail', 'bounded', 'warn', 'ok'];

/** Several runs of the environment as one result: what any of them found, each defect once, by the fewest threads. */
export function merged(
	{
		results,
		cut,
		early,
	}: { readonly results: readonly ScenarioResult[]; readonly cut: readonly string[]; readonly early: boolean },
	uri: string,
): ScenarioResult {
	const all = results.flatMap((r) => r.findings);
	// a second opinion, and only where the first has found nothing to say about waiting: as in analyse.ts
	const waits = all.some((f) => /deadlock|livelock/.test(f.code));
	const leaks = all.some((f) => f.code === 'lock-leak');
	const findings: Finding[] = [];
	for (const finding of all)
		if (
			finding.code !== 'bounded' &&
			!(waits && finding.code === 'lock-order') &&
			// what follows from a lock that was left behind
			!(leaks && / and never released/.test(finding.message)) &&
			!findings.some((known) => repeats(finding, known))
		)
			findings.push(finding);
	const sum = (of: (r: ScenarioResult) => number): number => results.reduce((n, r) => n + of(r), 0);
	const states = sum((r) => r.states);
	const complete = cut.length === 0;
	if (!complete && !findings.some((f) => f.severity === 'error')) findings.push(bounded(topOf(uri), cut, states));
	const verdicts: Verdict[] = [
		findings.some((f) => f.severity === 'error')
			? 'fail'
			: findings.some((f) => f.severity === 'warning')
				? 'warn'
				: 'ok',
		complete ? 'ok' : 'bounded',
	];
	const verdict = WORST.find((v) => verdicts.includes(v)) ?? 'ok';
	const held = mergeHeldFiles(results.flatMap((r) => r.held ?? []));
	return {
		...(results[0] as ScenarioResult),
		...(held.length > 0 && { held }),
		name: DEFAULT_ENVIRONMENT,
		verdict,
		asExpected: verdict !== 'fail' && complete,
		complete: complete && !early && verdict !== 'fail',
		...(complete ? {} : { bounds: cut }),
		states,
		transitions: sum((r) => r.transitions),
		milliseconds: sum((r) => r.milliseconds),
		threads: [...new Set(results.flatMap((r) => r.threads))],
		findings,
	};
}

const MAPPING = new Set(['stale-mapping', 'stale-tlb', 'permission']);

/** The same defect at the same place; an entry that is kept is one, whatever became of the page behind it. */
export function repeats(a: Finding, b: Finding): boolean {
	return (
		(a.code === b.code || (MAPPING.has(a.code) && MAPPING.has(b.code))) &&
		a.span.uri === b.span.uri &&
		a.span.line === b.span.line &&
		a.span.column === b.span.column
	);
}

/** The result in the user's terms: his own lines, and which of the adversaries a run needed. */
export function told(
	result: ScenarioResult,
	environment: Environment,
	{
		unfinished,
		beyond,
		smaller,
	}: { readonly unfinished: ReadonlySet<string>; readonly beyond: readonly string[]; readonly smaller: boolean },
	uri: string,
): ScenarioResult {
	const span = topOf(uri);
	const { handlers, teardown, interrupts, adversaries, sometimes, remarks } = environment;
	const who = new Map([...adversaries, ...sometimes]);
	if (handlers.length + teardown.length > 1)
		for (const h of [...handlers, ...teardown]) who.set(h.name, `${h.function}()`);
	for (const h of teardown)
		if (h.last !== undefined) who.set(h.last, `one task that calls everything in turn, ${h.function}() last`);
	for (const { name, on, function: f } of interrupts) who.set(name, `${f}(), an interrupt on top of ${on}`);
	for (const h of handlers) who.set(h.twin, `${h.function}() once more`);
	for (const h of handlers) if (h.second !== undefined) who.set(h.second, `${h.function}() for a second object`);
	const seen = new Set<string>();
	const findings = result.findings.flatMap((f) => {
		const needed = [...who].filter(([name]) => f.threads.includes(name) || f.run.some((r) => r.thread === name));
		const invented =
			f.code === 'null-deref' && environment.invented.length > 0
				? `. It was called on ${environment.invented.join(' and ')}, which ${environment.invented.length > 1 ? 'are' : 'is'} made up: what allocates such an object here keeps it to itself. Return it, or keep it in a global`
				: '';
		const words = needed.length === 0 ? '' : ` (${needed.map(([name, what]) => `${name}: ${what}`).join('; ')})`;
		// the environment has no text that the user could look at
		const leaves = environment.leaving;
		const there = (...names: readonly (string | undefined)[]): boolean => f.threads.some((t) => names.includes(t));
		const unbinds = teardown.find((h) => h.span !== undefined && there(h.name, h.last));
		const { binding } = environment;
		const bound = binding && there(binding.loads, binding.beside, ...binding.opens) ? binding.span : undefined;
		const top =
			leaves && there(leaves.alone, leaves.once, ...(f.code === 'contract' ? [binding?.loads] : []))
				? leaves.span
				: (unbinds?.span ?? bound ?? span);
		const home = (at: Span): Span => (at.uri === environment.uri ? top : at);
		const at = home(f.span);
		// who takes a module out is several threads, and tells of one thing left behind at one place
		const told = `${f.code} ${at.uri} ${at.line} ${at.column} ${f.message.replace(/^\w+: /, '')}`;
		if (at !== f.span && seen.has(told)) return [];
		seen.add(told);
		return {
			...f,
			message: `${f.message}${invented}${words}`,
			span: at,
			related: f.related.filter((r) => r.span.uri !== environment.uri && !r.span.uri.endsWith('/kernel/locks.mmn')),
			run: f.run.map((r) => (r.span.uri === environment.uri ? { ...r, span: top, madeUp: true as const } : r)),
		};
	});
	const against =
		adversaries.size > 0
			? `against ${[...adversaries.values()].join('; ')}`
			: 'with no invalidation beside, since nothing here has to do with an address space but copies from and to users, which nobody can hold up here';
	const ran = handlers.length === 0 ? 'the callbacks' : [...new Set(handlers.map((h) => `${h.function}()`))].join(', ');
	const comes = [...new Set(interrupts.map((i) => `${i.function}()`))];
	return {
		...result,
		span,
		findings,
		...(unfinished.size > 0 && { unfinished: [...unfinished] }),
		assumptions: [
			...(unfinished.size === 0 ? [] : [`looked at, but not to the end: ${[...unfinished].join('; ')}`]),
			...(beyond.length === 0 ? [] : [`begun, and left for its size: ${beyond.join('; ')}`]),
			...remarks,
			`no scenario is given: ${ran} ${handlers.length === 1 ? 'runs' : 'run'} ${against}${environment.has.second ? '; with a second object subscribed' : ''}${comes.length > 0 ? `; with ${comes.join(', ')} as an interrupt on top of either` : ''}${environment.has.other ? '; with another driver whose callback waits' : ''}${environment.has.exit ? '; when nothing else is found, against the end of the process, of which no ->release hears' : ''}`,
			...(result.verdict === 'fail'
				? [
						'these were tried one and two at a time; all of them at once are tried to the end when nothing is found that way',
					]
				: []),
			...(smaller ? ['one and two of these at a time were tried on two pages, all of them at once on one page'] : []),
			...result.assumptions,
		],
	};
}
