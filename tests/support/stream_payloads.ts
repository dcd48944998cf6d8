/** DUMP payloads of streams as servers from 5.0 to 7.2 make them, put together by hand. */

import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { RdbType } from "../../lib/rdb/opcodes.ts";
import type { RdbWriter } from "../../lib/rdb/rdb_writer.ts";
import { listpack, payload } from "./old_encodings.ts";

/** First and second number. */
export type Id = readonly [ms: number | bigint, seq: number | bigint];

export interface BlockParts {
  id: Id;
  /** Live, deleted, fields, fields' names, 0, then the entries, as elements of a listpack. */
  elements: readonly string[];
}

export interface ConsumerParts {
  name: string;
  seen: bigint;
  active: bigint;
  pending: readonly Id[];
}

export interface GroupParts {
  name: string;
  lastId: Id;
  entriesRead: bigint;
  pending: readonly (readonly [id: Id, delivered: bigint, deliveries: bigint])[];
  consumers: readonly ConsumerParts[];
}

export interface StreamParts {
  type: number;
  blocks: readonly BlockParts[];
  length: number;
  lastId: Id;
  firstId: Id;
  maxDeletedId: Id;
  entriesAdded: bigint;
  groups: readonly GroupParts[];
}

const TIME = 1_700_000_000_000n;

/** Two blocks of five entries, one of them deleted, and two groups. */
export const PARTS: StreamParts = {
  type: RdbType.STREAM_LISTPACKS_2,
  blocks: [
    {
      id: [1000, 1],
      elements: [
        ...["2", "1", "2", "name", "size", "0"],
        ...["2", "0", "0", "first", "-7", "5"],
        ...["3", "0", "4", "gone", "5000", "5"],
        ...["0", "1", "-1", "1", "other", "a longer value of some forty characters", "6"],
      ],
    },
    {
      id: [2n ** 63n, 2n ** 64n - 2n],
      elements: [
        ...["2", "0", "1", "f", "0"],
        ...["2", "0", "0", "9223372036854775807", "4"],
        ...["2", "4294967296", "-9223372036854775808", "", "4"],
      ],
    },
  ],
  length: 4,
  lastId: [2n ** 64n - 1n, 3],
  firstId: [1000, 1],
  maxDeletedId: [1000, 5],
  entriesAdded: 7n,
  groups: [
    {
      name: "group",
      lastId: [1001, 0],
      entriesRead: 3n,
      pending: [[[1000, 1], TIME, 1n], [[1000, 5], TIME + 5n, 2n ** 40n], [[1001, 0], TIME, 3n]],
      consumers: [
        { name: "a", seen: TIME + 9n, active: TIME + 8n, pending: [[1000, 1], [1001, 0]] },
        { name: "b", seen: TIME + 9n, active: TIME + 8n, pending: [[1000, 5]] },
        { name: "c", seen: TIME + 9n, active: -1n, pending: [] },
      ],
    },
    { name: "12", lastId: [0, 0], entriesRead: -1n, pending: [], consumers: [] },
  ],
};

const EMPTY = { blocks: [], length: 0, firstId: [0, 0], groups: PARTS.groups.slice(1) } as const;

/** Titles with payloads; `newer` are those that redis-server 7.0 does not know. */
export const STREAM_PAYLOADS: readonly {
  title: string;
  bytes: Uint8Array;
  newer?: boolean;
}[] = [
  { title: "of 5.0", bytes: streamPayload({ ...PARTS, type: RdbType.STREAM_LISTPACKS }) },
  { title: "of 7.0", bytes: streamPayload(PARTS) },
  {
    title: "of 7.2",
    bytes: streamPayload({ ...PARTS, type: RdbType.STREAM_LISTPACKS_3 }),
    newer: true,
  },
  { title: "without entries", bytes: streamPayload({ ...PARTS, ...EMPTY }) },
  {
    title: "of 5.0 without entries",
    bytes: streamPayload({ ...PARTS, ...EMPTY, type: RdbType.STREAM_LISTPACKS }),
  },
];

export function streamPayload(parts: StreamParts): Uint8Array {
  return payload(parts.type, (writer) => writeStream(writer, parts));
}

function writeStream(writer: RdbWriter, parts: StreamParts): void {
  writer.lengthOf(parts.blocks.length);
  for (const { id, elements } of parts.blocks) {
    writer.stringOf(rawId(id));
    writer.stringOf(listpack(elements));
  }
  writer.lengthOf(parts.length);
  writeId(writer, parts.lastId);
  const hasHistory = parts.type !== RdbType.STREAM_LISTPACKS;
  if (hasHistory) {
    writeId(writer, parts.firstId);
    writeId(writer, parts.maxDeletedId);
    writer.bigLengthOf(parts.entriesAdded);
  }
  writer.lengthOf(parts.groups.length);
  for (const group of parts.groups) {
    writer.stringOf(fromLatin1(group.name));
    writeId(writer, group.lastId);
    if (hasHistory) writer.bigLengthOf(BigInt.asUintN(64, group.entriesRead));
    writer.lengthOf(group.pending.length);
    for (const [id, delivered, deliveries] of group.pending) {
      writer.raw(rawId(id));
      writer.milliseconds(delivered);
      writer.bigLengthOf(deliveries);
    }
    writer.lengthOf(group.consumers.length);
    for (const { name, seen, active, pending } of group.consumers) {
      writer.stringOf(fromLatin1(name));
      writer.milliseconds(seen);
      if (parts.type === RdbType.STREAM_LISTPACKS_3) writer.milliseconds(active);
      writer.lengthOf(pending.length);
      for (const id of pending) writer.raw(rawId(id));
    }
  }
}

function writeId(writer: RdbWriter, [ms, seq]: Id): void {
  writer.bigLengthOf(BigInt(ms));
  writer.bigLengthOf(BigInt(seq));
}

function rawId([ms, seq]: Id): Uint8Array {
  const data = new DataView(new ArrayBuffer(16));
  data.setBigUint64(0, BigInt(ms));
  data.setBigUint64(8, BigInt(seq));
  return new Uint8Array(data.buffer);
}
