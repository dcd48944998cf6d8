/**
 * Streams as JSON:
 *
 * ```
 * {"entries":[{"id":"1-1","fields":[["field","value"]]}],"last_id":"1-1","first_id":…,
 *  "max_deleted_id":…,"entries_added":1,"groups":[{"name":"g","last_id":"1-1","entries_read":1,
 *   "pending":[{"id":"1-1","delivered_ms":0,"deliveries":1}],
 *   "consumers":[{"name":"c","seen_ms":0,"active_ms":0,"pending":["1-1"]}]}]}
 * ```
 *
 * What the version of the format does not have is left out.
 */

import { Int64 } from "../bytes/int64.ts";
import { ByteSlice } from "../rdb/byte_slice.ts";
import { ListpackReader } from "../rdb/listpack.ts";
import type { RdbReader } from "../rdb/rdb_reader.ts";
import { readStream, type StreamSink, type StreamState } from "../rdb/stream_reader.ts";
import { StreamId } from "../structures/stream_id.ts";
import { DELETED, SAME_FIELDS } from "../structures/stream_log.ts";
import type { JsonOutput } from "./json_output.ts";

/** @throws RdbError when the stream is wrong. */
export function writeStream(reader: RdbReader, type: number, output: JsonOutput): void {
  output.raw('{"entries":[');
  output.beginList();
  const sink = new JsonStreamSink(output);
  readStream(reader, type, sink);
  sink.end();
}

class JsonStreamSink implements StreamSink {
  private readonly integer = new Int64();
  private readonly slice = new ByteSlice();
  private readonly id = new StreamId();
  private groups = 0;
  private consumers = 0;

  constructor(private readonly output: JsonOutput) {}

  /** The block was found right: what it says of itself can be relied on. */
  block(master: StreamId, _live: number, block: ByteSlice): void {
    const elements = new ListpackReader(block);
    const total = this.count(elements) + this.count(elements);
    const names: Uint8Array[] = [];
    for (let left = this.count(elements); left > 0; left--) {
      elements.next(this.slice);
      names.push(this.slice.view().slice());
    }
    elements.next(this.slice);
    for (let left = total; left > 0; left--) this.entry(elements, master, names);
  }

  state({ lastId, history }: StreamState): void {
    const { output } = this;
    output.raw(`],"last_id":"${lastId}"`);
    if (history !== null) {
      output.raw(`,"first_id":"${history.firstId}"`);
      output.raw(`,"max_deleted_id":"${history.maxDeletedId}"`);
      output.raw(`,"entries_added":${numberText(history.entriesAdded)}`);
    }
    output.raw(',"groups":[');
  }

  group(name: ByteSlice, lastId: StreamId, entriesRead: bigint | null): boolean {
    const { output } = this;
    this.endGroup();
    output.raw(this.groups++ === 0 ? '{"name":' : ',{"name":');
    output.text(name);
    output.raw(`,"last_id":"${lastId}"`);
    if (entriesRead !== null) output.raw(`,"entries_read":${numberText(entriesRead)}`);
    output.raw(',"pending":[');
    output.beginList();
    this.consumers = 0;
    return true;
  }

  pending(id: StreamId, deliveredMs: number, deliveries: bigint): boolean {
    this.output.separate();
    this.output.raw(
      `{"id":"${id}","delivered_ms":${deliveredMs},"deliveries":${numberText(deliveries)}}`,
    );
    return true;
  }

  consumer(name: ByteSlice, seenMs: number, activeMs: number): boolean {
    const { output } = this;
    output.raw(this.consumers++ === 0 ? '],"consumers":[{"name":' : ']},{"name":');
    output.text(name);
    output.raw(`,"seen_ms":${seenMs},"active_ms":${activeMs},"pending":[`);
    output.beginList();
    return true;
  }

  hold(id: StreamId): boolean {
    this.output.separate();
    this.output.raw(`"${id}"`);
    return true;
  }

  end(): void {
    this.endGroup();
    this.output.raw("]}");
  }

  private endGroup(): void {
    if (this.groups === 0) return;
    this.output.raw(this.consumers === 0 ? '],"consumers":[]}' : "]}]}");
  }

  private entry(elements: ListpackReader, master: StreamId, names: readonly Uint8Array[]): void {
    const { output, integer, id, slice } = this;
    const flags = this.count(elements);
    id.set(master);
    elements.integer(integer);
    id.addMilliseconds(integer.high, integer.low);
    elements.integer(integer);
    id.addSequence(integer.high, integer.low);
    const same = (flags & SAME_FIELDS) !== 0;
    const fields = same ? names.length : this.count(elements);
    const shown = (flags & DELETED) === 0;
    if (shown) {
      output.separate();
      output.raw(`{"id":"${id}","fields":[`);
    }
    for (let i = 0; i < fields; i++) {
      if (same) slice.pointAll(names[i]);
      else elements.next(slice);
      if (shown) {
        output.raw(i === 0 ? "[" : ",[");
        output.text(slice);
        output.raw(",");
      }
      elements.next(slice);
      if (shown) {
        output.text(slice);
        output.raw("]");
      }
    }
    if (shown) output.raw("]}");
    // The number of elements, for those who walk backwards.
    elements.next(slice);
  }

  private count(elements: ListpackReader): number {
    elements.integer(this.integer);
    return this.integer.low >>> 0;
  }
}

/** A number past what JSON readers keep exactly is a string. */
function numberText(value: bigint): string {
  return Number.isSafeInteger(Number(value)) ? String(value) : `"${value}"`;
}
