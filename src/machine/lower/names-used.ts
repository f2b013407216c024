import type { Program } from '../../language/program.js';

const used = new WeakMap<Program, ReadonlySet<string>>();

/** The names that the sketch, and the libraries it includes by name, refer to. */
export function namesUsed(program: Program): ReadonlySet<string> {
	const known = used.get(program);
	if (known !== undefined) return known;
	const names = new Set<string>();
	for (const { root, kernel, uri } of program.files) {
		if (kernel && uri.includes(':/kernel/')) continue;
		for (const match of (root.$cstNode?.text ?? '').matchAll(/\b[a-z_][a-z0-9_]*\b/g)) names.add(match[0]);
	}
	used.set(program, names);
	return names;
}
