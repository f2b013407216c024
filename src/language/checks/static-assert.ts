/** What the compiler would refuse: static_assert() and BUILD_BUG_ON() of what the sketch's own constants make false. */
import { AstUtils } from 'langium';
import type * as ast from '../generated/ast.js';
import { setLink } from '../links.js';
import { sourceOf, sourceText } from '../text.js';
import type { CheckContext } from './context.js';

/** Sizes, layouts and the kernel's configuration are not those of the model: what depends on them is passed over. */
export function checkStaticAssert(node: ast.FileMacro | ast.Call, name: string, context: CheckContext): void {
	const [condition, words] = node.arguments;
	if (!condition || !link(condition, context)) return;
	const value = context.semantics.constant(condition);
	const wanted = name !== 'BUILD_BUG_ON';
	if (value === undefined || (value !== 0) === wanted) return;
	const said = words?.$type === 'StringLiteral' ? `: ${sourceText(words).replace(/^"|"$/g, '')}` : '';
	context.report.error('type', condition, `'${sourceText(condition)}' is ${wanted ? 'false' : 'true'} here${said}`);
}

/** Gives names their meaning; false where one says nothing of the sketch. */
function link(condition: ast.Expression, context: CheckContext): boolean {
	return AstUtils.streamAst(condition).every((n) => {
		if (n.$type === 'SizeOf' || n.$type === 'Member') return false;
		if (n.$type !== 'NameRef') return true;
		const { target } = n as ast.NameRef;
		const found = context.scope.name(target.$refText);
		const known =
			found?.$type === 'FunctionDecl' && n.$containerProperty === 'callee'
				? sourceOf(found).kernel
				: found !== undefined && isOwn(found);
		if (known) setLink(target, found as ast.Named);
		return known;
	});
}

/** Is it a constant of the sketch that is made of nothing but such? */
function isOwn(target: ast.Named): boolean {
	if (sourceOf(target).kernel) return false;
	if (target.$type === 'EnumConstant')
		return target.$container.constants.every((c) => c.value === undefined || isPlain(c.value));
	return target.$type === 'Define' && target.value !== undefined && isPlain(target.value);
}

const isPlain = (value: ast.Expression): boolean =>
	AstUtils.streamAst(value).every((n) => {
		if (n.$type === 'SizeOf') return false;
		const named = n.$type === 'NameRef' ? (n as ast.NameRef).target.ref : undefined;
		return n.$type !== 'NameRef' || (named !== undefined && (named.$type === 'FunctionDecl' || isOwn(named)));
	});
