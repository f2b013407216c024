/** The checks that need all files of a program: functions without a body, recursion, names that clash. */

import type { Call, FunctionDecl, StructDef } from '../generated/ast.js';
import type { LinkedFile } from '../load.js';
import { isPublic, isStatic } from '../names.js';
import type { Problem } from '../problem.js';
import type { Program } from '../program.js';
import { Report } from '../report.js';
import { stubFor } from '../stub.js';
import { fileName, sourceOf, spanOf } from '../text.js';

/** Checks what only the whole program shows. */
export function checkProgram(program: Program, files: readonly LinkedFile[]): Problem[] {
	const report = new Report();
	const users = files.filter((file) => !file.parsed.kernel);
	checkClashes(files, report);
	checkBodies(program, users, report);
	checkRecursion(program, users, report);
	return report.problems;
}

/** Two bodies of one function: two generations of the API, or a function that the kernel has already. */
function checkClashes(files: readonly LinkedFile[], report: Report): void {
	const bodies = new Map<string, FunctionDecl>();
	const structs = new Map<string, StructDef>();
	for (const file of files) {
		for (const item of file.parsed.root.items) {
			if (item.$type === 'StructDef' && item.name) {
				const before = structs.get(item.name);
				if (!before) structs.set(item.name, item);
				else if (!file.parsed.kernel && sourceOf(before).uri !== file.parsed.uri) structClash(before, item, report);
			}
			if (item.$type !== 'FunctionDecl' || !item.body) continue;
			if (file.parsed.kernel && (isStatic(item) || !isPublic(item) || PLAIN_WORDS.has(item.name))) continue;
			const before = bodies.get(item.name);
			if (!before) bodies.set(item.name, item);
			else if (before !== item && fileOfDecl(before) !== fileOfDecl(item)) clash(before, item, files, report);
		}
	}
}

/** Of <linux/semaphore.h>, which few include: a sketch that has such a function itself means its own. */
const PLAIN_WORDS = new Set(['up', 'down']);

function structClash(before: StructDef, node: StructDef, report: Report): void {
	const { uri, kernel } = sourceOf(before);
	const owner = kernel ? 'the simulated kernel has' : 'an included file has';
	const where = `line ${spanOf(before).line} of ${fileName(uri)}`;
	report.error(
		'duplicate',
		node,
		`${owner} a 'struct ${node.name}' already (${where}): rename yours, or remove it`,
		'name',
	);
}

function fileOfDecl(node: FunctionDecl): string {
	return sourceOf(node).uri;
}

function clash(before: FunctionDecl, node: FunctionDecl, files: readonly LinkedFile[], report: Report): void {
	const where = `line ${spanOf(before).line} of ${fileName(fileOfDecl(before))}`;
	if (!sourceOf(node).kernel) {
		const owner = sourceOf(before).kernel ? 'the simulated kernel has' : 'an included file has';
		report.error(
			'duplicate',
			node,
			`${owner} a function '${node.name}' already (${where}): remove yours, or rename it`,
			'name',
		);
		return;
	}
	// Two libraries: the sketch's includes are to blame, and there is one message for each pair.
	const first = fileName(fileOfDecl(before));
	const second = fileName(fileOfDecl(node));
	const include = files
		.filter((file) => !file.parsed.kernel)
		.flatMap((file) => file.parsed.root.items.filter((item) => item.$type === 'Include'))
		.at(-1);
	report.error(
		'duplicate',
		include ?? node,
		`${first} and ${second} both define '${node.name}': a sketch uses one generation of the API, remove one include`,
	);
}

/** Calls of functions that the user has declared and nobody has written. */
function checkBodies(program: Program, users: readonly LinkedFile[], report: Report): void {
	const told = new Set<string>();
	for (const file of users) {
		for (const call of file.calls) {
			const target = calledFunction(call);
			if (!target || target.body || sourceOf(target).kernel || told.has(target.name)) continue;
			const definition = program.definitionOf(target);
			if (definition.body || sourceOf(definition).kernel) continue;
			told.add(target.name);
			report.error(
				'name',
				call.callee,
				`'${target.name}' has no body here: write a stub, e.g. \`${stubFor(target, program.semantics).line}\``,
			);
		}
	}
}

/** The function that a call names; none for calls through fields. */
export function calledFunction(call: Call): FunctionDecl | undefined {
	const target = call.callee.$type === 'NameRef' ? call.callee.target.ref : undefined;
	return target?.$type === 'FunctionDecl' ? target : undefined;
}

/** Functions of the user that call themselves, directly or through each other. */
function checkRecursion(program: Program, users: readonly LinkedFile[], report: Report): void {
	const edges = new Map<FunctionDecl, { to: FunctionDecl; call: Call }[]>();
	for (const file of users) {
		for (const call of file.calls) {
			const target = calledFunction(call);
			const to = target && program.definitionOf(target);
			const from = to && enclosingFunction(call);
			if (!from || sourceOf(to).kernel) continue;
			const list = edges.get(from);
			if (list) list.push({ to, call });
			else edges.set(from, [{ to, call }]);
		}
	}
	const state = new Map<FunctionDecl, 'open' | 'done'>();
	const path: FunctionDecl[] = [];
	const visit = (node: FunctionDecl) => {
		state.set(node, 'open');
		path.push(node);
		for (const { to, call } of edges.get(node) ?? []) {
			if (state.get(to) === 'open') {
				const cycle = [...path.slice(path.indexOf(to)), to].map((f) => f.name).join(' → ');
				report.error('unsupported', call, `recursion is only modelled through the kernel (${cycle}): use a loop`);
			} else if (!state.has(to)) visit(to);
		}
		path.pop();
		state.set(node, 'done');
	};
	for (const node of edges.keys()) if (!state.has(node)) visit(node);
}

function enclosingFunction(call: Call): FunctionDecl | undefined {
	let at: { $type: string; $container?: unknown } | undefined = call;
	while (at && at.$type !== 'FunctionDecl') at = at.$container as typeof at;
	return at as FunctionDecl | undefined;
}
