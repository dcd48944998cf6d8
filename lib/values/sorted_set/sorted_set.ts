/**
 * A sorted set behind one interface, however it is kept:
 *
 * | kept as | OBJECT ENCODING | for |
 * |---|---|---|
 * | pairs of member and score, in order (structures/packed.ts), one block | listpack | up to `zset-max-listpack-entries` short members |
 * | a table and an ordered set (score_table.ts), an object | skiplist | all others |
 *
 * A sorted set changes to the second form as it grows, and never back. [hot]
 *
 * A packed score is eight bytes, and never the negative zero, which Redis's listpack can't tell from
 * the other either; a large set keeps it. Members are reached by handles, which are good until the
 * set changes, and by ranks.
 */

import { Arena } from "../../structures/arena.ts";
import * as arenaModule from "../../structures/arena.ts";
import { OrderedCursor } from "../../structures/ordered_set.ts";
import { Packed } from "../../structures/packed.ts";
import * as packedModule from "../../structures/packed.ts";
import * as entryModule from "../entry.ts";
import type { ValueHome } from "../value.ts";
import { type MemberSink, ScoreTable } from "./score_table.ts";
import * as scoreTableModule from "./score_table.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { SEGMENT_OF_REF } = arenaModule;
const { packedSize } = packedModule;
const { byteBase, Encoding, META_WORD, Storage, STORAGE_SHIFT, VALUE_WORD, wordBase } = entryModule;
const { memberStart } = scoreTableModule;

/** Bytes of a packed score with its length. */
const SCORE_BYTES = 9;
/** A length byte that says: the length is in the four bytes that follow (structures/packed.ts). */
const LONG_LENGTH = 254;
/** Bytes that a block of packed pairs begins with. */
const PACKED_HEADER_BYTES = 8;

const scoreData = new DataView(new ArrayBuffer(8));

export class SortedSetAccess {
  /** The member last shown: the memory it lies in, where, and how long it is. */
  data: DataView = scoreData;
  offset = 0;
  length = 0;
  /** Its score; also the score of the member last found, added or changed. */
  score = 0;
  /** How the set is kept: what an entry is to be told of it ({@linkcode Database.putValue}). */
  encoding: number = Encoding.LISTPACK;
  storage: number = Storage.BLOCK;
  /** Ref of the block, or number of the object. */
  value = 0;

  private home: ValueHome | null = null;
  private arena = new Arena();
  private packed = new Packed(this.arena);
  private ref = 0;
  private signedZeros = false;
  private table: ScoreTable | null = null;
  private readonly cursor = new OrderedCursor();
  /** Place of the packed member last shown. */
  private at = 0;
  private rank = 0;
  /** Places of all packed members, for walking backwards; made when it is first asked for. */
  private places: Int32Array = new Int32Array(0);
  private placed = false;
  /** Hash of the member last looked for. */
  private hash = 0;

  /** Points at the sorted set that an entry holds. */
  open(home: ValueHome, ref: number): this {
    if (home !== this.home) this.use(home);
    const words = home.arena.words[ref >>> SEGMENT_OF_REF];
    const base = wordBase(ref);
    const storage = words[base + META_WORD] >>> STORAGE_SHIFT & 3;
    const value = words[base + VALUE_WORD];
    this.signedZeros = false;
    this.ref = ref;
    this.storage = storage;
    this.value = value;
    let table: ScoreTable | null = null;
    this.encoding = Encoding.LISTPACK;
    if (storage === Storage.OBJECT) {
      this.encoding = Encoding.SKIPLIST;
      table = home.objects.get(value) as ScoreTable;
    }
    // Most look at the one from before; comparing is cheaper than storing a pointer.
    if (table !== this.table) this.table = table;
    return this;
  }

  /**
   * Begins an empty sorted set that no entry holds yet. Its owner puts {@linkcode value} into an
   * entry and opens it again, or gives it back with {@linkcode release}.
   *
   * @param signedZeros whether negative zeros are kept as such even while the set is small.
   */
  create(home: ValueHome, signedZeros = false): this {
    this.use(home);
    this.signedZeros = signedZeros;
    this.ref = 0;
    this.table = null;
    this.encoding = Encoding.LISTPACK;
    this.storage = Storage.BLOCK;
    this.value = this.packed.create();
    return this;
  }

  /** Gives back a sorted set that no entry holds. */
  release(): void {
    const home = this.home!;
    if (this.storage === Storage.BLOCK) this.arena.free(this.value);
    else home.discard(home.objects.take(this.value));
  }

  /** Number of members. */
  get size(): number {
    return this.table === null ? this.packed.count(this.value) >>> 1 : this.table.table.count;
  }

  /** Whether members are few and are shown all at once by ZSCAN. */
  get isSmall(): boolean {
    return this.table === null;
  }

  /**
   * Handle of a member, its score in {@linkcode score}; -1 when it is not in the set.
   *
   * @param hash what a table of the store says of the member; 0 when nobody has asked yet.
   */
  find(data: DataView, offset: number, length: number, hash = 0): number {
    if (this.table === null) {
      const at = this.packed.find(this.value, data, offset, length, 2);
      if (at >= 0) this.score = this.packedScore(at);
      return at;
    }
    const { table } = this.table;
    this.hash = hash === 0 ? table.hash(data, offset, length) : hash;
    const ref = table.find(data, offset, length, this.hash);
    if (ref === 0) return -1;
    this.score = this.table.scoreOf(ref);
    return ref;
  }

  /** Rank of the member with a handle, the lowest score first. */
  rankOf(handle: number): number {
    if (this.table !== null) return this.table.order.rankOf(this.table.scoreOf(handle), handle);
    let rank = 0;
    for (let at = PACKED_HEADER_BYTES; at < handle; at = this.after(at)) rank++;
    return rank;
  }

  /** Adds the member that {@linkcode find} has just told not to be there. */
  insert(score: number, data: DataView, offset: number, length: number): void {
    this.score = score;
    if (this.table !== null) return this.table.insert(score, data, offset, length, this.hash);
    const { limits } = this.home!;
    if (this.size < limits.sortedSetEntries && length <= limits.sortedSetValueBytes) {
      this.insertPacked(score, data, offset, length);
      return;
    }
    const table = this.toTable();
    table.insert(score, data, offset, length, table.table.hash(data, offset, length));
  }

  /** Gives a member another score; the bytes are those of the member, and not lent by the set. */
  rescore(handle: number, score: number, data: DataView, offset: number, length: number): void {
    this.score = score;
    if (this.table !== null) return this.table.rescore(handle, score);
    if (this.fitsAt(handle, score)) return this.setPackedScore(handle, this.packable(score));
    this.place(this.packed.remove(this.value, handle, 2));
    this.insertPacked(score, data, offset, length);
  }

  /** Removes the member with a handle. */
  removeHandle(handle: number): void {
    if (this.table === null) this.place(this.packed.remove(this.value, handle, 2));
    else this.table.remove(handle);
  }

  /** Removes the member of a rank. */
  removeAt(rank: number): void {
    if (this.table !== null) return this.table.removeAt(rank);
    this.place(this.packed.remove(this.value, this.packed.nth(this.value, rank * 2), 2));
  }

  /** How many members have a score below this one, or up to it when `inclusive`. */
  countBelow(score: number, inclusive: boolean): number {
    if (this.table !== null) return this.table.order.countBelow(score, inclusive);
    const end = this.packed.usedBytes(this.value);
    let count = 0;
    for (let at = PACKED_HEADER_BYTES; at < end; at = this.after(at), count++) {
      const other = this.packedScore(at);
      if (other > score || (!inclusive && other === score)) return count;
    }
    return count;
  }

  /**
   * How many members of a large set come before these bytes, or up to them when `inclusive`; means
   * something only while all scores are the same.
   */
  countMembersBelow(member: Uint8Array, inclusive: boolean): number {
    return this.table!.order.countKeysBelow(member, inclusive);
  }

  /** Shows the member of a rank, which must be there. */
  seek(rank: number): void {
    this.rank = rank;
    if (this.table !== null) {
      this.table.order.seek(this.cursor, rank);
      this.showCursor(this.table);
      return;
    }
    this.placed = false;
    this.showPacked(this.packed.nth(this.value, rank * 2));
  }

  /** Shows the member of the next rank; false when there is none. */
  next(): boolean {
    this.rank++;
    if (this.table !== null) {
      if (!this.table.order.next(this.cursor)) return false;
      this.showCursor(this.table);
      return true;
    }
    const at = this.at + packedSize(this.length) + SCORE_BYTES;
    if (at >= this.packed.usedBytes(this.value)) return false;
    this.showPacked(at);
    return true;
  }

  /** Shows the member of the rank before; false when there is none. */
  previous(): boolean {
    this.rank--;
    if (this.table !== null) {
      if (!this.table.order.previous(this.cursor)) return false;
      this.showCursor(this.table);
      return true;
    }
    if (this.rank < 0) return false;
    if (!this.placed) this.notePlaces();
    this.showPacked(this.places[this.rank]);
    return true;
  }

  /**
   * Hands the members of `count` ranks on to a sink, from `rank` upwards or, in reverse, downwards;
   * all must be there. Beside seek and next this saves ten members a third of their time.
   */
  writeRange(rank: number, count: number, reverse: boolean, sink: MemberSink): void {
    if (this.table !== null) return this.table.writeRange(rank, count, reverse, sink);
    this.seek(rank);
    for (let left = count;;) {
      sink.bulkRange(this.data, this.offset, this.length);
      if (--left === 0) return;
      if (reverse) this.previous();
      else this.next();
    }
  }

  /** Makes a small set's negative zeros plain ones, before an entry takes the set. */
  dropZeroSigns(): void {
    if (this.table !== null) return;
    const end = this.packed.usedBytes(this.value);
    for (let at = PACKED_HEADER_BYTES; at < end; at = this.after(at)) {
      if (this.packedScore(at) === 0) this.setPackedScore(at, 0);
    }
  }

  /** One step of a scan over a set that is not small: see `HashTable.scan`. */
  scan(cursor: number, visit: (handle: number) => void): number {
    return this.table!.table.scan(cursor, visit);
  }

  /** Shows the member with a handle that a scan has told. */
  showHandle(handle: number): void {
    this.showRecord(handle, this.table!.scoreOf(handle));
  }

  /** Makes room for so many members of a set that will be large, before they are added. */
  reserve(count: number): void {
    if (count <= this.home!.limits.sortedSetEntries) return;
    (this.table ?? this.toTable()).table.reserve(count);
  }

  private use(home: ValueHome): void {
    this.home = home;
    if (this.arena === home.arena) return;
    this.arena = home.arena;
    this.packed = new Packed(home.arena);
  }

  private showCursor(table: ScoreTable): void {
    this.showRecord(this.cursor.ref, table.order.scoreAt(this.cursor));
  }

  private showRecord(ref: number, score: number): void {
    const data = this.arena.data[ref >>> SEGMENT_OF_REF];
    if (data !== this.data) this.data = data;
    this.offset = memberStart(ref);
    this.length = this.table!.table.keyLengthOf(ref);
    this.score = score;
  }

  private showPacked(at: number): void {
    const packed = this.packed.point(this.value, at);
    this.at = at;
    this.data = packed.data;
    this.offset = packed.offset;
    this.length = packed.length;
    this.score = packed.data.getFloat64(packed.offset + packed.length + 1, true);
  }

  private packedScore(at: number): number {
    const { value } = this;
    const data = this.arena.data[value >>> SEGMENT_OF_REF];
    return data.getFloat64(pairEnd(data, byteBase(value) + at) - 8, true);
  }

  private packable(score: number): number {
    return this.signedZeros ? score : score + 0;
  }

  private setPackedScore(at: number, score: number): void {
    const { value } = this;
    const data = this.arena.data[value >>> SEGMENT_OF_REF];
    data.setFloat64(pairEnd(data, byteBase(value) + at) - 8, score, true);
  }

  /** Place of the pair behind the one at `at`. */
  private after(at: number): number {
    const { value } = this;
    const base = byteBase(value);
    return pairEnd(this.arena.data[value >>> SEGMENT_OF_REF], base + at) - base;
  }

  private notePlaces(): void {
    const { size } = this;
    if (this.places.length < size) this.places = new Int32Array(size);
    let at = PACKED_HEADER_BYTES;
    for (let i = 0; i < size; i++, at = this.after(at)) this.places[i] = at;
    this.placed = true;
  }

  /** Whether a packed member may stay where it is with another score. */
  private fitsAt(handle: number, score: number): boolean {
    let before = -Infinity;
    for (let at = PACKED_HEADER_BYTES; at < handle; at = this.after(at)) {
      before = this.packedScore(at);
    }
    if (handle > PACKED_HEADER_BYTES && before >= score) return false;
    const next = this.after(handle);
    return next >= this.packed.usedBytes(this.value) || score < this.packedScore(next);
  }

  private insertPacked(score: number, data: DataView, offset: number, length: number): void {
    scoreData.setFloat64(0, this.packable(score), true);
    const { packed } = this;
    const at = this.placeFor(score, data, offset, length);
    if (at < 0) {
      this.place(packed.appendPair(this.value, data, offset, length, scoreData, 0, 8));
      return;
    }
    this.place(packed.insert(this.value, at, data, offset, length));
    this.place(packed.insert(this.value, at + packedSize(length), scoreData, 0, 8));
  }

  /** Place of the first packed pair behind this one; -1 when there is none. */
  private placeFor(score: number, data: DataView, offset: number, length: number): number {
    const { packed, value } = this;
    const pairs = this.arena.data[value >>> SEGMENT_OF_REF];
    const base = byteBase(value);
    const end = base + packed.usedBytes(value);
    for (let at = base + PACKED_HEADER_BYTES; at < end;) {
      const next = pairEnd(pairs, at);
      const other = pairs.getFloat64(next - 8, true);
      if (other > score) return at - base;
      if (other === score) {
        packed.point(value, at - base);
        if (compareData(pairs, packed.offset, packed.length, data, offset, length) > 0) {
          return at - base;
        }
      }
      at = next;
    }
    return -1;
  }

  private toTable(): ScoreTable {
    const home = this.home!;
    const table = new ScoreTable(home);
    const { size } = this;
    table.table.reserve(size + 1);
    if (size > 0) {
      this.seek(0);
      do {
        const hash = table.table.hash(this.data, this.offset, this.length);
        table.insert(this.score, this.data, this.offset, this.length, hash);
      } while (this.next());
    }
    const old = this.value;
    this.table = table;
    this.moveTo(Encoding.SKIPLIST, Storage.OBJECT, home.objects.add(table));
    this.arena.free(old);
    return table;
  }

  /** Notes where the block lies after a change. */
  private place(block: number): void {
    if (block !== this.value) this.moveTo(this.encoding, this.storage, block);
  }

  private moveTo(encoding: number, storage: number, value: number): void {
    this.encoding = encoding;
    this.storage = storage;
    this.value = value;
    if (this.ref !== 0) this.home!.moveValue(this.ref, encoding, storage, value);
  }
}

/** Where a pair of member and score ends, whose last eight bytes are the score. */
function pairEnd(data: DataView, at: number): number {
  const size = data.getUint8(at);
  if (size < LONG_LENGTH) return at + 1 + size + SCORE_BYTES;
  return at + 5 + data.getUint32(at + 1, true) + SCORE_BYTES;
}

/** Orders two runs of bytes as memcmp does, a prefix first. */
function compareData(
  a: DataView,
  aOffset: number,
  aLength: number,
  b: DataView,
  bOffset: number,
  bLength: number,
): number {
  const shared = aLength < bLength ? aLength : bLength;
  for (let i = 0; i < shared; i++) {
    const difference = a.getUint8(aOffset + i) - b.getUint8(bOffset + i);
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}
