/** What panels show before anything is searched: the very picture that the search makes, or nothing. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Explorers } from '../../src/server/explorer.js';
import type { ToPage } from '../../src/webview/messages.js';

const SEED = readFileSync(path.resolve(import.meta.dirname, '../../media/sketches/seed-wait-valid.mmn'), 'utf8');
const URI = 'file:///w/seed.mmn';

function host(text: string, limits = {}) {
	const heard: ToPage[] = [];
	const pictures = () => heard.flatMap((m) => (m.type === 'picture' ? [m.picture] : []));
	/** How many pictures had been sent when the scenarios were asked for: a search begins with that. */
	const before: number[] = [];
	const world = { text, limits };
	const explorers = new Explorers({
		read: async (uri) => (uri === URI ? world.text : undefined),
		kernelSource: () => undefined,
		limits: async () => world.limits,
		known: async () => {
			before.push(pictures().length);
			return undefined;
		},
		send: (_panel, message) => void heard.push(message),
		export: () => undefined,
		crash: (message) => expect.unreachable(message),
	});
	return { explorers, world, before, pictures };
}

test('the first panel of a sketch that was looked at in advance', async () => {
	const cold = host(SEED);
	cold.explorers.open({ panel: 'a', uri: URI });
	await cold.explorers.idle();
	expect(cold.before).toEqual([0]);

	const warm = host(SEED);
	await warm.explorers.warm(URI);
	warm.explorers.open({ panel: 'a', uri: URI });
	await warm.explorers.idle();
	expect(warm.before).toEqual([1]);
	// the search made the same one, so that it came once
	expect(warm.pictures()).toEqual(cold.pictures());
	expect(warm.pictures()).toHaveLength(1);
});

test('other text or other limits: nothing is shown before the search', async () => {
	const { explorers, world, before, pictures } = host(SEED);
	await explorers.warm(URI);
	world.text = SEED.replace('\t\tgoto again;', '\t{\n\t\tmutex_unlock(&fault_lock);\n\t\tgoto again;\n\t}');
	explorers.open({ panel: 'a', uri: URI });
	await explorers.idle();
	expect([before, pictures().map((p) => p.verdict)]).toEqual([[0], ['ok']]);
	world.limits = { maxStates: 10 };
	explorers.open({ panel: 'a', uri: URI });
	await explorers.idle();
	expect([before, pictures().map((p) => p.complete)]).toEqual([
		[0, 1],
		[true, false],
	]);
	world.limits = {};
	explorers.open({ panel: 'a', uri: URI });
	await explorers.idle();
	expect(before).toEqual([0, 1, 2]);
	explorers.open({ panel: 'a', uri: URI });
	await explorers.idle();
	expect(before).toEqual([0, 1, 2, 4]);
});

test('what a search in advance did not finish is not shown', async () => {
	const { explorers, before } = host(SEED, { maxStates: 10 });
	await explorers.warm(URI);
	explorers.open({ panel: 'a', uri: URI });
	await explorers.idle();
	expect(before).toEqual([0]);
});
