import type { FunctionDecl } from '../../language/generated/ast.js';
import type { Program } from '../../language/program.js';
import { callbacksOf } from '../lints/callbacks.js';
import { functionAt } from '../text/sketch.js';
import { addCheck } from './add-check.js';
import { addRelease } from './add-release.js';
import { beforePublishing, checkAllocation } from './allocation.js';
import { askBoth } from './ask-both.js';
import { atomicCount } from './atomic.js';
import { beforeFree } from './before-free.js';
import { notBetween } from './between.js';
import { callbackLock } from './callback-lock.js';
import { callersHold } from './caller-holds.js';
import { checkUnderLock } from './check-under-lock.js';
import { countAlways, countRanges, takeBack } from './count.js';
import { coverAll } from './cover-all.js';
import { demandedLock } from './demanded-lock.js';
import { dropMapping } from './drop-mapping.js';
import { notWhenDying } from './dying.js';
import { areApart } from './edits.js';
import { onlyEagain } from './errno.js';
import { beforeSignalling, reserveSlot, waitForJob } from './fence.js';
import type { Blamed, Fix, Fixer } from './fix.js';
import { gentlerCall } from './gentler-call.js';
import { giveBack } from './give-back.js';
import { givePageBack } from './give-page-back.js';
import { boundedRetry, giveUp } from './give-up.js';
import { referenceUnderLock, releaseWhileSpinning } from './in-time.js';
import { interruptsOff } from './interrupts-off.js';
import { leaveOff } from './leave-off.js';
import { lockOrder } from './lock-order.js';
import { lookupUnderLock } from './lookup-under-lock.js';
import { mayWrite } from './may-write.js';
import { mmget, mmgrab } from './mmget.js';
import { defineStruct, unknownName } from './names.js';
import { newRead } from './new-read.js';
import { noWaitBehind } from './no-wait-behind.js';
import { markOnce } from './once.js';
import { outOfLock } from './out-of-lock.js';
import { noUnlock, pairUnlock } from './pair.js';
import { removeLater } from './remove-later.js';
import { rescuer } from './rescuer.js';
import { flushUnderTheLock } from './secondary-tlb.js';
import { setSeq } from './set-seq.js';
import { spinlock } from './spinlock.js';
import { leaveOut } from './table.js';
import { endFirst, endIt, initFirst } from './teardown.js';
import { trylock } from './trylock.js';
import { unlessZero } from './unless-zero.js';
import { unlockBeforeRetry } from './unlock-before-retry.js';
import { unlockOnError } from './unlock-on-error.js';
import { unmapFirst } from './unmap-first.js';
import { waitEvent } from './wait-event.js';
import { wake } from './wake.js';

const WAITING: readonly Fixer[] = [
	interruptsOff,
	leaveOff,
	wake,
	beforePublishing,
	removeLater,
	unlockBeforeRetry,
	unlockOnError,
	callersHold,
	outOfLock,
	lockOrder,
	trylock,
	gentlerCall,
	notBetween,
	takeBack,
	noWaitBehind,
	giveUp,
];
const MAPPING: readonly Fixer[] = [
	coverAll,
	checkUnderLock,
	addCheck,
	lookupUnderLock,
	setSeq,
	askBoth,
	countRanges,
	waitForJob,
	mmget,
	unmapFirst,
	addRelease,
	notWhenDying,
	callbackLock,
	newRead,
	dropMapping,
	trylock,
];

/** The fixes that may cure a finding, by its code, the likeliest first. */
const FIXERS: Readonly<Record<string, readonly Fixer[]>> = {
	assertion: [rescuer, unlessZero, endFirst, endIt],
	'bad-unlock': [pairUnlock, noUnlock],
	deadlock: WAITING,
	'self-deadlock': WAITING,
	livelock: [newRead, unlockBeforeRetry, releaseWhileSpinning, boundedRetry, ...WAITING],
	starvation: [newRead, unlockBeforeRetry, boundedRetry],
	'lost-wakeup': [waitEvent, wake],
	'lock-leak': [pairUnlock, unlockOnError, unlockBeforeRetry],
	'lock-order': [interruptsOff, outOfLock, lockOrder, notBetween, gentlerCall, giveUp],
	'sleep-in-atomic': [unlockBeforeRetry, gentlerCall, outOfLock, spinlock],
	'sleep-in-nonblock': [trylock, gentlerCall],
	'stale-mapping': MAPPING,
	'stale-tlb': [flushUnderTheLock, dropMapping, gentlerCall],
	permission: [mayWrite, ...MAPPING],
	contract: [
		onlyEagain,
		demandedLock,
		removeLater,
		giveBack,
		mmget,
		setSeq,
		trylock,
		gentlerCall,
		outOfLock,
		leaveOut,
		reserveSlot,
		beforeSignalling,
		endIt,
	],
	unbalanced: [givePageBack, atomicCount, takeBack, countAlways, unlockOnError, trylock],
	'data-race': [checkUnderLock, callbackLock, atomicCount, markOnce],
	'null-deref': [checkAllocation],
	'use-after-free': [referenceUnderLock, mmgrab, unlessZero, endFirst, beforeFree, endIt],
	uninitialised: [initFirst],
	name: [unknownName],
	type: [defineStruct],
	include: [unknownName],
};

/** What could be tried against a finding, each text once. */
export function fixesFor(program: Program, blamed: Blamed): Fix[] {
	const context = { program, blamed, functions: functionsOf(program, blamed) };
	const seen = new Set<string>();
	return (FIXERS[blamed.code] ?? [])
		.flatMap((fixer) => fixer(context))
		.filter(({ edits }) => {
			const key = JSON.stringify(edits);
			if (seen.has(key) || edits.length === 0 || !areApart(edits)) return false;
			seen.add(key);
			return true;
		});
}

function functionsOf(program: Program, { span, places }: Blamed): FunctionDecl[] {
	const found = new Set<FunctionDecl>();
	for (const place of [span, ...places]) {
		const f = functionAt(program, place);
		if (f !== undefined) found.add(f);
	}
	for (const { function: f } of callbacksOf(program)) found.add(f);
	return [...found];
}
