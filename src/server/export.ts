/** Runs in forms for elsewhere, as the panel's menu asks for them. */
import type { Picture } from '../findings/explorer/picture.js';
import { mermaidForm } from '../findings/forms/mermaid.js';
import { sarifForm } from '../findings/forms/sarif.js';
import { svgForm } from '../findings/forms/svg.js';
import { mailTable } from '../findings/forms/table.js';
import type { ExportFormat } from '../webview/messages.js';
import { titleOf, type Whole } from './explorer.js';

/** @returns undefined for a form that the page makes itself */
export function exportRun(format: ExportFormat, picture: Picture, { result, shown, texts }: Whole): string | undefined {
	switch (format) {
		case 'table':
			return mailTable(
				shown.asFinding,
				picture.lanes.map((lane) => lane.name),
			);
		case 'mermaid':
			return mermaidForm(picture);
		case 'svg':
			return svgForm(picture);
		case 'sarif':
			return sarifForm(
				[
					{
						result,
						picture: (scenario, finding) =>
							scenario === picture.scenario && finding === picture.shown ? picture : undefined,
					},
				],
				{ version: '', uri: (uri) => uri, help: () => undefined },
			);
		case 'html':
			// what a saved page is made of; the client has its script and style
			return JSON.stringify({ pictures: [picture], sources: sourcesOf(texts) });
		default:
			return undefined;
	}
}

/** Texts for a saved page. */
export const sourcesOf = (texts: ReadonlyMap<string, string>): { uri: string; title: string; text: string }[] =>
	[...texts].map(([uri, text]) => ({ uri, title: titleOf(uri), text }));
