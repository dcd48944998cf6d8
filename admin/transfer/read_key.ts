/**
 * Reads a key in parts, by commands and in slices. A key with few elements is read in one slice, and
 * thus as it was at one time; a big one that changes meanwhile may come mixed, as with any scan.
 */

import { latin1 } from "../../lib/bytes/byte_string.ts";
import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { invariant } from "../../lib/host/invariant.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import type { AdminEngine, Commands } from "../engine_access.ts";
import { wholeCharacters } from "../json_values.ts";
import { replyBytes, replyItems, reportValue } from "../reply_json.ts";
import { scanStep } from "../scan.ts";
import type { Slices } from "../slices.ts";
import type {
  Content,
  HashField,
  KeyPart,
  PendingEntry,
  ScoredMember,
  StreamEntry,
  StreamGroup,
  StreamState,
} from "./key_part.ts";
import { sortInSlices } from "./sort_in_slices.ts";

/** Bytes of a string, elements of anything else, and their bytes, that one part holds. */
const PART_BYTES = 256 * 1024;
const PART_ELEMENTS = 1000;
/** Elements that one command reads. */
const STEP = 100;

export interface Reader {
  readonly engine: AdminEngine;
  readonly commands: Commands;
  readonly slices: Slices;
}

/** The parts of a key's value; none where the key has gone. */
export async function* readKey(reader: Reader, key: Uint8Array): AsyncGenerator<KeyPart> {
  const { commands } = reader;
  const type = commands.text("TYPE", key) ?? "none";
  let part = 0;
  let waiting: Content | null = null;
  const made = (content: Content, isLast: boolean): KeyPart => {
    const expires = isLast ? String(commands.integer("PEXPIRETIME", key)) : "-1";
    const expiresAtMs = expires.startsWith("-") ? null : expires;
    return { key, part: ++part, isLast, expiresAtMs, content };
  };
  for await (const content of contentsOf(reader, type, key)) {
    if (waiting !== null) yield made(waiting, false);
    waiting = content;
  }
  if (waiting !== null) yield made(waiting, true);
}

function contentsOf(reader: Reader, type: string, key: Uint8Array): AsyncIterable<Content> {
  switch (type) {
    case "string":
      return stringParts(reader, key);
    case "list":
      return listParts(reader, key);
    case "hash":
      return hashParts(reader, key);
    case "set":
      return setParts(reader, key);
    case "zset":
      return sortedSetParts(reader, key);
    case "stream":
      return streamParts(reader, key);
    default:
      return nothing();
  }
}

async function* nothing(): AsyncGenerator<Content> {}

async function* stringParts({ commands, slices }: Reader, key: Uint8Array) {
  const total = Number(commands.integer("STRLEN", key));
  for (let at = 0; at < total || at === 0;) {
    const range = [String(at), String(at + PART_BYTES - 1)];
    const bytes = commands.bytes("GETRANGE", key, ...range) ?? new Uint8Array(0);
    const value = at + bytes.length < total ? bytes.subarray(0, wholeCharacters(bytes)) : bytes;
    yield { type: "string", value } as const;
    if (value.length === 0) return;
    at += value.length;
    await slices.step();
  }
}

async function* listParts({ commands, slices }: Reader, key: Uint8Array) {
  const part = new Part<Uint8Array>();
  for (let at = 0;; at += STEP) {
    const items = commands.items("LRANGE", key, String(at), String(at + STEP - 1));
    for (const item of items) {
      const element = replyBytes(item);
      if (part.add(element, element.length)) {
        yield { type: "list", elements: part.take() } as const;
      }
    }
    if (items.length < STEP) break;
    if (slices.isOver) await slices.rest();
  }
  if (!part.isEmpty) yield { type: "list", elements: part.take() } as const;
}

async function* setParts(reader: Reader, key: Uint8Array) {
  const found: Set<string> = new Set();
  for await (const step of scanned(reader, ["SSCAN", key])) {
    for (const member of step) found.add(latin1(member));
  }
  const part = new Part<Uint8Array>();
  for (const member of await sortInSlices([...found], (text) => text, reader.slices)) {
    if (part.add(fromLatin1(member), member.length)) {
      yield { type: "set", members: part.take() } as const;
      await reader.slices.step();
    }
  }
  if (!part.isEmpty) yield { type: "set", members: part.take() } as const;
}

async function* hashParts(reader: Reader, key: Uint8Array) {
  const { commands } = reader;
  const found: Map<string, HashField> = new Map();
  for await (const step of scanned(reader, ["HSCAN", key])) {
    const names = step.filter((_, i) => i % 2 === 0);
    if (names.length === 0) continue;
    const times = commands.items("HPEXPIRETIME", key, "FIELDS", String(names.length), ...names);
    names.forEach((field, i) => {
      const time = String(reportValue(times[i] ?? { kind: "null" }));
      const expiresAtMs = /^\d+$/.test(time) ? time : null;
      found.set(latin1(field), { field, value: step[2 * i + 1], expiresAtMs });
    });
  }
  const part = new Part<HashField>();
  const sorted = await sortInSlices([...found], ([name]) => name, reader.slices);
  for (const [, field] of sorted) {
    if (part.add(field, field.field.length + field.value.length)) {
      yield { type: "hash", fields: part.take() } as const;
      await reader.slices.step();
    }
  }
  if (!part.isEmpty) yield { type: "hash", fields: part.take() } as const;
}

async function* scanned(
  { commands, slices }: Reader,
  command: readonly (string | Uint8Array)[],
): AsyncGenerator<readonly Uint8Array[]> {
  let cursor = "0";
  do {
    const step = scanStep(commands, cursor, [], STEP, command);
    yield step.keys;
    cursor = step.cursor;
    if (cursor !== "0" && slices.isOver) await slices.rest();
  } while (cursor !== "0");
}

async function* sortedSetParts({ commands, slices }: Reader, key: Uint8Array) {
  const part = new Part<ScoredMember>();
  for (let at = 0;; at += STEP) {
    const range = [String(at), String(at + STEP - 1)];
    const items = commands.items("ZRANGE", key, ...range, "WITHSCORES");
    for (const item of items) {
      const [name, score] = replyItems(item);
      invariant(score.kind === "double", "a score is a double");
      const member = replyBytes(name);
      if (part.add({ member, score: score.text }, member.length)) {
        yield { type: "zset", members: part.take() } as const;
      }
    }
    if (items.length < STEP) break;
    if (slices.isOver) await slices.rest();
  }
  if (!part.isEmpty) yield { type: "zset", members: part.take() } as const;
}

async function* streamParts(reader: Reader, key: Uint8Array) {
  const { commands, slices } = reader;
  const part = new Part<StreamEntry>();
  let start = "-";
  for (;;) {
    const entries = commands.items("XRANGE", key, start, "+", "COUNT", String(STEP));
    for (const entry of entries) {
      const [id, content] = replyItems(entry);
      const fields = replyItems(content).map(replyBytes);
      const found = { id: latin1(replyBytes(id)), fields };
      start = `(${found.id}`;
      if (part.add(found, fields.reduce((sum, field) => sum + field.length, 0))) {
        yield { type: "stream", entries: part.take(), state: null } as const;
      }
    }
    if (entries.length < STEP) break;
    if (slices.isOver) await slices.rest();
  }
  const state = await stateOf(reader, key);
  yield { type: "stream", entries: part.take(), state } as const;
}

async function stateOf(reader: Reader, key: Uint8Array): Promise<StreamState> {
  const { commands } = reader;
  const facts = fieldsOf(commands.run("XINFO", "STREAM", key));
  const groups: StreamGroup[] = [];
  for (const group of commands.items("XINFO", "GROUPS", key)) {
    groups.push(await groupOf(reader, key, fieldsOf(group)));
  }
  return {
    lastId: String(reportValue(facts("last-generated-id"))),
    maxDeletedId: String(reportValue(facts("max-deleted-entry-id"))),
    entriesAdded: String(reportValue(facts("entries-added"))),
    groups,
  };
}

async function groupOf(
  { engine, commands, slices }: Reader,
  key: Uint8Array,
  facts: (name: string) => Reply,
): Promise<StreamGroup> {
  const name = replyBytes(facts("name"));
  const consumers = commands.items("XINFO", "CONSUMERS", key, name)
    .map((consumer) => replyBytes(fieldsOf(consumer)("name")));
  const pending: PendingEntry[] = [];
  for (let start = "-";;) {
    const entries = commands.items("XPENDING", key, name, start, "+", String(STEP));
    for (const entry of entries) {
      const [id, consumer, idle, deliveries] = replyItems(entry);
      const idleMs = Number(reportValue(idle));
      pending.push({
        id: latin1(replyBytes(id)),
        consumer: replyBytes(consumer),
        deliveredAtMs: String(engine.context.store.state.now - idleMs),
        deliveries: String(reportValue(deliveries)),
      });
    }
    if (entries.length < STEP) break;
    start = `(${pending[pending.length - 1].id}`;
    if (slices.isOver) await slices.rest();
  }
  const read = reportValue(facts("entries-read"));
  return {
    name,
    lastDeliveredId: String(reportValue(facts("last-delivered-id"))),
    entriesRead: read === null ? null : String(read),
    consumers,
    pending,
  };
}

function fieldsOf(reply: Reply): (name: string) => Reply {
  invariant(reply.kind === "map", `XINFO replied ${reply.kind}`);
  const fields = new Map(
    reply.entries.map(([name, value]) => [latin1(replyBytes(name)), value]),
  );
  return (name) => fields.get(name) ?? { kind: "null" };
}

/** Elements of the part that is being made. */
class Part<E> {
  private elements: E[] = [];
  private bytes = 0;

  get isEmpty(): boolean {
    return this.elements.length === 0;
  }

  /** True when the part is full. */
  add(element: E, bytes: number): boolean {
    this.elements.push(element);
    this.bytes += bytes;
    return this.elements.length >= PART_ELEMENTS || this.bytes >= PART_BYTES;
  }

  take(): E[] {
    const { elements } = this;
    this.elements = [];
    this.bytes = 0;
    return elements;
  }
}
