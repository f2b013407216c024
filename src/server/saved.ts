/** The engine inside a saved page: what the language server does for a panel, done by the page itself, without network. */

import { kernelLibraries } from '../kernel/library.js';
import { type SavedEngine, savedHost } from '../webview/engine-host.js';
import { Explorers } from './explorer.js';
import { exportRun } from './export.js';

const PANEL = 'page';

const engine: SavedEngine = ({ uri, scenarios, texts }, send) => {
	const explorers = new Explorers({
		read: async (file) => texts.get(file),
		kernelSource: (file) => kernelLibraries.read(file),
		limits: async () => ({ maxSeconds: 30, maxMemoryMB: 512 }),
		known: async () => ({ names: scenarios, first: scenarios[0] }),
		send: (_, message) => send(message),
		export: exportRun,
		crash: (message) => console.error(message),
	});
	return {
		open: (scenario, finding) =>
			explorers.open({ panel: PANEL, uri, scenario, ...(finding !== null && finding >= 0 && { finding }) }),
		message: (message) => explorers.message(PANEL, message),
		export: (format) => explorers.export(PANEL, format),
	};
};

globalThis.notifierLabHost = () => savedHost(engine);
