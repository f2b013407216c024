/**
 * `#define NAME(a, b) …`: macros with parameters, expanded where they are used further down in the same file. All that an
 * expansion consists of stands where the use does.
 */

import { closingParenthesis } from './annotations.js';
import type { Token } from './lexer.js';

interface Macro {
	readonly parameters: readonly string[];
	/** The last parameter takes all that is left: `...`. */
	readonly variadic: boolean;
	readonly body: readonly Token[];
	/** The text instead, where names in it are put together. */
	readonly pasted?: string;
	/** Known from here on. */
	readonly from: number;
}

/** Expansions inside of expansions, before it is given up: a macro that leads to itself is left as it is. */
const DEEPEST = 32;
/** Tokens that one file may grow to. */
const MOST = 200_000;

const POLLED = ['addr', 'val', 'cond', 'delay_us', 'timeout_us'];

function deviceAttribute(name: string, functions: string): string {
	return `struct device_attribute dev_attr_@${name} = { ${functions} }`;
}

/** Macros of the kernel's headers that make a declaration, or an object. */
export const KERNEL_MACROS: Readonly<
	Record<string, { readonly parameters: readonly string[]; readonly body: string }>
> = {
	// include/linux/{device,sysfs}.h; `@` is where a name is put together (## and #)
	DEVICE_ATTR_RW: { parameters: ['n'], body: deviceAttribute('n', '.show = n@_show, .store = n@_store') },
	DEVICE_ATTR_RO: { parameters: ['n'], body: deviceAttribute('n', '.show = n@_show') },
	DEVICE_ATTR_WO: { parameters: ['n'], body: deviceAttribute('n', '.store = n@_store') },
	DEVICE_ATTR_ADMIN_RW: { parameters: ['n'], body: deviceAttribute('n', '.show = n@_show, .store = n@_store') },
	DEVICE_ATTR_ADMIN_RO: { parameters: ['n'], body: deviceAttribute('n', '.show = n@_show') },
	DEVICE_ATTR: {
		parameters: ['n', 'bits', 'shows', 'stores'],
		body: deviceAttribute('n', '.show = shows, .store = stores'),
	},
	ATTRIBUTE_GROUPS: {
		parameters: ['n'],
		body: 'static const struct attribute_group n@_group = { .attrs = n@_attrs }; static const struct attribute_group *n@_groups[] = { &n@_group, NULL }',
	},
	DECLARE_BITMAP: {
		parameters: ['name', 'bits'],
		body: 'unsigned long name[((bits) + BITS_PER_LONG - 1) / BITS_PER_LONG]',
	},
	// the vendor's number is made with ##, and nothing depends on it
	PCI_VDEVICE: { parameters: ['maker', 'number'], body: '.device = (number)' },
	PCI_DEVICE: { parameters: ['maker', 'number'], body: '.vendor = (maker), .device = (number)' },
	// include/uapi/asm-generic/ioctl.h
	_IO: { parameters: ['group', 'number'], body: '(((group) << 8) | (number))' },
	_IOR: {
		parameters: ['group', 'number', 'what'],
		body: '(2U << 30 | (sizeof(what) << 16) | ((group) << 8) | (number))',
	},
	_IOW: {
		parameters: ['group', 'number', 'what'],
		body: '(1U << 30 | (sizeof(what) << 16) | ((group) << 8) | (number))',
	},
	_IOWR: {
		parameters: ['group', 'number', 'what'],
		body: '(3U << 30 | (sizeof(what) << 16) | ((group) << 8) | (number))',
	},
	_IOC_NR: { parameters: ['cmd'], body: '((cmd) & 255)' },
	_IOC_TYPE: { parameters: ['cmd'], body: '(((cmd) >> 8) & 255)' },
	_IOC_SIZE: { parameters: ['cmd'], body: '(((cmd) >> 16) & 16383)' },
	_IOC_DIR: { parameters: ['cmd'], body: '(((cmd) >> 30) & 3)' },
	// a register that is asked again and again comes to each of its values (include/linux/iopoll.h)
	...Object.fromEntries(
		['readb', 'readw', 'readl', 'readq', 'readl_relaxed'].flatMap((read) => [
			[
				read.replace(/(_relaxed)?$/, '$1_poll_timeout'),
				{ parameters: POLLED, body: `(might_sleep(), (val) = ${read}(addr), (cond) ? 0 : -ETIMEDOUT)` },
			],
			[
				read.replace(/(_relaxed)?$/, '$1_poll_timeout_atomic'),
				{ parameters: POLLED, body: `((val) = ${read}(addr), (cond) ? 0 : -ETIMEDOUT)` },
			],
		]),
	),
	XA_LIMIT: { parameters: ['lowest', 'highest'], body: '(struct xa_limit){ .min = lowest, .max = highest }' },
};

const HEAD = /^#[ \t]*define[ \t]+(\w+)\(([^)]*)\)/;

/** The text that a macro stands for; `, ##__VA_ARGS__` is a comma that goes where there is nothing behind it. */
const bodyOf = (text: string, head: string): string =>
	text
		.slice(head.length)
		.replace(/\\\r?\n/g, ' ')
		.replace(/##\s*__VA_ARGS__/g, '__VA_ARGS__');

/** Why a macro is not modelled; undefined when it is. */
export function macroRefusal(text: string): string | undefined {
	const head = HEAD.exec(text);
	if (!head) return 'this macro is not understood: write a static inline function';
	if (/##?\s*\w/.test(bodyOf(text, head[0]).replace(/"(?:\\.|[^"\\])*"/g, '')))
		return `'#' and '##' in macros are not modelled: write '${head[1]}' as a static inline function`;
	return undefined;
}

/** Expands the macros that `definitions` make; `tokensOf` reads the text of a body. */
export function expandMacros(
	tokens: Token[],
	definitions: readonly Token[],
	tokensOf: (text: string) => readonly Token[],
): Token[] {
	const macros = new Map<string, Macro>();
	for (const [name, { parameters, body }] of Object.entries(KERNEL_MACROS))
		if (tokens.some(({ image }) => image === name))
			macros.set(name, {
				parameters,
				variadic: false,
				// `@` joins what stands beside it, which no single token does
				body: body.includes('@') ? [] : tokensOf(body),
				...(body.includes('@') && { pasted: body }),
				from: 0,
			});
	for (const { image, startOffset } of definitions) {
		const head = HEAD.exec(image);
		if (!head || macroRefusal(image) !== undefined) continue;
		const parameters = (head[2] ?? '').split(',').map((p) => p.trim());
		const body = tokensOf(bodyOf(image, head[0]));
		const variadic = parameters.at(-1)?.endsWith('...') ?? false;
		const names = parameters
			.filter((p) => p !== '')
			.map((p) => (p === '...' ? '__VA_ARGS__' : p.replace(/\s*\.\.\.$/, '')));
		macros.set(head[1] ?? '', { parameters: names, variadic, body, from: startOffset });
	}
	if (macros.size === 0 || !tokens.some(({ image }) => macros.has(image))) return tokens;
	let budget = MOST;
	const expand = (list: readonly Token[], open: readonly string[]): Token[] => {
		const result: Token[] = [];
		for (let i = 0; i < list.length; i++) {
			const token = list[i] as Token;
			const macro = macros.get(token.image);
			const used =
				macro && list[i + 1]?.image === '(' && token.startOffset >= macro.from && !open.includes(token.image);
			if (!used || open.length > DEEPEST || budget < 0) {
				result.push(token);
				continue;
			}
			const close = closingParenthesis(list, i + 1);
			const args = argumentsOf(
				list.slice(i + 2, close),
				macro.variadic ? macro.parameters.length : Number.POSITIVE_INFINITY,
			);
			const expanded: Token[] = [];
			for (const part of macro.pasted === undefined ? macro.body : tokensOf(joined(macro, args, macro.pasted))) {
				const n = macro.parameters.indexOf(part.image);
				const found = n < 0 ? [part] : (args[n] ?? []);
				const rest = macro.variadic && n === macro.parameters.length - 1;
				if (rest && found.length === 0 && expanded.at(-1)?.image === ',') expanded.pop();
				for (const t of found) expanded.push(placed(t, token, list[close] ?? token));
			}
			budget -= expanded.length;
			result.push(...expand(expanded, [...open, token.image]));
			i = close;
		}
		return result;
	};
	return expand(tokens, []);
}

/** The text of a macro with its arguments in it. */
function joined({ parameters }: Macro, args: readonly (readonly Token[])[], text: string): string {
	const named = parameters.map((name, n) => [name, (args[n] ?? []).map(({ image }) => image).join(' ')] as const);
	const values = new Map(named);
	return text.replace(/\b\w+\b/g, (word) => values.get(word) ?? word).replace(/@/g, '');
}

/** At most `most` arguments: the last one has the commas of what is left. */
function argumentsOf(tokens: readonly Token[], most: number): Token[][] {
	const args: Token[][] = [[]];
	let depth = 0;
	for (const token of tokens) {
		if (/^[([{]$/.test(token.image)) depth++;
		else if (/^[)\]}]$/.test(token.image)) depth--;
		if (token.image === ',' && depth === 0 && args.length < most) args.push([]);
		else args.at(-1)?.push(token);
	}
	return args;
}

/** A token of a macro's body, in the place of the whole use. */
function placed(part: Token, from: Token, to: Token): Token {
	return {
		...part,
		startOffset: from.startOffset,
		endOffset: to.endOffset ?? from.startOffset,
		startLine: from.startLine ?? 1,
		endLine: to.endLine ?? 1,
		startColumn: from.startColumn ?? 1,
		endColumn: to.endColumn ?? 1,
	};
}
