import { isCall } from '../../language/generated/ast.js';
import { sourceText } from '../../language/text.js';
import { type ReportKind, reportMessage } from '../finding.js';
import { userPlace } from '../run.js';
import { pointerIn } from './pointers.js';
import { plainly } from './reports.js';

/** What is NULL in a notifier that nobody has inserted or registered, by the kernel functions that find out. */
const WITH_NOTIFIER =
	/^_*mmu_(interval_)?notifier_|^_*mmu_interval_(read_begin|read_retry|check_retry|set_seq)$|^hmm_range_fault/;

/** Access through NULL, an error pointer, or something that is no pointer. The message names what is NULL. */
export const nullDeref: ReportKind = {
	code: 'null-deref',
	severity: 'error',
	explain(evidence, report, thread) {
		const said = reportMessage(evidence, report);
		const pointer = pointerIn(report);
		const inner = report.stack.at(-1)?.code;
		const call = userPlace({ node: report.node, frames: report.stack });
		const entry = report.stack.findLast((f, n) => f.code.kernel && report.stack[n - 1]?.code.kernel === false)?.code
			.name;
		const inKernel = inner?.kernel === true;
		const where = inKernel ? ` in ${entry ?? inner.name}()` : '';
		const isNull = /through NULL|NULL function|index into NULL/.test(said);
		const given =
			isCall(call) && call.arguments[0] !== undefined ? sourceText(call.arguments[0]).replace(/^&/, '') : undefined;
		const what =
			!isNull || pointer === undefined || pointer === 'NULL'
				? said
				: inKernel &&
						entry !== undefined &&
						WITH_NOTIFIER.test(entry) &&
						/\bmm\b|subscriptions/.test(pointer) &&
						given !== undefined
					? `${entry === 'hmm_range_fault' ? `the notifier of ${given}` : given} was never inserted or registered: ${pointer} is NULL${where}`
					: `${pointer} is NULL${where}, and ${said
							.replace('memory is ', 'it is ')
							.replace(/ through (NULL|a NULL function pointer)/, ' through')
							.replace(/^index into NULL/, 'it is indexed')
							.replace(/^call through$/, 'it is called')}`;
		return plainly(evidence, report, thread, what);
	},
};
