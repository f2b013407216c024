/**
 * For each fix: a wrong sketch NAME.mmn (or one of the corpus), the title under which the fix is offered, the fixed text NAME.fixed, and the
 * verdict of the fixed text. `UPDATE_GOLDEN=1` rewrites the fixed texts: read the difference before you commit it.
 */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { addScenario } from '../../../src/findings/fixes/add-scenario.js';
import { applyEdits } from '../../../src/findings/fixes/edits.js';
import { type CheckedFix, checkedActions, checkedFixes } from '../../../src/findings/fixes/try.js';
import type { FileResult, Problem } from '../../../src/findings/result.js';
import { kernelLibraries } from '../../../src/kernel/library.js';
import { loadProgram } from '../../../src/language/program.js';
import { expectGolden } from '../../golden.js';
import { checkText } from '../examples.js';

const folder = import.meta.dirname;
const URI = 'file:///example.mmn';

/** The name of the sketch, the code of what is fixed, and the title with what the check came to. */
const FIXES: readonly (readonly [name: string, code: string, title: string])[] = [
	['unlock-before-retry', 'deadlock', 'Unlock fault_lock before the retry'],
	['unlock-before-retry', 'self-deadlock', 'Unlock fault_lock before the retry'],
	['lock-in-callback', 'stale-mapping', 'Take fault_lock in invalidate_range_start() too'],
	['lock-around-check-and-map', 'stale-mapping', 'Take fault_lock around check and map'],
	['check-under-lock', 'stale-mapping', 'Check again under notifier_lock'],
	['add-check-to-a-round', 'stale-mapping', 'Check mmu_interval_read_retry() under lock'],
	['add-check-to-declarations', 'stale-mapping', 'Check mmu_interval_read_retry() under notifier_lock'],
	['add-check', 'stale-mapping', 'Check mmu_interval_read_retry() under notifier_lock'],
	['add-check-new-reader', 'stale-mapping', 'Check mmu_interval_read_retry() under pt_lock'],
	[
		'add-check-and-set-seq',
		'stale-mapping',
		'Check mmu_interval_read_retry() under pt_lock, and call mmu_interval_set_seq()',
	],
	['add-check-gives-back', 'stale-mapping', 'Check mmu_interval_read_retry() under pt_lock'],
	[
		'add-check-kvm',
		'stale-mapping',
		'Check vm->mmu_invalidate_in_progress and vm->mmu_invalidate_seq under vm->mmu_lock',
	],
	['../../corpus/hmm/unlocked-not-checked', 'stale-mapping', 'Check mmu_interval_read_retry() under dmirror.mutex'],
	['lookup-under-lock', 'stale-mapping', 'Look the page up with cpu_pte() under fault_lock'],
	['wait-event', 'lost-wakeup', 'Wait with wait_event() on idle'],
	['new-read-begin', 'livelock', 'Begin each round with mmu_interval_read_begin()'],
	['new-read-notifier-seq', 'livelock', 'Begin each round with reading kvm.mmu_invalidate_seq'],
	['add-set-seq', 'contract', 'Call mmu_interval_set_seq() under the lock'],
	['move-set-seq', 'contract', 'Move mmu_interval_set_seq() under the lock, before the filter'],
	['allocation-out-of-lock', 'self-deadlock', 'Take notifier_lock only after the allocation'],
	['lookup-out-of-lock', 'self-deadlock', 'Take lock only after the lookup of user pages'],
	['lock-in-each-round', 'self-deadlock', 'Take lock only after the lookup of user pages, in each round'],
	['user-copy-out-of-lock', 'deadlock', 'Remove notifier_lock around the user copy: nothing else is under it'],
	['remove-without-lock', 'deadlock', 'Remove lock around mmu_interval_notifier_remove(): nothing else is under it'],
	['read-begin-out-of-lock', 'deadlock', 'Take notifier_lock only after mmu_interval_read_begin()'],
	['trylock-list', 'sleep-in-nonblock', 'Try notifier_lock where the range is not blockable, and return -EAGAIN'],
	['trylock-interval', 'sleep-in-nonblock', 'Try notifier_lock where the range is not blockable, and return false'],
	['wait-where-blockable', 'contract', 'Wait for notifier_lock where the range is blockable'],
	['unlock-on-error', 'lock-leak', 'Unlock notifier_lock on the way out'],
	['spinlock', 'sleep-in-atomic', 'Make domain_lock a spinlock'],
	['drop-mapping', 'stale-mapping', 'Drop the mapping in invalidate()'],
	['cancel-before-free', 'use-after-free', 'Cancel the work before kfree()'],
	['free-after-remove', 'use-after-free', 'Free it only after mmu_interval_notifier_remove()'],
	['mark-once', 'data-race', 'Mark the accesses to faults with READ_ONCE() and WRITE_ONCE()'],
	['give-page-back', 'unbalanced', 'Call unpin_user_page() on the way out'],
	['../../corpus/variations/subscription-too-small', 'stale-mapping', 'Insert the notifier for page 1, too'],
	[
		'../../corpus/lifetime/synchronize-in-callback',
		'self-deadlock',
		'Do not call mmu_notifier_synchronize() in range_start()',
	],
	[
		'../../corpus/reclaim/s53-lock-folio-in-callback',
		'self-deadlock',
		'Call set_page_dirty() instead of set_page_dirty_lock()',
	],
	['../../corpus/permission/s97-fork-protect-unmaps', 'permission', 'Map for writing only where pte_write() says so'],
	['../../corpus/interval/s39-remove-before-unmap', 'stale-mapping', 'Unmap before mmu_interval_notifier_remove()'],
	[
		'../../corpus/kvm/s19-only-the-count',
		'stale-mapping',
		'Ask for kvm->mmu_invalidate_seq too in mmu_invalidate_retry()',
	],
	['../../corpus/kvm/s26-bool-for-a-counter', 'stale-mapping', 'Count the ranges in busy, instead of a flag'],
	[
		'../../corpus/kvm/s22-conditional-accounting',
		'unbalanced',
		'Count every range in kvm->mmu_invalidate_in_progress, whatever it covers',
	],
	['take-count-back', 'unbalanced', 'Take active back before refusing'],
	[
		'../../corpus/locks/s57-mutex-held-start-to-end',
		'self-deadlock',
		'Count the active ranges, instead of holding vm_lock from start to end',
	],
	[
		'../../corpus/two-pass/lock-from-start-to-finish',
		'self-deadlock',
		'Take notifier_lock in start and in end, not from one to the other',
	],
	['../../corpus/locks/s60-set-state-after-test', 'lost-wakeup', 'Set the state of the task before the test'],
	['../../corpus/range-lock/s12-two-ranges-opposite-order', 'deadlock', 'Take the lower range first'],
	['lock-order', 'deadlock', 'Take table_lock before gpu_lock in gpu_evict()'],
	['../../corpus/liveness/trylock-dance', 'livelock', 'Give up after 3 rounds in take_both()'],
	[
		'../../corpus/variations/release-flushes-work',
		'deadlock',
		'Only try mmap_lock in fn(), and give up where it is taken',
	],
	[
		'../../corpus/lifetime/s80-free-without-grace-period',
		'use-after-free',
		'Free it in gpu_free_notifier(), when nobody uses it any more',
	],
	['../../corpus/secondary-tlb/s91-mutex-under-page-table-lock', 'sleep-in-atomic', 'Make lock a spinlock'],
	['../../corpus/context/s86-refuses-and-has-an-end', 'contract', 'Leave .invalidate_range_end out'],
	['reserve-slot', 'contract', 'Reserve a slot with dma_resv_reserve_fences()'],
	['before-signalling', 'contract', 'Begin the signalling section only after the allocation'],
	['give-back', 'contract', 'Give it back with unpin_user_page()'],
	['keep-mm', 'contract', 'Keep a user of sub.mm in prefetch_fn(): mmget_not_zero()'],
	['add-release', 'stale-mapping', 'Give gpu_mn_ops a ->release that drops every mapping'],
	['no-wait-behind', 'deadlock', 'Do not wait behind mmu_notifier_unregister()'],
	['callers-hold', 'self-deadlock', 'Leave notifier_lock to the callers of gpu_unmap()'],
	['callers-hold-mmap', 'deadlock', 'Leave mmap_lock to the callers of gpu_page_resident()'],
	[
		'../../corpus/tlb/job-goes-on-after-unmap',
		'stale-mapping',
		'Wait for the fence of job in amdgpu_invalidate_range_start()',
	],
	['../../corpus/variations/work-after-exit', 'stale-mapping', 'Keep a user of mm in fn_wrong(): mmget_not_zero()'],
	['../../corpus/variations/unpin-before-unmap', 'stale-mapping', 'Unmap before unpin_user_page()'],
	['remove-in-callback', 'contract', 'Leave mmu_notifier_unregister() to a work item'],
	[
		'../../corpus/interval/s40-remove-in-callback',
		'self-deadlock',
		'Leave mmu_interval_notifier_remove() to a work item',
	],
	['two-devices', 'stale-mapping', 'Drop the mapping of gpu1 in invalidate_range_start() too'],
	['wake-up', 'lost-wakeup', 'Wake up mir->idle in mirror_end()'],
	['wake-after-store', 'lost-wakeup', 'Wake up queue only after the change in waker()'],
	['interrupts-off', 'self-deadlock', 'Take event_lock with interrupts off, where no handler has them off'],
	['softirqs-off', 'self-deadlock', 'Take dev->lock with interrupts off, where no handler has them off'],
	['sequence-lock-irq', 'self-deadlock', 'Take seq with interrupts off, where no handler has them off'],
	['sequence-lock-bh', 'self-deadlock', 'Take seq with softirqs off outside of the handler'],
	['rwlock-bh', 'self-deadlock', 'Take table_lock with softirqs off outside of the handler'],
	['interrupts-off-apart', 'self-deadlock', 'Take lock with interrupts off (_irq), where no handler has them off'],
	['interrupts-off-lockdep', 'lock-order', 'Take lock with interrupts off, where no handler has them off'],
	['../drivers/irq-ioctl-lock', 'self-deadlock', 'Take dev->lock with interrupts off, where no handler has them off'],
	['leave-interrupts-off', 'self-deadlock', 'Take inner without _irq in nested(): interrupts are off'],
	['leave-interrupts-off-by-hand', 'self-deadlock', 'Leave interrupts off under the lock in by_hand()'],
	['../drivers/platform-unmaps-before-the-line', 'use-after-free', 'Call free_irq() before iounmap()'],
	['../drivers/platform-misc-freed-first', 'use-after-free', 'Call misc_deregister() before kref_put()'],
	['../drivers/platform-misc-forgotten', 'use-after-free', 'Call misc_deregister() in npu_remove()'],
	['../drivers/platform-remove-forgets-work', 'contract', 'Call cancel_work_sync() in npu_remove()'],
	['../drivers/platform-remove-forgets-notifier', 'contract', 'Call mmu_interval_notifier_remove() in npu_remove()'],
	['../drivers/module-exit-forgets-line', 'contract', 'Call free_irq() in lab_exit()'],
	[
		'../drivers/pci-probe-forgets-free-irq',
		'use-after-free',
		'Call free_irq() and cancel_work_sync() on the way out of acc_probe()',
	],
	['../drivers/pci-irq-before-init-work', 'uninitialised', 'Call INIT_WORK() before request_irq()'],
	['kref-unless-zero', 'assertion', 'Take the reference with kref_get_unless_zero() in ctx_get()'],
	['raw-spinlock', 'sleep-in-atomic', 'Make lock a raw_spinlock_t'],
	['demanded-lock', 'contract', 'Take mmap_lock around hmm_range_fault()'],
	['demanded-lock-return', 'contract', 'Take mmap_lock around __mmu_notifier_register()'],
	['demanded-resv', 'contract', 'Take resv around dma_resv_reserve_fences()'],
	['return-eagain', 'contract', 'Return -EAGAIN'],
	['gfp-nowait', 'sleep-in-atomic', 'Allocate with GFP_NOWAIT in kmalloc(), and give up where it fails'],
	['secondary-tlb', 'stale-tlb', 'Flush in arch_invalidate_secondary_tlbs(), under the lock of the page table'],
	['atomic-count', 'data-race', 'Make active an atomic_t'],
	['atomic-count', 'unbalanced', 'Make active an atomic_t'],
	[
		'../../corpus/lifetime/s82-fault-after-release',
		'stale-mapping',
		'Do not map in gpu_fault() once gpu_release() has begun',
	],
	['not-when-dying', 'stale-mapping', 'Do not map in fault() once close() has begun'],
	['check-allocation', 'null-deref', 'Give up where kzalloc() fails'],
	['check-allocation-declared', 'null-deref', 'Give up where kmalloc() fails'],
	['free-behind-last-use', 'use-after-free', 'Call kfree() behind the last use'],
	['pair-unlock', 'bad-unlock', 'Pair down_read() with up_read()'],
	['pair-unlock-irq', 'lock-leak', 'Pair spin_lock_irq() with spin_unlock_irq()'],
	['unlock-once', 'bad-unlock', 'Do not release lock here'],
	['mmgrab', 'use-after-free', 'Keep their_mm for late_fn(): mmgrab()'],
	[
		'../../corpus/drivers/iommufd',
		'contract',
		'Keep a user of pages->source_mm while pin_without_a_user() looks: mmget_not_zero()',
	],
	['../../corpus/fences/s70-allocation-in-signalling-path', 'deadlock', 'Allocate before the fence is published'],
	['../../corpus/liveness/spinner-holds-lock', 'livelock', 'Release lock between two looks'],
	['../../corpus/variations/reference-after-unlock', 'use-after-free', 'Take the reference before mutex_unlock()'],
	[
		'../../corpus/variations/release-frees-the-notifier',
		'use-after-free',
		'Call mmu_notifier_put() in on_release(), and free it in proc_free_notifier()',
	],
];

const read = (name: string): string => readFileSync(path.join(folder, `${name}.mmn`), 'utf8');

async function offered(text: string, code: string): Promise<CheckedFix[]> {
	const before = await checkText(text);
	const all: Problem[] = [...before.problems, ...before.scenarios.flatMap((s) => s.findings)];
	const found = all.find((f) => f.code === code);
	if (!found) throw new Error(`no ${code}: ${JSON.stringify(all.map((f) => `${f.code} ${f.message}`))}`);
	return checkedFixes(before, found, { read: async () => text });
}

/** The fixed text, with its verdict checked afresh. */
async function apply(name: string, text: string, fix: CheckedFix): Promise<string> {
	const fixed = applyEdits(text, URI, fix.edits);
	expectGolden(fixed, path.join(folder, `${path.basename(name)}.fixed`));
	const after = await checkText(fixed);
	expect(after.problems.filter((p) => p.severity === 'error')).toEqual([]);
	expect(after.scenarios.map(({ verdict, asExpected }) => ({ verdict, asExpected }))).toEqual(
		after.scenarios.map(() => ({ verdict: 'ok', asExpected: true })),
	);
	expect(after.scenarios.reduce((sum, s) => sum + s.states, 0)).toBe(fix.states);
	return fixed;
}

test('every wrong sketch here has its fix in the table', () => {
	const names = readdirSync(folder).filter((f) => f.endsWith('.mmn'));
	const own = FIXES.filter(([name]) => !name.includes('/')).map(([name]) => `${name}.mmn`);
	const others = [
		'add-include',
		'remove-include',
		'stub',
		'define-struct',
		'rename-api',
		'add-scenario',
		'rescuer',
		'no-refusal-in-a-handler',
	];
	const known = new Set([...own, ...others.map((name) => `${name}.mmn`)]);
	expect(names.sort()).toEqual([...known].sort());
});

test.each(FIXES)('%s: %s', async (name, code, title) => {
	const text = read(name);
	const fixes = await offered(text, code);
	const fix = fixes.find((f) => f.title.startsWith(`${title} (`)) ?? fixes[0];
	expect(fix?.title).toBe(`${title} (checked: ${fix?.states.toLocaleString('en-US')} states, ok)`);
	if (fix) await apply(name, text, fix);
});

test('rescuer: the queue that reclaim waits for has one; that a callback waits for work stays a hint', async () => {
	const text = read('rescuer');
	const [fix] = await offered(text, 'assertion');
	expect(fix?.title).toBe(
		`Give the queue of gpu_open() a rescuer: WQ_MEM_RECLAIM (checked: ${fix?.states} states, ok, a hint of deadlock is left)`,
	);
	if (fix) await apply('rescuer', text, fix);
});

test.each([
	['add-include', 'Add #include <mn/interval>'],
	['remove-include', 'Remove #include "gpu.h"'],
])('%s: what is said of a pasted head is mended at once', async (name, title) => {
	const text = read(name);
	const before = await checkText(text);
	expect(before.problems.filter((p) => p.severity === 'error')).toHaveLength(1);
	const [fix] = await offered(text, 'include');
	expect(fix?.title).toBe(`${title} (checked: ${fix?.states} states, ok)`);
	if (fix) await apply(name, text, fix);
});

test('add-include: also where what it declares is used wrongly', async () => {
	const [fix] = await offered(read('add-include').replace('&sub, seq)', '&sub)'), 'include');
	expect(fix?.title).toBe('Add #include <mn/interval> (checked: 1 other error remains)');
});

test('stub: one for each unmodelled call, which together make the sketch whole', async () => {
	const text = read('stub');
	const [first] = await offered(text, 'name');
	expect(first?.title).toBe('Add a stub for gpu_tracks() (checked: 1 other error remains)');
	const once = applyEdits(text, URI, first?.edits ?? []);
	const [second] = await offered(once, 'name');
	expect(second?.title).toBe(`Add a stub for gpu_note() (checked: ${second?.states} states, ok)`);
	if (second) await apply('stub', once, second);
});

test('stub: in kernel style, with no line over 80 columns; none before its parameters can be known', async () => {
	const call = 'gpu_populate_with_a_long_name(range->start, range->end, true, GFP_KERNEL, &fault_lock, "name");';
	const text = read('stub')
		.replace(/gpu_note\(.*\);/, call)
		.replace('gpu_tracks(range->start)', 'gpu_tracks(gpu.tracker->tree)')
		.replace(
			'static DEFINE_MUTEX',
			'struct gpu {\n\tstruct tracker *tracker;\n};\n\nstatic struct gpu gpu;\nstatic DEFINE_MUTEX',
		);
	const before = await checkText(text);
	const fixesOf = async (name: string) => {
		const found = before.problems.find((p) => p.message.includes(`'${name}'`));
		return checkedFixes(before, found as Problem, { read: async () => text });
	};
	expect(await fixesOf('gpu_tracks')).toEqual([]);
	const [fix] = await fixesOf('gpu_populate_with_a_long_name');
	const added = fix?.edits[0]?.text ?? '';
	expect(added).toMatch(
		/^static void gpu_populate_with_a_long_name\(unsigned long start,\n\t{5} {2}unsigned long end, bool write,\n/,
	);
	for (const line of added.split('\n')) expect(line.replaceAll('\t', ' '.repeat(8)).length).toBeLessThanOrEqual(80);
});

test('define-struct: with the fields that are used, and the structs that lie in it', async () => {
	const text = read('define-struct');
	const [first] = await offered(text, 'type');
	expect(first?.title).toBe('Define struct gpu_bo with the fields it is used with (checked: 1 other error remains)');
	const once = applyEdits(text, URI, first?.edits ?? []);
	const [second] = await offered(once, 'type');
	expect(second?.title).toBe(
		`Define struct gpu_dev with the fields it is used with (checked: ${second?.states} states, ok)`,
	);
	if (second) await apply('define-struct', once, second);
});

test('hmm-under-the-lock: what cures both errors comes first, and two ways to one text are one fix', async () => {
	const driver = readFileSync(path.join(import.meta.dirname, '../drivers/hmm-under-the-lock.mmn'), 'utf8');
	const threads = '\tthread F { gpu_fault(&gpu, 0); }\n\tthread I { mmap_fixed(0, 2); }\n';
	const text = `${driver}\nscenario s {\n\tpages 2;\n\tsetup    { gpu_open(&gpu); fork(0, 1); }\n${threads}}\n`;
	const fixes = await offered(text, 'deadlock');
	const titles = fixes.map(({ title }) => title.replace(/ \(checked: [\d,]+ states, /, ': ').replace(/\)$/, ''));
	expect(titles).toEqual([
		'Take gpu->lock only after the lookup of user pages: ok',
		'Take gpu->lock only after mmap_read_lock(): self-deadlock remains',
		'Only try mmap_lock in gpu_fault(), and give up where it is taken: self-deadlock remains',
	]);
});

test('rename-api: the whole file has the new names', async () => {
	const text = read('rename-api');
	const { rename } = await checkedActions(URI, { read: async () => text });
	expect(rename?.title).toBe(
		`Use the new names, range_wait_active and range_inactive (checked: ${rename?.states} states, ok)`,
	);
	if (rename) expect(await apply('rename-api', text, rename)).not.toMatch(/_valid\(/);
});

test('add-scenario: one that fits the callbacks and handlers', async () => {
	const text = read('add-scenario');
	const { scenario } = await checkedActions(URI, { read: async () => text });
	expect(scenario?.title).toBe(`Add a scenario for device_fault() (checked: ${scenario?.states} states, ok)`);
	if (scenario) await apply('add-scenario', text, scenario);
});

test.each(['hmm-under-the-lock', 'gntdev-user-copy-under-lock'])(
	'%s: scenarios show what was found without any',
	async (name) => {
		const text = readFileSync(path.join(import.meta.dirname, `../drivers/${name}.mmn`), 'utf8');
		const codes = ({ scenarios }: FileResult) =>
			[...new Set(scenarios.flatMap((s) => s.findings.map((f) => f.code)))].sort();
		const before = await checkText(text);
		expect(codes(before)).toEqual(['deadlock', 'self-deadlock']);
		const program = await loadProgram(URI, { read: async () => text }, kernelLibraries);
		const fix = addScenario(
			program,
			before.scenarios.flatMap((s) => s.findings),
		);
		const after = await checkText(applyEdits(text, URI, fix?.edits ?? []));
		expect(after.problems).toEqual([]);
		expect(after.scenarios.map((s) => s.name)).toEqual([
			expect.stringMatching(/_deadlock$/),
			expect.stringMatching(/_self_deadlock$/),
		]);
		expect(codes(after)).toEqual(codes(before));
	},
);

test.each(['pci-probe-forgets-free-irq', 'platform-misc-too-early', 'platform-remove-forgets-work'])(
	'%s: a scenario loads the driver, and has all that takes',
	async (name) => {
		const text = readFileSync(path.join(import.meta.dirname, `../drivers/${name}.mmn`), 'utf8');
		const codes = ({ scenarios }: FileResult) =>
			[...new Set(scenarios.flatMap((s) => s.findings.map((f) => f.code)))].sort();
		const before = await checkText(text);
		const program = await loadProgram(URI, { read: async () => text }, kernelLibraries);
		const found = before.scenarios.flatMap((s) => s.findings);
		const after = await checkText(applyEdits(text, URI, addScenario(program, found)?.edits ?? []));
		expect(after.problems).toEqual([]);
		expect(codes(after)).toEqual(codes(before));
	},
);

test('a scenario declares all that its objects point to', async () => {
	const text = `struct drm { int used; };
struct client { struct drm *drm; };
struct vmm { struct client *client; };
static DEFINE_MUTEX(lock);
static int vmm_fault(struct vmm *vmm)
{
	mutex_lock(&lock);
	vmm->client->drm->used = 1;
	mutex_unlock(&lock);
	return 0;
}
`;
	const { scenario } = await checkedActions(URI, { read: async () => text });
	const added = scenario?.edits[0]?.text ?? '';
	expect(added).toContain('static struct drm default_drm;');
	const { problems } = await checkText(text + added);
	expect(problems).toEqual([]);
});

test('a scenario for a wrong sketch says what it finds', async () => {
	const text = read('unlock-before-retry').replace(/\nscenario[\s\S]*$/, '');
	const { scenario } = await checkedActions(URI, { read: async () => text });
	expect(scenario?.title).toMatch(/^Add a scenario for device_fault\(\) \(checked: \d+ states, finds .*deadlock/);
});

test('without a scenario, a fix whose whole check meets a limit can be had as what it is', async () => {
	const text = read('trylock-interval').replace(/\nscenario[\s\S]*$/, '');
	const before = await checkText(text);
	const found = before.scenarios.flatMap((s) => s.findings).find((f) => f.code === 'sleep-in-nonblock') as Problem;
	const options = { check: { maxStates: 3000 }, most: 1 };
	const sources = { read: async () => text };
	expect(await checkedFixes(before, found, sources, options)).toEqual([]);
	const [fix] = await checkedFixes(before, found, sources, { ...options, partly: true });
	expect(fix?.title).toBe(
		`Try notifier_lock where the range is not blockable, and return false (checked where it failed: ${fix?.states} states, ok; the rest met a limit)`,
	);
	expect(fix?.ok).toBe(false);
});

test('without a scenario, what a finding has hidden does not stand in the way of its fix', async () => {
	// the end of the process is looked at when nothing else is found: it needs a ->release, and did before
	const text = read('add-check-kvm').replace(
		/\nscenario[\s\S]*$/,
		'\nstatic int vm_open(struct vm *vm)\n{\n\tspin_lock_init(&vm->mmu_lock);\n\tvm->mn.ops = &ops;\n\treturn mmu_notifier_register(&vm->mn, current->mm);\n}\n',
	);
	const before = await checkText(text);
	const found = before.scenarios.flatMap((s) => s.findings).find((f) => f.code === 'stale-mapping') as Problem;
	const [fix] = await checkedFixes(before, found, { read: async () => text }, { most: 1, maxSeconds: 60 });
	expect(fix?.title).toMatch(
		/^Check vm->mmu_invalidate_in_progress and .* \(checked: [\d,]+ states, another stale-mapping remains\)$/,
	);
});

test('what a scenario was to show, and the fix has cured, is expected no longer', async () => {
	const text = read('unlock-before-retry').replace(/\}\n$/, '\texpect deadlock, self-deadlock;\n}\n');
	const [fix] = await offered(text, 'deadlock');
	const fixed = applyEdits(text, URI, fix?.edits ?? []);
	expect(fixed).toMatch(/\texpect ok;\n\}\n$/);
	expect((await checkText(fixed)).scenarios.map((s) => s.asExpected)).toEqual([true]);
});

test('a fix that does not cure, or brings something new, is not offered', async () => {
	// the callback takes the lock too: what is left to do is not to take it there, which nobody may guess
	const text = read('unlock-before-retry').replace(
		'\tmmu_notifier_range_wait_valid(mm, start, end);\n\tmutex_lock(&fault_lock);\n',
		'\tmutex_lock(&fault_lock);\n\tmutex_lock(&fault_lock);\n',
	);
	expect(await offered(text, 'self-deadlock')).toEqual([]);
});

test('line ends and indentation are kept', async () => {
	const text = read('unlock-before-retry').replaceAll('\n', '\r\n');
	const [fix] = await offered(text, 'deadlock');
	const fixed = applyEdits(text, URI, fix?.edits ?? []);
	expect(fixed).not.toMatch(/[^\r]\n/);
	expect(fixed.replaceAll('\r\n', '\n')).toBe(readFileSync(path.join(folder, 'unlock-before-retry.fixed'), 'utf8'));
});

test('a search for fixes ends when it is told to', async () => {
	const text = read('unlock-before-retry');
	const before = await checkText(text);
	const found = before.scenarios[0]?.findings[0];
	if (!found) throw new Error('nothing found');
	const abort = new AbortController();
	const sources = {
		read: async () => {
			abort.abort();
			return text;
		},
	};
	expect(await checkedFixes(before, found, sources, { signal: abort.signal })).toEqual([]);
});

test.each(['write', 'may_block'])(
	'a fault handler is not made to refuse everything where its flag is `%s`',
	{ timeout: 60_000 },
	async (flag) => {
		const text = readFileSync(path.join(folder, 'no-refusal-in-a-handler.mmn'), 'utf8').replace(/\bwrite\b/g, flag);
		const before = await checkText(text);
		const found = before.scenarios.flatMap((s) => s.findings).find((f) => f.code === 'permission');
		expect(found).toBeDefined();
		const sources = { read: async (uri: string) => (uri === URI ? text : undefined) };
		const fixes = await checkedFixes(before, found as Problem, sources, { maxSeconds: 50 });
		expect(fixes.map(({ title }) => title).filter((title) => /^Return -EAGAIN/.test(title))).toEqual([]);
	},
);
