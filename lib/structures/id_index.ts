/**
 * Blocks of records in the order of their ids: the id that a block begins with, and where it is, in
 * typed arrays that are searched by halving. What a tree costs in nodes and pointers, 20 bytes a
 * block cost here; that adding in the middle moves what follows is cheap at a hundred records a
 * block. [hot]
 */

import type { Arena } from "./arena.ts";
import type { StreamId } from "./stream_id.ts";

const SMALLEST = 4;
/** Four words of the id, and the ref. */
const BYTES_PER_BLOCK = 20;
const ID_BYTES = 16;

export class IdIndex {
  /** Number of blocks. */
  length = 0;
  private head = 0;
  private ids = new Uint32Array(SMALLEST * 4);
  private refs = new Int32Array(SMALLEST);

  /** @param arena in whose count of bytes outside the arrays take part. */
  constructor(private readonly arena: Arena) {
    arena.outsideBytes += this.bytes;
  }

  get bytes(): number {
    return this.refs.length * BYTES_PER_BLOCK;
  }

  refAt(at: number): number {
    return this.refs[this.head + at];
  }

  setRefAt(at: number, ref: number): void {
    this.refs[this.head + at] = ref;
  }

  /** Sets `id` to the one that a block begins with. */
  idAt(at: number, id: StreamId): void {
    const word = (this.head + at) * 4;
    const { ids } = this;
    id.setWords(ids[word], ids[word + 1], ids[word + 2], ids[word + 3]);
  }

  setIdAt(at: number, id: StreamId): void {
    const word = (this.head + at) * 4;
    const { ids } = this;
    ids[word] = id.msHigh;
    ids[word + 1] = id.msLow;
    ids[word + 2] = id.seqHigh;
    ids[word + 3] = id.seqLow;
  }

  /** The last block that begins with `id` or before; -1 when all begin after it. */
  find(id: StreamId): number {
    const { ids, head } = this;
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const word = (head + middle) * 4;
      if (id.compareWords(ids[word], ids[word + 1], ids[word + 2], ids[word + 3]) < 0) {
        high = middle;
      } else low = middle + 1;
    }
    return low - 1;
  }

  /** Adds a block before the one at `at`, or at the end when that is the length. */
  insert(at: number, id: StreamId, ref: number): void {
    if (this.head + this.length === this.refs.length) this.makeRoom();
    const place = this.head + at;
    const end = this.head + this.length;
    if (place < end) {
      this.refs.copyWithin(place + 1, place, end);
      this.ids.copyWithin((place + 1) * 4, place * 4, end * 4);
    }
    this.length++;
    this.refs[place] = ref;
    this.setIdAt(at, id);
  }

  remove(at: number): void {
    if (at === 0) this.head++;
    else {
      const place = this.head + at;
      const end = this.head + this.length;
      this.refs.copyWithin(place, place + 1, end);
      this.ids.copyWithin(place * 4, (place + 1) * 4, end * 4);
    }
    this.length--;
    // A queue that is emptied again and again would otherwise creep along, and grow.
    if (this.length === 0) this.head = 0;
    if (this.length * 4 < this.refs.length && this.refs.length > SMALLEST) {
      this.resize(Math.max(SMALLEST, this.length * 2));
    }
  }

  /** Gives back the arrays; the index is of no use after that. */
  release(): void {
    this.arena.outsideBytes -= this.bytes;
    this.refs = new Int32Array(0);
    this.ids = new Uint32Array(0);
    this.length = 0;
  }

  /**
   * How many nodes a radix tree would have whose keys are the ids as 16 bytes, the highest first,
   * chains of nodes with one child being one node: what XINFO STREAM tells of Redis's own tree.
   */
  radixNodes(): number {
    if (this.length === 0) return 1;
    let nodes = 0;
    // The depths of the branches above the key that comes next.
    const branches: number[] = [];
    for (let at = 0; at < this.length; at++) {
      const before = at === 0 ? -1 : this.sharedBytes(at - 1);
      const after = at + 1 === this.length ? -1 : this.sharedBytes(at);
      // The leaf, and the chain that leads to it if there is one.
      nodes += ID_BYTES - Math.max(before, after) > 1 ? 2 : 1;
      while (branches.length > 0 && branches[branches.length - 1] > after) {
        const depth = branches.pop()!;
        const parent = Math.max(after, branches[branches.length - 1] ?? -1);
        nodes += depth - parent > 1 ? 2 : 1;
      }
      if (after >= 0 && branches[branches.length - 1] !== after) branches.push(after);
    }
    return nodes;
  }

  /** How many bytes at the front of a block's id are those of the next one's. */
  private sharedBytes(at: number): number {
    const word = (this.head + at) * 4;
    for (let i = 0; i < 4; i++) {
      const difference = this.ids[word + i] ^ this.ids[word + 4 + i];
      if (difference !== 0) return i * 4 + (Math.clz32(difference) >>> 3);
    }
    return ID_BYTES;
  }

  /** Makes room for one more block at the end. */
  private makeRoom(): void {
    if (this.head * 2 > this.refs.length) this.resize(this.refs.length);
    else this.resize(Math.max(SMALLEST, this.refs.length * 2));
  }

  private resize(length: number): void {
    const refs = new Int32Array(length);
    const ids = new Uint32Array(length * 4);
    const end = this.head + this.length;
    refs.set(this.refs.subarray(this.head, end));
    ids.set(this.ids.subarray(this.head * 4, end * 4));
    this.arena.outsideBytes += (length - this.refs.length) * BYTES_PER_BLOCK;
    this.refs = refs;
    this.ids = ids;
    this.head = 0;
  }
}
