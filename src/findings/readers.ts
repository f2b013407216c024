import { type AstNode, AstUtils } from 'langium';
import { contentsOf } from '../language/contents.js';
import {
	type Expression,
	isAssignment,
	isCall,
	isFunctionDecl,
	isInitializerEntry,
	isMember,
	isNameRef,
	isUnary,
} from '../language/generated/ast.js';
import type { Program } from '../language/program.js';
import { sourceOf } from '../language/text.js';
import type { System } from '../machine/system.js';

/**
 * Whether anybody asks for collisions of the interval notifier at an address: checks it himself, or has hmm_range_fault()
 * do so. Where that cannot be told from the text, somebody does. `unsketched`: it has nobody who reads or maps.
 */
export function isRead(system: System, address: number, shared: Int32Array): boolean | 'unsketched' {
	const asked = checkedIn(system.program);
	if (asked === 'unsketched') return asked;
	const notifier = declarationAt(system, address, shared);
	return notifier === undefined || asked === 'any' || asked.has(notifier);
}

/** The field, or the name of the global, that is the notifier at an address. */
function declarationAt(system: System, address: number, shared: Int32Array): AstNode | string | undefined {
	const object = system.declaredAt(address, shared);
	if (object === undefined) return undefined;
	let { type, offset } = object;
	let found: AstNode | string | undefined = object.name;
	while (type !== undefined && !(type.kind === 'struct' && type.name === 'mmu_interval_notifier')) {
		if (type.kind === 'array') {
			const { of } = type;
			offset %= system.layouts.cells(of);
			type = of;
			continue;
		}
		if (type.kind !== 'struct') return undefined;
		const struct = type;
		const at = (name: string): number => system.layouts.offset(struct, name) as number;
		const field = struct.fields.findLast((f) => at(f.name) <= offset);
		if (field === undefined) return undefined;
		offset -= at(field.name);
		found = field.node;
		type = field.type;
	}
	return found;
}

/** A function that maps without asking pins its pages, or keeps others out in another way; the environment maps for who does not. */
const isReader = (call: AstNode, name: string): boolean =>
	name === 'mmu_interval_read_begin' ||
	(/^(dev_map\w*|dev_submit)$/.test(name) && AstUtils.getContainerOfType(call, isFunctionDecl) !== undefined);

/** Fields, and names of globals, whose sequence is compared; `any` where a pointer hides which. */
function checkedIn(program: Program): Set<AstNode | string> | 'any' | 'unsketched' {
	const found = new Set<AstNode | string>();
	let any = false;
	/** The side that reads is sketched, too. */
	let reads = false;
	const add = (value: Expression | undefined): void => {
		const designated = isUnary(value) && value.operator === '&' ? value.operand : undefined;
		if (isMember(designated) && designated.field.ref !== undefined) found.add(designated.field.ref);
		else if (isNameRef(designated)) found.add(designated.target.$refText);
		// range.notifier: set somewhere else
		else if (!(isMember(value) && value.field.ref !== undefined && sourceOf(value.field.ref).kernel)) any = true;
	};
	for (const { root, kernel } of program.files) {
		if (kernel) continue;
		for (const node of contentsOf(root)) {
			if (isCall(node) && isNameRef(node.callee)) reads ||= isReader(node, node.callee.target.$refText);
			if (
				isCall(node) &&
				isNameRef(node.callee) &&
				/^mmu_interval_(read|check)_retry$/.test(node.callee.target.$refText)
			)
				add(node.arguments[0]);
			else if (isAssignment(node) && isMember(node.target) && isHmm(node.target.field.ref)) add(node.value);
			else if (isInitializerEntry(node) && isHmm(node.designators[0]?.field?.ref))
				add(node.value.$type === 'InitializerList' ? undefined : (node.value as Expression));
		}
	}
	return any ? 'any' : reads ? found : 'unsketched';
}

/** `notifier` of struct hmm_range. */
const isHmm = (field: AstNode | undefined): boolean =>
	field !== undefined && (field as AstNode & { name?: string }).name === 'notifier' && sourceOf(field).kernel;
