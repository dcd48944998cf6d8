/**
 * Replies as JSON. For the console with their kinds, so that a page can show them as redis-cli does;
 * and plainly, as the REST side sends them.
 */

import { fromLatin1, latin1 } from "../lib/bytes/byte_string.ts";
import { invariant } from "../lib/host/invariant.ts";
import type { Reply } from "../lib/resp/reply_decoder.ts";
import type { JsonBytes } from "./json_values.ts";
import { jsonBytes, jsonInteger } from "./json_values.ts";

export type TypedReply =
  | { readonly type: "status" | "error" | "bignumber"; readonly text: string }
  | { readonly type: "integer"; readonly value: number | string }
  | { readonly type: "double"; readonly value: number | string }
  | { readonly type: "boolean"; readonly value: boolean }
  | { readonly type: "string"; readonly value: JsonBytes }
  | { readonly type: "verbatim"; readonly format: string; readonly value: JsonBytes }
  | { readonly type: "null" }
  | {
    readonly type: "array" | "set" | "push";
    readonly items: readonly TypedReply[];
    /** How many there are, where some were left out. */
    readonly total?: number;
  }
  | {
    readonly type: "map";
    readonly entries: readonly (readonly [TypedReply, TypedReply])[];
    readonly total?: number;
  };

/** Parts of a reply that are shown: a page can't show more. */
const MAX_PARTS = 10_000;

/** A reply with its kinds; aggregates end, and say so, after ten thousand parts in all. */
export function typedReply(reply: Reply): TypedReply {
  return typed(reply, { left: MAX_PARTS });
}

function typed(reply: Reply, room: { left: number }): TypedReply {
  room.left--;
  switch (reply.kind) {
    case "simple":
      return { type: "status", text: reply.text };
    case "error":
      return { type: "error", text: reply.text };
    case "blob error":
      return { type: "error", text: latin1(reply.bytes) };
    case "integer":
      return { type: "integer", value: jsonInteger(reply.value) };
    case "double":
      return { type: "double", value: jsonDouble(reply.value, reply.text) };
    case "boolean":
      return { type: "boolean", value: reply.value };
    case "bignumber":
      return { type: "bignumber", text: String(reply.value) };
    case "null":
      return { type: "null" };
    case "bulk":
      return reply.bytes === null
        ? { type: "null" }
        : { type: "string", value: jsonBytes(reply.bytes) };
    case "verbatim":
      return { type: "verbatim", format: reply.format, value: jsonBytes(reply.bytes) };
    case "attribute":
      return typed(reply.reply, room);
    case "map":
      return typedMap(reply.entries, room);
    default:
      return reply.items === null ? { type: "null" } : typedItems(reply.kind, reply.items, room);
  }
}

function typedItems(
  type: "array" | "set" | "push",
  given: readonly Reply[],
  room: { left: number },
): TypedReply {
  const items: TypedReply[] = [];
  for (const item of given) {
    if (room.left <= 0) return { type, items, total: given.length };
    items.push(typed(item, room));
  }
  return { type, items };
}

function typedMap(given: readonly [Reply, Reply][], room: { left: number }): TypedReply {
  const entries: [TypedReply, TypedReply][] = [];
  for (const [key, value] of given) {
    if (room.left <= 0) return { type: "map", entries, total: given.length };
    entries.push([typed(key, room), typed(value, room)]);
  }
  return { type: "map", entries };
}

/** JSON has no infinities. */
export function jsonDouble(value: number, text: string): number | string {
  return Number.isFinite(value) ? value : text;
}

export type PlainReply = string | number | null | readonly PlainReply[];

/** How the bytes of strings are written. */
export type StringWriter = (bytes: Uint8Array) => string;

/**
 * A reply of RESP2 as plain JSON.
 *
 * @param status how a status such as OK is written.
 */
export function plainReply(
  reply: Reply,
  string: StringWriter,
  status: (text: string) => string,
): PlainReply {
  switch (reply.kind) {
    case "simple":
      return status(reply.text);
    case "error":
      return reply.text;
    case "integer":
      return jsonInteger(reply.value);
    case "null":
      return null;
    case "bulk":
      return reply.bytes === null ? null : string(reply.bytes);
    case "array":
      return reply.items?.map((item) => plainReply(item, string, status)) ?? null;
    default:
      return string(fromLatin1(`${reply.kind} reply`));
  }
}

/** The bytes of a string reply. */
export function replyBytes(reply: Reply): Uint8Array {
  if (reply.kind === "simple") return fromLatin1(reply.text);
  if (reply.kind === "verbatim") return reply.bytes;
  invariant(reply.kind === "bulk" && reply.bytes !== null, `${reply.kind} is no string`);
  return reply.bytes;
}

/** The elements of an array or set. */
export function replyItems(reply: Reply): readonly Reply[] {
  if (reply.kind === "null") return [];
  invariant(
    reply.kind === "array" || reply.kind === "set",
    `${reply.kind} is no array`,
  );
  return reply.items ?? [];
}

/**
 * A reply as a plain value for figures and reports, whose strings are words: maps become objects, and
 * integers past 2^53 strings.
 */
export function reportValue(reply: Reply): unknown {
  switch (reply.kind) {
    case "simple":
    case "error":
      return reply.text;
    case "integer":
      return jsonInteger(reply.value);
    case "double":
      return jsonDouble(reply.value, reply.text);
    case "boolean":
      return reply.value;
    case "bignumber":
      return String(reply.value);
    case "null":
      return null;
    case "bulk":
      return reply.bytes === null ? null : wordOf(reply.bytes);
    case "verbatim":
    case "blob error":
      return wordOf(reply.bytes);
    case "attribute":
      return reportValue(reply.reply);
    case "map":
      return Object.fromEntries(
        reply.entries.map(([key, value]) => [String(reportValue(key)), reportValue(value)]),
      );
    default:
      return reply.items?.map(reportValue) ?? null;
  }
}

/** Text where it is text, `b64:…` otherwise. */
function wordOf(bytes: Uint8Array): string {
  const value = jsonBytes(bytes);
  return "utf8" in value ? value.utf8 : `b64:${value.base64}`;
}
