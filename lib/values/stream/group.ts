/**
 * Consumer groups of a stream: how far each has read, and which entries were delivered to whom and not
 * acknowledged yet. A pending entry is a record of 36 bytes in its group's table and its id in its
 * consumer's, so that a million of them are no objects.
 */

import { latin1 } from "../../bytes/byte_string.ts";
import type { Arena } from "../../structures/arena.ts";
import { IdTable } from "../../structures/id_table.ts";
import { Names } from "../../structures/names.ts";
import { LogMark } from "../../structures/stream_cursor.ts";
import { StreamId } from "../../structures/stream_id.ts";

/** In place of the number of entries read where that is not known. */
export const UNKNOWN_READ = -1n;

const TIME = 0;
const DELIVERIES = 2;
const CONSUMER = 4;
const PENDING_WORDS = 5;
/** In place of a consumer's slot. */
const NOBODY = -1;
const TWO_TO_32 = 2 ** 32;
/** About what the JavaScript objects of a group and of a consumer take. */
const OBJECT_BYTES = 400;

export class Consumer {
  /** Unix milliseconds when it last asked for something. */
  seenMs: number;
  /** Unix milliseconds when it last got something; -1 when it never did. */
  activeMs = -1;

  /** @param slot its number in the group. */
  constructor(
    arena: Arena,
    readonly name: Uint8Array,
    readonly slot: number,
    nowMs: number,
    readonly pending: IdTable = new IdTable(arena, 0),
  ) {
    this.seenMs = nowMs;
  }

  copy(arena: Arena): Consumer {
    const copy = new Consumer(arena, this.name, this.slot, this.seenMs, this.pending.copy());
    copy.activeMs = this.activeMs;
    return copy;
  }
}

/** A group; its pending entries are looked at one by one, by `find`, `seek`, `first` and `next`. */
export class ConsumerGroup {
  readonly lastId: StreamId = new StreamId();
  /** How far its consumers have read in the log: only a shortcut to where that is. */
  readonly mark: LogMark = new LogMark();
  private readonly byName = new Names<Consumer>();
  private readonly bySlot: (Consumer | null)[] = [];
  private readonly freeSlots: number[] = [];
  // The number of entries read: 64 bits that are counted up without bigints.
  private readBefore: bigint;
  private readSince = 0;

  /** @param entriesRead {@linkcode UNKNOWN_READ}, or as a signed 64-bit integer. */
  constructor(
    private readonly arena: Arena,
    readonly name: Uint8Array,
    lastId: StreamId,
    entriesRead: bigint,
    private readonly pending: IdTable = new IdTable(arena, PENDING_WORDS),
  ) {
    this.lastId.set(lastId);
    this.readBefore = entriesRead;
  }

  /** Entries read, as a signed 64-bit integer, or {@linkcode UNKNOWN_READ}. */
  get entriesRead(): bigint {
    return BigInt.asIntN(64, this.readBefore + BigInt(this.readSince));
  }

  set entriesRead(value: bigint) {
    this.readBefore = value;
    this.readSince = 0;
  }

  get knowsEntriesRead(): boolean {
    return this.readBefore !== UNKNOWN_READ;
  }

  /** Counts an entry more, where the number is known. */
  countRead(): void {
    // Below zero, which only a file could say, counting goes by way of the unknown.
    if (this.readBefore < 0n) this.entriesRead += 1n;
    else this.readSince++;
  }

  get pendingCount(): number {
    return this.pending.size;
  }

  get consumerCount(): number {
    return this.byName.size;
  }

  get memoryBytes(): number {
    let total = OBJECT_BYTES + this.name.length + this.pending.memoryBytes;
    for (const consumer of this.byName.values()) {
      total += OBJECT_BYTES + consumer.name.length + consumer.pending.memoryBytes;
    }
    return total;
  }

  consumer(name: Uint8Array): Consumer | undefined {
    return this.byName.get(latin1(name));
  }

  /** The consumer whose name is lent as part of a buffer. */
  findConsumer(data: DataView, offset: number, length: number): Consumer | undefined {
    return this.byName.find(data, offset, length);
  }

  /** In the order of their names. */
  consumers(): Consumer[] {
    return this.byName.sorted();
  }

  /** Adds a consumer whose name must be free; the name is kept. */
  addConsumer(name: Uint8Array, nowMs: number): Consumer {
    const slot = this.freeSlots.pop() ?? this.bySlot.length;
    const consumer = new Consumer(this.arena, name, slot, nowMs);
    this.bySlot[slot] = consumer;
    this.byName.add(consumer);
    return consumer;
  }

  /** Removes a consumer with what is pending for it; says how much that was. */
  removeConsumer(consumer: Consumer): number {
    const removed = consumer.pending.size;
    const id = new StreamId();
    for (let more = consumer.pending.first(); more; more = consumer.pending.next()) {
      consumer.pending.readId(id);
      if (this.pending.find(id)) this.pending.remove();
    }
    while (consumer.pending.drain(removed + 1));
    this.bySlot[consumer.slot] = null;
    this.freeSlots.push(consumer.slot);
    this.byName.delete(consumer);
    return removed;
  }

  find(id: StreamId): boolean {
    return this.pending.find(id);
  }

  /** Turns to the first pending entry with this id or a later one; false when there is none. */
  seek(id: StreamId): boolean {
    return this.pending.seek(id);
  }

  first(): boolean {
    return this.pending.first();
  }

  last(): boolean {
    return this.pending.last();
  }

  next(): boolean {
    return this.pending.next();
  }

  readId(id: StreamId): void {
    this.pending.readId(id);
  }

  /** Who has the entry turned to. */
  get holder(): Consumer {
    return this.bySlot[this.pending.word(CONSUMER)]!;
  }

  /** When it was last delivered, in Unix milliseconds. */
  get deliveredMs(): number {
    return this.pending.word(TIME) * TWO_TO_32 + (this.pending.word(TIME + 1) >>> 0);
  }

  set deliveredMs(value: number) {
    this.pending.setWord(TIME, Math.floor(value / TWO_TO_32));
    this.pending.setWord(TIME + 1, value | 0);
  }

  /** How often, as a signed 64-bit integer. */
  get deliveries(): bigint {
    const { pending } = this;
    return BigInt(pending.word(DELIVERIES)) << 32n | BigInt(pending.word(DELIVERIES + 1) >>> 0);
  }

  set deliveries(value: bigint) {
    this.pending.setWord(DELIVERIES, Number(BigInt.asIntN(32, value >> 32n)));
    this.pending.setWord(DELIVERIES + 1, Number(BigInt.asIntN(32, value)));
  }

  addDelivery(): void {
    const low = this.pending.word(DELIVERIES + 1) + 1 | 0;
    this.pending.setWord(DELIVERIES + 1, low);
    if (low === 0) this.pending.setWord(DELIVERIES, this.pending.word(DELIVERIES) + 1 | 0);
  }

  /** Notes that an entry was delivered for the first time, or anew, and turns to it. */
  deliver(id: StreamId, consumer: Consumer, nowMs: number): void {
    if (this.pending.put(id)) {
      this.pending.setWord(CONSUMER, consumer.slot);
      consumer.pending.insert(id);
    } else this.assign(id, consumer);
    this.deliveredMs = nowMs;
    this.pending.setWord(DELIVERIES, 0);
    this.pending.setWord(DELIVERIES + 1, 1);
  }

  /**
   * Adds a pending entry that comes from elsewhere and is nobody's until {@linkcode hold} is called;
   * false when it is there already.
   */
  addLoose(id: StreamId, deliveredMs: number, deliveries: bigint): boolean {
    if (this.pending.find(id)) return false;
    this.pending.insert(id);
    this.pending.setWord(CONSUMER, NOBODY);
    this.deliveredMs = deliveredMs;
    this.deliveries = deliveries;
    return true;
  }

  /** Gives a loose entry to a consumer; false when there is none, or it is somebody's already. */
  hold(id: StreamId, consumer: Consumer): boolean {
    if (!this.pending.find(id) || this.pending.word(CONSUMER) !== NOBODY) return false;
    this.pending.setWord(CONSUMER, consumer.slot);
    consumer.pending.insert(id);
    return true;
  }

  /** Hands the entry turned to, whose id is given, to a consumer. */
  assign(id: StreamId, consumer: Consumer): void {
    const { holder } = this;
    if (holder === consumer) return;
    if (holder.pending.find(id)) holder.pending.remove();
    consumer.pending.insert(id);
    this.pending.setWord(CONSUMER, consumer.slot);
  }

  /** Removes the entry turned to, and turns to the next one; false when there is none. */
  remove(id: StreamId): boolean {
    const { holder } = this;
    if (holder.pending.find(id)) holder.pending.remove();
    return this.pending.remove();
  }

  /** Gives back about so many pending entries; true while there are more. */
  drain(entries: number): boolean {
    if (this.pending.size > 0) {
      this.pending.drain(entries);
      return true;
    }
    for (const consumer of this.byName.values()) {
      if (consumer.pending.size > 0) {
        consumer.pending.drain(entries);
        return true;
      }
    }
    while (this.pending.drain(1));
    for (const consumer of this.byName.values()) while (consumer.pending.drain(1));
    this.byName.clear();
    return false;
  }

  copy(): ConsumerGroup {
    const { arena, name, lastId, entriesRead } = this;
    const copy = new ConsumerGroup(arena, name, lastId, entriesRead, this.pending.copy());
    for (const [slot, consumer] of this.bySlot.entries()) {
      copy.bySlot[slot] = consumer === null ? null : consumer.copy(this.arena);
      if (consumer !== null) copy.byName.add(copy.bySlot[slot]!);
    }
    for (const slot of this.freeSlots) copy.freeSlots.push(slot);
    return copy;
  }
}
