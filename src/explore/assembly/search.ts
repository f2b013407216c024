// The hot loop: breadth-first search over packed states, with the transitions of threads as data. AssemblyScript;
// `npm run generate` compiles it into ../loop/bytes.ts. twin.ts is the same in TypeScript.
//
// A batch of states at a time: first all their successors are worked out, then the table slots they hash to are
// touched, so that the waits for memory overlap, and then they are looked up and added. Nothing is changed before
// the last of these, so a batch can be given up and begun again.
import {
  ABORT, ABORTED, BATCH, CELL_COUNT, CELL_RUNNING, CELL_SHIFT, CELL_TIMEOUT, COUNT, CPUS, DELTAS, DONE, EDGES, EDGE_ROOM, EDGE_START, EXPANDED,
  FIELDS, FIELD_BEFORE, FIELD_BEHIND, FIELD_COLUMN, FIELD_HANDLERS, FIELD_MASK, FIELD_ON, FIELD_SHIFT, FIELD_SIZE, FIELD_WORD, FINALLY, FLAGS, FLAG_IDLE,
  FLAG_IRQS_OFF, FLAG_RUNNING, FLAG_STAYS, FULL, GATED, INDEX_BITS, LABELS, LABEL_FATAL, LABEL_TIMEOUT, MEMO, MEMO_MASK, MORE, MOST, NEAR, ROOM,
  ROWS, SCRATCH, SCRATCH_FULL, SHARED_MASK, SHARED_SHIFT, SHARED_VALUES, SHARED_WORD, STRIDE, SYMMETRIC, TABLE, TABLE_MASK, TARGETS, THREADS,
  VALUES, WORDS,
} from '../loop/control';

/** The cell of a pair that the memo does not have yet. */
@external('host', 'miss')
declare function miss(thread: u32, local: u32, shared: u32, state: u32): u32;
/** Everything has ended in a state. */
@external('host', 'ended')
declare function ended(state: u32, shared: u32): void;
/** Renumbers the sequence values of a packed state in place; false to abort. */
@external('host', 'renumber')
declare function renumber(row: usize): bool;

const INDEX_MASK: u32 = (1 << INDEX_BITS) - 1;

@inline
function control(index: u32): u32 { return load<u32>(<usize>index << 2); }
@inline
function set(index: u32, value: u32): void { store<u32>(<usize>index << 2, value); }

/** Descriptor of a thread's field. */
@inline
function field(thread: u32): usize { return <usize>((FIELDS << 2) + thread * (FIELD_SIZE << 2)); }

@inline
function hash(row: usize, words: u32): u64 {
  let h = load<u64>(row) * 0x9E3779B97F4A7C15;
  if (words > 1) for (let w: u32 = 1; w < words; w++) h = ((h ^ h >> 32) + load<u64>(row + (w << 3))) * 0x9E3779B97F4A7C15;
  return h;
}
@inline
function slotOf(h: u64, mask: u32): u32 { return <u32>(h >> 32 ^ h >> 15) & mask; }
/** The tag of a slot, in the bits that the index leaves. */
@inline
function tagOf(h: u64): u32 { return <u32>(h >> 32) & ~INDEX_MASK; }

@inline
function same(a: usize, b: usize, words: u32): bool {
  if (words == 1) return load<u64>(a) == load<u64>(b);
  for (let w: u32 = 0; w < words; w++) if (load<u64>(a + (w << 3)) != load<u64>(b + (w << 3))) return false;
  return true;
}

/** The column of a thread in a state. */
@inline
function columnOf(row: usize, f: usize): u32 {
  const word = load<u64>(row + load<u32>(f, FIELD_WORD << 2));
  return (<u32>(word >> load<u32>(f, FIELD_SHIFT << 2)) & load<u32>(f, FIELD_MASK << 2)) + load<u32>(f, FIELD_COLUMN << 2);
}

/** The CPU of a thread, by the number of the thread that it belongs to: a handler is on that of its thread. */
function cpuOf(f: usize, thread: u32): u32 {
  const on = load<u32>(f, FIELD_ON << 2);
  return on ? on - 1 : thread;
}

/** Have others that are not preempted all CPUs? */
function crowded(row: usize, f: usize): bool {
  const flags = <usize>control(FLAGS), threads = control(THREADS);
  const own = cpuOf(f, <u32>((f - (FIELDS << 2)) / (FIELD_SIZE << 2)));
  let busy: u32 = 0, free = control(CPUS);
  for (let t: u32 = 0; t < threads; t++) {
    if (!(load<u8>(flags + columnOf(row, field(t))) & FLAG_STAYS)) continue;
    const cpu = cpuOf(field(t), t);
    if (cpu == own) return false;
    if (busy >> cpu & 1) continue;
    busy |= 1 << cpu;
    if (free) free--;
  }
  return free == 0;
}

/** May a thread not go on because of interrupt handlers, or because it has no CPU? */
function gated(row: usize, f: usize, column: u32): bool {
  if (control(CPUS) && crowded(row, f)) return true;
  const flags = <usize>control(FLAGS);
  const on = load<u32>(f, FIELD_ON << 2);
  if (on) return (load<u8>(flags + column) & FLAG_IDLE) != 0 && (load<u8>(flags + columnOf(row, field(on - 1))) & FLAG_IRQS_OFF) != 0;
  for (let rest = load<u32>(f, FIELD_HANDLERS << 2); rest; rest &= rest - 1)
    if (load<u8>(flags + columnOf(row, field(ctz(rest)))) & FLAG_RUNNING) return true;
  return false;
}

/** Are sequence values numbered as renumber() would? Bit 0: only the host knows. */
function numbered(row: usize, near: u32): bool {
  const values = <usize>control(VALUES), threads = control(THREADS);
  const shared = <u32>(load<u64>(row + control(SHARED_WORD)) >> control(SHARED_SHIFT)) & control(SHARED_MASK);
  let bits = load<u32>(<usize>control(SHARED_VALUES) + (<usize>shared << 2));
  for (let t: u32 = 0; t < threads; t++) bits |= load<u32>(values + (<usize>columnOf(row, field(t)) << 2));
  if (bits & 1) return false;
  for (let last: u32 = 0; bits; bits &= bits - 1) {
    const value = ctz(bits);
    if (value - last > (last ? near : 2)) return false;
    last = value;
  }
  return true;
}

@inline
function partOf(row: usize, f: usize): u32 {
  return <u32>(load<u64>(row + load<u32>(f, FIELD_WORD << 2)) >> load<u32>(f, FIELD_SHIFT << 2)) & load<u32>(f, FIELD_MASK << 2);
}
@inline
function change(row: usize, f: usize, difference: u32): void {
  const p = row + load<u32>(f, FIELD_WORD << 2);
  store<u64>(p, load<u64>(p) ^ <u64>difference << load<u32>(f, FIELD_SHIFT << 2));
}
/** Moves the part of a thread to its place among those of the threads before it, and behind it, which are in order. */
function sort(row: usize, thread: u32, behind: bool): void {
  let f = field(thread);
  const value = partOf(row, f);
  for (let u = load<u32>(f, FIELD_BEFORE << 2); u; u = load<u32>(f, FIELD_BEFORE << 2)) {
    const g = field(u - 1), difference = partOf(row, g) ^ value;
    if ((difference ^ value) <= value) break;
    change(row, f, difference); change(row, g, difference);
    f = g;
  }
  if (behind) for (let u = load<u32>(f, FIELD_BEHIND << 2); u; u = load<u32>(f, FIELD_BEHIND << 2)) {
    const g = field(u - 1), difference = partOf(row, g) ^ value;
    if ((difference ^ value) >= value) break;
    change(row, f, difference); change(row, g, difference);
    f = g;
  }
}

@inline
function memoSlot(shared: u32, column: u32, mask: u32): u32 {
  const h = (<u64>shared << 32 | column) * 0x9E3779B97F4A7C15;
  return <u32>(h >> 32 ^ h >> 15) & mask;
}
/** A memo that is a hash table: (shared, column, cell, unused) a slot; an empty one has no cell. */
function find(shared: u32, column: u32): usize {
  const memo = <usize>control(MEMO), mask = control(MEMO_MASK);
  let slot = memoSlot(shared, column, mask);
  let p = memo + (<usize>slot << 4);
  while (load<u32>(p, 8) && (load<u32>(p) != shared || load<u32>(p, 4) != column)) {
    slot = slot + 1 & mask;
    p = memo + (<usize>slot << 4);
  }
  return p;
}
/** Notes a cell. There has to be room. */
export function remember(shared: u32, column: u32, cell: u32): void {
  if (!control(MEMO_MASK)) { store<u32>(<usize>control(MEMO) + (<usize>shared * control(STRIDE) + column << 2), cell); return; }
  const p = find(shared, column);
  store<u32>(p, shared); store<u32>(p, column, 4); store<u32>(p, cell, 8);
}
/** A cell; 0 when it is not known. */
export function recall(shared: u32, column: u32): u32 {
  if (!control(MEMO_MASK)) return load<u32>(<usize>control(MEMO) + (<usize>shared * control(STRIDE) + column << 2));
  return load<u32>(find(shared, column), 8);
}

/** Fills the table, which has to be empty, with all states. */
export function rehash(): void {
  const words = control(WORDS), rows = <usize>control(ROWS), table = <usize>control(TABLE), mask = control(TABLE_MASK), count = control(COUNT);
  for (let s: u32 = 0; s < count; s++) {
    const h = hash(rows + <usize>s * (words << 3), words);
    let slot = slotOf(h, mask);
    while (load<u32>(table + (<usize>slot << 2))) slot = slot + 1 & mask;
    store<u32>(table + (<usize>slot << 2), s + 1 | tagOf(h));
  }
}

@inline
function explore(chunk: u32, words: u32): u32 {
  const threads = control(THREADS), rows = <usize>control(ROWS), table = <usize>control(TABLE), mask = control(TABLE_MASK);
  const memo = <usize>control(MEMO), stride = <usize>control(STRIDE), hashed = control(MEMO_MASK) != 0, deltas = <usize>control(DELTAS);
  const scratch = <usize>control(SCRATCH), full = <usize>control(SCRATCH_FULL), gates = control(GATED) != 0, near = control(NEAR), symmetric = control(SYMMETRIC) != 0;
  const last = control(FINALLY) != 0, most = control(MOST), starts = <usize>control(EDGE_START);
  const targets = <usize>control(TARGETS), labels = <usize>control(LABELS), room = control(ROOM), edgeRoom = control(EDGE_ROOM);
  const sharedWord = <usize>control(SHARED_WORD), sharedShift = <u64>control(SHARED_SHIFT), sharedMask = control(SHARED_MASK);
  const rowBytes = <usize>words << 3, recordBytes = rowBytes + 8;
  let q = control(EXPANDED), count = control(COUNT), edges = control(EDGES);
  const stop = q + chunk;

  while (q < count) {
    if (q >= stop || count >= most) return MORE;
    const batchEnd = min(q + BATCH, count);
    let out = scratch, found = edges;

    // 1. the successors of each state: a packed state, its label, and room for its slot
    let s = q;
    do {
      const row = rows + <usize>s * rowBytes;
      const first = load<u64>(row);
      const shared = <u32>((words == 1 ? first : load<u64>(row + sharedWord)) >> sharedShift) & sharedMask;
      const cells = memo + (<usize>shared * stride << 2);
      let running: u32 = 0;
      for (let t: u32 = 0, f = field(0); t < threads; t++, f += FIELD_SIZE << 2) {
        const word = words == 1 ? first : load<u64>(row + load<u32>(f, FIELD_WORD << 2));
        const local = <u32>(word >> load<u32>(f, FIELD_SHIFT << 2)) & load<u32>(f, FIELD_MASK << 2);
        const column = local + load<u32>(f, FIELD_COLUMN << 2);
        if (gates && gated(row, f, column)) continue;
        let cell = hashed ? load<u32>(find(shared, column), 8) : load<u32>(cells + (<usize>column << 2));
        if (!cell) {
          cell = miss(t, local, shared, s);
          if (cell == ABORT) return ABORTED;
        }
        running |= cell;
        let n = cell & CELL_COUNT;
        if (!n) continue;
        const label = cell & CELL_TIMEOUT ? t | LABEL_TIMEOUT : t;
        let d = deltas + (<usize>(cell >> CELL_SHIFT) << 3);
        if (n == CELL_COUNT) n = load<u32>(d, 4);
        d += 8;
        found += n;
        do {
          const delta = load<u64>(d);
          const fatal = delta == 0xFFFFFFFFFFFFFFFF;
          if (words == 1) {
            store<u64>(out, first ^ delta);
            d += 8;
          } else {
            memory.copy(out, row, rowBytes);
            if (!fatal) {
              const p = out + load<u32>(f, FIELD_WORD << 2);
              store<u64>(p, load<u64>(p) ^ delta);
              store<u64>(out + sharedWord, load<u64>(out + sharedWord) ^ load<u64>(d, 8));
            }
            d += 16;
          }
          if (near && !fatal && !numbered(out, near) && !renumber(out)) return ABORTED;
          if (symmetric && !fatal) {
            if (near) for (let u: u32 = 1; u < threads; u++) sort(out, u, false);
            else sort(out, t, true);
          }
          store<u32>(out + rowBytes, fatal ? label | LABEL_FATAL : label);
          out += recordBytes;
        } while (--n);
      }
      s++;
      store<u32>(starts + (<usize>s << 2), found);
      if (last && !(running & CELL_RUNNING)) ended(s - 1, shared);
    } while (s < batchEnd && out <= full);
    if (count + (found - edges) > room || found > edgeRoom) return FULL;

    // 2. touch the slots, and the states that they lead to
    let touched: u32 = 0;
    for (let p = scratch; p < out; p += recordBytes) {
      const slot = slotOf(hash(p, words), mask);
      store<u32>(p + rowBytes, slot, 4);
      touched ^= load<u32>(table + (<usize>slot << 2));
    }
    for (let p = scratch; p < out; p += recordBytes) {
      const index = load<u32>(table + (<usize>load<u32>(p + rowBytes, 4) << 2)) & INDEX_MASK;
      touched ^= load<u32>(rows + <usize>index * rowBytes - rowBytes);
    }
    // the loads have to stay
    store<u32>(scratch - 4, touched);

    // 3. find them, or add them
    let edge = edges;
    for (let p = scratch; p < out; p += recordBytes, edge++) {
      const label = load<u32>(p + rowBytes);
      store<u8>(labels + edge, <u8>label);
      let target: u32 = -1;
      if (!(label & LABEL_FATAL)) {
        const tag = tagOf(hash(p, words));
        for (let slot = load<u32>(p + rowBytes, 4); ; slot = slot + 1 & mask) {
          const at = table + (<usize>slot << 2), seen = load<u32>(at);
          if (!seen) {
            target = count++;
            store<u32>(at, count | tag);
            if (words == 1) store<u64>(rows + (<usize>target << 3), load<u64>(p));
            else memory.copy(rows + <usize>target * rowBytes, p, rowBytes);
            break;
          }
          if ((seen & ~INDEX_MASK) == tag) {
            const index = (seen & INDEX_MASK) - 1;
            if (same(rows + <usize>index * rowBytes, p, words)) { target = index; break; }
          }
        }
      }
      store<u32>(targets + (<usize>edge << 2), target);
    }
    edges = edge;
    q = s;
    set(EXPANDED, q);
    set(COUNT, count);
    set(EDGES, edges);
  }
  return DONE;
}

/** Expands at least `chunk` states, or all that there are. */
export function run(chunk: u32): u32 {
  const words = control(WORDS);
  return words == 1 ? explore(chunk, 1) : explore(chunk, words);
}
