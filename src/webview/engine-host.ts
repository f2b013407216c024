/** The host of a saved page that has the engine in it: every question is answered on the spot, without network. */

import type { Picture } from '../findings/explorer/picture.js';
import type { Host, SavedSource } from './host.js';
import type { ExportFormat, FromPage, ToPage } from './messages.js';

/** What the engine is started with: the sketch and the files that it includes, by uri. */
export interface SavedSketch {
	readonly uri: string;
	readonly scenarios: readonly string[];
	readonly texts: ReadonlyMap<string, string>;
}

/** Made by `src/server/saved.ts`. */
export type SavedEngine = (
	sketch: SavedSketch,
	send: (message: ToPage) => void,
) => {
	open(scenario: string, finding: number | null): void;
	message(message: FromPage): void;
	export(format: ExportFormat): Promise<string | null>;
};

const EXTENSIONS: Readonly<Record<ExportFormat, string>> = {
	table: 'txt',
	svg: 'svg',
	png: 'png',
	mermaid: 'mmd',
	json: 'json',
	sarif: 'sarif',
	html: 'html',
};

function json<T>(id: string): T | null {
	const text = document.getElementById(id)?.textContent;
	return text ? (JSON.parse(text) as T) : null;
}

/** The host of this document; null where no run stands in it. */
export function savedHost(make: SavedEngine): Host | null {
	const [picture, ...others] = json<readonly Picture[]>('pictures') ?? [];
	if (picture === undefined) return null;
	return engineHost(make, [picture, ...others], json<readonly SavedSource[]>('sources') ?? []);
}

/** @param pictures of all findings, the one to begin with first */
function engineHost(
	make: SavedEngine,
	pictures: readonly [Picture, ...Picture[]],
	sources: readonly SavedSource[],
): Host {
	const [first] = pictures;
	let shown = first;
	let listener: ((message: ToPage) => void) | null = null;
	let running: ReturnType<SavedEngine> | undefined;
	const send = (message: ToPage): void => {
		if (message.type === 'picture') shown = message.picture;
		listener?.(message);
	};
	/** The engine, once somebody asks for what the page has not: it searches the sketch first. */
	const engine = (): ReturnType<SavedEngine> => {
		if (running === undefined) {
			const texts = new Map(sources.map(({ uri, text }) => [uri, text]));
			running = make({ uri: first.file, scenarios: first.scenarios, texts }, send);
			running.open(shown.scenario, shown.shown);
		}
		return running;
	};
	return {
		post(message) {
			switch (message.type) {
				case 'ready':
					send({ type: 'picture', picture: shown });
					return;
				case 'source': {
					const found = sources.find(({ uri }) => uri === message.uri);
					if (found) send({ type: 'source', ...found });
					return;
				}
				case 'show': {
					const index = message.finding ?? 0;
					const known = pictures.find((p) => p.scenario === message.scenario && (p.shown === index || p.shown < 0));
					if (known === undefined || running !== undefined) engine().message(message);
					else send({ type: 'picture', picture: known });
					return;
				}
				case 'branch':
				case 'found':
				case 'order':
				case 'states':
					engine().message(message);
					return;
				case 'export':
					void save(message);
					return;
				case 'save':
					download(`${shown.scenario}.json`, `${JSON.stringify(message.run, null, '\t')}\n`);
					return;
				default:
			}
		},
		listen(next) {
			listener = next;
		},
		keep() {},
		kept: () => null,
		saved: true,
		exports: ['table', 'svg', 'png', 'mermaid', 'json', 'sarif'],
		monaco: null,
		nonce: '',
	};

	async function save({ format, data }: FromPage & { type: 'export' }): Promise<void> {
		if (format === 'png' && data === undefined) {
			const svg = await engine().export('svg');
			if (svg !== null) send({ type: 'raster', svg });
			return;
		}
		const text = data ?? (await engine().export(format));
		if (text !== null) download(`${shown.scenario}.${EXTENSIONS[format]}`, text);
		const message = text === null ? 'there is no run to export' : `saved as ${shown.scenario}.${EXTENSIONS[format]}`;
		send({ type: 'exported', format, ok: text !== null, message });
	}
}

/** Saves a text, or a data: address, as a file of the reader's. */
function download(name: string, text: string): void {
	const link = document.createElement('a');
	link.download = name;
	link.href = text.startsWith('data:') ? text : URL.createObjectURL(new Blob([text]));
	link.click();
	if (link.href.startsWith('blob:')) setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
