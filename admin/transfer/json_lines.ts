/**
 * Parts of keys as lines of JSON, such as
 *
 *     {"key":"a","type":"string","value":"1","expiresAtMs":1700000000000}
 *     {"key":"h","type":"hash","fields":[["f","v"],["g",{"base64":"/w=="},1700000000000]]}
 *     {"key":"z","type":"zset","members":[["m",1.5],["n","inf"]]}
 *
 * Bytes are a string where they are text and `{"base64": …}` otherwise. A value in several lines has
 * `"part": 1` and so on, and `"more": true` in all but the last.
 */

import { Problem } from "../problem.ts";
import { bytesShape, jsonBytes } from "../json_values.ts";
import { record } from "../shape.ts";
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

type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

export function jsonLine(part: KeyPart): string {
  const { content } = part;
  const line: Record<string, Json> = { key: bytesJson(part.key), type: content.type };
  if (part.part > 1 || !part.isLast) line.part = part.part;
  if (!part.isLast) line.more = true;
  Object.assign(line, contentJson(content));
  if (part.expiresAtMs !== null) line.expiresAtMs = longJson(part.expiresAtMs);
  return `${JSON.stringify(line)}\n`;
}

function contentJson(content: Content): Record<string, Json> {
  switch (content.type) {
    case "string":
      return { value: bytesJson(content.value) };
    case "list":
      return { elements: content.elements.map(bytesJson) };
    case "set":
      return { members: content.members.map(bytesJson) };
    case "hash":
      return {
        fields: content.fields.map(({ field, value, expiresAtMs }) => [
          bytesJson(field),
          bytesJson(value),
          ...(expiresAtMs === null ? [] : [longJson(expiresAtMs)]),
        ]),
      };
    case "zset":
      return {
        members: content.members.map(({ member, score }) => [bytesJson(member), numberJson(score)]),
      };
    case "stream":
      return {
        entries: content.entries.map(({ id, fields }) => [id, fields.map(bytesJson)]),
        ...(content.state === null ? {} : { stream: stateJson(content.state) }),
      };
  }
}

function stateJson({ lastId, maxDeletedId, entriesAdded, groups }: StreamState): Json {
  return {
    lastId,
    maxDeletedId,
    entriesAdded: longJson(entriesAdded),
    groups: groups.map((group) => ({
      name: bytesJson(group.name),
      lastDeliveredId: group.lastDeliveredId,
      entriesRead: group.entriesRead === null ? null : longJson(group.entriesRead),
      consumers: group.consumers.map(bytesJson),
      pending: group.pending.map(({ id, consumer, deliveredAtMs, deliveries }) => [
        id,
        bytesJson(consumer),
        longJson(deliveredAtMs),
        longJson(deliveries),
      ]),
    })),
  };
}

function bytesJson(bytes: Uint8Array): Json {
  const value = jsonBytes(bytes);
  return "utf8" in value ? value.utf8 : { base64: value.base64 };
}

/** A number where JSON keeps it exactly. */
function longJson(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) && String(number) === text ? number : text;
}

function numberJson(text: string): number | string {
  const number = Number(text);
  return Number.isFinite(number) && !Object.is(number, -0) ? number : text;
}

/** @throws 400 for what is no such line. */
export function parseJsonLine(text: string): KeyPart {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new Problem(400, "the line is not JSON");
  }
  const line = record(parsed, "line");
  const part = line.part === undefined ? 1 : line.part;
  if (typeof part !== "number" || !Number.isInteger(part) || part < 1) throw malformed("part");
  return {
    key: bytesShape.read(line.key, "line.key"),
    part,
    isLast: line.more !== true,
    expiresAtMs: line.expiresAtMs === undefined ? null : long(line.expiresAtMs, "expiresAtMs"),
    content: contentOf(line),
  };
}

function contentOf(line: Readonly<Record<string, unknown>>): Content {
  const { type } = line;
  switch (type) {
    case "string":
      return { type, value: bytesShape.read(line.value, "line.value") };
    case "list":
      return { type, elements: array(line.elements, "elements").map(bytes) };
    case "set":
      return { type, members: array(line.members, "members").map(bytes) };
    case "hash":
      return { type, fields: array(line.fields, "fields").map(hashField) };
    case "zset":
      return { type, members: array(line.members, "members").map(scoredMember) };
    case "stream":
      return {
        type,
        entries: array(line.entries, "entries").map(streamEntry),
        state: line.stream === undefined ? null : streamState(line.stream),
      };
    default:
      throw malformed("type");
  }
}

function hashField(value: unknown): HashField {
  const [field, content, expires] = array(value, "fields");
  return {
    field: bytes(field),
    value: bytes(content),
    expiresAtMs: expires === undefined ? null : long(expires, "fields"),
  };
}

function scoredMember(value: unknown): ScoredMember {
  const [member, score] = array(value, "members");
  if (typeof score !== "number" && typeof score !== "string") throw malformed("members");
  return { member: bytes(member), score: String(score) };
}

function streamEntry(value: unknown): StreamEntry {
  const [id, fields] = array(value, "entries");
  return { id: word(id, "entries"), fields: array(fields, "entries").map(bytes) };
}

function streamState(value: unknown): StreamState {
  const state = record(value, "line.stream");
  return {
    lastId: word(state.lastId, "stream.lastId"),
    maxDeletedId: word(state.maxDeletedId, "stream.maxDeletedId"),
    entriesAdded: long(state.entriesAdded, "stream.entriesAdded"),
    groups: array(state.groups, "stream.groups").map(streamGroup),
  };
}

function streamGroup(value: unknown): StreamGroup {
  const group = record(value, "line.stream.groups");
  return {
    name: bytes(group.name),
    lastDeliveredId: word(group.lastDeliveredId, "stream.groups"),
    entriesRead: group.entriesRead === null ? null : long(group.entriesRead, "stream.groups"),
    consumers: array(group.consumers, "stream.groups").map(bytes),
    pending: array(group.pending, "stream.groups").map(pendingEntry),
  };
}

function pendingEntry(value: unknown): PendingEntry {
  const [id, consumer, delivered, deliveries] = array(value, "stream.groups");
  return {
    id: word(id, "stream.groups"),
    consumer: bytes(consumer),
    deliveredAtMs: long(delivered, "stream.groups"),
    deliveries: long(deliveries, "stream.groups"),
  };
}

function bytes(value: unknown): Uint8Array {
  return bytesShape.read(value, "line");
}

function array(value: unknown, name: string): readonly unknown[] {
  if (!Array.isArray(value)) throw malformed(name);
  return value;
}

function word(value: unknown, name: string): string {
  if (typeof value !== "string") throw malformed(name);
  return value;
}

function long(value: unknown, name: string): string {
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text !== "string" || !/^-?\d{1,20}$/.test(text)) throw malformed(name);
  return text;
}

function malformed(name: string): Problem {
  return new Problem(400, `line.${name} is missing or malformed`);
}
