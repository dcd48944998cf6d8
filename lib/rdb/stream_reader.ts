/**
 * Streams of every version, read into a sink: blocks of entries, what is remembered of those that
 * are gone, and groups with their consumers and what is pending.
 *
 * ```
 * blocks, { id: string of 16 bytes, listpack: string } … , entries, last id,
 *   from type 19 on: first id, greatest deleted id, entries ever added
 * groups, { name, last id, from type 19 on: entries read,
 *   pending, { id: 16 bytes, delivered: ms, deliveries } …
 *   consumers, { name, seen: ms, from type 21 on: active: ms, pending, { id: 16 bytes } … } … } …
 * ```
 *
 * Numbers are lengths, and ids two of them, where nothing else is said; ids of 16 bytes have the
 * highest byte first. Source: rdb.c of Redis 7.0 and 7.2. Redis looks at part of this only when
 * `sanitize-dump-payload` is on; here all of it is checked always.
 */

import { StreamId } from "../structures/stream_id.ts";
import { ByteSlice } from "./byte_slice.ts";
import { RdbType } from "./opcodes.ts";
import { RdbError } from "./rdb_error.ts";
import type { RdbReader } from "./rdb_reader.ts";
import { StreamBlockChecker } from "./stream_block.ts";

const ID_BYTES = 16;

/** What a stream says of itself beside its entries. */
export interface StreamState {
  lastId: StreamId;
  /** Null where the version did not write it. */
  history: StreamHistory | null;
}

export interface StreamHistory {
  firstId: StreamId;
  maxDeletedId: StreamId;
  /** As a signed 64-bit integer. */
  entriesAdded: bigint;
}

/** Takes a stream's parts in the order of the methods; ids and slices are lent. */
export interface StreamSink {
  /** Entries after all before, found right, of which so many are not deleted. */
  block(id: StreamId, live: number, block: ByteSlice): void;
  state(state: StreamState): void;
  /**
   * False when there is such a group already; what comes next is the group's.
   *
   * @param entriesRead as a signed 64-bit integer; null where the version did not write it.
   */
  group(name: ByteSlice, lastId: StreamId, entriesRead: bigint | null): boolean;
  /** False when it was pending already. */
  pending(id: StreamId, deliveredMs: number, deliveries: bigint): boolean;
  /** False when there is such a consumer already; what comes next is the consumer's. */
  consumer(name: ByteSlice, seenMs: number, activeMs: number): boolean;
  /** The consumer has a pending entry; false when there is none or another one has it. */
  hold(id: StreamId): boolean;
}

/** @throws RdbError, also for types that are no stream. */
export function readStream(reader: RdbReader, type: number, sink: StreamSink): void {
  const hasActiveTime = type === RdbType.STREAM_LISTPACKS_3;
  const hasHistory = hasActiveTime || type === RdbType.STREAM_LISTPACKS_2;
  if (!hasHistory && type !== RdbType.STREAM_LISTPACKS) {
    throw new RdbError(`a value of a type that can't be read: ${type}`);
  }
  const last = new StreamId();
  const entries = readBlocks(reader, last, sink);
  const length = reader.length();
  if (length !== entries) throw new RdbError(`a stream of ${entries} entries, not ${length}`);
  const lastId = readId(reader);
  // What is added later would not be behind what is there.
  if (lastId.compare(last) < 0) throw new RdbError("a stream's last id before that of an entry");
  const history = hasHistory ? readHistory(reader) : null;
  sink.state({ lastId, history });
  for (let left = reader.length(); left > 0; left--) {
    readGroup(reader, hasHistory, hasActiveTime, sink);
  }
}

/** Sets `last` to the last id; how many entries there were. */
function readBlocks(reader: RdbReader, last: StreamId, sink: StreamSink): number {
  const checker = new StreamBlockChecker();
  const key = new ByteSlice();
  const block = new ByteSlice();
  const id = new StreamId();
  const before = new StreamId();
  let entries = 0;
  for (let left = reader.length(); left > 0; left--) {
    reader.string(key);
    if (key.length !== ID_BYTES) throw new RdbError(`an id of ${key.length} bytes`);
    setId(id, key.data, key.offset);
    if (id.compare(before) <= 0 || id.compare(last) <= 0) {
      throw new RdbError("blocks of a stream that don't rise");
    }
    before.set(id);
    reader.string(block);
    const live = checker.check(block, id, last);
    sink.block(id, live, block);
    entries += live;
  }
  return entries;
}

function readHistory(reader: RdbReader): StreamHistory {
  const firstId = readId(reader);
  const maxDeletedId = readId(reader);
  return { firstId, maxDeletedId, entriesAdded: BigInt.asIntN(64, reader.bigLength()) };
}

function readGroup(
  reader: RdbReader,
  hasEntriesRead: boolean,
  hasActiveTime: boolean,
  sink: StreamSink,
): void {
  const name = new ByteSlice();
  reader.string(name);
  const lastId = readId(reader);
  const entriesRead = hasEntriesRead ? BigInt.asIntN(64, reader.bigLength()) : null;
  if (!sink.group(name, lastId, entriesRead)) throw new RdbError("a group that is there twice");
  const id = new StreamId();
  const pending = reader.length();
  for (let left = pending; left > 0; left--) {
    readRawId(reader, id);
    const deliveredMs = readTime(reader);
    if (!sink.pending(id, deliveredMs, BigInt.asIntN(64, reader.bigLength()))) {
      throw new RdbError("an entry that is pending twice");
    }
  }
  let held = 0;
  for (let left = reader.length(); left > 0; left--) {
    held += readConsumer(reader, hasActiveTime, id, sink);
  }
  if (held !== pending) throw new RdbError("an entry that is pending for nobody");
}

/** How many entries are pending for the consumer. */
function readConsumer(
  reader: RdbReader,
  hasActiveTime: boolean,
  id: StreamId,
  sink: StreamSink,
): number {
  const name = new ByteSlice();
  reader.string(name);
  const seenMs = readTime(reader);
  const activeMs = hasActiveTime ? readTime(reader) : seenMs;
  if (!sink.consumer(name, seenMs, activeMs)) {
    throw new RdbError("Duplicate stream consumer detected");
  }
  const pending = reader.length();
  for (let left = pending; left > 0; left--) {
    readRawId(reader, id);
    if (!sink.hold(id)) throw new RdbError("a consumer's entry that is not pending, or another's");
  }
  return pending;
}

function readId(reader: RdbReader): StreamId {
  const ms = reader.bigLength();
  return StreamId.of(ms, reader.bigLength());
}

function readRawId(reader: RdbReader, id: StreamId): void {
  const at = reader.source.take(ID_BYTES);
  setId(id, reader.source.data, at);
}

function setId(id: StreamId, data: DataView, at: number): void {
  id.setWords(
    data.getUint32(at),
    data.getUint32(at + 4),
    data.getUint32(at + 8),
    data.getUint32(at + 12),
  );
}

/** Unix milliseconds, or -1 for never; other times are of no server's clock. */
function readTime(reader: RdbReader): number {
  const time = reader.milliseconds();
  if (time < -1n || time > Number.MAX_SAFE_INTEGER) throw new RdbError(`a time of ${time}`);
  return Number(time);
}
