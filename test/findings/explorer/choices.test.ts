/** What the adversary may choose is said in words, not counted: `returns NULL`, `picks 3`, `a signal comes`. */
import { expect, test } from 'vitest';
import { Explorer, explore } from '../../../src/findings/explorer/explorer.js';
import type { Picture } from '../../../src/findings/explorer/picture.js';
import { withoutOpen } from '../../../src/findings/picks.js';

const URI = 'file:///w/choices.mmn';

/** All ways of the thread of a scenario that are offered, those of other steps of the run included. */
async function waysOf(statements: string, more = ''): Promise<{ ways: string[]; later: string[]; picture: Picture }> {
	const text = `#include <mn/interval>
DECLARE_WAIT_QUEUE_HEAD(queue);
int ready, seen;
struct page *page;
static void ioctl(unsigned int cmd, unsigned long arg) { seen = cmd + arg; }

scenario s {
	thread A { ${statements} }
	${more}
	expect ok;
}
`;
	const exploration = await explore(URI, { read: async (uri) => (uri === URI ? text : undefined) });
	expect(exploration.result.problems.filter((p) => p.severity === 'error')).toEqual([]);
	const explorer = Explorer.of(exploration, 's') as Explorer;
	const { picture } = explorer.found(null);
	// on the way on which A goes first, as far as it gets
	const later: string[] = [];
	for (let at = explorer.found(null), n = 0; n < 4; n++) {
		const on = explorer.branch(at, n, 0, 0, true);
		if (on === undefined) break;
		at = on;
		later.push(...on.picture.next.map(({ text }) => text));
	}
	const ways = [...picture.steps.flatMap((s) => s.alternatives), ...picture.next].map(({ text }) => text);
	exploration.release();
	return { ways: [...new Set(ways)].sort(), later, picture };
}

test('a pick says its value, and the one that was made says it, too', async () => {
	const { ways, picture } = await waysOf('seen = any(2, 4); if (any_bool()) seen = 1;');
	expect(ways).toEqual(['any(2, 4) (picks 3)', 'any(2, 4) (picks 4)', 'any_bool() (picks true)']);
	expect(picture.steps.map(({ remark }) => remark.split('; ')[0]).filter((r) => /^picks/.test(r ?? ''))).toEqual([
		'picks 2',
		'picks false',
	]);
});

test('bounds that are no numbers are known all the same', async () => {
	const { ways } = await waysOf('int top = 1; seen = any(0, top + 1);');
	expect(ways).toEqual(['any(0, top + 1) (picks 1)', 'any(0, top + 1) (picks 2)']);
});

test('an allocation succeeds, fails, or reclaims a page', async () => {
	expect((await waysOf('kfree(kmalloc(8, GFP_ATOMIC));')).ways).toEqual([
		expect.stringMatching(/^kmalloc\(8, GFP_ATOMIC\) \(returns NULL\)$/),
	]);
	const { ways } = await waysOf('kfree(kmalloc(8, GFP_KERNEL));', 'pages 1;');
	expect(ways).toContain('kmalloc(8, GFP_KERNEL) (reclaims page 0)');
	expect(ways).toContain('kmalloc(8, GFP_KERNEL) (returns NULL)');
	expect(ways.filter((way) => /way \d/.test(way))).toEqual([]);
});

test('a call of the kernel says what it returns, also where that takes it more than a step', async () => {
	const { ways } = await waysOf('if (get_user_pages_unlocked(0, 1, &page, FOLL_WRITE) == 1) put_page(page);');
	expect(ways).toEqual(['get_user_pages_unlocked(0, 1, &page, FOLL_WRITE) (returns 1)']);
	expect(ways.filter((way) => /way \d/.test(way))).toEqual([]);
});

test('a wait that is cut short says by what', async () => {
	const signal = await waysOf('wait_event_interruptible(queue, ready);', 'thread B { ready = 1; wake_up(&queue); }');
	expect(signal.later).toContain('wait_event_interruptible(queue, ready) (a signal comes)');
	const timer = await waysOf('wait_event_timeout(queue, ready, 10);', 'thread B { ready = 1; wake_up(&queue); }');
	expect(timer.later).toContain('wait_event_timeout(queue, ready, 10): the time is over');
});

test('what is picked for an argument is said by the name of its parameter', async () => {
	const { ways, picture } = await waysOf('ioctl(any(0, 1) ? 0 : any(0, 1) ? 5 : 6, any(3, 4)); seen = 1;');
	expect(ways).toEqual(['any(0, 1) (picks cmd != 0)', 'any(3, 4) (picks arg = 4)']);
	expect(picture.steps.flatMap(({ remark }) => remark.split('; ')).filter((r) => /^picks/.test(r))).toEqual([
		'picks cmd = 0',
		'picks arg = 3',
	]);
	const { later } = await waysOf('ioctl(any(0, 1) ? 0 : any(0, 1) ? 5 : 6, 3); seen = 1;');
	expect(later).toContain('any(0, 1) (picks cmd = 5)');
});

test('of the picks of one step the last for a parameter counts', () => {
	const picks = ['picks cmd != 0', 'picks cmd != 1', 'picks cmd = 7', 'picks arg != 0'];
	expect(withoutOpen(picks)).toEqual(['picks cmd = 7', 'picks arg != 0']);
});
