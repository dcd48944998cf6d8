/**
 * A large set: its members as records of a hash table in the arena. [hot]
 *
 * ```
 * 12 bytes of the table's (structures/hash_table.ts) │ member
 * ```
 *
 * Tables of one store share their secret hash key, so that the hash kept in a record of one set finds
 * the same member in another: intersecting two large sets hashes nothing.
 */

import * as copyModule from "../../bytes/copy.ts";
import type { Arena } from "../../structures/arena.ts";
import * as arenaModule from "../../structures/arena.ts";
import type { HashTable } from "../../structures/hash_table.ts";
import * as hashTableModule from "../../structures/hash_table.ts";
import { TableWalk } from "../../structures/table_walk.ts";
import * as entryModule from "../entry.ts";
import type { StoredObject, ValueHome } from "../value.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes } = copyModule;
const { SEGMENT_OF_REF } = arenaModule;
const { RECORD_PREFIX_BYTES } = hashTableModule;
const { byteBase } = entryModule;

/** About what the objects around the slots take. */
const OBJECT_BYTES = 160;

/** One for all, since no walk runs inside another. */
const walk = new TableWalk();

/** Takes members, each lent until the call returns; it must not change the set. */
export interface MemberSink {
  bulkRange(data: DataView, offset: number, length: number): void;
}

export class MemberTable implements StoredObject {
  readonly table: HashTable;
  private readonly arena: Arena;
  private recordBytes = 0;

  constructor(private readonly home: Pick<ValueHome, "arena" | "newTable">) {
    this.arena = home.arena;
    this.table = home.newTable(RECORD_PREFIX_BYTES);
  }

  get size(): number {
    return this.table.count;
  }

  get memoryBytes(): number {
    return OBJECT_BYTES + this.table.slotBytes + this.recordBytes;
  }

  /** Adds a member that is not there. `hash` is what the table says of it. */
  insert(data: DataView, offset: number, length: number, hash: number): void {
    const { arena } = this;
    const ref = arena.allocate(RECORD_PREFIX_BYTES + length);
    this.recordBytes += arena.capacityOf(ref);
    copyBytes(data, offset, arena.data[ref >>> SEGMENT_OF_REF], memberStart(ref), length);
    this.table.insert(ref, hash, length);
  }

  remove(ref: number): void {
    this.table.remove(ref);
    this.free(ref);
  }

  /** Hands all members on to a sink. */
  writeTo(sink: MemberSink): void {
    const { table, arena } = this;
    walk.begin();
    while (walk.step(table)) {
      const { refs, count } = walk;
      for (let i = 0; i < count; i++) {
        const ref = refs[i];
        const length = table.keyLengthOf(ref);
        sink.bulkRange(arena.data[ref >>> SEGMENT_OF_REF], memberStart(ref), length);
      }
    }
  }

  drain(elements: number): boolean {
    return this.table.drain(elements, (ref) => this.free(ref));
  }

  copy(): MemberTable {
    const copy = new MemberTable(this.home);
    const { table, arena } = this;
    copy.table.reserve(table.count);
    table.forEach((ref) => {
      const data = arena.data[ref >>> SEGMENT_OF_REF];
      copy.insert(data, memberStart(ref), table.keyLengthOf(ref), table.hashOf(ref));
    });
    return copy;
  }

  private free(ref: number): void {
    this.recordBytes -= this.arena.capacityOf(ref);
    this.arena.free(ref);
  }
}

/** Where a record's member begins in its segment. */
export function memberStart(ref: number): number {
  return byteBase(ref) + RECORD_PREFIX_BYTES;
}
