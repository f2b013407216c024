import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type Console, Status, UsageError } from './console.js';
import { parseOptions } from './options.js';

const STARTER = `#include <mn/active-ranges>

static DEFINE_MUTEX(fault_lock);

/* Called before the kernel takes pages of [start, end) away: the device must lose them here. */
static void invalidate_range_start(struct mmu_notifier *mn, struct mm_struct *mm,
				   const struct mmu_notifier_range *range)
{
	mutex_lock(&fault_lock);
	dev_unmap(range->start, range->end);
	mutex_unlock(&fault_lock);
}

static const struct mmu_notifier_ops ops = {
	.invalidate_range_start = invalidate_range_start,
};

static struct mmu_notifier mn = { .ops = &ops };

/* Called when the device touches a page that it has no mapping for. */
static int device_fault(unsigned long start, unsigned long end)
{
again:
	mmu_notifier_range_wait_active(mm, start, end);
	mutex_lock(&fault_lock);
	if (!mmu_notifier_range_inactive(mm, start, end)) {
		mutex_unlock(&fault_lock);
		goto again;
	}
	dev_map(start, end);
	mutex_unlock(&fault_lock);
	return 0;
}

scenario fault_races_munmap {
	pages 4;
	setup    { mmu_notifier_register(&mn, mm); }
	thread A { device_fault(0, 2); }
	thread B { munmap(1, 3); }
	expect ok;
}
`;

/** `new NAME`: writes a starter sketch to NAME.mmn. Never overwrites a file. */
export async function newSketch(args: readonly string[], console: Console): Promise<Status> {
	const { positionals } = parseOptions('new', args, {});
	const [name] = positionals;
	if (name === undefined || name === '' || positionals.length > 1)
		throw new UsageError('new: give one name for the sketch, as in: notifier-lab new my-driver');
	const file = name.endsWith('.mmn') ? name : `${name}.mmn`;
	try {
		await writeFile(path.resolve(console.cwd, file), STARTER, { flag: 'wx' });
	} catch (error) {
		throw new UsageError(`new: ${file}: ${whyNot(error)}`);
	}
	console.out(`${file}\n`);
	console.err(`notifier-lab: check it with: notifier-lab check ${file}\n`);
	return Status.ok;
}

function whyNot(error: unknown): string {
	const code = error instanceof Error && 'code' in error ? error.code : '';
	if (code === 'EEXIST') return 'is there already, and is left as it is; choose another name';
	if (code === 'ENOENT' || code === 'ENOTDIR') return 'cannot be written: its folder does not exist';
	if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'cannot be written: permission denied';
	return `cannot be written: ${error instanceof Error ? error.message : String(error)}`;
}
