import { PREEMPT_OFF, RCU_READ } from '../kernel/primitives/holding.js';
import { TASK } from '../kernel/primitives/tasks.js';
import { sourceOf } from '../language/text.js';
import { GLOBAL_BASE, isHeap } from '../machine/memory.js';
import type { ThreadInfo } from '../machine/system.js';
import { Status } from '../machine/thread.js';
import { type Model, partsOf } from './model.js';
import { dispatchText, functionText } from './promela-code.js';
import { cPrimitive } from './promela-primitives.js';
import { DECLARATIONS, MACHINE, MEMORY } from './promela-runtime.js';
import { STEPS } from './promela-steps.js';

/** Names of what a model uses and Promela has nothing for. */
export function notInPromela(model: Model): string[] {
	const missing = new Set<string>();
	for (const code of model.functions)
		for (const i of code.code)
			if (i.op === 'primitive' && cPrimitive(model.primitive(i.primitive)) === undefined)
				missing.add(model.primitive(i.primitive));
	const what = [...missing].sort().map((name) => `the primitive ${name}`);
	if (model.system.setupReports.some((r) => r.fatal)) what.push('a setup that fails');
	if (model.finally >= 0 && model.system.initialLocals.every((l) => l[0] !== Status.running))
		what.push('a finally block behind threads that take no step');
	if (model.system.cpus.limited) what.push('config cpus');
	if (model.unfairRwsem) what.push('config unfair_rwsem');
	if (model.system.threads.length > 250) what.push('more than 250 threads');
	return what;
}

/**
 * The model of a scenario for SPIN: a process for each thread, whose every option is one of our steps. What a step does
 * is C, inside c_code: a step of ours can find out half way that it cannot be taken, and leaves nothing behind then,
 * which no Promela statement can do. All that is in the state vector is one tracked C struct.
 */
export function promela(model: Model, file: string, scenario: string): string {
	return [
		header(model, file, scenario),
		sizes(model),
		DECLARATIONS.trim(),
		tables(model),
		MEMORY.trim(),
		MACHINE.trim(),
		primitiveFunctions(model),
		...codeBlocks(model),
		STEPS.trim(),
		...model.system.threads.map((t, n) => process(model, t, n)),
		'',
	].join('\n\n');
}

function header(model: Model, file: string, scenario: string): string {
	const { counts } = model;
	const verdict = `${counts.deadlocks} deadlocked states, ${counts.failures} transitions that end in an error`;
	const figures = counts.complete
		? [
				`notifier-lab found ${counts.states} states, ${counts.transitions} transitions,`,
				`${verdict}. SPIN counts`,
				`the same states, and one transition more (it counts the initial state as one).`,
			]
		: [
				`notifier-lab stopped after ${counts.states} states: the model is larger. It has room to`,
				`spare, and stops with "the model is too small" where that is not enough.`,
			];
	return `/*
 * ${plain(file)}, scenario ${scenario}, for SPIN 6.5. Made by notifier-lab export --to promela.
 *
 *   spin -a model.pml
 *   gcc -w -O2 -DSAFETY -DNOREDUCE -DVECTORSZ=${vectorSize(model)} -o pan pan.c
 *   ./pan -m1000000 -w24
 *   ./pan -r                  the trail, one line for each step
 *
${figures.map((f) => ` * ${f}`).join('\n')}
 *
 * One option of a process is one step: the operation that others can see, and what the
 * thread then does alone. The model starts when setup is done. "invalid end state" is a
 * deadlock of all threads; an error message names what ended a run. Findings after which the
 * kernel goes on (lock-leak, sleep-in-atomic, contract, WARN_ON …) are errors with
 * spin -a -DWARNINGS only. Threads that are stuck while others run, livelock and starvation
 * are not in the model: SPIN finds them by an LTL formula (see notifier-lab's manual, export).
 */`.replaceAll('…', '...');
}

/** Bytes of a state vector, for pan's -DVECTORSZ: the struct World, and room for what SPIN keeps of each process. */
function vectorSize(model: Model): number {
	const { system, sizes } = model;
	const thread = 16 + 8 * sizes.held + 4 * Math.max(1, sizes.stack);
	const world = 4 * (Math.max(1, writtenCells(model).length) + 1 + Math.max(1, sizes.objects));
	return 1024 * Math.ceil((world + system.threads.length * (thread + 64) + 512) / 1024);
}

const plain = (text: string): string => text.replaceAll('*/', '* /').replace(/[^\x20-\x7e]/g, '?');

function sizes(model: Model): string {
	const { system } = model;
	const define = (name: string, value: number | string): string => `#define ${name} ${value}`;
	return [
		define('THREADS', system.threads.length),
		define('ALL_GLOBALS', model.globalCells),
		define('GLOBALS', Math.max(1, writtenCells(model).length)),
		define('MAX_HELD', model.sizes.held),
		define('MAX_STACK', Math.max(1, model.sizes.stack)),
		define('MAX_DEPTH', model.sizes.depth),
		define('MAX_OBJECTS', Math.max(1, model.sizes.objects)),
		'/* inside a step there is more room than between two */',
		define('ROOM_HELD', model.sizes.held + 8),
		define('ROOM_STACK', 2 * model.sizes.stack + stackRoom(model)),
		define('ROOM_OBJECTS', 2 * model.sizes.objects + objectRoom(model)),
		define('FINALLY', model.finally),
		define('NO_ERRORS', model.noErrors ? 1 : 0),
		define('PREEMPT_RT', model.preemptRt ? 1 : 0),
		// what no spinlock_t may be taken in with PREEMPT_RT counts in units of its own
		define('PREEMPT_OFF', model.preemptRt ? PREEMPT_OFF : 1),
		define('RCU_READ', RCU_READ),
		define('SPINLOCK', model.preemptRt ? 'MUTEX' : 'SPIN'),
		define('SEQUENCES', model.sequences === undefined ? 0 : 1),
		define('MAX_VALUES', 256),
		define(
			'KTHREADS',
			system.threads.findIndex((t) => t.kind === 'kernel' && /^kthread(\/\d+)?$/.test(t.name)),
		),
		define('TASKS', system.symbol('__tasks')),
		define('TASK_CELLS', TASK.cells),
		define('TASK_MM', TASK.mm),
		define('TASK_STATE', TASK.state),
		define('TOO_SMALL', '"the model is too small for this run: export it again with a larger --max-states"'),
		'/* an instruction is run; one that others can see ends the step, unless the step begins with it */',
		'#define RAN instructions++ > 2000 ? too_long () : 0; stepped = 1;',
		'#define STOP_IF(n, seen) if (stepped && !atomic_depth && (seen)) { *pc () = n; return 0; }',
		'/* the shared variables: addresses */',
		...[...model.globalNames].map(([address, name]) => define(name, address)),
	].join('\n');
}

/** Room for what a step needs between two states: deeper calls than any state shows. */
const stackRoom = (model: Model): number => Math.max(256, ...model.functions.map((f) => 2 * (f.registers + 3)));
const objectRoom = (model: Model): number =>
	256 + Math.max(0, ...model.functions.map((f) => f.memoryLocals.reduce((sum, l) => sum + l.cells + 5, 0)));

function writtenCells(model: Model): number[] {
	const cells: number[] = [];
	for (let n = 0; n < model.globalCells; n++) if (model.isWritten(GLOBAL_BASE + n)) cells.push(n);
	return cells;
}

const list = (values: Iterable<number>): string => {
	const lines: string[] = [];
	let line = '';
	for (const v of values) {
		const text = v === -2147483648 ? '-2147483647 - 1' : String(v);
		if (line.length + text.length > 110) {
			lines.push(line);
			line = '';
		}
		line += `${line === '' ? '' : ' '}${text},`;
	}
	return [...lines, line].join('\n\t\t');
};

function tables(model: Model): string {
	const { system, functions } = model;
	const shared = system.initialShared;
	const globals = shared.subarray(0, model.globalCells);
	const written = writtenCells(model);
	const place = new Int32Array(model.globalCells).fill(-1);
	written.forEach((cell, n) => {
		place[cell] = n;
	});
	const pointers = [...globals].filter((v, n) => place[n] === -1 && isHeap(v));
	const cases = [...model.writtenOfObjects].map(
		([layout, cells]) =>
			`		case ${layout}: return ${cells.map((c) => `cell == ${c}`).join(' || ')};	/* ${plain(system.layouts.nameOf(layout))} */`,
	);
	const parts = system.initialLocals.map((local) => partsOf(local, functions));
	const threads = parts.map(({ held, frames }, n) => {
		const head = [...(system.initialLocals[n] as Int32Array).subarray(0, 8)].join(', ');
		return `{ ${head}, { ${list(held) || '0'} }, { ${list(frames) || '0'} } },`;
	});
	// a state of the model has all objects in one place, by slot
	const shaped: number[][] = parts.flatMap((p) => p.objects);
	for (let i = model.globalCells; i < shared.length; i += 5 + (shared[i + 4] as number))
		shaped.push([...shared.subarray(i, i + 5 + (shared[i + 4] as number))]);
	const objects = shaped.sort((a, b) => (a[0] as number) - (b[0] as number)).flat();
	return `c_code {
	/* Cells that no thread writes are constants; place[] says where the others lie in the state. */
	static int place[] = {
		${list(place)}
	};
	static int constant[] = {
		${list(globals)}
	};
	static int constant_pointers[] = { ${list([...pointers, 0])} };
	static int is_written (int layout, int cell)
	{
		switch (layout) {
${cases.join('\n')}
		default: return 0;
		}
	}
	/* locals of this kind end their life while others may look at them */
	static int dies (int layout)
	{
		switch (layout) {
${model.mortal.map((layout) => `		case ${layout}: return 1;	/* ${plain(system.layouts.nameOf(layout))} */`).join('\n')}
		default: return 0;
		}
	}
	/* functions, in order: registers, parameters, part of the simulated kernel */
	static short registers[] = { ${list(functions.map((f) => f.registers))} };
	static short parameters[] = { ${list(functions.map((f) => f.parameters))} };
	static short in_kernel[] = { ${list(functions.map((f) => (f.kernel ? 1 : 0)))} };
	static short in_notifiers[] = { ${list(functions.map((f) => (/:\/mn\//.test(sourceOf(f.node).uri) ? 1 : 0)))} };
	/* threads: their names, the function in which daemons begin anew, the thread on top of which handlers run, options */
	static char *names[] = { ${system.threads.map((t) => `"${t.name}"`).join(', ')} };
	static short entry[] = { ${list([...system.threads.map((t) => (t.kind === 'thread' ? -1 : t.entry.index)), -1])} };
	static short of_the_process[] = { ${list([...system.threads.map((t) => (/^(kernel|interrupt)$/.test(t.kind) ? 0 : 1)), 1, 1])} };
	static short interrupts[] = { ${list(system.threads.map((t) => (t.kind === 'interrupt' ? t.on : -1)))} };
	static short choices[] = { ${list(model.choices)} };
	/* devices and address spaces, by number */
	static int devices[] = { ${list(numbered(model, 'device'))} }, mms[] = { ${list(numbered(model, 'mm_struct'))} };
	/* registers of a function that hold nothing yet when it is called */
	static void unset (int function, int *r)
	{
		switch (function) {
${lines(functions.filter((f) => f.unset.length > 0).map((f) => `case ${f.index}: ${f.unset.map((r) => `r[${r}] = `).join('')}(int)0x8badf00d; break;`))}		}
	}
	/* what holds values of sequence counters */
	static int sequence_globals[] = { ${list([...(model.sequences?.globals ?? []), -1])} };
	static int is_sequence (int layout, int cell)
	{
		switch (layout) {
${lines([...(model.sequences?.layouts ?? [])].map(([layout, cells]) => `case ${layout}: return ${anyOf(cells)};`))}		default: return 0;
		}
	}
	static char *sequence_registers (int function)
	{
		switch (function) {
${lines([...(model.sequences?.registers ?? [])].map(([f, flags]) => `case ${f}: return "${flags}";`))}		default: return 0;
		}
	}
	World initial (void)
	{
		static World w = {
			{ ${list(written.map((cell) => globals[cell] as number)) || '0'} }, ${objects.length}, { ${list(objects) || '0'} },
			{
				${threads.join('\n				')}
			}
		};
		return w;
	}
}`;
}

const lines = (cases: readonly string[]): string => cases.map((c) => `		${c}\n`).join('');
const anyOf = (cells: readonly number[]): string => cells.map((c) => `cell == ${c}`).join(' || ');

function numbered(model: Model, kind: string): number[] {
	const found: number[] = [];
	for (let n = 0; model.system.symbol(`${kind} ${n}`) !== 0; n++) found.push(model.system.symbol(`${kind} ${n}`));
	return [...found, 0];
}

function primitiveFunctions(model: Model): string {
	const names = new Set<string>();
	for (const code of model.functions)
		for (const i of code.code) if (i.op === 'primitive') names.add(model.primitive(i.primitive));
	const texts = [...names]
		.sort()
		.map((name) => `	static int p_${name} (int a, int b, int c, int d)\n	{\n		${cPrimitive(name)?.body}\n	}`);
	return `c_code {
	static int too_long (void)
	{
		if (!atomic_depth || instructions > 100000) fatal ("bounded: a step of more than 2000 instructions");
		return 0;
	}
	/* ---- the primitives of the simulated kernel ---- */
${texts.join('\n')}
}`;
}

/** SPIN takes at most 64 kB in one c_code. */
const BLOCK = 40_000;

function codeBlocks(model: Model): string[] {
	const blocks: string[] = [];
	let block = '';
	for (const code of model.functions) {
		if (code.code.length === 0) continue;
		const text = functionText(model, code);
		if (block.length + text.length > BLOCK && block !== '') {
			blocks.push(block);
			block = '';
		}
		block += `${text}\n`;
	}
	blocks.push(block);
	return [...blocks.map((text) => `c_code {\n${text}}`), `c_code {\n${dispatchText(model)}\n}`];
}

/** The process of a thread. Between two rounds a daemon may stop for ever: a valid end. */
function process(model: Model, thread: ThreadInfo, n: number): string {
	const name = `${thread.name.replace(/\W/g, '_')}_${n}`;
	const ends = thread.kind === 'thread';
	const rests = !ends;
	const status = model.system.initialLocals[n]?.[0] ?? Status.running;
	const option = (test: string, c: number, label: string): string =>
		`	:: d_step { c_expr { ${test} (${n}, ${c}) } -> c_code { commit (); } } -> goto ${label}`;
	const at = (label: string): string => {
		const lines: string[] = [`${label}:`, '	if'];
		for (let c = 0; c < (model.choices[n] as number); c++) {
			lines.push(option('runs', c, `live_${n}`));
			if (ends) lines.push(option('ends', c, `end_${n}`));
			if (rests) lines.push(option('rests', c, `end_rest_${n}`));
			lines.push(option('fails', c, label));
		}
		return [...lines, '	fi;'].join('\n');
	};
	const live = at(`live_${n}`);
	const parts =
		status === Status.ended
			? [`end_${n}:	false`]
			: ends
				? [live, `end_${n}:	false`]
				: status === Status.idle
					? [at(`end_rest_${n}`), live]
					: [live, at(`end_rest_${n}`)];
	return `/* ${thread.kind} ${thread.name} */\nactive proctype ${name} () {\n${parts.join('\n')}\n}`;
}
