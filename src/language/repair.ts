/**
 * After a syntax error the tree lacks what the parser did not find. Stand-ins take the empty places, so that nobody
 * who reads a tree has to expect `undefined` where the grammar promises a value. A stand-in has no text and an empty
 * name; it has the error type and is never reported.
 */

import type { AstNode } from 'langium';
import { type File, reflection } from './generated/ast.js';
import { makeLink } from './links.js';

/** What a rule that gave up before it knew its alternative turns into. */
const GIVEN_UP: Readonly<Record<string, string>> = {
	Expression: 'NameRef',
	Statement: 'EmptyStatement',
	Item: 'StrayItem',
	ScenarioItem: 'StrayScenarioItem',
};

const TYPE_NAME_OWNERS = new Set(['Cast', 'TypeArgument']);
const STATEMENT_OWNERS = new Set([
	'IfStatement',
	'WhileStatement',
	'DoStatement',
	'ForStatement',
	'EachStatement',
	'ScopedGuard',
	'WithMmStatement',
]);
const TEXTS = new Set([
	'guard',
	'name',
	'text',
	'path',
	'operator',
	'macro',
	'kind',
	'computed',
	'variadic',
	'function',
]);

type Mutable = { $type: string; $container?: AstNode; $containerProperty?: string } & Record<string, unknown>;

interface Property {
	readonly name: string;
	readonly defaultValue?: unknown;
	readonly optional?: boolean;
	readonly referenceType?: string;
}

const mandatory = new Map<string, readonly Property[]>();

function mandatoryProperties(type: string): readonly Property[] {
	let list = mandatory.get(type);
	if (!list) {
		const all = Object.values(reflection.getTypeMetaData(type).properties) as Property[];
		list = all.filter((p) => p.optional !== true || p.defaultValue !== undefined);
		mandatory.set(type, list);
	}
	return list;
}

/** Puts stand-ins where a tree with syntax errors has nothing. */
export function repair(root: File): void {
	visit(root as unknown as Mutable);
}

function visit(node: Mutable): void {
	node.$type = GIVEN_UP[node.$type] ?? node.$type;
	for (const property of mandatoryProperties(node.$type)) {
		if (node[property.name] === undefined) node[property.name] = standIn(node, property);
	}
	for (const [key, value] of Object.entries(node)) {
		if (key.startsWith('$')) continue;
		if (Array.isArray(value)) {
			for (const item of value) if (isNode(item)) visit(item);
		} else if (isNode(value)) {
			visit(value);
		}
	}
}

function isNode(value: unknown): value is Mutable {
	return typeof value === 'object' && value !== null && '$type' in value;
}

function standIn(owner: Mutable, property: Property): unknown {
	if (Array.isArray(property.defaultValue)) return [];
	if (property.defaultValue !== undefined) return property.defaultValue;
	if (property.referenceType) return makeLink('');
	if (TEXTS.has(property.name)) return '';
	const at = { $container: owner as unknown as AstNode, $containerProperty: property.name };
	const typeRef = (container: object) => ({ ...at, $container: container, $type: 'TypeRef', unknown: '' });
	switch (property.name) {
		case 'body':
		case 'then':
			return { ...at, $type: STATEMENT_OWNERS.has(owner.$type) ? 'EmptyStatement' : 'Block' };
		case 'type':
		case 'returnType': {
			if (!TYPE_NAME_OWNERS.has(owner.$type)) return typeRef(owner);
			const name: Mutable = { ...at, $type: 'TypeName' };
			name.type = { ...typeRef(name), $containerProperty: 'type' };
			return name;
		}
		default:
			return { ...at, $type: 'NameRef' };
	}
}
