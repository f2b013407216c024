import type { AstNode } from 'langium';

/**
 * Flat code of one function: what the interpreter runs and the exporters read.
 * An operand is a register (>= 0) or a constant (< 0: index -1-n into the function's constants).
 */
export type Operand = number;

/** 32-bit integer kinds: which values do not overflow. */
export interface IntKind {
	readonly min: number;
	readonly max: number;
	readonly name: string;
}

/** The `length` of an index that only makes a pointer. */
export const BEHIND = -2;

export type BinaryOperator =
	| '+'
	| '-'
	| '*'
	| '/'
	| '%'
	| '<<'
	| '>>'
	| '&'
	| '|'
	| '^'
	| '<'
	| '>'
	| '<='
	| '>='
	| '=='
	| '!=';

export type Instruction = { readonly node: AstNode } & (
	| { readonly op: 'move'; readonly to: number; readonly from: Operand }
	/** `kind` undefined: no overflow check (comparisons, pointers). `unsigned` says how the operands are read. */
	| {
			readonly op: 'binary';
			readonly to: number;
			readonly operator: BinaryOperator;
			readonly left: Operand;
			readonly right: Operand;
			readonly kind: IntKind | undefined;
			readonly unsigned: boolean;
	  }
	| {
			readonly op: 'unary';
			readonly to: number;
			readonly operator: '-' | '~' | '!';
			readonly operand: Operand;
			readonly kind: IntKind | undefined;
			readonly unsigned: boolean;
	  }
	/** Conversion to an integer kind; `implicit` ones report a value that does not fit, casts cut it off as C does. */
	| {
			readonly op: 'convert';
			readonly to: number;
			readonly from: Operand;
			readonly kind: IntKind;
			readonly implicit: boolean;
			readonly fromUnsigned: boolean;
	  }
	/** `marked`: READ_ONCE(), rcu_dereference() and their like, which may meet a write of another thread. */
	| { readonly op: 'load'; readonly to: number; readonly address: Operand; marked?: boolean }
	| { readonly op: 'store'; readonly address: Operand; readonly value: Operand; marked?: boolean }
	/** Address of a local that lives in memory; it comes to life here if it has not yet. */
	| { readonly op: 'local'; readonly to: number; readonly slot: number }
	/** A declaration is reached: the local's cells start anew. */
	| { readonly op: 'fresh'; readonly slot: number; readonly zero: boolean }
	/** `whole`: a struct of so many cells has to lie at the result (container_of) or at the base (`->`), inside of one object. */
	| {
			readonly op: 'field';
			readonly to: number;
			readonly base: Operand;
			readonly offset: number;
			readonly whole?: { readonly cells: number; readonly name: string };
	  }
	/** `length` -1: the bounds are those of the object that `base` leads to; BEHIND: it may end right behind that object. */
	| {
			readonly op: 'index';
			readonly to: number;
			readonly base: Operand;
			readonly index: Operand;
			readonly stride: number;
			readonly length: number;
	  }
	| { readonly op: 'jump'; target: number }
	| { readonly op: 'branch'; readonly condition: Operand; yes: number; no: number }
	| { readonly op: 'call'; readonly to: number; readonly callee: number; readonly args: readonly Operand[] }
	| { readonly op: 'indirect'; readonly to: number; readonly callee: Operand; readonly args: readonly Operand[] }
	| { readonly op: 'primitive'; readonly to: number; readonly primitive: number; readonly args: readonly Operand[] }
	| { readonly op: 'return'; readonly value: Operand | undefined }
	| { readonly op: 'pick'; readonly to: number; readonly low: Operand; readonly high: Operand }
	| { readonly op: 'atomic-begin' }
	| { readonly op: 'atomic-end' }
	/** The step cannot be taken while the condition is false. */
	| { readonly op: 'wait-until'; readonly condition: Operand }
	/** `fatal`: BUG_ON and assert end the run. */
	| { readonly op: 'check'; readonly condition: Operand; readonly fatal: boolean; readonly what: string }
	/** Marks a statement that has no code of its own but belongs in a run (goto, break out of a loop). */
	| { readonly op: 'mark' }
);

/** A local that lives in memory because its address is taken or because it is an aggregate. */
export interface MemoryLocal {
	readonly name: string;
	readonly cells: number;
	/** Index into the system's cell layouts. */
	readonly layout: number;
}

/** The code of one function, thread body or handler. */
export interface FunctionCode {
	readonly name: string;
	readonly index: number;
	/** Stands in a file of the simulated kernel. */
	readonly kernel: boolean;
	readonly node: AstNode;
	readonly parameters: number;
	/** Number of registers: parameters first, then locals, then temporaries. */
	registers: number;
	/** Names of registers that are variables of the source. */
	readonly registerNames: (string | undefined)[];
	/** Declarations of registers that are variables of the source. */
	readonly registerNodes: (AstNode | undefined)[];
	readonly constants: number[];
	readonly code: Instruction[];
	readonly memoryLocals: MemoryLocal[];
	/** Instructions that some step has run, by pc. */
	readonly reached: boolean[];
	/** Registers that hold nothing yet when the function is called: locals that a declaration leaves without a value. */
	readonly unset: number[];
	/** live[pc] has a true for each register that is read before it is written from pc on. */
	live: Uint8Array[];
}
