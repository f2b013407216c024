import {
	type FunctionDecl,
	type InitializerEntry,
	isExpressionStatement,
	isFunctionDecl,
	isInitializerEntry,
	isInitializerList,
	isNameRef,
	isReturnStatement,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf, sourceText } from '../../language/text.js';
import { allOf, callsOf, parameterOf } from '../text/sketch.js';
import { aboveComment, Edits, eolOf, rangeOf } from './edits.js';
import type { Fix, Fixer } from './fix.js';
import { withoutEntry } from './table.js';

/**
 * A TLB that walks the CPU's page table is flushed under the lock of that table, and not at the ends of a range
 * (6bbd42e2df8f, 1af5a8109904): callbacks that do nothing but flush become the one that is called there.
 */
export const flushUnderTheLock: Fixer = ({ program, blamed }) => {
	if (!/mmu_notifier_arch_invalidate_secondary_tlbs/.test(blamed.message)) return [];
	return allOf(program.root)
		.filter(isInitializerList)
		.flatMap(({ entries }): Fix[] => {
			const named = entries.filter(isInitializerEntry);
			const ends = named.filter((e) => /^invalidate_range_(start|end)$/.test(operation(e)));
			const functions = ends.flatMap((e) => flushing(program, e) ?? []);
			const [entry, ...rest] = ends;
			const [f] = functions;
			if (!entry || !f || functions.length !== ends.length) return [];
			if (named.some((e) => operation(e) === 'arch_invalidate_secondary_tlbs')) return [];
			return moved(program, entry, rest, functions);
		});
};

const operation = (entry: InitializerEntry): string => entry.designators[0]?.field?.$refText ?? '';

/** The function of an entry, where it flushes its range and does nothing else. */
function flushing(program: Program, { value }: InitializerEntry): FunctionDecl | undefined {
	const target = isNameRef(value) ? value.target.ref : undefined;
	const f = target && isFunctionDecl(target) ? program.definitionOf(target) : undefined;
	const range = f && parameterOf(f, /struct mmu_notifier_range\b/);
	const only = f?.body?.statements.every(
		(s) =>
			(isReturnStatement(s) && (s.value === undefined || sourceText(s.value) === '0')) ||
			(isExpressionStatement(s) && sourceText(s) === `dev_flush(${range}->start, ${range}->end);`),
	);
	return f && only && callsOf(f, /^dev_flush$/).length > 0 && !sourceOf(f).kernel ? f : undefined;
}

function moved(program: Program, entry: InitializerEntry, rest: InitializerEntry[], all: FunctionDecl[]): Fix[] {
	const [f, ...others] = all;
	if (f === undefined) return [];
	const name = `${f.name.replace(/_?invalidate_range_(start|end)$/, '') || 'gpu'}_arch_invalidate_secondary_tlbs`;
	if (program.functions.has(name)) return [];
	const { text } = sourceOf(f);
	const edits = new Edits()
		.replace(
			f,
			[
				`static void ${name}(struct mmu_notifier *mn, struct mm_struct *mm,`,
				`${'\t'.repeat(Math.floor(`static void ${name}(`.length / 8))}${' '.repeat(`static void ${name}(`.length % 8)}unsigned long start, unsigned long end)`,
				'{',
				'\tdev_flush(start, end);',
				'}',
			].join(eolOf(text)),
		)
		.replace(entry, `.arch_invalidate_secondary_tlbs = ${name}`);
	for (const other of others) {
		const [start, end] = rangeOf(other);
		const { uri, text: own } = sourceOf(other);
		const blank = /^(\r?\n){1,2}/.exec(own.slice(end))?.[0].length ?? 0;
		edits.replaceRange(uri, aboveComment(own, start), end + blank, '');
	}
	for (const other of rest) withoutEntry(edits, other);
	return [{ title: `Flush in arch_invalidate_secondary_tlbs(), under the lock of the page table`, edits: edits.list }];
}
