/**
 * The commands that build a stream anew: its entries, its counters, then its groups with their
 * consumers and what is pending, each entry of which XCLAIM gives to who held it.
 */

import type { Consumer, ConsumerGroup, Stream } from "../../values/stream/stream.ts";
import { StreamCursor, StreamId } from "../../values/stream/stream.ts";
import type { CommandBytes } from "./command_bytes.ts";

/** Entries that are written in one step. */
const ENTRIES_PER_STEP = 64;

export function* streamCommands(
  out: CommandBytes,
  key: Uint8Array,
  stream: Stream,
): Generator<void, void> {
  const entries = new StreamCursor();
  const last = new StreamId();
  if (stream.size === 0) {
    // An entry that is trimmed at once leaves the empty stream.
    const id = stream.lastId.isZero ? "0-1" : String(stream.lastId);
    command(out, "XADD", key, "MAXLEN", "0", id, "x", "y");
  }
  for (let left = stream.size; left > 0;) {
    // The cursor does not outlast a step, since others may read the stream in between.
    entries.start(stream.log, last, StreamId.max());
    for (let step = 0; step < ENTRIES_PER_STEP && entries.next(); step++, left--) {
      last.set(entries.id);
      addEntry(out, key, entries);
    }
    last.increment();
    yield;
  }
  const { lastId, entriesAdded, maxDeletedId } = stream;
  const added = String(BigInt.asIntN(64, entriesAdded));
  const deleted = String(maxDeletedId);
  command(out, "XSETID", key, String(lastId), "ENTRIESADDED", added, "MAXDELETEDID", deleted);
  for (const group of stream.groups()) addGroup(out, key, group);
}

function addEntry(out: CommandBytes, key: Uint8Array, entries: StreamCursor): void {
  out.begin(3 + entries.pairs * 2);
  out.text("XADD");
  out.argument(key);
  out.text(String(entries.id));
  for (let left = entries.pairs; left > 0; left--) {
    entries.nextField();
    out.range(entries.data, entries.offset, entries.length);
    entries.nextValue();
    out.range(entries.data, entries.offset, entries.length);
  }
}

function addGroup(out: CommandBytes, key: Uint8Array, group: ConsumerGroup): void {
  const { name } = group;
  const read = String(BigInt.asIntN(64, group.entriesRead));
  command(out, "XGROUP", "CREATE", key, name, String(group.lastId), "ENTRIESREAD", read);
  for (const consumer of group.consumers()) {
    command(out, "XGROUP", "CREATECONSUMER", key, name, consumer.name);
    addPending(out, key, group, consumer);
  }
}

function addPending(
  out: CommandBytes,
  key: Uint8Array,
  group: ConsumerGroup,
  consumer: Consumer,
): void {
  const id = new StreamId();
  for (let more = consumer.pending.first(); more; more = consumer.pending.next()) {
    consumer.pending.readId(id);
    group.find(id);
    const time = String(group.deliveredMs);
    const count = String(BigInt.asIntN(64, group.deliveries));
    const words = ["0", String(id), "TIME", time, "RETRYCOUNT", count, "JUSTID", "FORCE"];
    command(out, "XCLAIM", key, group.name, consumer.name, ...words);
  }
}

function command(out: CommandBytes, ...args: readonly (string | Uint8Array)[]): void {
  out.begin(args.length);
  for (const arg of args) {
    if (typeof arg === "string") out.text(arg);
    else out.argument(arg);
  }
}
