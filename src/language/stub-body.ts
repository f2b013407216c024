/** What a stub has to do to the device, guessed from its name: one that does nothing makes every verdict empty. */

import { type Type, typeToString } from './types.js';

export interface StubParameter {
	readonly name: string;
	readonly type: Type;
}

const WORDS = /[A-Z]?[a-z]+|[A-Z]+|\d+/g;
const UNMAPS = /^(zap|unmap|invalidate|inval|shootdown|unbind|evict)$/;
const MAPS = /^(map|bind|populate|prefault|[a-z]?pte|ptes)$/;
/** Names that ask, and those of other things that are mapped. */
const OTHER = /^(is|can|may|should|needs?|has|get|find|lookup|read|lock|unlock|trylock|alloc|free|dma|init)$/;

const START = /(^|_)(start|first|begin|addr|address|iova|gfn|pfn|va|vaddr|offset)$/;
const END = /(^|_)(end|stop|limit)$/;
const LAST = /(^|_)last$/;
const LENGTH = /(^|_)(size|len|length|n?pages|nr_pages|num_pages|count)$/;

/** The statements of a stub: what its name says that it does, then what it returns. */
export function stubBody(name: string, parameters: readonly StubParameter[], returns: Type): string {
	const action = actionOf(name, parameters);
	const done = action.endsWith(';') && returns.kind === 'int' && returns.name !== 'bool' && returns.signed;
	return [action, done ? 'return 0;' : resultOf(returns)].filter((part) => part !== '').join(' ');
}

function actionOf(name: string, parameters: readonly StubParameter[]): string {
	const words = (name.match(WORDS) ?? []).map((word) => word.toLowerCase());
	const said = (what: RegExp): boolean => words.some((word) => what.test(word));
	if (said(OTHER)) return '';
	if (said(/^(io)?tlbs?$/) && (said(UNMAPS) || said(/^flush$/)))
		return onRange('dev_flush', parameters) ?? '/* call dev_flush(start, end) here, where its TLB matters */';
	if (said(UNMAPS))
		return (
			onRange('dev_unmap', parameters) ?? '/* call dev_unmap(start, end) here: else the device keeps its entries */'
		);
	return said(MAPS) ? map(parameters) : '';
}

function onRange(call: string, parameters: readonly StubParameter[]): string | undefined {
	const range = parameters.find(({ type }) => /^(const )?struct mmu_notifier_range \*$/.test(typeToString(type)));
	if (range) return `${call}(${range.name}->start, ${range.name}->end);`;
	const numbers = parameters.filter(({ type }) => type.kind === 'int').map((parameter) => parameter.name);
	const named = (what: RegExp) => numbers.find((n) => what.test(n));
	const [start, end, last, length] = [named(START), named(END), named(LAST), named(LENGTH)];
	const to = end ?? (last && `${last} + 1`) ?? (length && `${start} + ${length}`);
	return start && to ? `${call}(${start}, ${to});` : undefined;
}

function map(parameters: readonly StubParameter[]): string {
	const page = parameters.find(({ type }) => typeToString(type) === 'struct page *');
	const addr = parameters.find(({ name, type }) => type.kind === 'int' && START.test(name));
	if (page && addr) return `dev_map_page(${addr.name}, ${page.name}, 0);`;
	return '/* call dev_map_page(addr, page, 0) here: else nothing is mapped, and nothing can be stale */';
}

function resultOf(type: Type): string {
	if (type.kind === 'int') {
		if (type.name === 'bool') return 'return any_bool();';
		return type.signed ? 'return any(-EINVAL, 0);' : 'return any(0, 1);';
	}
	return type.kind === 'pointer' ? 'return NULL;' : '';
}
