import { expect, test, vi } from 'vitest';

// the client itself needs a VS Code around it
vi.mock('vscode-languageclient', () => ({
	CloseAction: { DoNotRestart: 1, Restart: 2 },
	ErrorAction: { Continue: 1, Shutdown: 2 },
}));
const words = { t: (text: string) => text };
const { restartOnce } = await import('../../src/extension/restart.js');

test('a server that ends is started again and that is said; a second end soon after is the end', async () => {
	let now = 0;
	const handler = restartOnce(words, () => now);
	expect(await handler.closed()).toEqual({ action: 2, message: expect.stringContaining('started again') });
	now = 60_000;
	expect(await handler.closed()).toEqual({ action: 1, message: expect.stringContaining('not started again') });
});

test('a server that ran well for a while is started again', async () => {
	let now = 0;
	const handler = restartOnce(words, () => now);
	await handler.closed();
	now = 4 * 60_000;
	expect(await handler.closed()).toMatchObject({ action: 2 });
});
