/**
 * Entries of field-value pairs in the order of their 128-bit ids, appended at the end, packed a
 * hundred or so to a block. [hot]
 *
 * ```
 * index     id ref │ id ref │ …                       id_index.ts; the id is the first entry's
 * block     entries, deleted, fields, field … field, 0 │ entry │ entry …     listpack_block.ts
 * entry     flags, ms and seq less the block's, values …, elements       fields as the block's
 *           flags, ms, seq, fields, field, value …, elements              others
 * ```
 *
 * Field names that are those of a block's first entry are stored once. An entry is deleted by a mark,
 * and a block goes when nothing else is left in it. The layout is that of Redis's nodes, so that
 * blocks are as large as Redis's and begin at the same entries.
 */

import * as copyModule from "../bytes/copy.ts";
import type { Arena } from "./arena.ts";
import { IdIndex } from "./id_index.ts";
import { ListpackBlock } from "./listpack_block.ts";
import * as listpackBlockModule from "./listpack_block.ts";
import { StreamId } from "./stream_id.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { equalData } = copyModule;
const { LISTPACK_FIRST } = listpackBlockModule;

export const DELETED = 1;
export const SAME_FIELDS = 2;
/** First size of a stream's first block. */
const FIRST_BLOCK_BYTES = 96;
/**
 * Later blocks begin with what the one before them took in the end, so that they need not grow: a
 * tenth of the time of an XADD went into moving them. What an unusual entry made large is no measure.
 */
const MOST_RESERVED_BYTES = 8192;

/** Room that the last entry of a block is not sure to need, and asks for. */
const SPARE_BYTES = 64;

/** When a block is full. */
export interface BlockLimits {
  /** Entries, deleted ones included; 0 for no limit. */
  readonly streamNodeEntries: number;
  readonly streamNodeBytes: number;
}

/** The most bytes that a block takes whatever the limits say, and that one entry may have. */
export const LARGEST_ENTRY_BYTES = 1 << 30;

export class StreamLog {
  /** Number of entries. */
  length = 0;
  /** How often something in a block, or a block, came to lie elsewhere or went: see LogMark. */
  moves = 0;
  readonly index: IdIndex;
  readonly pack: ListpackBlock;
  private blockBytes = 0;
  private readonly master = new StreamId();
  private readonly edge = new StreamId();

  constructor(readonly arena: Arena) {
    this.index = new IdIndex(arena);
    this.pack = new ListpackBlock(arena);
  }

  get memoryBytes(): number {
    return this.blockBytes + this.index.bytes;
  }

  /**
   * Adds an entry, whose id must be greater than all before it.
   *
   * @param from the number of its first field among offsets and lengths; value and field alternate.
   */
  append(
    id: StreamId,
    source: DataView,
    offsets: Int32Array,
    lengths: Int32Array,
    from: number,
    pairs: number,
    limits: BlockLimits,
  ): void {
    const end = from + pairs * 2;
    let total = 0;
    for (let i = from; i < end; i++) total += lengths[i];
    let same: boolean;
    if (this.index.length === 0 || this.isFull(total, limits)) {
      this.addBlock(id, total, source, offsets, lengths, from, pairs);
      same = true;
    } else same = this.hasFields(source, offsets, lengths, from, pairs);
    const { pack } = this;
    const last = this.index.length - 1;
    const before = this.index.refAt(last);
    this.blockBytes -= this.arena.capacityOf(before);
    // Its elements, but for the last one, which says how many they are.
    const elements = same ? pairs + 3 : pairs * 2 + 4;
    let ref = pack.begin(before, elements + 1, total);
    pack.putNumber(same ? SAME_FIELDS : 0);
    this.putDifferences(id);
    if (!same) pack.putNumber(pairs);
    for (let i = same ? from + 1 : from; i < end; i += same ? 2 : 1) {
      pack.put(source, offsets[i], lengths[i]);
    }
    pack.putNumber(elements);
    pack.end(ref, elements + 1);
    ref = this.addCount(ref, 1, 0);
    if (ref !== before) this.moves++;
    this.blockBytes += this.arena.capacityOf(ref);
    this.index.setRefAt(last, ref);
    this.length++;
  }

  /**
   * Adds a whole block at the end, whose bytes were found right: entries laid out as above, after all
   * those that are there, of which `live` are not deleted.
   */
  addWhole(id: StreamId, live: number, source: DataView, offset: number, bytes: number): void {
    const ref = this.pack.import(source, offset, bytes);
    this.index.insert(this.index.length, id, ref);
    this.blockBytes += this.arena.capacityOf(ref);
    this.length += live;
  }

  /** Live entries of a block. */
  countAt(block: number): number {
    return this.pack.numberAt(this.index.refAt(block), LISTPACK_FIRST);
  }

  /** Sets `id` to that of a block's last entry, deleted or not. */
  lastIdOf(block: number, id: StreamId): void {
    const { pack } = this;
    const ref = this.index.refAt(block);
    this.index.idAt(block, this.master);
    this.readId(ref, this.previousEntry(ref, pack.endOf(ref)), this.master, id);
  }

  /** Place of the first entry of a block. */
  firstEntry(ref: number): number {
    const { pack } = this;
    const fields = pack.skip(ref, LISTPACK_FIRST, 2);
    return pack.skip(ref, pack.next(ref, fields), pack.numberAt(ref, fields) + 1);
  }

  /** Place of the entry after the one at `at`. */
  nextEntry(ref: number, at: number): number {
    const { pack } = this;
    const flags = pack.numberAt(ref, at);
    if (flags & SAME_FIELDS) {
      return pack.skip(ref, at, 4 + pack.numberAt(ref, pack.skip(ref, LISTPACK_FIRST, 2)));
    }
    const fields = pack.skip(ref, at, 3);
    return pack.skip(ref, fields, pack.numberAt(ref, fields) * 2 + 2);
  }

  /** Place of the entry before the one, or the end, at `at`. */
  previousEntry(ref: number, at: number): number {
    const { pack } = this;
    let place = pack.previous(ref, at);
    for (let left = pack.numberAt(ref, place); left > 0; left--) place = pack.previous(ref, place);
    return place;
  }

  /** Sets `id` to that of an entry in a block that begins with `master`. */
  readId(ref: number, entry: number, master: StreamId, id: StreamId): void {
    const { pack } = this;
    const ms = pack.next(ref, entry);
    const { integer } = pack;
    pack.readInteger(ref, ms);
    let low = master.msLow + (integer.low >>> 0);
    let carry = low > 0xffffffff ? 1 : 0;
    const msHigh = (master.msHigh + integer.high + carry) >>> 0;
    const msLow = low >>> 0;
    pack.readInteger(ref, pack.next(ref, ms));
    low = master.seqLow + (integer.low >>> 0);
    carry = low > 0xffffffff ? 1 : 0;
    id.setWords(msHigh, msLow, (master.seqHigh + integer.high + carry) >>> 0, low >>> 0);
  }

  /** Marks an entry that is not deleted yet; whether its block is still there. */
  deleteEntry(block: number, at: number): boolean {
    if (this.countAt(block) === 1) {
      this.dropBlock(block);
      return true;
    }
    this.markDeleted(block, at);
    this.updateCount(block, 1);
    this.length--;
    return false;
  }

  /**
   * Removes the oldest entries until there are `most`, whole blocks at a time, and with `exact` the
   * rest one by one; says how many.
   *
   * @param limit how many entries whole blocks may have together; 0 for any number.
   */
  trimToLength(most: number, exact: boolean, limit: number): number {
    let removed = 0;
    while (this.index.length > 0 && this.length > most) {
      const entries = this.countAt(0);
      if (limit > 0 && removed + entries > limit) break;
      if (this.length - entries >= most) {
        this.dropBlock(0);
        removed += entries;
      } else {
        if (exact) removed += this.trimFirstBlock(this.length - most, null);
        break;
      }
    }
    return removed;
  }

  /** The same for entries whose id is less than `least`. */
  trimToId(least: StreamId, exact: boolean, limit: number): number {
    let removed = 0;
    while (this.index.length > 0) {
      const entries = this.countAt(0);
      if (limit > 0 && removed + entries > limit) break;
      this.lastIdOf(0, this.edge);
      if (this.edge.compare(least) < 0) {
        this.dropBlock(0);
        removed += entries;
      } else {
        if (exact) removed += this.trimFirstBlock(Infinity, least);
        break;
      }
    }
    return removed;
  }

  /** Gives back about so many entries; true while there are more. */
  drain(entries: number): boolean {
    let left = entries;
    while (left > 0 && this.index.length > 0) {
      const last = this.index.length - 1;
      left -= Math.max(1, this.countAt(last));
      this.dropBlock(last);
    }
    if (this.index.length > 0) return true;
    this.index.release();
    return false;
  }

  copy(): StreamLog {
    const copy = new StreamLog(this.arena);
    for (let at = 0; at < this.index.length; at++) {
      this.index.idAt(at, this.master);
      const ref = this.pack.copy(this.index.refAt(at));
      copy.index.insert(at, this.master, ref);
      copy.blockBytes += this.arena.capacityOf(ref);
    }
    copy.length = this.length;
    return copy;
  }

  /** Whether the last block has no room for an entry whose strings have so many bytes. */
  private isFull(bytes: number, limits: BlockLimits): boolean {
    const { pack } = this;
    const ref = this.index.refAt(this.index.length - 1);
    let most = limits.streamNodeBytes;
    if (most === 0 || most > LARGEST_ENTRY_BYTES) most = LARGEST_ENTRY_BYTES;
    if (pack.bytes(ref) + bytes >= most) return true;
    if (limits.streamNodeEntries === 0) return false;
    const count = pack.numberAt(ref, LISTPACK_FIRST) +
      pack.numberAt(ref, pack.next(ref, LISTPACK_FIRST));
    return count >= limits.streamNodeEntries;
  }

  private addBlock(
    id: StreamId,
    bytes: number,
    source: DataView,
    offsets: Int32Array,
    lengths: Int32Array,
    from: number,
    pairs: number,
  ): void {
    const { pack, index } = this;
    let reserved = FIRST_BLOCK_BYTES;
    if (index.length > 0) {
      this.fitLast();
      const before = pack.bytes(index.refAt(index.length - 1));
      reserved = Math.min(before + SPARE_BYTES, MOST_RESERVED_BYTES);
    }
    let ref = pack.create(reserved + bytes);
    ref = pack.appendNumber(ref, 0);
    ref = pack.appendNumber(ref, 0);
    ref = pack.appendNumber(ref, pairs);
    for (let i = 0; i < pairs; i++) {
      ref = pack.append(ref, source, offsets[from + i * 2], lengths[from + i * 2]);
    }
    ref = pack.appendNumber(ref, 0);
    index.insert(index.length, id, ref);
    this.blockBytes += this.arena.capacityOf(ref);
  }

  private fitLast(): void {
    const last = this.index.length - 1;
    const ref = this.index.refAt(last);
    this.blockBytes -= this.arena.capacityOf(ref);
    const fitted = this.pack.fit(ref);
    if (fitted !== ref) this.moves++;
    this.blockBytes += this.arena.capacityOf(fitted);
    this.index.setRefAt(last, fitted);
  }

  /** Whether the fields are those that the last block begins with. */
  private hasFields(
    source: DataView,
    offsets: Int32Array,
    lengths: Int32Array,
    from: number,
    pairs: number,
  ): boolean {
    const { pack } = this;
    const ref = this.index.refAt(this.index.length - 1);
    let at = pack.skip(ref, LISTPACK_FIRST, 2);
    if (pack.numberAt(ref, at) !== pairs) return false;
    at = pack.next(ref, at);
    for (let i = from; i < from + pairs * 2; i += 2) {
      at = pack.point(ref, at);
      if (pack.length !== lengths[i]) return false;
      if (!equalData(pack.data, pack.offset, source, offsets[i], lengths[i])) return false;
    }
    return true;
  }

  private putDifferences(id: StreamId): void {
    const { pack, master } = this;
    this.index.idAt(this.index.length - 1, master);
    let low = id.msLow - master.msLow;
    pack.putInteger(id.msHigh - master.msHigh - (low < 0 ? 1 : 0), low);
    low = id.seqLow - master.seqLow;
    pack.putInteger(id.seqHigh - master.seqHigh - (low < 0 ? 1 : 0), low);
  }

  /** Adds to a block's numbers of live and of deleted entries. */
  private addCount(ref: number, live: number, deleted: number): number {
    const { pack } = this;
    const bytes = pack.bytes(ref);
    ref = pack.replaceNumber(ref, LISTPACK_FIRST, pack.numberAt(ref, LISTPACK_FIRST) + live);
    if (deleted > 0) {
      const at = pack.next(ref, LISTPACK_FIRST);
      ref = pack.replaceNumber(ref, at, pack.numberAt(ref, at) + deleted);
    }
    // Numbers that take another byte push all entries along.
    if (pack.bytes(ref) !== bytes) this.moves++;
    return ref;
  }

  private updateCount(block: number, removed: number): void {
    const ref = this.index.refAt(block);
    this.blockBytes -= this.arena.capacityOf(ref);
    const updated = this.addCount(ref, -removed, removed);
    if (updated !== ref) this.moves++;
    this.blockBytes += this.arena.capacityOf(updated);
    this.index.setRefAt(block, updated);
  }

  private markDeleted(block: number, at: number): void {
    const ref = this.index.refAt(block);
    // One byte before as after, so nothing moves.
    this.pack.replaceNumber(ref, at, this.pack.numberAt(ref, at) | DELETED);
  }

  /** Marks entries from the front, at most so many, or those before an id. */
  private trimFirstBlock(most: number, least: StreamId | null): number {
    const ref = this.index.refAt(0);
    const end = this.pack.endOf(ref);
    this.index.idAt(0, this.master);
    let removed = 0;
    let at = this.firstEntry(ref);
    while (at < end && removed < most) {
      if (least !== null) {
        this.readId(ref, at, this.master, this.edge);
        if (this.edge.compare(least) >= 0) break;
      }
      const following = this.nextEntry(ref, at);
      if ((this.pack.numberAt(ref, at) & DELETED) === 0) {
        this.markDeleted(0, at);
        removed++;
      }
      at = following;
    }
    this.length -= removed;
    if (removed > 0) this.updateCount(0, removed);
    return removed;
  }

  private dropBlock(block: number): void {
    const ref = this.index.refAt(block);
    this.length -= this.countAt(block);
    this.moves++;
    this.blockBytes -= this.arena.capacityOf(ref);
    this.arena.free(ref);
    this.index.remove(block);
  }
}
