import type { Report } from '../../machine/step.js';
import type { ReportKind } from '../finding.js';
import { contract } from './contract.js';
import { demanderOf, lockDemand } from './lock-demand.js';
import { lockLeak } from './lock-leak.js';
import { nullDeref } from './null-deref.js';
import { outOfBounds } from './out-of-bounds.js';
import { overflow } from './overflow.js';
import { permission } from './permission.js';
import { plain } from './reports.js';
import { sleepInAtomic, sleepInNonblock } from './sleep.js';
import { staleMapping } from './stale-mapping.js';
import { staleTlb } from './stale-tlb.js';
import { uninitialised } from './uninitialised.js';
import { useAfterFree } from './use-after-free.js';

/** The findings that steps report, by code. Those about threads that wait for ever are in stuck.ts. */
const kinds: ReadonlyMap<string, ReportKind> = new Map(
	[
		staleMapping,
		staleTlb,
		permission,
		lockLeak,
		sleepInAtomic,
		sleepInNonblock,
		contract,
		plain('bad-unlock'),
		plain('assertion'),
		plain('warn-on', 'warning'),
		nullDeref,
		outOfBounds,
		overflow,
		useAfterFree,
		uninitialised,
		plain('bounded', 'info'),
	].map((kind) => [kind.code, kind]),
);

/** The kind of finding that a report is; undefined for a code that none is for. */
export const reportKindOf = (report: Report): ReportKind | undefined =>
	demanderOf(report) === undefined ? kinds.get(report.code) : lockDemand;
