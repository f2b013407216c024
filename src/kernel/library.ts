import bus from './lib/bus.mmn';
import areas from './lib/environment/areas.mmn';
import attributes from './lib/environment/attributes.mmn';
import driverEnvironment from './lib/environment/driver.mmn';
import nestedRanges from './lib/environment/nested-ranges.mmn';
import opening from './lib/environment/opening.mmn';
import otherDriver from './lib/environment/other-driver.mmn';
import unbound from './lib/environment/unbound.mmn';
import fs from './lib/fs.mmn';
import hmm from './lib/hmm.mmn';
import io from './lib/io.mmn';
import iomap from './lib/iomap.mmn';
import alloc from './lib/kernel/alloc.mmn';
import atomic from './lib/kernel/atomic.mmn';
import completion from './lib/kernel/completion.mmn';
import delayedWork from './lib/kernel/delayed_work.mmn';
import device from './lib/kernel/device.mmn';
import driver from './lib/kernel/driver.mmn';
import errno from './lib/kernel/errno.mmn';
import exclusive from './lib/kernel/exclusive.mmn';
import fault from './lib/kernel/fault.mmn';
import fence from './lib/kernel/fence.mmn';
import gup from './lib/kernel/gup.mmn';
import hrtimer from './lib/kernel/hrtimer.mmn';
import idr from './lib/kernel/idr.mmn';
import invalidators from './lib/kernel/invalidators.mmn';
import irq from './lib/kernel/irq.mmn';
import jobs from './lib/kernel/jobs.mmn';
import kthread from './lib/kernel/kthread.mmn';
import list from './lib/kernel/list.mmn';
import locks from './lib/kernel/locks.mmn';
import math from './lib/kernel/math.mmn';
import mm from './lib/kernel/mm.mmn';
import module from './lib/kernel/module.mmn';
import notify from './lib/kernel/notify.mmn';
import pages from './lib/kernel/pages.mmn';
import percpuRef from './lib/kernel/percpu_ref.mmn';
import rcu from './lib/kernel/rcu.mmn';
import rmap from './lib/kernel/rmap.mmn';
import rwlock from './lib/kernel/rwlock.mmn';
import semaphore from './lib/kernel/semaphore.mmn';
import seqlock from './lib/kernel/seqlock.mmn';
import tasklet from './lib/kernel/tasklet.mmn';
import tasks from './lib/kernel/tasks.mmn';
import time from './lib/kernel/time.mmn';
import timer from './lib/kernel/timer.mmn';
import types from './lib/kernel/types.mmn';
import vmaLock from './lib/kernel/vma_lock.mmn';
import workqueue from './lib/kernel/workqueue.mmn';
import ww from './lib/kernel/ww.mmn';
import xarray from './lib/kernel/xarray.mmn';
import migrate from './lib/migrate.mmn';
import activeRanges from './lib/mn/active-ranges.mmn';
import activeRangesCore from './lib/mn/active-ranges-core.mmn';
import interval from './lib/mn/interval.mmn';
import intervalCore from './lib/mn/interval-core.mmn';
import listNotifiers from './lib/mn/list.mmn';
import listCore from './lib/mn/list-core.mmn';
import notifier2008 from './lib/mn/notifier-2008.mmn';
import notifier2008Core from './lib/mn/notifier-2008-core.mmn';
import notifier2018 from './lib/mn/notifier-2018.mmn';
import rangeLock from './lib/mn/range-lock.mmn';
import secondaryTlb from './lib/mn/secondary-tlb.mmn';
import twoPass from './lib/mn/two-pass.mmn';
import sysfs from './lib/sysfs.mmn';
import packed from './packed.js';

/** Scheme of the simulated kernel's files: `mmn-kernel:/mn/list.mmn` is `<mn/list>`. */
export const KERNEL_SCHEME = 'mmn-kernel';

const PRELUDE: Readonly<Record<string, string>> = {
	'kernel/types': types,
	'kernel/errno': errno,
	'kernel/math': math,
	'kernel/list': list,
	'kernel/time': time,
	'kernel/tasks': tasks,
	'kernel/locks': locks,
	'kernel/pages': pages,
	'kernel/rwlock': rwlock,
	'kernel/atomic': atomic,
	'kernel/rcu': rcu,
	'kernel/seqlock': seqlock,
	'kernel/completion': completion,
	'kernel/semaphore': semaphore,
	'kernel/mm': mm,
	'kernel/vma_lock': vmaLock,
	'kernel/notify': notify,
	'kernel/fault': fault,
	'kernel/rmap': rmap,
	'kernel/invalidators': invalidators,
	'kernel/gup': gup,
	'kernel/exclusive': exclusive,
	'kernel/device': device,
	'kernel/jobs': jobs,
	'kernel/alloc': alloc,
	'kernel/kthread': kthread,
	'kernel/timer': timer,
	'kernel/hrtimer': hrtimer,
	'kernel/tasklet': tasklet,
	'kernel/irq': irq,
	'kernel/percpu_ref': percpuRef,
	'kernel/workqueue': workqueue,
	'kernel/delayed_work': delayedWork,
	'kernel/fence': fence,
	'kernel/ww': ww,
	'kernel/xarray': xarray,
	'kernel/idr': idr,
	'kernel/driver': driver,
	'kernel/module': module,
};
const INCLUDABLE: Readonly<Record<string, string>> = {
	'mn/active-ranges': activeRanges,
	'mn/active-ranges-core': activeRangesCore,
	'mn/range-lock': rangeLock,
	'mn/list': listNotifiers,
	'mn/list-core': listCore,
	migrate,
	'mn/notifier-2008-core': notifier2008Core,
	'mn/notifier-2018': notifier2018,
	'mn/notifier-2008': notifier2008,
	'mn/secondary-tlb': secondaryTlb,
	'mn/interval': interval,
	'mn/interval-core': intervalCore,
	'mn/two-pass': twoPass,
	hmm,
	fs,
	sysfs,
	bus,
	io,
	iomap,
	// adversaries of the default environment
	'environment/areas': areas,
	'environment/attributes': attributes,
	'environment/driver': driverEnvironment,
	'environment/nested-ranges': nestedRanges,
	'environment/opening': opening,
	'environment/other-driver': otherDriver,
	'environment/unbound': unbound,
};

const RELEASED = [
	...[
		'mn/list',
		'mn/interval',
		'mn/secondary-tlb',
		'mn/two-pass',
		'hmm',
		'migrate',
		'fs',
		'sysfs',
		'bus',
		'io',
		'iomap',
	],
	...['mn/notifier-2018', 'mn/notifier-2008'],
];

/**
 * Today's <mn/interval> has all that these headers declare, list notifiers and hmm_range_fault() too; older forms of the
 * callbacks have other types.
 */
const HEADERS = {
	'linux/mmu_notifier.h': 'mn/interval',
	'linux/hmm.h': 'mn/interval',
	'linux/migrate.h': 'mn/interval',
};

/** Headers that mean a library whatever the generation, but where a sketch declares itself what that has. */
const BESIDES = {
	'linux/fs.h': ['fs'],
	'linux/cdev.h': ['fs'],
	'linux/miscdevice.h': ['fs'],
	'linux/pci.h': ['bus', 'io', 'iomap'],
	'linux/platform_device.h': ['bus', 'io', 'iomap'],
	'linux/device.h': ['sysfs'],
	'linux/sysfs.h': ['sysfs'],
	'linux/io.h': ['io'],
	'linux/iopoll.h': ['io'],
	'asm/io.h': ['io'],
};

const uriOf = (name: string): string => `${KERNEL_SCHEME}:/${name}.mmn`;
const texts = new Map(Object.entries({ ...PRELUDE, ...INCLUDABLE }).map(([name, text]) => [uriOf(name), text]));

/** The files of the simulated kernel, as language/program.ts asks for them. */
export const kernelLibraries = {
	/** Uris of the files that every sketch includes without saying so, in order. */
	prelude: Object.keys(PRELUDE).map(uriOf),
	/** Uris of all others. */
	includable: Object.keys(INCLUDABLE).map(uriOf),
	/** Their trees, where the build has made them. */
	packed,
	/** Names for `#include <name>`, today's first: that is what a driver has whose author has not said which; proposals last. */
	names: [...new Set([...RELEASED, ...Object.keys(INCLUDABLE)])].filter((name) => !name.endsWith('-core')),
	/** What a header of the kernel means where no generation is included. */
	headers: HEADERS,
	/** What a header means beside any generation, where the sketch has not declared the same itself. */
	besides: BESIDES,
	/** The uri of `#include <name>`; undefined when there is no such file. */
	resolve(name: string): string | undefined {
		return name in INCLUDABLE ? uriOf(name) : undefined;
	},
	/** The text of a file of the simulated kernel. */
	read(uri: string): string | undefined {
		return texts.get(uri);
	},
};

/** A lane of the simulated kernel: it exists where the sketch reaches one of the functions in `uses`. */
export interface KernelThread {
	readonly name: string;
	/** The function of the library that it runs, again and again; between two rounds it may stop for ever. */
	readonly entry: string;
	readonly uses: readonly string[];
	readonly count: number;
}

/** Kernel threads run in every environment (language.md, Scenarios). */
const WORKERS = ['queue_work', 'flush_work', 'cancel_work_sync', 'flush_workqueue', 'drain_workqueue'];
const KTHREADS = ['kthread_run', 'kthread_create', 'kthread_create_on_node'];
const REQUESTS = ['request_threaded_irq'];
export const kernelThreads: readonly KernelThread[] = [
	{ name: 'mmput', entry: '__mmput_async_fn', uses: ['mmput_async'], count: 1 },
	{ name: 'gpu', entry: '__dev_job_fn', uses: ['__dev_submit'], count: 1 },
	{ name: 'rcu', entry: '__srcu_callbacks', uses: ['call_srcu'], count: 1 },
	{ name: 'kthread/0', entry: '__kthread0', uses: KTHREADS, count: 1 },
	{ name: 'kthread/1', entry: '__kthread1', uses: KTHREADS, count: 1 },
	{ name: 'timer', entry: '__timer_softirq0', uses: ['mod_timer'], count: 1 },
	{ name: 'timer/1', entry: '__timer_softirq1', uses: ['mod_timer'], count: 1 },
	{ name: 'hrtimer', entry: '__hrtimer_interrupt0', uses: ['hrtimer_start'], count: 1 },
	{ name: 'hrtimer/1', entry: '__hrtimer_interrupt1', uses: ['hrtimer_start'], count: 1 },
	{ name: 'tasklet', entry: '__tasklet_action0', uses: ['tasklet_schedule'], count: 1 },
	{ name: 'tasklet/1', entry: '__tasklet_action1', uses: ['tasklet_schedule'], count: 1 },
	{ name: 'irq', entry: '__irq0', uses: REQUESTS, count: 1 },
	{ name: 'irq/1', entry: '__irq1', uses: REQUESTS, count: 1 },
	{ name: 'irq-thread', entry: '__irq_thread0', uses: REQUESTS, count: 1 },
	{ name: 'irq-thread/1', entry: '__irq_thread1', uses: REQUESTS, count: 1 },
	{ name: 'kworker/0', entry: '__kworker0', uses: WORKERS, count: 1 },
	{ name: 'kworker/1', entry: '__kworker1', uses: WORKERS, count: 1 },
	{ name: 'kworker/2', entry: '__kworker2', uses: WORKERS, count: 1 },
];
