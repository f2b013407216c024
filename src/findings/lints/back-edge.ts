import { AstUtils } from 'langium';
import { isFunctionDecl, isGotoStatement } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { spanOf } from '../../language/text.js';
import type { Problem } from '../result.js';
import { heldAt, lockText } from '../text/locks.js';
import { offsetOf } from '../text/sketch.js';
import { foretell } from './callbacks.js';

/** `goto again` that goes back to before a lock was taken, with the lock (S01). */
export function backEdge(program: Program): Problem[] {
	return program.root.items.filter(isFunctionDecl).flatMap((f) =>
		[...AstUtils.streamAllContents(f)].flatMap((node) => {
			const label = isGotoStatement(node) ? node.label?.ref : undefined;
			if (label === undefined || offsetOf(label) >= offsetOf(node)) return [];
			const [lock] = heldAt(node, offsetOf(label));
			return lock === undefined
				? []
				: [foretell('deadlock', spanOf(node), `goes back to take ${lockText(lock)} again and still holds it`)];
		}),
	);
}
