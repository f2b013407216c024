import { UNINITIALISED } from '../machine/memory.js';
import type { Report } from '../machine/step.js';
import { type At, type Automaton, automatonOf, type Command, type Way } from './automaton.js';
import type { Model } from './model.js';
import { plainText } from './place.js';
import type { Condition, Rule } from './rules.js';

/** Why a model cannot be written in TLA+: names of what there is nothing for. */
export function notInTla(model: Model): string[] {
	const what: string[] = [];
	if (model.system.setupReports.some((r) => r.fatal)) what.push('a setup that fails');
	if (model.system.cpus.limited) what.push('config cpus');
	return what;
}

/**
 * The module of a scenario for TLC and Apalache, with its configuration behind it: an action for each statement at which
 * a thread can stand, guarded by the cells that decide what happens there. Undefined where the search stopped before
 * that was known (automaton.ts).
 */
export function tla(model: Model, file: string, scenario: string): string | undefined {
	const automaton = automatonOf(model);
	return automaton && new Printer(model, automaton, scenario.replace(/\W/g, '_')).print(file, scenario);
}

const quote = (text: string): string => `"${plainText(text)}"`;
/** The least int has no literal of its own: 2147483648 is beyond TLC's numbers before the sign is looked at. */
const literal = (value: number | string): string => (value === -(2 ** 31) ? '(-2147483647 - 1)' : String(value));
const tuple = (values: readonly (number | string)[]): string =>
	values.length === 0 ? '<<>>' : `<<${values.map(literal).join(', ')}>>`;
const setOf = (values: readonly (number | string)[]): string => `{${values.map(literal).join(', ')}}`;
const RULE = '-'.repeat(77);
const END = '='.repeat(77);

/** An action: what threads can do at a statement. */
interface Action {
	readonly name: string;
	readonly head: string;
	readonly threads: string[];
	readonly body: string;
}

class Printer {
	private readonly sequences: boolean;
	private readonly gated: boolean;
	private readonly timeouts: boolean;
	private readonly objectNames = new Map<string, string>();
	/** Conditions under which a step ends the run, or has something to say, by finding code. */
	private readonly failures = new Map<string, string[]>();
	private readonly warnings = new Map<string, string[]>();

	constructor(
		private readonly model: Model,
		private readonly automaton: Automaton,
		private readonly module: string,
	) {
		const { system } = automaton;
		this.sequences = system.sequences !== undefined;
		this.gated = system.gated;
		this.timeouts = automaton.commands.some((c) =>
			[...c.values()].some(({ rules }) => rules.some((r) => r.what.some((w) => w.timeout))),
		);
		let n = 0;
		for (const key of ['', ...automaton.objects.keys()])
			this.objectNames.set(key, key === '' ? '<<>>' : `Objects_${++n}`);
	}

	print(file: string, scenario: string): string {
		const actions = this.actions();
		const steps = actions.map((a) => `    \\/ ${a.name}(t)`).join('\n');
		const ends = this.ends();
		return `${[
			`---- MODULE ${this.module} ----`,
			this.header(file, scenario),
			'EXTENDS Integers, TLC',
			...(this.timeouts ? ['\\* Timers and signals may end a wait; FALSE: they never come.\nCONSTANT Timeouts'] : []),
			this.variables(),
			this.threads(),
			...this.objectDefinitions(),
			this.init(),
			RULE,
			...(this.sequences ? [this.canonical()] : []),
			this.moving(),
			...actions.map((a) => this.action(a)),
			RULE,
			`\\* One step of a thread.\nStep(t) ==\n${steps === '' ? '    FALSE' : steps}`,
			`\\* Everybody who has to come to an end has: daemons rest, or go on.\nEnded == \\A t \\in Threads : Place(t) \\notin Running`,
			...this.findings(ends),
			`\\* A run that ended, well or not, is no deadlock.\nDone == (Ended \\/ ~NoError) /\\ UNCHANGED vars`,
			'Steps == \\E t \\in Threads : Step(t)',
			'Next == Steps \\/ Done',
			'Spec == Init /\\ [][Next]_vars',
			'\\* No thread waits for ever for its turn. SF_vars in place of WF_vars: nor for a lock that is free again and again.',
			'FairSpec == Spec /\\ \\A t \\in Threads : WF_vars(Step(t))',
			'EveryoneEnds == <>Ended',
			END,
			this.config(ends),
		].join('\n\n')}\n`;
	}

	private header(file: string, scenario: string): string {
		const { counts } = this.model;
		const figures = counts.complete
			? [
					`notifier-lab found ${counts.states} states, ${counts.deadlocks} of them deadlocked: TLC reports as many distinct ones.`,
				]
			: [
					`notifier-lab stopped after ${counts.states} states: there are more. What each thread can do is complete`,
					'all the same: it was found without telling alike threads apart, or by trying each with all of shared memory.',
				];
		return [
			`${plainText(file)}, scenario ${plainText(scenario)}. Made by notifier-lab export --to tla.`,
			'',
			`  java -cp tla2tools.jar tlc2.TLC -config ${this.module}.tla ${this.module}.tla`,
			'',
			...figures,
			'',
			'One action is one step: the operation that others can see, and what the thread then does alone.',
			'The model starts when setup is done. at[t] is where thread t stands: function:line, and a number where',
			'that is not all (what its variables are there is in the comments). Addresses are numbers.',
		]
			.map((line) => `\\* ${line}`.trimEnd())
			.join('\n');
	}

	private get vars(): string[] {
		return ['at', 'mem', ...(this.automaton.objects.size > 0 ? ['objects'] : [])];
	}

	private variables(): string {
		const says: Record<string, string> = {
			at: 'where each thread stands',
			mem: 'the cells of globals that change',
			objects: 'objects from kmalloc, and locals that others can reach',
		};
		const { vars } = this;
		const lines = vars.map((v, n) => `    ${v}${n < vars.length - 1 ? ',' : ' '} \\* ${says[v]}`);
		return `VARIABLES\n${lines.join('\n')}\nvars == <<${vars.join(', ')}>>`;
	}

	private threadName(t: number): string {
		return quote(this.automaton.system.threads[t]?.name ?? '');
	}

	private threads(): string {
		const { places, system } = this.automaton;
		const which = (of: 'running' | 'idle' | 'interruptsOff'): string =>
			setOf([...places.values()].filter((p) => p[of]).map((p) => quote(p.name)));
		const lines = [
			`Threads == ${setOf(system.threads.map((_, t) => this.threadName(t)))}`,
			`Place(t) == ${this.sequences ? 'at[t].place' : 'at[t]'}`,
			`\\* Places where a thread still has something to do.\nRunning == ${which('running')}`,
		];
		if (!this.gated) return lines.join('\n');
		const conditions = system.threads.flatMap((thread, t) => {
			if (thread.kind !== 'interrupt' || thread.on < 0) return [];
			const [handler, own] = [this.threadName(t), this.threadName(thread.on)];
			return [
				`    /\\ t = ${handler} => ~ (Place(t) \\in Idle /\\ Place(${own}) \\in InterruptsOff)`,
				`    /\\ t = ${own} => Place(${handler}) \\notin Running`,
			];
		});
		lines.push(`Idle == ${which('idle')}`, `InterruptsOff == ${which('interruptsOff')}`);
		lines.push(
			`\\* Handlers run on top of their thread, while it has interrupts on.\nMayRun(t) ==\n${conditions.join('\n')}`,
		);
		return lines.join('\n');
	}

	/** Vectors of objects: slot, layout, flags, references, size, cells (memory.ts). */
	private objectDefinitions(): string[] {
		const { objects, system } = this.automaton;
		if (objects.size === 0) return [];
		const texts = [...objects].map(([key, vector]) => {
			const records: string[] = [];
			for (let i = 0; i < vector.length; i += 5 + (vector[i + 4] as number)) {
				const [slot, layout, flags, references, size] = vector.subarray(i, i + 5);
				const kind = `${system.layouts.nameOf(layout as number)} ${layout}`;
				const cells = tuple([...vector.subarray(i + 5, i + 5 + (size as number))]);
				records.push(
					`    [slot |-> ${slot}, kind |-> ${quote(kind)}, flags |-> ${flags}, references |-> ${references}, cells |-> ${cells}]`,
				);
			}
			return `${this.objectNames.get(key)} == <<\n${records.join(',\n')}\n>>`;
		});
		return [`\\* All that objects can be. flags: 1 others can reach it, 2 freed.\n${texts.join('\n')}`];
	}

	private init(): string {
		const { initial, cells, globals } = this.automaton;
		const at = initial.at.map((a, t) => `${this.threadName(t)} :> ${this.at(a)}`);
		const mem = [...cells].map(([cell, name]) => `${quote(name)} :> ${literal(initial.shared[cell] as number)}`);
		const map = (pairs: readonly string[]): string =>
			pairs.length === 0 ? '<<>>' : `(${pairs.join(' @@\n              ')})`;
		const key = initial.shared.subarray(globals).join();
		const lines = [`    /\\ at = ${map(at)}`, `    /\\ mem = ${map(mem)}`];
		if (this.vars.includes('objects')) lines.push(`    /\\ objects = ${this.objectNames.get(key)}`);
		return `${this.helpers()}\\* After setup.\nInit ==\n${lines.join('\n')}`;
	}

	private helpers(): string {
		return this.sequences
			? '\\* A place, and the values of sequence counters that the thread has in its hands there.\nWith(place, seq) == [place |-> place, seq |-> seq]\n\n'
			: '';
	}

	private at({ place, values }: At): string {
		return this.sequences ? `With(${quote(place)}, ${tuple(values)})` : quote(place);
	}

	/** What a step leaves behind. */
	private moving(): string {
		const objects = this.vars.includes('objects');
		const args = `t, to, m${objects ? ', o' : ''}`;
		if (!this.sequences)
			return `\\* Thread t takes a step.\nGo(${args}) ==\n    /\\ at' = [at EXCEPT ![t] = to]\n    /\\ mem' = m${objects ? "\n    /\\ objects' = o" : ''}`;
		return [
			'\\* Thread t takes a step; then sequence counters are renumbered.',
			`Go(${args}) ==`,
			'    LET a == [at EXCEPT ![t] = to]',
			`        V == Values(a, m${objects ? ', o' : ''})`,
			`    IN  /\\ at' = [u \\in Threads |-> With(a[u].place, [n \\in DOMAIN a[u].seq |-> New(a[u].seq[n], V)])]`,
			"        /\\ mem' = [c \\in DOMAIN m |-> IF c \\in Counters THEN New(m[c], V) ELSE m[c]]",
			...(objects
				? [
						"        /\\ objects' = [n \\in DOMAIN o |-> [o[n] EXCEPT !.cells =",
						'              [c \\in DOMAIN o[n].cells |->',
						'                  IF <<o[n].kind, c>> \\in CountersIn THEN New(o[n].cells[c], V) ELSE o[n].cells[c]]]]',
					]
				: []),
		].join('\n');
	}

	/** Sequence counters grow without end: only the order, parity and small distances of their values count (sequences.ts). */
	private canonical(): string {
		const { automaton, model } = this;
		const { cells, fixedSequences, system } = automaton;
		const counters = (model.sequences?.globals ?? []).flatMap((n) => {
			const name = cells.get(n);
			return name === undefined ? [] : [quote(name)];
		});
		const inObjects = [...(model.sequences?.layouts ?? [])].flatMap(([layout, offsets]) =>
			offsets.map((o) => `<<${quote(`${system.layouts.nameOf(layout)} ${layout}`)}, ${o + 1}>>`),
		);
		const objects = this.vars.includes('objects');
		return [
			'\\* Sequence counters grow without end: only the order, parity and small distances of their values count.',
			`Counters == ${setOf(counters)}`,
			...(objects ? [`CountersIn == ${setOf(inObjects)}`] : []),
			`Values(a, m${objects ? ', o' : ''}) ==`,
			`    (${setOf([...new Set(fixedSequences)])}`,
			'        \\union {m[c] : c \\in Counters}',
			'        \\union UNION {{a[u].seq[n] : n \\in DOMAIN a[u].seq} : u \\in Threads}',
			...(objects
				? [
						'        \\union UNION {{o[n].cells[c] : c \\in {d \\in DOMAIN o[n].cells : <<o[n].kind, d>> \\in CountersIn}} : n \\in DOMAIN o}',
					]
				: []),
			`    ) \\ ${setOf([0, UNINITIALISED])}`,
			'Highest(S) == CHOOSE v \\in S : \\A u \\in S : u <= v',
			'RECURSIVE New(_, _)',
			'New(v, V) ==',
			'    LET below == {u \\in V : u < v}',
			'    IN  IF v \\notin V THEN v',
			'        ELSE IF below = {} THEN (IF v % 2 = 1 THEN 1 ELSE 2)',
			'        ELSE LET u == Highest(below)',
			'                 gap == v - u',
			'             IN  New(u, V) + (IF gap <= 4 THEN gap ELSE 4 + gap % 2)',
		].join('\n');
	}

	private conditions(conditions: readonly Condition[]): string[] {
		return conditions.map(({ cell, values }) => {
			const left = cell === 'objects' ? 'objects' : `mem[${quote(this.automaton.cells.get(cell) ?? '')}]`;
			const right = values.map((v) => (typeof v === 'string' ? (this.objectNames.get(v) as string) : literal(v)));
			return right.length === 1 ? `${left} = ${right[0]}` : `${left} \\in ${setOf(right)}`;
		});
	}

	private way({ to, changes, objects }: Way): string {
		const updates = [...changes].map(
			([cell, value]) => `![${quote(this.automaton.cells.get(cell) ?? '')}] = ${literal(value)}`,
		);
		const mem = updates.length === 0 ? 'mem' : `[mem EXCEPT ${updates.join(', ')}]`;
		const last = this.vars.includes('objects')
			? [objects === undefined ? 'objects' : (this.objectNames.get(objects) as string)]
			: [];
		return `Go(${['t', this.at(to as At), mem, ...last].join(', ')})`;
	}

	/** Statements at which threads can stand; those with the same text are one action. */
	private actions(): Action[] {
		const { automaton } = this;
		const actions: Action[] = [];
		const names = new Map<string, number>();
		automaton.commands.forEach((commands, t) => {
			const statements = new Map<string, Command[]>();
			for (const command of commands.values()) {
				const statement = automaton.places.get(command.at.place)?.statement ?? '';
				statements.set(statement, [...(statements.get(statement) ?? []), command]);
			}
			for (const [statement, list] of statements) {
				this.note(t, list);
				const body = this.body(list);
				if (body === '') continue;
				const texts = new Set(list.map((c) => automaton.places.get(c.at.place)?.text ?? ''));
				const head = [...texts].map((text) => `\\* ${text}\n`).join('');
				const same = actions.find((a) => a.body === body && a.head === head);
				if (same !== undefined) {
					same.threads.push(this.threadName(t));
					continue;
				}
				const plain = statement.replace(/\W+/g, '_');
				const count = (names.get(plain) ?? 0) + 1;
				names.set(plain, count);
				actions.push({
					name: `At_${plain}${count === 1 ? '' : `_${count}`}`,
					head,
					threads: [this.threadName(t)],
					body,
				});
			}
		});
		return actions;
	}

	private body(commands: readonly Command[]): string {
		const cases: string[] = [];
		for (const { at, rules } of commands) {
			let says = this.automaton.places.get(at.place)?.variables ?? '';
			for (const { conditions, what } of rules) {
				const ways = [...new Set(what.filter((w) => w.to !== undefined).map((w) => this.way(w)))];
				if (ways.length === 0) continue;
				const lines = [`at[t] = ${this.at(at)}`, ...this.conditions(conditions)];
				if (what.every((w) => w.timeout)) lines.push('Timeouts');
				lines.push(ways.length === 1 ? (ways[0] as string) : `\\/ ${ways.join('\n             \\/ ')}`);
				const comment = says === '' ? '' : `       \\* ${plainText(says)}\n`;
				says = '';
				cases.push(`${comment}       \\/ /\\ ${lines.join('\n          /\\ ')}`);
			}
		}
		return cases.join('\n').replace(/^ {7}\\\//m, '    /\\ \\/');
	}

	private action({ name, head, threads, body }: Action): string {
		const gate = this.gated ? '\n    /\\ MayRun(t)' : '';
		return `${head}${name}(t) ==\n    /\\ t \\in ${setOf(threads)}${gate}\n${body}`;
	}

	/** Keeps for later when steps of a thread end the run, or have something to say. */
	private note(t: number, commands: readonly Command[]): void {
		for (const { at, rules } of commands)
			for (const { conditions, what } of rules)
				for (const report of new Map(
					what.flatMap((w) => w.reports).map((r) => [`${r.code} ${r.message}`, r]),
				).values()) {
					const list = report.fatal ? this.failures : this.warnings;
					const lines = [
						`at[${this.threadName(t)}] = ${this.at(at)}`,
						...this.conditions(conditions),
						...(this.gated ? [`MayRun(${this.threadName(t)})`] : []),
						...(what.every((w) => w.timeout) ? ['Timeouts'] : []),
					];
					const text = `    \\* ${messageOf(report)}\n    /\\ ~ (${lines.join(' /\\ ')})`;
					list.set(report.code, [...(list.get(report.code) ?? []), text]);
				}
	}

	private ends(): { readonly fatal: boolean; readonly text: string } | undefined {
		const rules: readonly Rule<readonly Report[]>[] = this.automaton.ends;
		if (rules.length === 0) return undefined;
		const texts = rules.map(
			({ conditions, what }) =>
				`    \\* ${what.map(messageOf).join('; ')}\n    /\\ ~ (${['Ended', ...this.conditions(conditions)].join(' /\\ ')})`,
		);
		return { fatal: rules.some((r) => r.what.some((x) => x.fatal)), text: texts.join('\n') };
	}

	private findings(ends: { readonly text: string } | undefined): string[] {
		const invariant = (name: string, texts: readonly string[]): string =>
			`${name} ==\n${[...new Set(texts)].join('\n')}`;
		const all = [...this.failures].map(([code, texts]) => invariant(errorOf(code), texts));
		if (ends !== undefined) all.push(`Finally ==\n${ends.text}`);
		return [
			...all,
			`NoError == ${['TRUE', ...[...this.failures.keys()].map(errorOf)].join(' /\\ ')}`,
			...[...this.warnings].map(([code, texts]) => invariant(warningOf(code), texts)),
		];
	}

	private config(ends: object | undefined): string {
		const errors = [...this.failures.keys()].map(errorOf);
		if (ends !== undefined) errors.push('Finally');
		const warnings = [...this.warnings.keys()].map(warningOf);
		return [
			`---- CONFIG ${this.module} ----`,
			'SPECIFICATION Spec',
			...(this.timeouts ? ['CONSTANT Timeouts = TRUE'] : []),
			...errors.map((name) => `INVARIANT ${name}`),
			...(warnings.length > 0 ? ['\\* findings after which the kernel goes on'] : []),
			...warnings.map((name) => `INVARIANT ${name}`),
			'\\* with SPECIFICATION FairSpec: PROPERTY EveryoneEnds',
			'====',
		].join('\n');
	}
}

const errorOf = (code: string): string => `No_${code.replace(/\W/g, '_')}`;
/** The kernel goes on after what these say never happens. */
const warningOf = (code: string): string => `Never_${code.replace(/\W/g, '_')}`;
const messageOf = ({ code, message }: Report): string => plainText(`${code}: ${message}`);
