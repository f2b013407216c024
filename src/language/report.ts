/** Collects problems while a file is linked and checked. */

import type { AstNode } from 'langium';
import type { Missing } from './missing-includes.js';
import type { Problem, ProblemCode, Severity, Span } from './problem.js';
import { spanOf, spanOfProperty } from './text.js';
import type { UndefinedUse } from './unknown-structs.js';

export class Report {
	readonly problems: Problem[] = [];
	/** Uses of names that a library declares which is not included, for reportMissing(). */
	readonly missed: Missing[] = [];
	/** Uses of structs that nobody defines, for reportUndefinedStructs(). */
	readonly undefinedStructs: UndefinedUse[] = [];
	readonly #seen = new Set<string>();

	/** An error at a node, or at the text of one of its properties. */
	error(code: ProblemCode, at: AstNode | Span, message: string, property?: string, index?: number): void {
		this.add(code, 'error', at, message, property, index);
	}

	/** A warning: the sketch is still checked. */
	warning(code: ProblemCode, at: AstNode | Span, message: string, property?: string, index?: number): void {
		this.add(code, 'warning', at, message, property, index);
	}

	/** A name, or the tag of a struct, that a library declares which is not included. */
	missing(at: AstNode, property: string | undefined, missing: Omit<Missing, 'span'>): void {
		this.missed.push({ ...missing, span: property ? spanOfProperty(at, property) : spanOf(at) });
	}

	/** A struct that nobody defines, where one is needed. */
	undefinedStruct(at: AstNode, property: string, name: string): void {
		this.undefinedStructs.push({ name, span: spanOfProperty(at, property) });
	}

	private add(
		code: ProblemCode,
		severity: Severity,
		at: AstNode | Span,
		message: string,
		property?: string,
		index?: number,
	): void {
		const span = !('$type' in at) ? at : property ? spanOfProperty(at, property, index) : spanOf(at);
		// The same words at the same place would be one mistake told twice.
		const key = `${span.line}:${span.column}:${message}`;
		if (this.#seen.has(key)) return;
		this.#seen.add(key);
		this.problems.push({ code, severity, message, span });
	}
}
