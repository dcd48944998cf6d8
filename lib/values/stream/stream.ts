/**
 * A stream: its log of entries, what Redis remembers of the entries that are gone, and its consumer
 * groups. Always an object, since even an empty one has a last id and groups.
 */

import { latin1 } from "../../bytes/byte_string.ts";
import type { Arena } from "../../structures/arena.ts";
import { Names } from "../../structures/names.ts";
import { StreamCursor } from "../../structures/stream_cursor.ts";
import { StreamId } from "../../structures/stream_id.ts";
import { type BlockLimits, StreamLog } from "../../structures/stream_log.ts";
import type { StoredObject } from "../value.ts";
import { ConsumerGroup, UNKNOWN_READ } from "./group.ts";

export { StreamCursor } from "../../structures/stream_cursor.ts";
export { StreamId } from "../../structures/stream_id.ts";
export { Consumer, ConsumerGroup, UNKNOWN_READ } from "./group.ts";

/** About what the JavaScript objects of a stream take. */
const OBJECT_BYTES = 700;
const FIRST = new StreamId();
const LAST = StreamId.max();

/** What is to be left by trimming. */
export interface Trim {
  /** Entries to keep at most; not used when there is a least id. */
  maxLength: number;
  leastId: StreamId | null;
  /** Whether only whole blocks go. */
  approximate: boolean;
  /** Entries to remove at most; 0 for any number. */
  limit: number;
}

export class Stream implements StoredObject {
  /** The id that was added last, or set by XSETID. */
  readonly lastId: StreamId = new StreamId();
  /** The id of the first entry; 0-0 when there is none. */
  readonly firstId: StreamId = new StreamId();
  /** The greatest id that was deleted. */
  readonly maxDeletedId: StreamId = new StreamId();
  private readonly groupsByName = new Names<ConsumerGroup>();
  // The number of entries ever added: 64 bits that are counted up without bigints.
  private addedBefore = 0n;
  private addedSince = 0;

  constructor(private readonly arena: Arena, readonly log: StreamLog = new StreamLog(arena)) {}

  /** Number of entries. */
  get size(): number {
    return this.log.length;
  }

  get memoryBytes(): number {
    let total = OBJECT_BYTES + this.log.memoryBytes;
    for (const group of this.groupsByName.values()) total += group.memoryBytes;
    return total;
  }

  /** Entries ever added, as far as known; a signed 64-bit integer. */
  get entriesAdded(): bigint {
    return BigInt.asIntN(64, this.addedBefore + BigInt(this.addedSince));
  }

  set entriesAdded(value: bigint) {
    this.addedBefore = value;
    this.addedSince = 0;
  }

  /** Adds an entry with an id greater than the last one's: see {@linkcode StreamLog.append}. */
  append(
    id: StreamId,
    source: DataView,
    offsets: Int32Array,
    lengths: Int32Array,
    from: number,
    pairs: number,
    limits: BlockLimits,
  ): void {
    this.log.append(id, source, offsets, lengths, from, pairs, limits);
    this.addedSince++;
    this.lastId.set(id);
    if (this.log.length === 1) this.firstId.set(id);
  }

  /** Deletes an entry; false when it is not there. */
  delete(id: StreamId): boolean {
    if (!cursor.find(this.log, id)) return false;
    this.log.deleteEntry(cursor.block, cursor.entry);
    if (id.compare(this.maxDeletedId) > 0) this.maxDeletedId.set(id);
    if (this.size === 0) this.firstId.setZero();
    else if (id.compare(this.firstId) === 0) this.readFirst(this.firstId);
    return true;
  }

  /** Removes the oldest entries; says how many. */
  trim(trim: Trim): number {
    const { log } = this;
    const removed = trim.leastId === null
      ? log.trimToLength(trim.maxLength, !trim.approximate, trim.limit)
      : log.trimToId(trim.leastId, !trim.approximate, trim.limit);
    if (log.length === 0) this.firstId.setZero();
    else if (removed > 0) this.readFirst(this.firstId);
    return removed;
  }

  /**
   * Sets `id` to that of the first entry, also of a deleted one if asked for; to the greatest id when
   * there is none.
   */
  readFirst(id: StreamId, deleted = false): void {
    cursor.showsDeleted = deleted;
    if (cursor.start(this.log, FIRST, LAST).next()) id.set(cursor.id);
    else id.setMax();
    cursor.showsDeleted = false;
  }

  /** Sets `id` to that of the last entry that is there; to 0-0 when there is none. */
  readLast(id: StreamId): void {
    cursor.showsDeleted = false;
    if (this.size > 0 && cursor.start(this.log, FIRST, LAST, true).next()) id.set(cursor.id);
    else id.setZero();
  }

  get groupCount(): number {
    return this.groupsByName.size;
  }

  group(name: Uint8Array): ConsumerGroup | undefined {
    return this.groupsByName.get(latin1(name));
  }

  /** The group whose name is lent as part of a buffer. */
  findGroup(data: DataView, offset: number, length: number): ConsumerGroup | undefined {
    return this.groupsByName.find(data, offset, length);
  }

  /** In the order of their names. */
  groups(): ConsumerGroup[] {
    return this.groupsByName.sorted();
  }

  /** Adds a group whose name must be free; the name is kept. */
  addGroup(name: Uint8Array, lastId: StreamId, entriesRead: bigint): ConsumerGroup {
    const group = new ConsumerGroup(this.arena, name, lastId, entriesRead);
    this.groupsByName.add(group);
    return group;
  }

  removeGroup(group: ConsumerGroup): void {
    this.groupsByName.delete(group);
    while (group.drain(1_000));
  }

  /** Whether an entry with this id or a later one was deleted from among those that are there. */
  hasGapFrom(id: StreamId): boolean {
    if (this.size === 0 || this.maxDeletedId.isZero) return false;
    // What was deleted before the first entry leaves no gap among the others.
    if (this.firstId.compare(this.maxDeletedId) > 0) return false;
    return id.compare(this.maxDeletedId) <= 0;
  }

  /**
   * How many entries were ever added up to an id, where that can be told without counting;
   * {@linkcode UNKNOWN_READ} otherwise.
   */
  entriesUpTo(id: StreamId): bigint {
    const added = this.entriesAdded;
    if (added === 0n) return 0n;
    const order = id.compare(this.lastId);
    if (this.size === 0 && order <= 0) return added;
    if (order === 0) return added;
    if (order > 0) return UNKNOWN_READ;
    if (this.maxDeletedId.isZero || this.maxDeletedId.compare(this.firstId) < 0) {
      const before = id.compare(this.firstId);
      if (before < 0) return added - BigInt(this.size);
      if (before === 0) return added - BigInt(this.size) + 1n;
    }
    return UNKNOWN_READ;
  }

  /** How many entries a group has not read yet; null when that is not known. */
  lagOf(group: ConsumerGroup): bigint | null {
    const added = this.entriesAdded;
    if (added === 0n) return 0n;
    if (group.entriesRead !== UNKNOWN_READ && !this.hasGapFrom(group.lastId)) {
      return added - group.entriesRead;
    }
    const read = this.entriesUpTo(group.lastId);
    return read === UNKNOWN_READ ? null : added - read;
  }

  drain(elements: number): boolean {
    for (const group of this.groupsByName.values()) {
      if (!group.drain(elements)) this.groupsByName.delete(group);
      return true;
    }
    return this.log.drain(elements);
  }

  copy(): Stream {
    const copy = new Stream(this.arena, this.log.copy());
    copy.lastId.set(this.lastId);
    copy.firstId.set(this.firstId);
    copy.maxDeletedId.set(this.maxDeletedId);
    copy.entriesAdded = this.entriesAdded;
    for (const group of this.groupsByName.values()) copy.groupsByName.add(group.copy());
    return copy;
  }
}

const cursor = new StreamCursor();
