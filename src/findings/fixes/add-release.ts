import {
	type FunctionDecl,
	isInitializerList,
	isVariableDecl,
	type VariableDecl,
} from '../../language/generated/ast.js';
import { sourceOf, sourceText } from '../../language/text.js';
import { callbacksOf } from '../lints/callbacks.js';
import { locksOf, releaseOf, takeOf } from '../text/locks.js';
import { allOf, parameterOf } from '../text/sketch.js';
import { Edits, eolOf, rangeOf } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** Operations that nothing tells of the end of the process: a `->release` that drops every mapping, under the lock of the start. */
export const addRelease: Fixer = ({ program, blamed }) => {
	if (!/has no ->release/.test(blamed.message)) return [];
	return allOf(program.root)
		.filter(isVariableDecl)
		.flatMap((decl): Fix[] => {
			const variable = decl.variables.find(({ name }) => name === opsOf(blamed.message));
			const list = variable?.init;
			const first = list && isInitializerList(list) ? list.entries[0] : undefined;
			const start = callbacksOf(program).find(
				({ operation, function: f }) => operation === 'invalidate_range_start' && !sourceOf(f).kernel,
			)?.function;
			if (!variable || !first || !start) return [];
			const { uri, text } = sourceOf(decl);
			const eol = eolOf(text);
			const name = `${variable.name.replace(/_?ops$/, '') || 'mirror'}_release`;
			if (program.functions.has(name)) return [];
			const at = rangeOf(first)[0];
			const between = /\n([ \t]*)$/.exec(text.slice(0, at));
			const edits = new Edits()
				.insert(uri, rangeOf(decl)[0], `${releaseLines(name, start).join(eol)}${eol}${eol}`)
				.insert(uri, at, `.release = ${name},${between ? `${eol}${between[1]}` : ' '}`);
			return [{ title: `Give ${variable.name} a ->release that drops every mapping`, edits: edits.list }];
		});
};

const opsOf = (message: string): string => /, and (\w+) has no ->release/.exec(message)?.[1] ?? '';

function releaseLines(name: string, start: FunctionDecl): string[] {
	const notifier = parameterOf(start, /struct mmu_notifier\b/) ?? 'mn';
	const own = (start.body?.statements ?? []).filter(
		(s): s is VariableDecl => isVariableDecl(s) && new RegExp(`container_of\\(${notifier},`).test(sourceText(s)),
	);
	const [lock] = locksOf(start);
	const lines = ['dev_unmap(0, NR_PAGES);'];
	if (lock) {
		lines.unshift(takeOf(lock.call));
		lines.push(releaseOf(lock.call));
	}
	const used = own.filter((s) =>
		lines.some((line) => s.variables.some((v) => new RegExp(`\\b${v.name}\\b`).test(line))),
	);
	return [
		`static void ${name}(struct mmu_notifier *${notifier}, struct mm_struct *mm)`,
		'{',
		...used.map((s) => `\t${sourceText(s).replace(/;?$/, ';')}`),
		...(used.length > 0 ? [''] : []),
		...lines.map((line) => `\t${line}`),
		'}',
	];
}
