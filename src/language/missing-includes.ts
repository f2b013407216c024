/** Names that a library declares which the file does not include: one error for each library, however many they are. */

import type { FileScope } from './names.js';
import type { Span } from './problem.js';
import type { Report } from './report.js';

/** A use of such a name. */
export interface Missing {
	/** The name, or the tag of a struct. */
	readonly name: string;
	readonly isTag: boolean;
	/** The field of that struct which is used: the generations of the API differ in them. */
	readonly field?: string;
	readonly span: Span;
}

/** Reports what `report` has collected. Of libraries that would do, the one that declares most of it is named. */
export function reportMissing(report: Report, scope: FileScope): void {
	let left = [...report.missed].sort((a, b) => a.span.line - b.span.line || a.span.column - b.span.column);
	while (left.length > 0) {
		const library = bestOf(left, scope);
		const [first] = left;
		if (library === undefined || first === undefined) return;
		const here = left.filter(({ name }) => scope.libraries.shows(library, name));
		left = left.filter((use) => !here.includes(use));
		const names = [...new Set(here.map(({ name, isTag }) => `'${isTag ? 'struct ' : ''}${name}'`))];
		const told = names.length <= 3 ? names : [...names.slice(0, 2), `${names.length - 2} other names`];
		const last = told.at(-1) ?? '';
		const list = told.length > 1 ? `${told.slice(0, -1).join(', ')} and ${last}` : last;
		const verb = names.length > 1 ? 'are' : 'is';
		report.error(
			'include',
			here[0]?.span ?? first.span,
			`${list} ${verb} declared in <${library}>: add #include <${library}>`,
		);
	}
}

function bestOf(uses: readonly Missing[], { libraries }: FileScope): string | undefined {
	const declaring = new Set(uses.flatMap(({ name }) => libraries.declaring(name)));
	let best: string | undefined;
	let most = 0;
	for (const library of libraries.names.filter((name) => declaring.has(name))) {
		const names = new Set(uses.filter(({ name }) => libraries.shows(library, name)).map(({ name }) => name));
		const fields = uses.filter(({ name, field }) => field !== undefined && libraries.field(library, name, field));
		// a name more is worth more than all the fields there are
		const worth = names.size * (uses.length + 1) + fields.length;
		if (worth > most) {
			most = worth;
			best = library;
		}
	}
	return best;
}
