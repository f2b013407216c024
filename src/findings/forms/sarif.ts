/** Results as SARIF 2.1.0 (OASIS, 2020): what code-scanning services read, with every step of a run as a code flow. */
import type { Picture, State, Step } from '../explorer/picture.js';
import type { FileResult, Finding, Problem, Severity, Span } from '../result.js';

/** A checked file, with the pictures of its runs where they are known. */
export interface SarifFile {
	readonly result: FileResult;
	/** The run of a scenario's finding, by index. */
	picture(scenario: string, finding: number): Picture | undefined;
}

export interface SarifOptions {
	/** Version of this program. */
	readonly version: string;
	/** How a file is to be called: relative to the root of the repository, or as an absolute uri. */
	uri(uri: string): string;
	/** The page of a finding, for the rules. */
	help(code: string): { readonly title: string; readonly text: string } | undefined;
}

const LEVELS: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
	error: 'error',
	warning: 'warning',
	info: 'note',
	hint: 'note',
};

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** The text of `--format sarif`: one log with one run. */
export function sarifForm(files: readonly SarifFile[], options: SarifOptions): string {
	const codes = [...new Set(files.flatMap(({ result }) => codesOf(result)))].sort();
	const results = files.flatMap((file) => resultsOf(file, options, codes));
	const log = {
		$schema: SCHEMA,
		version: '2.1.0',
		runs: [
			{
				tool: {
					driver: {
						name: 'Notifier Lab',
						version: options.version,
						rules: codes.map((code) => ruleOf(code, options)),
					},
				},
				columnKind: 'utf16CodeUnits',
				invocations: [
					{
						executionSuccessful: true,
						// what a limit left out is not proved: whoever reads this has to know
						toolExecutionNotifications: files.flatMap(({ result }) =>
							result.scenarios
								.filter((s) => !s.complete)
								.map((s) => ({
									level: 'warning',
									message: { text: `${s.name}: not every interleaving was covered (${s.states} states were)` },
									locations: [locationOf(s.span, options)],
								})),
						),
					},
				],
				artifacts: files.map(({ result }) => ({ location: { uri: options.uri(result.uri) }, sourceLanguage: 'c' })),
				results,
			},
		],
	};
	return `${JSON.stringify(log, null, '\t')}\n`;
}

const codesOf = ({ problems, hints, scenarios }: FileResult): string[] => [
	...problems.map((p) => p.code),
	...(hints ?? []).map((h) => h.code),
	...scenarios.flatMap((s) => s.findings.map((f) => f.code)),
];

function ruleOf(code: string, { help }: SarifOptions) {
	const page = help(code);
	return {
		id: code,
		name: code.replace(/(^|-)(\w)/g, (_, __, c: string) => c.toUpperCase()),
		...(page && { shortDescription: { text: page.title }, help: { text: page.text, markdown: page.text } }),
	};
}

function resultsOf(file: SarifFile, options: SarifOptions, codes: readonly string[]) {
	const { result } = file;
	const problem = (p: Problem) => ({
		ruleId: p.code,
		ruleIndex: codes.indexOf(p.code),
		level: LEVELS[p.severity],
		message: { text: p.message },
		locations: [locationOf(p.span, options)],
	});
	return [
		...result.problems.map(problem),
		...(result.hints ?? []).map(problem),
		...result.scenarios.flatMap((scenario) =>
			scenario.findings.map((finding, index) => ({
				...resultOf(finding, options, codes),
				...flowsOf(finding, file.picture(scenario.name, index), options),
				properties: {
					scenario: scenario.name,
					expected: scenario.expected.includes(finding.code),
					states: scenario.states,
					complete: scenario.complete,
					assumptions: scenario.assumptions,
					...(finding.assumption !== null && { endsWith: finding.assumption }),
				},
			})),
		),
	];
}

function resultOf(finding: Finding, options: SarifOptions, codes: readonly string[]) {
	return {
		ruleId: finding.code,
		ruleIndex: codes.indexOf(finding.code),
		level: LEVELS[finding.severity],
		message: { text: `${finding.message}\n${finding.closing}` },
		locations: [locationOf(finding.span, options)],
		relatedLocations: finding.related.map(({ span, message }, n) => ({
			id: n + 1,
			...locationOf(span, options),
			message: { text: message },
		})),
	};
}

/** One code flow for the run: a thread flow for each thread, whose steps are put in order by `executionOrder`. */
function flowsOf(finding: Finding, picture: Picture | undefined, options: SarifOptions) {
	if (picture === undefined || picture.steps.length === 0) return {};
	const threadFlows = picture.lanes.flatMap(({ name, title }, lane) => {
		const locations = picture.steps.flatMap((step, n) =>
			step.lane === lane ? [stepLocation(picture, step, n, options)] : [],
		);
		return locations.length === 0 ? [] : [{ id: name, message: { text: `${name}: ${title}` }, locations }];
	});
	return { codeFlows: [{ message: { text: finding.closing }, threadFlows }] };
}

function stepLocation(picture: Picture, step: Step, n: number, options: SarifOptions) {
	const after = picture.states[n + 1];
	const words = step.remark === '' ? step.text : `${step.text}: ${step.remark}`;
	return {
		executionOrder: n + 1,
		nestingLevel: step.stack.length,
		importance:
			step.cause || step.blocked || n === picture.steps.length - 1
				? 'essential'
				: step.matters
					? 'important'
					: 'unimportant',
		location: { ...locationOf(step.span, options), message: { text: words } },
		...(step.stack.length > 0 && { stack: stackOf(step, options) }),
		...(after && { state: stateOf(picture, after) }),
		...(picture.cycleStart === n && { kinds: ['loop'] }),
	};
}

function stackOf(step: Step, options: SarifOptions) {
	const frames = [...step.stack].reverse();
	return {
		frames: frames.map(({ name }, n) => {
			// a frame stands at the call that it makes; the innermost one at the step
			const at = n === 0 ? step.span : frames[n - 1]?.span;
			return { location: { ...(at && locationOf(at, options)), logicalLocations: [{ name, kind: 'function' }] } };
		}),
	};
}

/** What a state comes to, as expressions with their values. */
function stateOf(picture: Picture, state: State): Record<string, { readonly text: string }> {
	const values: Record<string, string> = {};
	const name = (lane: number): string => picture.lanes[lane]?.name ?? '?';
	for (const lock of state.locks) {
		const held = lock.holders.map((h) => `${name(h.lane)}${h.mode === 'shared' ? ' (shared)' : ''}`).join(', ');
		const waited = lock.waiters.map((w) => `${name(w.lane)} waits${w.forEver ? ' for ever' : ''}`);
		values[lock.name] = [held === '' ? 'free' : `held by ${held}`, ...waited].join('; ');
	}
	for (const range of state.ranges)
		if (range.kind !== 'fault') values[`${range.kind} ${range.name}`] = `in ${name(range.lane)}`;
	state.cpu.forEach((slot, n) => {
		values[`CPU page ${n}`] = slotWords(slot);
	});
	for (const { name, cpu } of state.others)
		cpu.forEach((slot, n) => {
			values[`${name} page ${n}`] = slotWords(slot);
		});
	for (const device of state.devices) {
		device.pte.forEach((slot, n) => {
			values[`${device.name} page ${n}`] = slotWords(slot);
		});
		device.tlb.forEach((slot, n) => {
			values[`${device.name} TLB page ${n}`] = slotWords(slot);
		});
	}
	for (const job of state.jobs) values[job.name] = job.stale === null ? job.state : `${job.state}: ${job.stale}`;
	const add = (variables: State['variables']): void => {
		for (const v of variables) {
			if (v.kernel) continue;
			if (v.children !== undefined) add(v.children);
			else values[v.kind === 'thread' ? `thread ${name(v.lane ?? 0)}` : v.path] = v.value;
		}
	};
	add(state.variables);
	return Object.fromEntries(Object.entries(values).map(([key, text]) => [key, { text }]));
}

function slotWords({ page, generation, write, freed, stale }: State['cpu'][number]): string {
	if (page === null) return 'none';
	const words = `${page}${generation > 0 ? ` g${generation}` : ''} ${write ? 'rw' : 'ro'}${freed ? ' freed' : ''}`;
	return stale === null ? words : `${words}: ${stale}`;
}

function locationOf(span: Span, { uri }: SarifOptions) {
	return {
		physicalLocation: {
			artifactLocation: { uri: uri(span.uri) },
			region: { startLine: span.line, startColumn: span.column, endLine: span.endLine, endColumn: span.endColumn },
		},
	};
}
