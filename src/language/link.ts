/**
 * Links the names of one file, in three passes: tags of file-scope declarations (a struct may be used above its
 * definition), constants they are made of, then initialisers and bodies, where fields need types.
 */

import { eachRule } from './builtins.js';
import type * as ast from './generated/ast.js';
import { ExpressionLinker, type Unresolved } from './link-expressions.js';
import { setLink } from './links.js';
import type { FileScope } from './names.js';
import type { Report } from './report.js';
import { didYouMean } from './suggest.js';

export class FileLinker {
	readonly #inside: ExpressionLinker;
	readonly #report: Report;
	#labels: ReadonlyMap<string, ast.LabelStatement> = new Map();

	constructor(scope: FileScope, report: Report) {
		this.#inside = new ExpressionLinker(scope, report, (block) => this.#block(block));
		this.#report = report;
	}

	/** Names that nothing declares. */
	get unresolved(): readonly Unresolved[] {
		return this.#inside.unresolved;
	}

	/** The tags of all file-scope declarations. */
	linkTags(root: ast.File): void {
		for (const item of root.items) {
			switch (item.$type) {
				case 'StructDef':
					this.#fieldTypes(item.fields);
					for (const v of item.variables) this.#inside.parameterTypes(v.parameters);
					break;
				case 'VariableDecl':
					// `struct foo;` declares a tag and needs no definition.
					if (item.variables.length > 0) this.#inside.typeRef(item.type);
					for (const v of item.variables) this.#inside.parameterTypes(v.parameters);
					break;
				case 'FunctionDecl':
					this.#inside.typeRef(item.returnType);
					this.#inside.parameterTypes(item.parameters);
					break;
				case 'MacroDecl':
					this.#inside.macroStruct(item);
					break;
				case 'Typedef':
					if (item.type) this.#inside.typeRef(item.type);
					if (item.struct) this.#fieldTypes(item.struct.fields);
					this.#inside.parameterTypes(item.parameters);
					break;
				default:
			}
		}
	}

	/** The constants that declarations are made of: sizes, enum values, `#define`s. */
	linkConstants(root: ast.File): void {
		for (const item of root.items) {
			switch (item.$type) {
				case 'Define':
					this.#inside.expression(item.value);
					break;
				case 'EnumDef':
					this.#enum(item);
					break;
				case 'StructDef':
					this.#fieldConstants(item.fields);
					for (const v of item.variables) this.#inside.dims(v.dims);
					break;
				case 'VariableDecl':
					for (const v of item.variables) this.#inside.dims(v.dims);
					break;
				case 'FunctionDecl':
					for (const p of item.parameters) this.#inside.dims(p.dims);
					break;
				case 'Typedef':
					if (item.struct) this.#fieldConstants(item.struct.fields);
					if (item.constants) this.#enum(item.constants);
					this.#inside.dims(item.dims);
					break;
				default:
			}
		}
	}

	/** Initialisers, function bodies and scenarios. */
	linkBodies(root: ast.File): void {
		for (const item of root.items) {
			switch (item.$type) {
				case 'StructDef':
				case 'EnumDef':
				case 'VariableDecl':
					for (const v of item.variables) this.#inside.initializer(v);
					break;
				case 'MacroDecl':
					for (const argument of item.arguments) this.#inside.expression(argument);
					break;
				case 'FunctionDecl':
					if (item.body) this.#function(item, item.body);
					break;
				case 'Scenario':
					this.#scenario(item);
					break;
				default:
			}
		}
	}

	#fieldTypes(fields: readonly ast.FieldDecl[]): void {
		for (const decl of fields) {
			if (decl.kind) this.#fieldTypes(decl.nested);
			else if (decl.type) this.#inside.typeRef(decl.type);
			for (const field of decl.fields) this.#inside.parameterTypes(field.parameters);
		}
	}

	#fieldConstants(fields: readonly ast.FieldDecl[]): void {
		for (const decl of fields) {
			this.#fieldConstants(decl.nested);
			for (const field of decl.fields) {
				this.#inside.dims(field.dims);
				this.#inside.expression(field.bits);
			}
		}
	}

	#enum(item: ast.EnumDef): void {
		for (const constant of item.constants) this.#inside.expression(constant.value);
	}

	#function(item: ast.FunctionDecl, body: ast.Block): void {
		this.#labels = labelsOf(body);
		this.#inside.open();
		for (const parameter of item.parameters) this.#inside.declare(parameter);
		for (const statement of body.statements) this.#statement(statement);
		this.#inside.close();
	}

	#scenario(scenario: ast.Scenario): void {
		const threads = new Map<string, ast.ThreadItem>();
		for (const item of scenario.items) if (item.$type === 'ThreadItem') threads.set(item.name, item);
		for (const item of scenario.items) {
			if (item.$type === 'PagesItem') this.#inside.expression(item.count);
			if (item.$type === 'InterruptItem') {
				const thread = threads.get(item.thread.$refText);
				if (thread) setLink(item.thread, thread);
			}
			if ('body' in item) {
				this.#labels = labelsOf(item.body);
				this.#block(item.body);
			}
		}
	}

	#block(block: ast.Block): void {
		this.#inside.open();
		for (const statement of block.statements) this.#statement(statement);
		this.#inside.close();
	}

	#variables(decl: ast.VariableDecl): void {
		if (decl.variables.length > 0) this.#inside.typeRef(decl.type);
		for (const variable of decl.variables) {
			this.#inside.parameterTypes(variable.parameters);
			this.#inside.dims(variable.dims);
			this.#inside.declare(variable);
			this.#inside.initializer(variable);
		}
	}

	#statement(s: ast.Statement): void {
		switch (s.$type) {
			case 'Block':
				this.#block(s);
				break;
			case 'ExpressionStatement':
				this.#inside.expression(s.expression);
				break;
			case 'VariableDecl':
				this.#variables(s);
				break;
			case 'MacroDecl':
				this.#inside.macroStruct(s);
				this.#inside.declare(s);
				for (const argument of s.arguments) this.#inside.expression(argument);
				break;
			case 'EnumDef':
				for (const constant of s.constants) {
					this.#inside.expression(constant.value);
					this.#inside.declare(constant);
				}
				for (const variable of s.variables) {
					this.#inside.declare(variable);
					this.#inside.initializer(variable);
				}
				break;
			case 'IfStatement':
				this.#inside.expression(s.condition);
				this.#inner(s.then);
				if (s.otherwise) this.#inner(s.otherwise);
				break;
			case 'WhileStatement':
				this.#inside.expression(s.condition);
				this.#inner(s.body);
				break;
			case 'DoStatement':
				this.#inner(s.body);
				this.#inside.expression(s.condition);
				break;
			case 'ForStatement':
				this.#inside.open();
				if (s.declaration) this.#variables(s.declaration);
				this.#inside.expression(s.init);
				this.#inside.expression(s.condition);
				this.#inside.expression(s.step);
				this.#inner(s.body);
				this.#inside.close();
				break;
			case 'SwitchStatement':
				this.#inside.expression(s.value);
				this.#block(s.body);
				break;
			case 'CaseLabel':
				this.#inside.expression(s.value);
				this.#inside.expression(s.last);
				break;
			case 'GotoStatement':
				this.#goto(s);
				break;
			case 'ReturnStatement':
				this.#inside.expression(s.value);
				break;
			case 'EachStatement':
				this.#each(s);
				break;
			case 'AtomicStatement':
				this.#block(s.body);
				break;
			case 'WithMmStatement':
				this.#inside.expression(s.mm);
				this.#inner(s.body);
				break;
			case 'ScopedGuard':
				for (const argument of s.arguments) this.#inside.expression(argument);
				this.#inner(s.body);
				break;
			case 'Guard':
				for (const argument of s.arguments) this.#inside.expression(argument);
				break;
			default:
		}
	}

	/** A statement that is a scope of its own even without braces. */
	#inner(statement: ast.Statement): void {
		this.#inside.open();
		this.#statement(statement);
		this.#inside.close();
	}

	#goto(s: ast.GotoStatement): void {
		this.#inside.expression(s.target);
		if (!s.label?.$refText) return;
		const label = this.#labels.get(s.label.$refText);
		if (label) {
			setLink(s.label, label);
			return;
		}
		const guess = didYouMean(s.label.$refText, this.#labels.keys());
		this.#report.error('name', s, `no label '${s.label.$refText}' in this function${guess || ': add one'}`, 'label');
	}

	#each(s: ast.EachStatement): void {
		const rule = eachRule(s.macro);
		s.arguments.forEach((argument, index) => {
			if (rule?.member === undefined || index !== rule.member) {
				this.#inside.expression(argument);
				return;
			}
			const position = s.arguments[rule.position];
			const type = position ? this.#inside.semantics.typeOf(position) : undefined;
			if (type?.kind === 'pointer') this.#inside.member(argument, type.to);
		});
		this.#inner(s.body);
	}
}

/** The labels of one function. A label that stands twice is reported by the checks; the first one counts. */
function labelsOf(body: ast.Block): ReadonlyMap<string, ast.LabelStatement> {
	const labels = new Map<string, ast.LabelStatement>();
	const visit = (s: ast.Statement): void => {
		switch (s.$type) {
			case 'LabelStatement':
				if (!labels.has(s.name)) labels.set(s.name, s);
				break;
			case 'Block':
				s.statements.forEach(visit);
				break;
			case 'IfStatement':
				visit(s.then);
				if (s.otherwise) visit(s.otherwise);
				break;
			case 'WhileStatement':
			case 'DoStatement':
			case 'ForStatement':
			case 'SwitchStatement':
			case 'EachStatement':
			case 'AtomicStatement':
			case 'WithMmStatement':
			case 'ScopedGuard':
				visit(s.body);
				break;
			default:
		}
	};
	visit(body);
	return labels;
}
