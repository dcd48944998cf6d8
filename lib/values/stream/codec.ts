/**
 * Streams to and from RDB bytes. Blocks of entries are kept as Redis keeps them, so they are copied
 * as a whole; written is the type of Redis 7.0, which it and all later ones load.
 */

import type { ByteSlice } from "../../rdb/byte_slice.ts";
import { RdbType } from "../../rdb/opcodes.ts";
import type { RdbReader } from "../../rdb/rdb_reader.ts";
import type { RdbWriter } from "../../rdb/rdb_writer.ts";
import { readStream, type StreamSink, type StreamState } from "../../rdb/stream_reader.ts";
import type { IdTable } from "../../structures/id_table.ts";
import { Encoding, Storage, ValueType } from "../entry.ts";
import type { ValueHome } from "../value.ts";
import type { LooseValue, ValueCodec } from "../value_codec.ts";
import { type Consumer, type ConsumerGroup, Stream, StreamId } from "./stream.ts";

/** Blocks, of up to `stream-node-max-entries`, that are written in one step. */
const SLICE_BLOCKS = 4;

const raw = new Uint8Array(16);
const rawData = new DataView(raw.buffer);

export const STREAM_CODEC: ValueCodec = {
  rdbTypeOf(): number {
    return RdbType.STREAM_LISTPACKS_2;
  },

  save(writer: RdbWriter, home: ValueHome, ref: number): void {
    const stream = home.objects.get(home.valueWordOf(ref)) as Stream;
    writer.lengthOf(stream.log.index.length);
    saveBlocks(writer, stream, 0, stream.log.index.length);
    saveRest(writer, stream);
  },

  /** Blocks are written in steps, groups at once: their cursors are shared with who reads them. */
  *saveSlices(writer: RdbWriter, home: ValueHome, ref: number): Generator<void, void> {
    const stream = home.objects.get(home.valueWordOf(ref)) as Stream;
    const blocks = stream.log.index.length;
    writer.lengthOf(blocks);
    for (let at = 0; at < blocks; at += SLICE_BLOCKS) {
      saveBlocks(writer, stream, at, Math.min(blocks, at + SLICE_BLOCKS));
      yield;
    }
    saveRest(writer, stream);
  },

  load(reader: RdbReader, rdbType: number, home: ValueHome): LooseValue {
    const stream = new Stream(home.arena);
    try {
      readStream(reader, rdbType, new PartSink(stream));
    } catch (error) {
      home.discard(stream);
      throw error;
    }
    return {
      type: ValueType.STREAM,
      encoding: Encoding.STREAM,
      storage: Storage.OBJECT,
      value: home.objects.add(stream),
      size: Math.max(1, stream.size),
    };
  },
};

class PartSink implements StreamSink {
  private lastGroup: ConsumerGroup | null = null;
  private lastConsumer: Consumer | null = null;

  constructor(private readonly stream: Stream) {}

  block(id: StreamId, live: number, block: ByteSlice): void {
    this.stream.log.addWhole(id, live, block.data, block.offset, block.length);
  }

  state({ lastId, history }: StreamState): void {
    const { stream } = this;
    stream.lastId.set(lastId);
    if (history === null) {
      // As Redis does with streams of versions that did not count.
      stream.entriesAdded = BigInt(stream.size);
      stream.readFirst(stream.firstId);
    } else {
      stream.firstId.set(history.firstId);
      stream.maxDeletedId.set(history.maxDeletedId);
      stream.entriesAdded = history.entriesAdded;
    }
  }

  group(name: ByteSlice, lastId: StreamId, entriesRead: bigint | null): boolean {
    const { stream } = this;
    if (stream.group(name.view()) !== undefined) return false;
    entriesRead ??= stream.entriesUpTo(lastId);
    this.lastGroup = stream.addGroup(name.view().slice(), lastId, entriesRead);
    return true;
  }

  pending(id: StreamId, deliveredMs: number, deliveries: bigint): boolean {
    return this.lastGroup!.addLoose(id, deliveredMs, deliveries);
  }

  consumer(name: ByteSlice, seenMs: number, activeMs: number): boolean {
    const group = this.lastGroup!;
    if (group.consumer(name.view()) !== undefined) return false;
    this.lastConsumer = group.addConsumer(name.view().slice(), seenMs);
    this.lastConsumer.activeMs = activeMs;
    return true;
  }

  hold(id: StreamId): boolean {
    return this.lastGroup!.hold(id, this.lastConsumer!);
  }
}

function saveBlocks(writer: RdbWriter, stream: Stream, from: number, end: number): void {
  const { index, pack } = stream.log;
  const id = new StreamId();
  for (let at = from; at < end; at++) {
    index.idAt(at, id);
    setRaw(id);
    writer.string(rawData, 0, raw.length);
    pack.pointWhole(index.refAt(at));
    writer.string(pack.data, pack.offset, pack.length);
  }
}

/** What comes after the blocks. */
function saveRest(writer: RdbWriter, stream: Stream): void {
  writer.lengthOf(stream.size);
  saveId(writer, stream.lastId);
  saveId(writer, stream.firstId);
  saveId(writer, stream.maxDeletedId);
  writer.bigLengthOf(BigInt.asUintN(64, stream.entriesAdded));
  writer.lengthOf(stream.groupCount);
  for (const group of stream.groups()) saveGroup(writer, group);
}

function saveGroup(writer: RdbWriter, group: ConsumerGroup): void {
  writer.stringOf(group.name);
  saveId(writer, group.lastId);
  writer.bigLengthOf(BigInt.asUintN(64, group.entriesRead));
  const id = new StreamId();
  writer.lengthOf(group.pendingCount);
  for (let more = group.first(); more; more = group.next()) {
    group.readId(id);
    saveRawId(writer, id);
    writer.milliseconds(BigInt(group.deliveredMs));
    writer.bigLengthOf(BigInt.asUintN(64, group.deliveries));
  }
  writer.lengthOf(group.consumerCount);
  for (const consumer of group.consumers()) {
    writer.stringOf(consumer.name);
    writer.milliseconds(BigInt(consumer.seenMs));
    savePending(writer, consumer.pending);
  }
}

function savePending(writer: RdbWriter, pending: IdTable): void {
  const id = new StreamId();
  writer.lengthOf(pending.size);
  for (let more = pending.first(); more; more = pending.next()) {
    pending.readId(id);
    saveRawId(writer, id);
  }
}

/** As two lengths. */
function saveId(writer: RdbWriter, id: StreamId): void {
  writer.bigLengthOf(id.ms);
  writer.bigLengthOf(id.seq);
}

/** As 16 bytes, the highest first. */
function saveRawId(writer: RdbWriter, id: StreamId): void {
  setRaw(id);
  writer.raw(raw);
}

function setRaw(id: StreamId): void {
  rawData.setUint32(0, id.msHigh);
  rawData.setUint32(4, id.msLow);
  rawData.setUint32(8, id.seqHigh);
  rawData.setUint32(12, id.seqLow);
}
