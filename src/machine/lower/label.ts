import { type Block, isBlock, isCaseLabel, isDefaultLabel, type Statement } from '../../language/generated/ast.js';

/** A jump target that may not be known yet. */
export class Label {
	target = -1;
	readonly uses: ((target: number) => void)[] = [];
}

/** The case labels of a switch, also those in nested blocks. */
export function casesOf(block: Block): Statement[] {
	return block.statements.flatMap((s) => (isCaseLabel(s) || isDefaultLabel(s) ? [s] : isBlock(s) ? casesOf(s) : []));
}
