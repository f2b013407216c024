/** Words of kernel code that say something to sparse, to the compiler or to the linker, and nothing to a model. */

import type { Token } from './lexer.js';

const WORDS = new Set(
	`__must_check __maybe_unused __always_unused __used __unused __force __percpu __kernel __private __nocast __safe __bitwise
	__read_mostly __ro_after_init __initdata __initconst __exitdata __devinit __ref __refdata __weak __cold __hot __pure __attribute_const__
	__malloc __deprecated __visible __randomize_layout __no_randomize_layout __designated_init __nonstring __packed
	__cacheline_aligned ____cacheline_aligned ____cacheline_aligned_in_smp ____cacheline_internodealigned_in_smp __cacheline_aligned_in_smp
	__sched __lockfunc __kprobes __latent_entropy __init_or_module __meminit __net_init __net_exit noinline_for_stack notrace asmlinkage
	__no_kcsan __no_kasan_or_inline __no_sanitize_address nokprobe_inline __flatten noinstr __returns_nonnull __noreturn __cpuidle
	__no_context_analysis __unsafe`.split(/\s+/),
);

const WITH_ARGUMENTS = new Set(
	`__acquires __releases __must_hold __must_not_hold __acquires_shared __releases_shared __must_hold_shared __cond_acquires __cond_releases
	__cond_acquires_shared __acquire __release __aligned __assume_aligned __alloc_size __printf __scanf __section __alias __counted_by __counted_by_le
	__counted_by_be __guarded_by __pt_guarded_by __rcu_guarded __no_sanitize __diagnose_as __realloc_size __sized_by __diag_ignore
	__context_unsafe`.split(/\s+/),
);

/** The tokens without annotations, and without `fallthrough`. */
export function dropAnnotations(tokens: Token[]): Token[] {
	if (!tokens.some(({ image }) => WORDS.has(image) || WITH_ARGUMENTS.has(image) || image === 'fallthrough'))
		return tokens;
	const kept: Token[] = [];
	for (let i = 0; i < tokens.length; i++) {
		const token = tokens[i] as Token;
		const next = tokens[i + 1]?.image;
		if (WORDS.has(token.image)) continue;
		if (token.image === 'fallthrough' && next === ';') continue;
		if (WITH_ARGUMENTS.has(token.image) && next === '(') {
			i = closingParenthesis(tokens, i + 1);
			continue;
		}
		kept.push(token);
	}
	return kept;
}

/** The place of the `)` that closes the `(` at `open`; of the last token where nothing does. */
export function closingParenthesis(tokens: readonly Token[], open: number): number {
	let depth = 0;
	for (let i = open; i < tokens.length; i++) {
		if (tokens[i]?.image === '(') depth++;
		else if (tokens[i]?.image === ')' && --depth === 0) return i;
	}
	return tokens.length - 1;
}
