/**
 * A large sorted set: its members as records in the arena, found by member through a hash table and
 * by score or rank through an ordered set. [hot]
 *
 * ```
 * 12 bytes of the table's (structures/hash_table.ts) │ 12 score (double) │ 20 member
 * ```
 */

import * as copyModule from "../../bytes/copy.ts";
import type { Arena } from "../../structures/arena.ts";
import * as arenaModule from "../../structures/arena.ts";
import type { HashTable } from "../../structures/hash_table.ts";
import * as hashTableModule from "../../structures/hash_table.ts";
import { OrderedCursor, OrderedSet } from "../../structures/ordered_set.ts";
import * as orderedNodesModule from "../../structures/ordered_nodes.ts";
import * as entryModule from "../entry.ts";
import type { StoredObject, ValueHome } from "../value.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes } = copyModule;
const { SEGMENT_OF_REF } = arenaModule;
const { RECORD_PREFIX_BYTES } = hashTableModule;
const { LEAF_CAPACITY } = orderedNodesModule;
const { byteBase, wordBase } = entryModule;

const MEMBER_OFFSET = RECORD_PREFIX_BYTES + 8;
/** The table's word with the member's length. */
const KEY_LENGTH_WORD = 2;
/** About what the objects around slots and nodes take. */
const OBJECT_BYTES = 260;
/** A node of the ordered set holds about this many members. */
const MEMBERS_PER_NODE = 32;

/** One for all, since no walk runs inside another. */
const cursor = new OrderedCursor();
/** Records of a leaf. */
const refs = new Int32Array(LEAF_CAPACITY);

/** Takes the members of a range, each lent until the call returns. */
export interface MemberSink {
  bulkRange(data: DataView, offset: number, length: number): void;
}

export class ScoreTable implements StoredObject {
  readonly table: HashTable;
  readonly order: OrderedSet;
  private readonly arena: Arena;
  private recordBytes = 0;

  constructor(private readonly home: Pick<ValueHome, "arena" | "newTable">) {
    this.arena = home.arena;
    this.table = home.newTable(MEMBER_OFFSET);
    this.order = new OrderedSet(home.arena, MEMBER_OFFSET);
  }

  get size(): number {
    return this.table.count;
  }

  get memoryBytes(): number {
    return OBJECT_BYTES + this.table.slotBytes + this.order.nodeBytes + this.recordBytes;
  }

  scoreOf(ref: number): number {
    return this.arena.data[ref >>> SEGMENT_OF_REF]
      .getFloat64(byteBase(ref) + RECORD_PREFIX_BYTES, true);
  }

  /** Adds a member that is not there. `hash` is what the table says of it. */
  insert(score: number, data: DataView, offset: number, length: number, hash: number): void {
    const { arena } = this;
    const ref = arena.allocate(MEMBER_OFFSET + length);
    this.recordBytes += arena.capacityOf(ref);
    const target = arena.data[ref >>> SEGMENT_OF_REF];
    copyBytes(data, offset, target, memberStart(ref), length);
    target.setFloat64(byteBase(ref) + RECORD_PREFIX_BYTES, score, true);
    this.table.insert(ref, hash, length);
    this.order.insert(score, ref);
  }

  rescore(ref: number, score: number): void {
    this.order.update(this.scoreOf(ref), score, ref);
    this.arena.data[ref >>> SEGMENT_OF_REF]
      .setFloat64(byteBase(ref) + RECORD_PREFIX_BYTES, score, true);
  }

  remove(ref: number): void {
    this.order.remove(this.scoreOf(ref), ref);
    this.table.remove(ref);
    this.free(ref);
  }

  removeAt(rank: number): void {
    const ref = this.order.removeAt(rank);
    this.table.remove(ref);
    this.free(ref);
  }

  /** See {@linkcode SortedSetAccess.writeRange}. */
  writeRange(rank: number, count: number, reverse: boolean, sink: MemberSink): void {
    const { arena, order } = this;
    order.seek(cursor, rank);
    for (let left = count;;) {
      const taken = order.refsFrom(cursor, refs, left, reverse);
      for (let i = 0; i < taken; i++) {
        const ref = refs[i];
        const segment = ref >>> SEGMENT_OF_REF;
        const length = arena.words[segment][wordBase(ref) + KEY_LENGTH_WORD];
        sink.bulkRange(arena.data[segment], memberStart(ref), length);
      }
      left -= taken;
      if (left === 0) return;
      if (reverse) order.previous(cursor);
      else order.next(cursor);
    }
  }

  drain(elements: number): boolean {
    if (this.order.drain(1 + Math.floor(elements / MEMBERS_PER_NODE))) return true;
    return this.table.drain(elements, (ref) => this.free(ref));
  }

  copy(): ScoreTable {
    const copy = new ScoreTable(this.home);
    const { table, arena } = this;
    copy.table.reserve(table.count);
    if (table.count === 0) return copy;
    this.order.seek(cursor, 0);
    do {
      const { ref } = cursor;
      const data = arena.data[ref >>> SEGMENT_OF_REF];
      copy.insert(
        this.order.scoreAt(cursor),
        data,
        memberStart(ref),
        table.keyLengthOf(ref),
        table.hashOf(ref),
      );
    } while (this.order.next(cursor));
    return copy;
  }

  private free(ref: number): void {
    this.recordBytes -= this.arena.capacityOf(ref);
    this.arena.free(ref);
  }
}

/** Where a record's member begins in its segment. */
export function memberStart(ref: number): number {
  return byteBase(ref) + MEMBER_OFFSET;
}
