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
const OTHER = /^(is|can|may|should|needs?|has|get|find|lookup|read|lock|unlock|trylock|alloc|free|init|order)$/;

const ALLOCATES = /^[a-z]*alloc$|^(create|new)$/;

const SIZE = /^(size|len|length)$/;
const START = /(^|_)(start|first|begin|addr|address|iova|gfn|pfn|va|vaddr|offset)$/;
const END = /(^|_)(end|stop|limit)$/;
const LAST = /(^|_)last$/;
const LENGTH = /(^|_)(size|len|length|n?pages|nr_pages|num_pages|count)$/;

/** Where the value goes that a stub returns: the name of a variable or parameter, if it has one. */
export type Destination = string | undefined;

/** What its callers do with what a stub returns. */
export interface StubUse {
	readonly failure?: 'NULL' | 'ERR_PTR(-ENOMEM)';
	/** They give pages back: what it returns comes with a reference. */
	readonly gives?: boolean;
}

/** Who drops a reference to a page. */
export const GIVES_PAGES = /\b(put_page|folio_put|__free_page|__free_pages|unpin_user_page|release_pages)\b/;

/** The statements and comments of a stub, one a line: what its name says that it does, then what it returns. */
export function stubBody(
	name: string,
	parameters: readonly StubParameter[],
	returns: Type,
	to: Destination = undefined,
	{ failure = 'NULL', gives = false }: StubUse = {},
): readonly string[] {
	const action = actionOf(name, parameters);
	const done = action.endsWith(';') && returns.kind === 'int' && returns.name !== 'bool' && returns.signed;
	const object = returns.kind === 'pointer' ? objectOf(name, parameters, returns, failure, gives) : undefined;
	const result = done ? ['return 0;'] : (object ?? [resultOf(name, parameters, returns, to)]);
	return [...(action === '' ? [] : [action]), ...result.filter((part, n) => part !== '' || n > 0)];
}

/** Whether a function of that name maps pages. */
export const isMap = (name: string): boolean => {
	const words = wordsOf(name);
	return words.some((word) => MAPS.test(word)) && !words.some((word) => UNMAPS.test(word) || OTHER.test(word));
};

const wordsOf = (name: string): string[] => (name.match(WORDS) ?? []).map((word) => word.toLowerCase());

function actionOf(name: string, parameters: readonly StubParameter[]): string {
	const words = wordsOf(name);
	const said = (what: RegExp): boolean => words.some((word) => what.test(word));
	if (said(OTHER)) return '';
	if (said(/^dma$/))
		return said(UNMAPS) ? '/* call dev_unmap(start, end), if it is the device that maps no more after this */' : '';
	if (said(/^(io)?tlbs?$/) && (said(UNMAPS) || said(/^flush$/)))
		return onRange('dev_flush', parameters) ?? '/* call dev_flush(start, end), where its TLB matters */';
	if (said(UNMAPS))
		return onRange('dev_unmap', parameters) ?? '/* call dev_unmap(start, end): else the device keeps its entries */';
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
	const writable = parameters.filter(({ type }) => type.kind === 'int' && type.name === 'bool');
	const flags = writable.length === 1 ? `${writable[0]?.name} ? DEV_WRITE : 0` : '0';
	if (page && addr) return `dev_map_page(${addr.name}, ${page.name}, ${flags});`;
	return '/* call dev_map_page(addr, page, 0): else nothing can be stale */';
}

function resultOf(name: string, parameters: readonly StubParameter[], type: Type, to: Destination): string {
	if (type.kind === 'pointer') return allocation(name, parameters, type) ?? `return NULL; ${OBJECT}`;
	if (type.kind !== 'int') return '';
	if (type.name === 'bool') return 'return any_bool();';
	// how much a notifier covers
	if (to === 'length') return 'return NR_PAGES;';
	// what the value is kept in says more than the function's own name
	const is = (what: RegExp): boolean => what.test(to ?? name);
	if (is(END) || (is(LENGTH) && !(to === undefined && type.signed && /pages$/.test(name)))) return 'return 1;';
	if (is(START) || is(LAST) || ((to === undefined || /^\w*order$/.test(to)) && /_order$/.test(name)))
		return 'return 0;';
	return type.signed ? 'return any_bool() ? -EINVAL : 0;' : 'return any(0, 1);';
}

/** A function that returns a pointer may fail, and may have something to point to: what either skips has to be run. */
function objectOf(
	name: string,
	parameters: readonly StubParameter[],
	type: Type & { kind: 'pointer' },
	failure: string,
	gives: boolean,
): readonly string[] | undefined {
	const { to } = type;
	if (allocation(name, parameters, type) !== undefined || to.kind === 'function') return undefined;
	const returned = (value: string): string => `return any_bool() ? ${failure} : ${value};`;
	if (to.kind === 'struct') {
		const own = to.name in KERNELS ? KERNELS[to.name] : undefined;
		if (own !== undefined) return [returned(own)];
		if (to.def === undefined) return undefined;
		if (/^(page|folio)$/.test(to.name)) return pageOf(parameters, to.name, failure, gives);
		if (to.name === 'vm_area_struct') {
			const area = nameOfObject(parameters);
			return [
				`static struct vm_area_struct ${area} = { .vm_end = NR_PAGES, .vm_mm = &init_mm };`,
				'',
				returned(`&${area}`),
			];
		}
	}
	const object = nameOfObject(parameters);
	const declared = to.kind === 'void' ? `char ${object}` : typeToString(to, object);
	return [`static ${declared};`, '', returned(`&${object}`)];
}

const nameOfObject = (parameters: readonly StubParameter[]): string =>
	parameters.some((p) => p.name === 'object') ? 'the_object' : 'object';

/** A page of the kernel's: a new one each time where callers give it back, else the same. */
function pageOf(
	parameters: readonly StubParameter[],
	struct: string,
	failure: string,
	gives: boolean,
): readonly string[] {
	const page = nameOfObject(parameters);
	const value = struct === 'folio' ? `page_folio(${page})` : page;
	if (gives) return [`struct page *${page} = alloc_page(GFP_ATOMIC);`, '', `return ${page} ? ${value} : ${failure};`];
	return [
		`static struct page *${page};`,
		'',
		`atomic { if (!${page}) ${page} = alloc_page(GFP_ATOMIC); }`,
		`return ${page} && any_bool() ? ${value} : ${failure};`,
	];
}

/** Structs of which the simulated kernel has the one that is meant. */
const KERNELS: Readonly<Record<string, string>> = { mm_struct: 'mm', task_struct: 'current' };

const OBJECT = '/* or the object: what NULL skips is not checked */';

/** A function that is called an allocation is one: with the size that it is given, or for what it returns. */
function allocation(name: string, parameters: readonly StubParameter[], type: Type): string | undefined {
	if (type.kind !== 'pointer' || !wordsOf(name).some((word) => ALLOCATES.test(word))) return undefined;
	const gfp = parameters.find((p) => p.type.kind === 'int' && /^gfp/.test(p.name))?.name ?? 'GFP_KERNEL';
	const size = parameters.find((p) => p.type.kind === 'int' && SIZE.test(p.name))?.name;
	if (type.to.kind === 'void') return size && `return kzalloc(${size}, ${gfp});`;
	const known = type.to.kind === 'struct' && type.to.def !== undefined;
	return known ? `return kzalloc(sizeof(${typeToString(type.to)}), ${gfp});` : undefined;
}
