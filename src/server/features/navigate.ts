/** Definition, references, highlight and rename: all of them go by the occurrences of names. */
import {
	type DocumentHighlight,
	DocumentHighlightKind,
	type Location,
	type Position,
	type Range,
	type TextEdit,
	type WorkspaceEdit,
} from 'vscode-languageserver-protocol';
import { kernelLibraries } from '../../kernel/library.js';
import { sourceOf } from '../../language/text.js';
import { includeAt } from './links.js';
import { canonical, type Declared, keyOf, type Occurrence, occurrenceAt, occurrencesOf } from './occurrences.js';
import { rangeOf, type View, type Workspace } from './workspace.js';

/** What is named at a position. */
export function targetAt(view: View, position: Position): { occurrence: Occurrence; target: Declared } | undefined {
	const occurrence = occurrenceAt(view.root, view.document.offsetAt(position));
	if (!occurrence?.target) return undefined;
	return { occurrence, target: canonical(occurrence.target, view.program) };
}

/** Where what stands at a position is defined; of an include line, the file. */
export function definition(workspace: Workspace, view: View, position: Position): Location[] {
	const include = includeAt(view, position);
	if (include) {
		const start = { line: 0, character: 0 };
		return [{ uri: workspace.spell(include.target), range: { start, end: start } }];
	}
	const found = targetAt(view, position);
	const location = found && workspace.locationOf(found.target);
	return location ? [location] : [];
}

/** All places, in the sketches that contain the word and in what they include, that name the same. */
export async function references(
	workspace: Workspace,
	view: View,
	position: Position,
	{ includeDeclaration }: { readonly includeDeclaration: boolean },
): Promise<Location[]> {
	const found = targetAt(view, position);
	if (!found) return [];
	const all = await occurrencesOfTarget(workspace, view, found.target);
	return all.filter(({ occurrence }) => includeDeclaration || !occurrence.declares).map(({ location }) => location);
}

export interface Found {
	readonly occurrence: Occurrence;
	readonly location: Location;
}

/** The occurrences of a declaration in everything that may see it. */
export async function occurrencesOfTarget(workspace: Workspace, view: View, target: Declared): Promise<Found[]> {
	const key = keyOf(target);
	const found = new Map<string, Found>();
	const collect = (program: View['program']) => {
		for (const { root, uri } of program.files) {
			for (const occurrence of occurrencesOf(root)) {
				if (!occurrence.target || keyOf(canonical(occurrence.target, program)) !== key) continue;
				const location = { uri: workspace.spell(uri), range: rangeOf(occurrence.cst) };
				found.set(`${uri}#${occurrence.cst.offset}`, { occurrence, location });
			}
		}
	};
	collect(view.program);
	if (seenElsewhere(target)) {
		for (const uri of await workspace.withWord(target.name ?? '')) collect(await workspace.program(uri));
	}
	return [...found.values()];
}

/** A local, a label or a thread has its file to itself. */
function seenElsewhere(target: Declared): boolean {
	switch (target.$type) {
		case 'Parameter':
		case 'LabelStatement':
		case 'ThreadItem':
		case 'InterruptItem':
			return false;
		case 'Variable':
		case 'MacroDecl':
			return target.$container?.$container?.$type === 'File' || target.$container?.$type === 'File';
		default:
			return true;
	}
}

/** The same name in the file that is shown, told apart by what is done with it. */
export function highlights(view: View, position: Position): DocumentHighlight[] {
	const found = targetAt(view, position);
	if (!found) return [];
	const key = keyOf(found.target);
	return occurrencesOf(view.root)
		.filter(({ target }) => target && keyOf(canonical(target, view.program)) === key)
		.map(({ cst, use }) => ({
			range: rangeOf(cst),
			kind: use === 'write' || use === 'declare' ? DocumentHighlightKind.Write : DocumentHighlightKind.Read,
		}));
}

/** A rename that cannot be, with the reason to show. */
export class RenameRefused extends Error {}

/** The word that would be renamed. Refuses what is not the user's. */
export function prepareRename(view: View, position: Position): { range: Range; placeholder: string } {
	const found = targetAt(view, position);
	if (!found) throw new RenameRefused('There is no name here that this sketch declares.');
	const { occurrence, target } = found;
	refuseKernel(target);
	if (occurrence.use === 'type') throw new RenameRefused(`'${occurrence.cst.text}' is a word of the language.`);
	return { range: rangeOf(occurrence.cst), placeholder: target.name ?? '' };
}

function refuseKernel(target: Declared): void {
	const { kernel, uri } = sourceOf(target);
	if (!kernel) return;
	const library = /^mmn-kernel:\/*(.*?)\.mmn$/.exec(uri)?.[1] ?? 'the simulated kernel';
	throw new RenameRefused(
		`'${target.name}' belongs to the simulated kernel (<${library}>): only names of your own can be renamed.`,
	);
}

/** The edits that rename what stands at a position, in all files that name it. */
export async function rename(
	workspace: Workspace,
	view: View,
	position: Position,
	name: string,
): Promise<WorkspaceEdit> {
	const found = targetAt(view, position);
	if (!found) throw new RenameRefused('There is no name here that this sketch declares.');
	refuseKernel(found.target);
	if (!/^[_a-zA-Z]\w*$/.test(name)) throw new RenameRefused(`'${name}' is no name: letters, digits and _ only.`);
	const places = await occurrencesOfTarget(workspace, view, found.target);
	await refuseCapture(workspace, view, found.target, name, places);
	await refuseMacros(workspace, found.target.name ?? '', places);
	const changes: Record<string, TextEdit[]> = {};
	for (const { location, occurrence } of places) {
		if (occurrence.use === 'type' || kernelLibraries.read(location.uri) !== undefined) continue;
		changes[location.uri] = [...(changes[location.uri] ?? []), { range: location.range, newText: name }];
	}
	return { changes };
}

/** What stands in a macro's body is text, and means what it means where the macro is used. */
async function refuseMacros(workspace: Workspace, name: string, places: readonly Found[]): Promise<void> {
	for (const uri of new Set(places.map(({ location }) => location.uri))) {
		const macros = ((await workspace.text(uri)) ?? '').matchAll(
			/^[ \t]*#[ \t]*define[ \t]+(\w+)\((?:\\\r?\n|[^\r\n])*/gm,
		);
		for (const [text, macro] of macros) {
			if (new RegExp(`\\b${name}\\b`).test(text)) {
				throw new RenameRefused(
					`'${name}' is used in the macro ${macro}(), which is text to this rename: write a static inline function first.`,
				);
			}
		}
	}
}

/** A new name that means something else already, at one of the places or for the whole file, would change the sketch. */
async function refuseCapture(
	workspace: Workspace,
	view: View,
	target: Declared,
	name: string,
	places: readonly Found[],
): Promise<void> {
	if (name === target.name) return;
	if (target.$type === 'Field') {
		if (target.$container.fields.some((field) => field.name === name))
			throw new RenameRefused(`'${name}' is a field here already.`);
		const owner = target.$container.$container;
		const siblings = owner.$type === 'FieldDecl' ? owner.nested : owner.fields;
		if (siblings.some((decl) => decl.fields.some((field) => field.name === name)))
			throw new RenameRefused(`'${name}' is a field here already.`);
		return;
	}
	if (/^(LabelStatement|ThreadItem|InterruptItem|Scenario|StructDef|EnumDef)$/.test(target.$type)) {
		const taken = occurrencesOf(view.root).some(
			(o) => o.declares && o.target?.$type === target.$type && o.target.name === name,
		);
		if (taken) throw new RenameRefused(`'${name}' is there already.`);
		return;
	}
	for (const uri of new Set(places.map(({ location }) => location.uri))) {
		const other = await workspace.view(uri);
		if (!other || other.kernel) continue;
		const known = other.program.scope.name(name);
		const local = occurrencesOf(other.root).some(
			({ target: t, declares }) =>
				declares &&
				t?.name === name &&
				/^(Variable|Parameter|MacroDecl|FunctionDecl|Define|EnumConstant)$/.test(t.$type),
		);
		if (known || local) {
			const where = known && sourceOf(known).kernel ? 'the simulated kernel has that name' : 'it is declared already';
			throw new RenameRefused(`'${name}' cannot be used: ${where}.`);
		}
	}
}
