import { type AstNode, AstUtils } from 'langium';
import { type Call, isCall, isFile, isFunctionDecl, isInclude, isNameRef } from '../../language/generated/ast.js';
import { stubFor, stubForCall } from '../../language/stub.js';
import { sourceOf } from '../../language/text.js';
import { definitionOf } from '../../language/unknown-structs.js';
import { nodeAt } from '../text/sketch.js';
import { aboveComment, Edits, eolOf, rangeOf, rawText } from './edits.js';
import type { Fix, FixContext, Fixer } from './fix.js';

/** A name that nothing declares: the library that does, the name that was meant, or a stub. */
export const unknownName: Fixer = (context) => {
	const node = nodeAt(context.program, context.blamed.span);
	if (node === undefined || sourceOf(node).kernel) return [];
	return [...include(context), ...removeInclude(context), ...meant(context, node), ...stub(context, node)];
};

function include({ program, blamed }: FixContext): Fix[] {
	const library = /add #include <([\w/-]+)>/.exec(blamed.message)?.[1];
	if (library === undefined) return [];
	const { uri, text } = sourceOf(program.root);
	const last = program.root.items.filter(isInclude).at(-1);
	const eol = eolOf(text);
	const at = last ? rangeOf(last)[1] : (program.root.items[0]?.$cstNode?.offset ?? 0);
	const line = `#include <${library}>`;
	const edits = new Edits().insert(uri, at, last ? `${eol}${line}` : `${line}${eol}${eol}`);
	return [{ title: `Add ${line}`, edits: edits.list }];
}

/** A header of the driver's own. */
function removeInclude({ program, blamed }: FixContext): Fix[] {
	if (!/ is no sketch: /.test(blamed.message)) return [];
	const { uri, text } = sourceOf(program.root);
	return program.root.items.filter(isInclude).flatMap((line) => {
		const [start, end] = rangeOf(line);
		if (blamed.span.uri !== uri || text.slice(0, start).split('\n').length !== blamed.span.line) return [];
		const next = /^\r?\n/.exec(text.slice(end))?.[0].length ?? 0;
		return { title: `Remove ${line.path.trim()}`, edits: new Edits().replaceRange(uri, start, end + next, '').list };
	});
}

function meant({ blamed }: FixContext, node: AstNode): Fix[] {
	const guess = /did you mean '(?:struct )?([\w ]+)'\?/.exec(blamed.message)?.[1];
	if (guess === undefined || !isNameRef(node)) return [];
	return [{ title: `Change to ${guess}`, edits: new Edits().replace(node, guess).list }];
}

/** Above the function that calls it. */
function stub({ program, blamed }: FixContext, node: AstNode): Fix[] {
	if (!/\bstub\b/.test(blamed.message)) return [];
	const call = AstUtils.getContainerOfType(node, (n): n is Call => isCall(n));
	if (call === undefined || !isNameRef(call.callee)) return [];
	const name = call.callee.target.$refText;
	const declared = call.callee.target.ref;
	const stub =
		declared && isFunctionDecl(declared)
			? stubFor(declared, program.semantics)
			: stubForCall(call, name, program.semantics);
	if ('needs' in stub) return [];
	let owner: AstNode = call;
	while (owner.$container?.$container !== undefined) owner = owner.$container;
	const { uri, text: source } = sourceOf(call);
	const eol = eolOf(source);
	const edits = new Edits().insert(
		uri,
		aboveComment(source, rangeOf(owner)[0]),
		`${stub.text.replaceAll('\n', eol)}${eol}${eol}`,
	);
	return [{ title: `Add a stub for ${name}()`, edits: edits.list }];
}

/** The struct that nobody defines, in a message that says so. */
export const undefinedStruct = (message: string): string | undefined =>
	/^'struct (\w+)' is not defined\b/.exec(message)?.[1];

/** Above the first that speaks of it, with the fields that the sketch uses. */
export const defineStruct: Fixer = ({ program, blamed }) => {
	const tag = undefinedStruct(blamed.message);
	const node = nodeAt(program, blamed.span);
	if (tag === undefined || node === undefined || sourceOf(node).kernel) return [];
	const { uri, text } = sourceOf(node);
	const file = AstUtils.getContainerOfType(node, isFile);
	const named = new RegExp(`\\bstruct\\s+${tag}\\b`);
	const first = file?.items.find((item) => !isInclude(item) && named.test(rawText(item)));
	if (file === undefined || first === undefined) return [];
	const eol = eolOf(text);
	const definition = definitionOf(tag, file, program.semantics).replaceAll('\n', eol);
	const edits = new Edits().insert(uri, aboveComment(text, rangeOf(first)[0]), `${definition}${eol}${eol}`);
	return [{ title: `Define struct ${tag} with the fields it is used with`, edits: edits.list }];
};
