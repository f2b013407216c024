/** The explorer's panels in a thread: the same answers over a channel that only clones. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { afterAll, expect, test } from 'vitest';
import type { Port } from '../../src/server/remote-check.js';
import { RemoteExplorers, serveExplorers } from '../../src/server/remote-explorers.js';
import { services } from '../../src/server/services.js';
import type { ToPage } from '../../src/webview/messages.js';

const SEED = readFileSync(path.resolve(import.meta.dirname, '../../media/sketches/seed-wait-valid.mmn'), 'utf8');
const URI = 'file:///w/seed.mmn';
const { port1, port2 } = new MessageChannel();
const portOf = (port: typeof port1): Port => ({
	post: (message) => port.postMessage(message),
	listen: (handler) => void port.on('message', handler),
});
afterAll(() => port1.close());

test('a panel over a channel', { timeout: 30_000 }, async () => {
	const heard: { panel: string; message: ToPage }[] = [];
	let text = SEED;
	let threads = 0;
	const panels = new RemoteExplorers(
		{
			read: async (uri) => (uri === URI ? text : undefined),
			kernelSource: () => undefined,
			limits: async () => ({}),
			known: async () => undefined,
			send: (panel, message) => void heard.push({ panel, message }),
			export: () => undefined,
			crash: (message) => expect.unreachable(message),
		},
		() => {
			threads++;
			serveExplorers(portOf(port2), { kernelSource: services.kernelSource, export: services.exportRun });
			return portOf(port1);
		},
	);
	const next = async (): Promise<ToPage> => {
		for (const end = Date.now() + 20_000; ; await new Promise((r) => setTimeout(r, 5))) {
			const at = heard.findIndex(({ message }) => message.type !== 'busy');
			if (at >= 0) return heard.splice(0, at + 1).at(-1)?.message as ToPage;
			if (Date.now() > end) throw new Error('nothing was heard');
		}
	};
	panels.edited(URI, true);
	expect(threads, 'no panel, no thread').toBe(0);
	panels.open({ panel: 'p', uri: URI });
	expect(await next()).toMatchObject({ type: 'picture', picture: { finding: { code: 'deadlock' } } });
	expect(await panels.export('p', 'table')).toContain('// blocked: fault_lock is held by A');
	text = SEED.replace('goto again;', 'goto nowhere;');
	panels.checked(URI);
	expect(await next()).toMatchObject({ type: 'problem' });
	panels.lost(new Error('gone'));
	expect(await next()).toMatchObject({ type: 'problem', message: 'the explorer has ended: gone. Open it again' });
	expect(threads).toBe(1);
});
