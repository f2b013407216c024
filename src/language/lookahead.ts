/**
 * Which tokens lead where, for each choice of the grammar: worked out when a text first comes to the choice. To do that
 * for all of them takes longer than to parse a sketch.
 */

type Decide = (this: unknown, ...gates: unknown[]) => unknown;

/** The part of chevrotain's lookahead strategies that makes decisions. */
export interface Lookahead {
	buildLookaheadForAlternation(options: object): Decide;
	buildLookaheadForOptional(options: object): Decide;
}

/** Makes a strategy decide when it is first asked. */
export function decideLate(strategy: Lookahead): void {
	const late = (build: Lookahead['buildLookaheadForOptional']) => (options: object) => {
		let decide: Decide | undefined;
		return function (this: unknown, ...gates: unknown[]): unknown {
			decide ??= build.call(strategy, options);
			return decide.apply(this, gates);
		};
	};
	strategy.buildLookaheadForAlternation = late(strategy.buildLookaheadForAlternation);
	strategy.buildLookaheadForOptional = late(strategy.buildLookaheadForOptional);
}
