import { AstUtils } from 'langium';
import {
	type FunctionDecl,
	isFunctionDecl,
	isInitializerEntry,
	isNameRef,
	type Variable,
} from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { sourceOf } from '../../language/text.js';
import { Told } from '../../language/told-apart.js';
import { anyOf } from './choices.js';
import type { Objects } from './objects.js';
import { ownNames } from './registrations.js';

/** Functions of attributes in sysfs, which are read and written while the attributes are there. */
export class Attributes {
	/** By function: the attribute, and whether it is written. */
	private readonly all = new Map<FunctionDecl, { readonly attribute: string; readonly writes: boolean }>();

	constructor(
		private readonly program: Program,
		private readonly objects: Objects,
	) {
		for (const global of program.globals) {
			const type = program.semantics.declaredType(global);
			if (global.$type !== 'Variable' || sourceOf(global).kernel) continue;
			if (type.kind === 'struct' && type.name === 'device_attribute') this.take(global);
		}
	}

	private take(global: Variable): void {
		for (const node of AstUtils.streamAllContents(global)) {
			if (!isInitializerEntry(node) || !isNameRef(node.value) || !isFunctionDecl(node.value.target.ref)) continue;
			const name = node.designators[0]?.field?.$refText ?? '';
			if (!/^(show|store)$/.test(name)) continue;
			const f = this.program.definitionOf(node.value.target.ref);
			if (f.body !== undefined) this.all.set(f, { attribute: global.name, writes: name === 'store' });
		}
	}

	has(f: FunctionDecl): boolean {
		return this.all.has(f);
	}

	get declarations(): readonly string[] {
		return this.all.size === 0 ? [] : ['#include <environment/attributes>'];
	}

	/** Statements that publish those of which the sketch does not say when they come. */
	get setup(): readonly string[] {
		if ([...ownNames(this.program)].some((name) => PUBLISHES.test(name)) || this.isInTable()) return [];
		return [...new Set([...this.all.values()].map(({ attribute }) => `attribute_is_there(&${attribute});`))];
	}

	/** Does a driver's table name groups? */
	private isInTable(): boolean {
		return this.program.files.some(
			({ root, kernel }) =>
				!kernel &&
				AstUtils.streamAllContents(root).some(
					(node) => isInitializerEntry(node) && node.designators[0]?.field?.$refText === 'dev_groups',
				),
		);
	}

	/** What the kernel does to run `f`; undefined where it is of no attribute, or there is no device. */
	body(f: FunctionDecl): string | undefined {
		const of = this.all.get(f);
		const type = this.program.semantics.declaredType(f);
		const [first] = type.kind === 'function' ? type.parameters : [];
		const device = first?.kind === 'pointer' && first.to.kind === 'struct' ? this.objects.object(first.to) : undefined;
		const buffer = f.parameters[2];
		if (of === undefined || device === undefined || buffer === undefined) return undefined;
		const told = new Told(buffer, this.program.semantics).keptIn(buffer).values;
		const fill = of.writes ? `page[0] = ${anyOf(told.map(String))}; ` : '';
		const call = `${f.name}(${device}, &${of.attribute}, page${of.writes ? `, ${BYTES}` : ''});`;
		return `if (begin_attribute(&${of.attribute})) { char page[${BYTES}] = { 0 }; ${fill}${call} end_attribute(&${of.attribute}); }`;
	}
}

/** Bytes that are read and written. */
const BYTES = 4;
const PUBLISHES = /^(devm_)?device_(create_file|add_groups?)$/;
