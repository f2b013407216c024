import {
	type Call,
	type FunctionDecl,
	isAssignment,
	isBlock,
	isIfStatement,
	isVariable,
	isVariableDecl,
	type Statement,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceText } from '../../language/text.js';
import { heldAt, releaseOf } from '../text/locks.js';
import { callsOf, following, nameOf, offsetOf, statementOf } from '../text/sketch.js';
import { Edits, rawText } from './edits.js';
import type { Fix, Fixer } from './fix.js';
import { wayOut } from './give-up.js';

const ALLOCATES = /^(k[vmz]?[a-z]*alloc\w*|alloc_page)$/;

/** The result of an allocation that is used as if none could fail. */
export const checkAllocation: Fixer = ({ functions, blamed }) =>
	functions.flatMap((f) =>
		callsOf(f, ALLOCATES).flatMap((call): Fix[] => {
			const name = resultOf(call);
			const edits = name !== undefined && blamed.message.includes(name) ? wayOutOnFailure(f, call) : undefined;
			return edits ? [{ title: `Give up where ${nameOf(call)}() fails`, edits: edits.list }] : [];
		}),
	);

/** The variable or field that an allocation is kept in. */
function resultOf(call: Call): string | undefined {
	const owner = call.$container;
	if (isVariable(owner)) return owner.name;
	return isAssignment(owner) && owner.value === call ? sourceText(owner.target) : undefined;
}

/** `if (!p) return -ENOMEM;`, with the locks given back; undefined where there is a test, or no way to say it. */
export function wayOutOnFailure(f: FunctionDecl, call: Call): Edits | undefined {
	const statement = statementOf(call);
	const name = resultOf(call);
	const out = wayOut(f, '-ENOMEM');
	if (!statement || !name || !out) return undefined;
	const at = behindDeclarations(statement);
	const next = at === statement ? following(statement)[0] : at;
	if (next && isIfStatement(next) && sourceText(next.condition).includes(name)) return undefined;
	const held = [...heldAt(statement)].reverse().map(releaseOf);
	const lines =
		held.length === 0
			? [`if (!${name})`, `\t${out}`]
			: [`if (!${name}) {`, ...held.map((line) => `\t${line}`), `\t${out}`, '}'];
	return at === statement ? new Edits().after(statement, ...lines) : new Edits().before(at, ...lines);
}

/** The statement itself, or what a declaration's block does first. */
function behindDeclarations(statement: Statement): Statement {
	if (!isVariableDecl(statement)) return statement;
	return following(statement).find((s) => !isVariableDecl(s)) ?? statement;
}

/** Others wait for a fence as soon as they see it: what its signalling needs is allocated before (S70). */
export const beforePublishing: Fixer = ({ functions, program, blamed }) => {
	if (!/before the fence is published/.test(blamed.message)) return [];
	return functions.flatMap((f) =>
		callsOf(f, ALLOCATES).flatMap((call): Fix[] => {
			const statement = statementOf(call);
			if (!statement || isVariableDecl(statement) || !isBlock(statement.$container)) return [];
			const first = statement.$container.statements.find(
				(s) => offsetOf(s) < offsetOf(statement) && callsOf(s, /./).some((c) => publishes(program, c)),
			);
			if (first === undefined) return [];
			const edits = new Edits().remove(statement).before(first, rawText(statement));
			return [{ title: 'Allocate before the fence is published', edits: edits.list }];
		}),
	);
};

function publishes(program: Program, call: Call): boolean {
	const callee = program.functions.get(nameOf(call));
	return nameOf(call) === 'dma_fence_init' || (callee !== undefined && callsOf(callee, /^dma_fence_init$/).length > 0);
}
