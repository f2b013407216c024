/** Declarations: sizes, complete types, initialisers, operation tables, prototypes that agree. */

import { AstUtils } from 'langium';
import { isEmptyInitializer } from '../builtins.js';
import type * as ast from '../generated/ast.js';
import { isStructDef } from '../generated/ast.js';
import { MACRO_STRUCTS } from '../links.js';
import { didYouMean } from '../suggest.js';
import { sourceOf, sourceText, spanOf } from '../text.js';
import { type Node, unwrap } from '../tree.js';
import { decay, type StructType, sameType, type Type, typeToString } from '../types.js';
import { checkAssign, isNullConstant } from './assign.js';
import { signatureOf } from './calls.js';
import type { CheckContext } from './context.js';
import { checkCleanup } from './guards.js';
import { checkStaticAssert } from './static-assert.js';

/** The most elements an array of a model may have: every one is part of every state. */
const LARGEST_ARRAY = 4096;

/** Checks one declaration. */
export function checkDeclaration(node: Node, context: CheckContext): void {
	if (node.$type === 'Variable') checkVariable(node, context);
	else if (node.$type === 'Field' && node.name)
		checkObject(node, context.semantics.declaredType(node), `field '${node.name}'`, context);
	else if (node.$type === 'Parameter') checkParameter(node, context);
	else if (node.$type === 'FunctionDecl') checkFunction(node, context);
	else if (node.$type === 'StructDef') checkStruct(node, context);
	else if (node.$type === 'Dimension') checkDimension(node, context);
	else if (node.$type === 'TypeRef') checkTypeRef(node, context);
	else if (node.$type === 'EnumConstant') checkConstant(node.value, 'an enum value', context);
	else if (node.$type === 'Define') checkDefine(node, context);
	else if (node.$type === 'FileMacro') checkFileMacro(node, context);
	else if (node.$type === 'Cast' && node.literal) {
		checkInitializer(node.literal, context.semantics.typeOfTypeName(node.type), context);
	}
}

function checkTypeRef(node: ast.TypeRef, context: CheckContext): void {
	if (node.words.length === 0 || node.words.includes('float') || node.words.includes('double')) return;
	if (node.words.length === 1 && node.words[0] === 'void') return;
	if (context.semantics.typeOfRef(node).kind !== 'error') return;
	if (node.words.length === 1) {
		context.report.error('type', node, `'${node.words[0]}' is not defined by the simulated kernel`);
		return;
	}
	context.report.error('type', node, `'${node.words.join(' ')}' is no type of C: use one type name`);
}

/** Reports an object that cannot exist: void, or a struct nobody has defined. */
function checkObject(node: Node, type: Type, what: string, context: CheckContext): void {
	let inner = type;
	while (inner.kind === 'array') inner = inner.of;
	if (inner.kind === 'void') {
		context.report.error('type', node, `${what} cannot be void: give it a type, or make it a pointer`, 'name');
	} else if (inner.kind === 'struct' && !inner.def) {
		if (context.scope.libraries.declaring(inner.name).length > 0) {
			context.report.missing(node, 'name', { name: inner.name, isTag: true });
			return;
		}
		context.report.undefinedStruct(node, 'name', inner.name);
	} else if (inner.kind === 'function') {
		context.report.error('type', node, `${what} cannot be a function: make it a pointer to one`, 'name');
	}
}

function checkVariable(node: ast.Variable, context: CheckContext): void {
	const type = context.semantics.declaredType(node);
	const decl = node.$container;
	if (node.name) checkObject(node, type, `variable '${node.name}'`, context);
	const global = decl.$container?.$type === 'File' || decl.$type === 'StructDef';
	if (type.kind === 'array' && type.length === undefined && !type.size && !node.init) {
		const isExtern = decl.$type === 'VariableDecl' && decl.storage.includes('extern');
		if (!isExtern)
			context.report.error('type', node, `array '${node.name}' has no size: write one between the brackets`, 'name');
	}
	checkCleanup(node, context);
	if (!node.init) return;
	checkInitializer(node.init, type, context);
	if (global) checkStaticValue(node.init, context);
}

function checkParameter(node: ast.Parameter, context: CheckContext): void {
	const type = context.semantics.declaredType(node);
	const owner = node.$container;
	if (owner.$type === 'FunctionDecl' && owner.body) {
		if (!node.name)
			context.report.error('type', node, 'a parameter of a function with a body needs a name: give it one');
		else checkObject(node, type, `parameter '${node.name}'`, context);
	}
}

function checkFunction(node: ast.FunctionDecl, context: CheckContext): void {
	const { report, semantics, scope } = context;
	if (node.stars.length === 0) {
		const returns = semantics.typeOfRef(node.returnType);
		if (returns.kind === 'struct' && !returns.def) checkObject(node, returns, 'a result', context);
	}
	const other = scope.name(node.name);
	if (other && other !== node && other.$type === 'FunctionDecl' && !node.variadic && !other.variadic) {
		const [mine, theirs] = [semantics.declaredType(node), semantics.declaredType(other)];
		if (!node.body && !sameType(mine, theirs)) {
			report.error(
				'type',
				node,
				`'${node.name}' is declared differently in line ${spanOf(other).line}: it is '${signatureOf(other, other.name)}' there`,
				'name',
			);
		}
	}
}

function checkStruct(node: ast.StructDef, context: CheckContext): void {
	const { report, semantics } = context;
	if (!node.name && node.variables.length === 0 && node.$container.$type !== 'Typedef') {
		report.error('type', node, `a ${node.kind} without a name declares nothing: name it`, 'kind');
	}
	const type = semantics.structType(node);
	const seen = new Set<string>();
	for (const field of type.fields) {
		if (field.name && seen.has(field.name)) {
			report.error(
				'duplicate',
				field.node,
				`field '${field.name}' stands in this struct twice: rename one of them`,
				'name',
			);
		}
		seen.add(field.name);
	}
	const cycle = selfContaining(type, new Set([type]));
	if (cycle) report.error('type', cycle, `'struct ${type.name}' contains itself: make this field a pointer`, 'name');
}

/** The field through which a struct contains itself by value. */
function selfContaining(type: StructType, open: Set<StructType>): ast.Field | undefined {
	for (const field of type.fields) {
		let inner = field.type;
		while (inner.kind === 'array') inner = inner.of;
		if (inner.kind !== 'struct') continue;
		if (open.has(inner)) return field.node;
		open.add(inner);
		const found = selfContaining(inner, open);
		open.delete(inner);
		if (found) return field.node;
	}
	return undefined;
}

function checkDimension(node: ast.Dimension, context: CheckContext): void {
	const { report, semantics } = context;
	if (!node.size) return;
	const type = semantics.typeOf(node.size);
	if (type.kind === 'error') return;
	const text = sourceText(node.size);
	// A size that depends on the scenario's number of pages is constant in every scenario.
	const value = semantics.constant(node.size, 4);
	if (type.kind !== 'int') {
		report.error('type', node.size, `an array's size must be an integer, but '${text}' is '${typeToString(type)}'`);
	} else if (value === undefined) {
		report.error(
			'unsupported',
			node.size,
			`arrays of variable length are not modelled: '${text}' must be a constant, or use kmalloc()`,
		);
	} else if (value < 1 || value > LARGEST_ARRAY) {
		report.error(
			'type',
			node.size,
			`an array has 1 to ${LARGEST_ARRAY} elements here, not ${value}: every element is part of every state`,
		);
	}
}

function checkConstant(value: ast.Expression | undefined, what: string, context: CheckContext): void {
	if (!value || context.semantics.typeOf(value).kind === 'error') return;
	if (context.semantics.constant(value, 4) === undefined) {
		context.report.error('type', value, `${what} must be a constant, and '${sourceText(value)}' is none`);
	}
}

function checkDefine(node: ast.Define, context: CheckContext): void {
	if (!node.value || isNullConstant(node.value, context)) return;
	if (node.value.$type === 'StringLiteral' || (node.value.$type === 'Cast' && node.value.literal)) return;
	// An alias of a function or variable, as `#define mmap_sem mmap_lock`, is as good as a constant.
	if (node.value.$type === 'NameRef' && context.semantics.typeOf(node.value).kind !== 'int') return;
	const type = decay(context.semantics.typeOf(node.value));
	if (type.kind === 'pointer' && type.user) return;
	checkConstant(node.value, `'${node.name}'`, context);
}

const FILE_MACROS =
	/^(static_assert$|_Static_assert$|MODULE_|EXPORT_SYMBOL|EXPORT_TRACEPOINT|module_(init|exit|param|pci_driver|platform_driver|misc_device)|builtin_(pci_driver|platform_driver|misc_device)|late_initcall|subsys_initcall|device_initcall|core_initcall)/;

function checkFileMacro(node: ast.FileMacro, context: CheckContext): void {
	if (/^(static_assert|_Static_assert)$/.test(node.name)) checkStaticAssert(node, node.name, context);
	if (FILE_MACROS.test(node.name)) return;
	const { report } = context;
	if (/^(DEFINE|DECLARE)_/.test(node.name)) {
		report.error(
			'unsupported',
			node,
			`${node.name}() is not modelled${didYouMean(node.name, Object.keys(MACRO_STRUCTS)) || ': declare the object and initialise it in setup'}`,
			'name',
		);
		return;
	}
	report.error(
		'syntax',
		node,
		`'${node.name}(…);' stands outside of any function: calls belong into functions and scenarios`,
	);
}

/** Checks an initialiser for an object of `type`. */
function checkInitializer(value: ast.Expression, type: Type, context: CheckContext): void {
	const { report, semantics } = context;
	if (type.kind === 'error') return;
	if (value.$type !== 'InitializerList') {
		if (type.kind === 'array' && value.$type === 'StringLiteral') return;
		checkAssign(value, type, context);
		return;
	}
	const placed = semantics.initializerEntries(value, type);
	if (type.kind === 'struct' && !type.def) return;
	const known = new Set(placed.map((p) => p.entry));
	for (const entry of value.entries) {
		if (!known.has(entry) && entry.designators.length === 0) {
			report.error(
				'type',
				entry,
				`'${typeToString(type)}' has no place for a value here: there are more values than fields`,
			);
		}
	}
	if (type.kind === 'array' && type.length !== undefined) {
		for (const { path, entry } of placed) {
			const index = path[0];
			if (typeof index === 'number' && (index < 0 || index >= type.length)) {
				report.error('type', entry, `there is no element ${index}: the array has elements 0 to ${type.length - 1}`);
			}
		}
	}
	if ((type.kind === 'int' || type.kind === 'pointer') && value.entries.length > 1) {
		report.error('type', value, `'${typeToString(type)}' takes one value, not ${value.entries.length}`);
	}
	for (const { path, type: target, value: inner } of placed) {
		const field = path.at(-1);
		if (target.kind === 'pointer' && target.to.kind === 'function' && typeof field === 'object') {
			checkCallback(inner, target, field.node, context);
		} else checkInitializer(inner, target, context);
	}
}

/** A callback must be a function with the very signature of its field. */
function checkCallback(value: ast.Expression, wanted: Type, field: ast.Field, context: CheckContext): void {
	const inner = unwrap(value);
	const function_ = inner.$type === 'Unary' && inner.operator === '&' ? unwrap(inner.operand) : inner;
	const type = decay(context.semantics.typeOf(function_));
	if (type.kind === 'error' || isNullConstant(inner, context)) return;
	const name = sourceText(function_);
	// GNU C takes a void pointer for a function's
	if (type.kind === 'pointer' && type.to.kind === 'void') return;
	const called = function_.$type === 'NameRef' ? name : `(*${field.name})`;
	const expected =
		field.function || wanted.kind !== 'pointer' ? signatureOf(field, called) : typeToString(wanted.to, called);
	if (type.kind !== 'pointer' || type.to.kind !== 'function') {
		context.report.error(
			'type',
			value,
			`'${name}' is '${typeToString(type)}', not a function: '.${field.name}' needs '${expected}'`,
		);
	} else if (!sameType(type, wanted) || !sameConst(type.to, wanted)) {
		context.report.error(
			'type',
			value,
			`'${name}' has the wrong signature for '.${field.name}': it must be '${expected}'${otherForm(field, typeToString(type.to), context)}`,
		);
	}
}

/** The generation of the API in which a table has this callback with the signature that it has here. */
function otherForm(field: ast.Field, signature: string, { scope, semantics }: CheckContext): string {
	const table = AstUtils.getContainerOfType(field, isStructDef)?.name;
	if (table === undefined) return '';
	for (const library of scope.libraries.declaring(table)) {
		const other = scope.libraries.field(library, table, field.name);
		const type = other && decay(semantics.declaredType(other));
		if (type?.kind === 'pointer' && typeToString(type.to) === signature)
			return `; in <${library}> it is what stands here: include that instead`;
	}
	return '';
}

/** C compares `const` behind the parameters' pointers too. */
function sameConst(a: Type, pointer: Type): boolean {
	const b = pointer.kind === 'pointer' ? pointer.to : pointer;
	if (a.kind !== 'function' || b.kind !== 'function') return true;
	return a.parameters.every((p, i) => {
		const q = b.parameters[i];
		return p.kind !== 'pointer' || q?.kind !== 'pointer' || (p.const ?? false) === (q.const ?? false);
	});
}

const INITIALIZERS = /(_INIT|_INITIALIZER|_UNLOCKED|_ZERO)$/;

/** Reports what a variable of file scope cannot be initialised with: anything that has to be executed. */
function checkStaticValue(value: ast.Expression, context: CheckContext): void {
	const inner = unwrap(value);
	const { report, semantics } = context;
	switch (inner.$type) {
		case 'InitializerList':
			for (const entry of inner.entries) checkStaticValue(entry.value, context);
			return;
		case 'Cast':
			if (inner.operand) checkStaticValue(inner.operand, context);
			return;
		case 'StringLiteral':
			return;
		case 'Unary':
			if (inner.operator === '&') return;
			break;
		case 'Call':
			if (INITIALIZERS.test(sourceText(inner.callee))) return;
			break;
		case 'NameRef': {
			// `#define LIMIT (struct xa_limit){ … }`; xa_limit_32b, which is a macro of the kernel
			const target = inner.target.ref;
			if (target?.$type === 'Define' && target.value?.$type === 'Cast' && target.value.literal) return;
			if (target && semantics.typeOf(inner).kind === 'struct' && sourceOf(target).kernel) return;
			break;
		}
		case 'Conditional':
			checkStaticValue(inner.then ?? inner.condition, context);
			checkStaticValue(inner.otherwise, context);
			return;
		default:
	}
	const type = semantics.typeOf(inner);
	if (isNullConstant(inner, context) || isEmptyInitializer(inner)) return;
	if (type.kind === 'error' || type.kind === 'function' || type.kind === 'array') return;
	if (semantics.constant(inner, 4) !== undefined) return;
	report.error(
		'type',
		value,
		`'${sourceText(value)}' is not a constant: set the variable in a function or in setup instead`,
	);
}
