/**
 * Where the hot loop finds what it works on: 32-bit numbers at the start of its memory. Read by the TypeScript side, by
 * the twin (twin.ts) and, at compile time, by the AssemblyScript (assembly/search.ts), so nothing but numbers here.
 */

/** 64-bit words of a packed state. */
export const WORDS = 0;
export const THREADS = 1;
/** Start of the packed states, bytes. */
export const ROWS = 2;
/** Start of the hash table: 32 bits a slot, 0 for an empty one, else state + 1 and a tag. */
export const TABLE = 3;
/** Slots - 1. */
export const TABLE_MASK = 4;
/** Target state of each edge. */
export const TARGETS = 5;
/** Label of each edge, a byte: the thread that moves, and LABEL_TIMEOUT. */
export const LABELS = 6;
/** First edge of each expanded state. */
export const EDGE_START = 7;
/** What a thread can do: 32-bit cells by shared index and column; see CELL_*. */
export const MEMO = 8;
/** Columns: one for each local vector of each thread. */
export const STRIDE = 9;
/** Slots - 1 of the memo where it is a hash table; 0 where it is a plain array. */
export const MEMO_MASK = 10;
/** Successors as differences: a head of (entry, count), and one or two words for each. */
export const DELTAS = 11;
/** Flags of each local vector, a byte by column. */
export const FLAGS = 12;
/** Which sequence values a local vector holds, as bits, by column; and those of shared vectors, by index. */
export const VALUES = 13;
export const SHARED_VALUES = 14;
export const SCRATCH = 15;
/** A batch ends with the state that comes over this. */
export const SCRATCH_FULL = 16;
/** The field of the shared index: byte offset of its word, shift, mask. */
export const SHARED_WORD = 17;
export const SHARED_SHIFT = 18;
export const SHARED_MASK = 19;
/** 1 when a thread that could go on may have to stand still: interrupt handlers, or few CPUs. */
export const GATED = 20;
/** Largest distance between sequence values that stays as it is; 0 when there are no such values. */
export const NEAR = 21;
/** 1 when there is a `finally` to run where everything has ended. */
export const FINALLY = 22;
export const COUNT = 23;
export const EXPANDED = 24;
export const EDGES = 25;
/** States and edges that there is room for. */
export const ROOM = 26;
export const EDGE_ROOM = 27;
/** The search stops when there are this many states. */
export const MOST = 28;

/** How many threads run at once when none of them can be preempted; 0: all. */
export const CPUS = 29;
/** 1 when there are interchangeable threads: their parts of a state are kept in order. */
export const SYMMETRIC = 30;

/** First of the field descriptors, FIELD_SIZE numbers for each thread. */
export const FIELDS = 32;
export const FIELD_SIZE = 8;
export const FIELD_SHIFT = 0;
export const FIELD_MASK = 1;
/** First column of the thread. */
export const FIELD_COLUMN = 2;
/** Byte offset of the word. */
export const FIELD_WORD = 3;
/** Handlers: the thread it runs on, plus one. */
export const FIELD_ON = 4;
/** Handlers that run on this thread, as bits. */
export const FIELD_HANDLERS = 5;
/** The thread before and behind this one among those that are interchangeable, plus one. */
export const FIELD_BEFORE = 6;
export const FIELD_BEHIND = 7;

/** Bytes that all of this takes. */
export const CONTROL_BYTES = 2048;

/** A memo cell: offset of its deltas in 8 bytes << 5, CELL_TIMEOUT, CELL_RUNNING, number of moves (7: see the head). */
export const CELL_COUNT = 7;
export const CELL_RUNNING = 8;
export const CELL_TIMEOUT = 16;
export const CELL_SHIFT = 5;

export const LABEL_THREAD = 31;
export const LABEL_TIMEOUT = 128;
/** In scratch only: the run ends. */
export const LABEL_FATAL = 256;

/** Flags of a local vector. */
export const FLAG_IRQS_OFF = 1;
export const FLAG_RUNNING = 2;
export const FLAG_IDLE = 4;
/** It is not preempted: it has a CPU for itself. */
export const FLAG_STAYS = 8;

/** Bits of a table slot that hold state + 1; the others are its tag. */
export const INDEX_BITS = 26;

/** States that are worked on together. */
export const BATCH = 16;

/** What `run` returns. */
export const DONE = 0;
export const MORE = 1;
/** There may not be room for the next batch. */
export const FULL = 2;
/** The host asked for it, from within a call. */
export const ABORTED = 3;

/** What `miss` returns to make `run` end. */
export const ABORT = 0xffffffff;
