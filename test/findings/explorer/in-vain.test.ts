/** Only what is wrong is drawn as wrong: waits of the cycle, not those of who waits behind it or beside another finding. */
import { expect, test } from 'vitest';
import { lanesInVain } from '../../../src/findings/explorer/fold.js';
import { explorerOf } from './samples.js';

async function run(file: string, scenario: string, code: string) {
	const explorer = await explorerOf(`test/corpus/${file}`, scenario);
	const index = explorer.scenario.findings.findIndex((f) => f.code === code);
	const { picture } = explorer.found(index);
	const lasting = picture.bars.filter((b) => b.forEver).map((b) => picture.lanes[b.lane]?.name);
	const drawn = [...lanesInVain(picture)].map((lane) => picture.lanes[lane]?.name);
	return { picture, lasting, drawn };
}

test('who waits when a sleep in atomic context is found only waits', async () => {
	const { picture, lasting, drawn } = await run(
		'seed/s01-goto-again-holding-spinlock.mmn',
		'fault_races_munmap',
		'sleep-in-atomic',
	);
	expect(lasting).toEqual(['B']);
	expect({ drawn, waits: picture.waits, blocked: picture.steps.filter((s) => s.blocked) }).toEqual({
		drawn: [],
		waits: [],
		blocked: [],
	});
});

test('who waits behind a thread that goes round for ever only waits', async () => {
	const { lasting, drawn } = await run('liveness/spinner-holds-lock.mmn', 'spins_with_the_lock', 'livelock');
	expect(lasting).toEqual(['B']);
	expect(drawn).toEqual([]);
});

test('who waits behind a deadlock is not in it', async () => {
	const { lasting, drawn } = await run(
		'seed/s08-mmap-lock-inside-handshake.mmn',
		'fault_races_munmap_and_writer',
		'deadlock',
	);
	expect(new Set(lasting)).toEqual(new Set(['I', 'F', 'W']));
	expect(drawn).toHaveLength(2);
});

test('a sleeper whom nobody wakes waits in vain', async () => {
	const { drawn } = await run('locks/s60-set-state-after-test.mmn', 'sleeper_and_waker', 'lost-wakeup');
	expect(drawn).toEqual(['F']);
});
