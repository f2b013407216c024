import type { Program } from '../../language/program.js';
import { sourceText } from '../../language/text.js';
import { callsOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

const INSERTS = /^mmu_interval_notifier_insert(_locked)?$/;

/** A page that the device maps beyond the end of what the notifier was inserted for (Documentation/mm/hmm.rst). */
export const coverAll: Fixer = ({ program, blamed }) => {
	const page = /no notifier that is registered covers page (\d+)/.exec(blamed.message)?.[1];
	if (page === undefined) return [];
	const short = insertsOf(program).filter(
		({ start, length }) => start <= Number(page) && start + length <= Number(page),
	);
	if (short.length === 0) return [];
	const edits = new Edits();
	for (const { call, start } of short) {
		const length = call.arguments[3];
		if (length) edits.replace(length, String(Number(page) + 1 - start));
	}
	const whole: Fix = { title: `Insert the notifier for page ${page}, too`, edits: edits.list };
	return [whole];
};

/** Insertions for a number of pages that the text says. */
function insertsOf(program: Program) {
	return callsOf(program.root, INSERTS).flatMap((call) => {
		const [start, length] = call.arguments.slice(2, 4).map((a) => sourceText(a));
		if (start === undefined || length === undefined || !/^\d+$/.test(start) || !/^\d+$/.test(length)) return [];
		return { call, start: Number(start), length: Number(length) };
	});
}
