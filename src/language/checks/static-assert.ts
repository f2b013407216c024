/** What the compiler would refuse: static_assert() and BUILD_BUG_ON() of what the sketch's own constants make false. */
import { type AstNode, AstUtils } from 'langium';
import type * as ast from '../generated/ast.js';
import { setLink } from '../links.js';
import { sourceOf, sourceText } from '../text.js';
import type { CheckContext } from './context.js';

/** Integers have 32 bits here: only what never leaves these is worth the same in the kernel, whatever its types. */
const MOST = 2 ** 31 - 1;

/** Sizes, layouts and the kernel's configuration are not those of the model: what depends on them is passed over. */
export function checkStaticAssert(node: ast.FileMacro | ast.Call, name: string, context: CheckContext): void {
	const [condition, words] = node.arguments;
	if (!condition || !isSure(condition, context)) return;
	const wanted = name !== 'BUILD_BUG_ON';
	if ((context.semantics.constant(condition) !== 0) === wanted) return;
	const said = words?.$type === 'StringLiteral' ? `: ${sourceText(words).replace(/^"|"$/g, '')}` : '';
	context.report.error('type', condition, `'${sourceText(condition)}' is ${wanted ? 'false' : 'true'} here${said}`);
}

/** Is it made of numbers and of the sketch's own constants alone, and so in all that goes into it? */
function isSure(e: ast.Expression, context: CheckContext): boolean {
	const parts = [...AstUtils.streamAst(e)];
	if (!parts.every((n) => n.$type !== 'NameRef' || isOwn(n as ast.NameRef, context))) return false;
	return parts.every((n) => {
		switch (n.$type) {
			case 'NameRef':
			case 'NumberLiteral':
			case 'CharLiteral':
			case 'Parenthesized':
			case 'Conditional':
			case 'Unary':
			case 'BinaryExpr':
				break;
			default:
				return false;
		}
		const value = context.semantics.constant(n as ast.Expression);
		return value !== undefined && value >= 0 && value <= MOST && !isCutOff(n, context);
	});
}

/** Gives a name its meaning where that is a constant of the sketch. */
function isOwn({ target }: ast.NameRef, context: CheckContext): boolean {
	const found = context.scope.name(target.$refText);
	if (found === undefined || sourceOf(found).kernel) return false;
	setLink(target, found);
	if (found.$type === 'Define') return found.value !== undefined && isSure(found.value, context);
	if (found.$type !== 'EnumConstant') return false;
	return found.$container.constants.every(({ value }) => value === undefined || isSure(value, context));
}

/** A shift whose upper bits are lost. */
function isCutOff(n: AstNode, { semantics }: CheckContext): boolean {
	if (n.$type !== 'BinaryExpr') return false;
	const { operator, left, right } = n as ast.BinaryExpr;
	return operator === '<<' && (semantics.constant(left) ?? 1) * 2 ** (semantics.constant(right) ?? 32) > MOST;
}
