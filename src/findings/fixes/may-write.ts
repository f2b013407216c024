import { isCall, isNameRef } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { callsOf, nameOf } from '../text/sketch.js';
import { Edits } from './edits.js';
import type { Fix, Fixer } from './fix.js';

/** The device may write where the CPU may, and nowhere else: what pte_write() says. */
export const mayWrite: Fixer = ({ program }) =>
	callsOf(program.root, /^dev_map_page$/).flatMap((call): Fix[] => {
		const [, page, flags] = call.arguments;
		if (!page || !flags || !isCall(page) || nameOf(page) !== 'pte_page' || sourceText(flags) !== 'DEV_WRITE') return [];
		const [pte] = page.arguments;
		if (!pte || !(isNameRef(pte) || isCall(pte))) return [];
		const edits = new Edits().replace(flags, `pte_write(${sourceText(pte)}) ? DEV_WRITE : 0`).list;
		return [{ title: 'Map for writing only where pte_write() says so', edits }];
	});
