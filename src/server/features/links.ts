/** Includes as links to what they include. */
import type { DocumentLink, Position } from 'vscode-languageserver-protocol';
import { URI, Utils } from 'vscode-uri';
import { kernelLibraries } from '../../kernel/library.js';
import type { Include } from '../../language/generated/ast.js';
import { rangeOf, type View, type Workspace } from './workspace.js';

interface IncludeLink {
	readonly node: Include;
	readonly target: string;
	/** Columns of the name in the line, brackets aside. */
	readonly from: number;
	readonly to: number;
	readonly library: boolean;
}

function includesOf(view: View): IncludeLink[] {
	return view.root.items.flatMap((node): IncludeLink[] => {
		if (node.$type !== 'Include' || !node.$cstNode) return [];
		const match = /^(.*?[<"])\s*([^>"]*?)\s*[>"]/.exec(node.path);
		const name = match?.[2] ?? '';
		const library = match?.[1]?.endsWith('<') ?? false;
		const target = library ? libraryOf(view, name) : fileAt(view.uri, name);
		if (!name || target === undefined) return [];
		const from = match?.[1]?.length ?? 0;
		return [{ node, target, library, from, to: from + name.length }];
	});
}

/** Also of a header that stands for a library. */
function libraryOf({ program }: View, name: string): string | undefined {
	const header: string | undefined = (kernelLibraries.headers as Record<string, string>)[name];
	const uri = kernelLibraries.resolve(header ?? name);
	return header === undefined || program.files.some((file) => file.uri === uri) ? uri : undefined;
}

function fileAt(from: string, path: string): string | undefined {
	try {
		return Utils.resolvePath(Utils.dirname(URI.parse(from)), path).toString();
	} catch {
		return undefined;
	}
}

/** The links of a document. */
export function documentLinks(workspace: Workspace, view: View): DocumentLink[] {
	return includesOf(view).map(({ node, target, library, from, to }) => {
		const { start } = rangeOf(node.$cstNode as NonNullable<typeof node.$cstNode>);
		return {
			range: {
				start: { line: start.line, character: start.character + from },
				end: { line: start.line, character: start.character + to },
			},
			target: workspace.spell(target),
			tooltip: library ? 'Open the source of the simulated kernel' : 'Open the file',
		};
	});
}

/** The include line at a position. */
export function includeAt(view: View, position: Position): IncludeLink | undefined {
	const offset = view.document.offsetAt(position);
	return includesOf(view).find(
		({ node }) => node.$cstNode && node.$cstNode.offset <= offset && offset <= node.$cstNode.end,
	);
}
