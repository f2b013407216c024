/** What to say of a name that nothing declares. */

import type { Unresolved } from './link.js';
import type { FileScope } from './names.js';
import type { Report } from './report.js';
import { didYouMean } from './suggest.js';

/** Reports names that nothing declares; `whoDeclares` knows the library that would. */
export function reportUnknownNames(
	unresolved: readonly Unresolved[],
	scope: FileScope,
	report: Report,
	whoDeclares: (name: string) => string | undefined,
): void {
	for (const { node, locals } of unresolved) {
		const name = node.target.$refText;
		const library = whoDeclares(name);
		if (library) {
			report.error('name', node, `'${name}' is declared in <${library}>: add #include <${library}>`);
			continue;
		}
		const candidates = [...locals, ...[...scope.allNames()].map((n) => n.name ?? '')];
		report.error('name', node, `'${name}' is not declared${didYouMean(name, candidates) || ': declare it'}`);
	}
}
