import { BEHIND, type FunctionCode, type Instruction, type IntKind, type Operand } from '../machine/ir.js';
import { FUNCTION, GLOBAL_BASE, isFunction } from '../machine/memory.js';
import type { Model } from './model.js';
import { placeText, plainText } from './place.js';
import { cPrimitive } from './promela-primitives.js';

/** The flat code of the functions of a model in C: one C function each, resumed at its pc. */

/** Where a thread can stand in a function: its start, behind a call, and before what others may see. */
export function resumePoints(model: Model, code: FunctionCode): number[] {
	const points = new Set([0]);
	code.code.forEach((i, pc) => {
		if (i.op === 'call' || i.op === 'indirect') points.add(pc + 1);
		if (visibility(model, code, i) !== undefined) points.add(pc);
	});
	return [...points].sort((a, b) => a - b);
}

/** The C condition under which an instruction is a step of its own; undefined where it never is. */
function visibility(model: Model, code: FunctionCode, i: Instruction): string | undefined {
	switch (i.op) {
		case 'load':
		case 'store': {
			if (model.everyAccess) return '1';
			const address = constantOf(code, i.address);
			if (address === undefined) return `seen_${i.op} (${operand(model, code, i.address)})`;
			if (address < GLOBAL_BASE) return i.op === 'store' ? '1' : undefined;
			return i.op === 'store' || model.isWritten(address) ? '1' : undefined;
		}
		case 'primitive':
			return cPrimitive(model.primitive(i.primitive))?.visible === false ? undefined : '1';
		case 'pick':
		case 'atomic-begin':
		case 'wait-until':
			return '1';
		default:
			return undefined;
	}
}

const constantOf = (code: FunctionCode, o: Operand): number | undefined => (o < 0 ? code.constants[-1 - o] : undefined);

function operand(model: Model, code: FunctionCode, o: Operand): string {
	const constant = constantOf(code, o);
	if (constant === undefined) {
		const name = code.registerNames[o];
		return name === undefined ? `r[${o}]` : `r[${o} /* ${name} */]`;
	}
	if (isFunction(constant))
		return `(FUNCTION | ${constant & ~FUNCTION} /* ${model.functions[constant & ~FUNCTION]?.name} */)`;
	return model.globalName(constant) ?? number(constant);
}

const number = (n: number): string => (n === -2147483648 ? '(-2147483647 - 1)' : String(n));
const bounds = (kind: IntKind): string => `${kind.min}LL, ${kind.max}LL`;

/** One C function. */
export function functionText(model: Model, code: FunctionCode): string {
	const points = new Set(resumePoints(model, code));
	const targets = new Set<number>();
	for (const i of code.code) {
		if (i.op === 'jump') targets.add(i.target);
		if (i.op === 'branch') targets.add(i.yes).add(i.no);
	}
	const lines: string[] = [];
	let said = '';
	code.code.forEach((i, pc) => {
		const seen = visibility(model, code, i);
		const comment = placeText(i.node);
		if (comment !== said) lines.push(`		/* ${comment} */`);
		said = comment;
		if (targets.has(pc)) lines.push(`	L${pc}:`);
		if (points.has(pc)) lines.push(`	case ${pc}:`);
		const stop = seen === undefined ? '' : ` STOP_IF (${pc}, ${seen})`;
		lines.push(`		${stop === '' ? '' : `${stop.trim()} `}RAN ${instructionText(model, code, i, pc)}`);
	});
	return [
		`	/* ${code.name}, ${placeText(code.node)} */`,
		`	static int f${code.index} (void)`,
		'	{',
		'		int *r = regs ();',
		'		switch (*pc ()) {',
		// parked by the search in a loop that nobody else sees
		'		default: fatal ("bounded: a step of more than 2000 instructions");',
		...lines,
		'		}',
		'		return 0;',
		'	}',
		placesText(model, code),
	].join('\n');
}

function instructionText(model: Model, code: FunctionCode, i: Instruction, pc: number): string {
	const copied = (o: Operand): string => operand(model, code, o);
	const v = (o: Operand): string => (o < 0 ? copied(o) : `used (${copied(o)})`);
	const set = (to: number, value: string): string => (to < 0 ? `(void)(${value});` : `${copied(to)} = ${value};`);
	const wide = (o: Operand, unsigned: boolean): string => `(wide)${unsigned ? '(unsigned)' : ''}${v(o)}`;
	const fitted = (value: string, kind: IntKind | undefined): string =>
		kind === undefined ? `any_width (${value})` : `fitted (${value}, ${bounds(kind)})`;
	switch (i.op) {
		case 'move':
			return set(i.to, copied(i.from));
		case 'binary': {
			const x = wide(i.left, i.unsigned);
			const y = wide(i.right, i.unsigned);
			switch (i.operator) {
				case '+':
				case '-':
				case '*':
					return set(i.to, fitted(`${x} ${i.operator} ${y}`, i.kind));
				case '/':
					return set(i.to, fitted(`${x} / nonzero (${y})`, i.kind));
				case '%':
					return set(i.to, `(int)(${x} % nonzero (${y}))`);
				case '<<':
					return set(i.to, fitted(`${x} * (1LL << shift (${v(i.right)}))`, i.kind));
				case '>>':
					return set(i.to, `(int)(${i.unsigned ? '(unsigned)' : ''}${v(i.left)} >> shift (${v(i.right)}))`);
				default:
					return set(
						i.to,
						/[<>]/.test(i.operator) ? `${x} ${i.operator} ${y}` : `${v(i.left)} ${i.operator} ${v(i.right)}`,
					);
			}
		}
		case 'unary':
			if (i.operator === '!') return set(i.to, `!${v(i.operand)}`);
			if (i.operator === '~') return set(i.to, `~${v(i.operand)}`);
			if (i.unsigned) return set(i.to, `(int)(0u - (unsigned)${v(i.operand)})`);
			return set(i.to, fitted(`-${wide(i.operand, false)}`, i.kind));
		case 'convert':
			if (i.kind.min === 0 && i.kind.max === 1) return set(i.to, `truth (${copied(i.from)})`);
			return set(
				i.to,
				`convert ((wide)${i.fromUnsigned ? '(unsigned)' : ''}${copied(i.from)}, ${bounds(i.kind)}, ${i.implicit ? 1 : 0})`,
			);
		case 'load':
			return set(i.to, `peek (${v(i.address)})`);
		case 'store':
			return `store (${v(i.address)}, ${copied(i.value)});`;
		case 'local':
		case 'fresh': {
			const { name, layout, cells } = code.memoryLocals[i.slot] as FunctionCode['memoryLocals'][number];
			const what = `${i.slot} /* ${name} */, ${layout}, ${cells}`;
			return i.op === 'local' ? set(i.to, `local (${what})`) : `fresh (${what}, ${i.zero ? 1 : 0});`;
		}
		case 'field':
			return set(i.to, `${v(i.base)} + ${i.offset}`);
		case 'index':
			if (i.length >= 0) return set(i.to, `${v(i.base)} + checked (${v(i.index)}, ${i.length}) * ${i.stride}`);
			if (i.length === BEHIND) return set(i.to, `${v(i.base)} + ${v(i.index)} * ${i.stride}`);
			return set(i.to, `element (${v(i.base)}, ${v(i.index)}, ${i.stride})`);
		case 'jump':
			return `goto L${i.target};`;
		case 'branch':
			return `if (${v(i.condition)}) goto L${i.yes}; goto L${i.no};`;
		case 'call':
		case 'indirect': {
			const target =
				i.op === 'call' ? `${i.callee} /* ${model.functions[i.callee]?.name} */` : `callee (${v(i.callee)})`;
			const args = i.args.length === 0 ? '0' : i.args.map(copied).join(', ');
			const clear = i.to < 0 ? '' : ` ${copied(i.to)} = 0;`;
			return `{ int to = ${target}, args[] = { ${args} };${clear} return call (to, ${pc + 1}, ${i.args.length}, args); }`;
		}
		case 'primitive': {
			const name = model.primitive(i.primitive);
			const args = [...i.args.map(v), '0', '0', '0', '0'].slice(0, 4).join(', ');
			const known = cPrimitive(name);
			const sleeps = known?.sleeps ? ` may_sleep (${known.inAnyState ? 1 : 0});` : '';
			return `{ int held = me->nheld, v; cursor_before = cursor;${sleeps} v = p_${name} (${args}); claimed (held); ${set(i.to, 'v')} }`;
		}
		case 'return':
			return `return leave (${i.value === undefined ? 'UNSET' : copied(i.value)});`;
		case 'pick':
			return `if (${v(i.high)} < ${v(i.low)}) fatal ("assertion: any() has nothing to pick from"); ${set(i.to, `pick (${v(i.low)}, ${v(i.high)})`)}`;
		case 'atomic-begin':
			return 'atomic_depth++;';
		case 'atomic-end':
			return 'atomic_depth--;';
		case 'wait-until':
			return `cursor_before = cursor; if (!${v(i.condition)}) block ();`;
		case 'check':
			return `if (!${v(i.condition)}) ${i.fatal ? 'fatal' : 'warn'} ("assertion: ${plainText(i.what)}");`;
		case 'mark':
			return ';';
	}
}

/** What is known of the places in a function where a thread can stand: their names, and which registers are alive. */
function placesText(model: Model, code: FunctionCode): string {
	const where: string[] = [];
	const live: string[] = [];
	const results: string[] = [];
	for (const pc of resumePoints(model, code)) {
		const i = code.code[pc] ?? code.code[code.code.length - 1];
		if (i !== undefined) where.push(`		case ${pc}: return "${placeText(i.node)}";`);
		const alive = code.live[pc];
		if (alive?.includes(0)) live.push(`		case ${pc}: return "${[...alive].join('')}";`);
		const call = code.code[pc - 1];
		if (call?.op === 'call' || call?.op === 'indirect') results.push(`		case ${pc}: return ${call.to};`);
	}
	const table = (head: string, cases: readonly string[], otherwise: string): string =>
		`	static ${head}${code.index} (int pc)\n	{\n		switch (pc) {\n${cases.map((c) => `${c}\n`).join('')}		default: return ${otherwise};\n		}\n	}`;
	return [table('char *where', where, '""'), table('char *live', live, '0'), table('int result', results, '-1')].join(
		'\n',
	);
}

/** The switches over all functions. */
export function dispatchText(model: Model): string {
	const functions = model.functions.filter((f) => f.code.length > 0);
	const dispatch = (head: string, call: (n: number) => string): string =>
		`	static ${head}\n	{\n		switch (function) {\n${functions.map((f) => `		case ${f.index}: return ${call(f.index)};`).join('\n')}\n		}\n		return 0;\n	}`;
	return [
		dispatch('char *where (int function, int pc)', (n) => `where${n} (pc)`),
		dispatch('char *live (int function, int pc)', (n) => `live${n} (pc)`),
		dispatch('int result_register (int function, int pc)', (n) => `result${n} (pc)`),
		dispatch('int execute (int function)', (n) => `f${n} ()`),
	].join('\n');
}
