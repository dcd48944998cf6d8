/**
 * Replies as redis-cli prints them, byte for byte: for people ("standard"), for pipes ("raw"), as CSV
 * and as JSON. Results are binary strings, one char for each byte.
 */

import { fromLatin1, latin1, quoted } from "../../bytes/byte_string.ts";
import type { Reply } from "../../resp/reply_decoder.ts";
import type { OutputStyle } from "./options.ts";

export interface FormatOptions {
  readonly style: OutputStyle;
  /** Between the elements of an array, raw. */
  readonly elementDelimiter: string;
  /** Behind each reply, raw. */
  readonly replyDelimiter: string;
}

/** The whole text to print, with its end. */
export function formatReply(reply: Reply, options: FormatOptions): string {
  switch (options.style) {
    case "standard":
      return standard(reply, "");
    case "raw":
      return raw(reply, options.elementDelimiter) + options.replyDelimiter;
    case "csv":
      return csv(reply) + "\n";
    case "json":
      return json(reply, jsonText) + "\n";
    case "quoted-json":
      return json(reply, quotedJsonText) + "\n";
  }
}

function standard(reply: Reply, indent: string): string {
  switch (reply.kind) {
    case "simple":
      return `${reply.text}\n`;
    case "error":
      return `(error) ${reply.text}\n`;
    case "blob error":
      return `(error) ${latin1(reply.bytes)}\n`;
    case "integer":
      return `(integer) ${reply.value}\n`;
    case "double":
      return `(double) ${reply.text}\n`;
    case "bignumber":
      return `(big number) ${reply.value}\n`;
    case "bulk":
      return reply.bytes === null ? "(nil)\n" : `${quoted(reply.bytes)}\n`;
    case "verbatim":
      return `${latin1(reply.bytes)}\n`;
    case "null":
      return "(nil)\n";
    case "boolean":
      return reply.value ? "(true)\n" : "(false)\n";
    case "array":
      return reply.items === null ? "(nil)\n" : standardList(reply.items, ")", "array", indent);
    case "set":
      return standardList(reply.items, "~", "set", indent);
    case "push":
      return standardList(reply.items, ")", "push", indent);
    case "map":
      return standardMap(reply.entries, indent);
    case "attribute":
      return standard(reply.reply, indent);
  }
}

function standardList(items: Reply[], mark: string, name: string, indent: string): string {
  if (items.length === 0) return `(empty ${name})\n`;
  const width = String(items.length).length;
  const inner = indent + " ".repeat(width + 2);
  let text = "";
  items.forEach((item, index) => {
    const number = String(index + 1).padStart(width);
    text += `${index === 0 ? "" : indent}${number}${mark} ${standard(item, inner)}`;
  });
  return text;
}

function standardMap(entries: [Reply, Reply][], indent: string): string {
  if (entries.length === 0) return "(empty hash)\n";
  const width = String(entries.length).length;
  const inner = indent + " ".repeat(width + 2);
  let text = "";
  entries.forEach(([key, value], index) => {
    const number = String(index + 1).padStart(width);
    const name = standard(key, inner).slice(0, -1);
    const shown = standard(value, inner);
    // A value of several lines begins on a line of its own.
    const start = isAggregate(value) && shown.indexOf("\n") < shown.length - 1 ? `\n${inner}` : "";
    text += `${index === 0 ? "" : indent}${number}# ${name} => ${start}${shown}`;
  });
  return text;
}

function isAggregate(reply: Reply): boolean {
  return reply.kind === "array" || reply.kind === "set" || reply.kind === "map" ||
    reply.kind === "push";
}

function raw(reply: Reply, delimiter: string): string {
  switch (reply.kind) {
    case "error":
      return `${reply.text}\n`;
    case "blob error":
      return `${latin1(reply.bytes)}\n`;
    case "bulk":
      return reply.bytes === null ? "" : latin1(reply.bytes);
    case "null":
      return "";
    case "boolean":
      return reply.value ? "(true)" : "(false)";
    case "array":
    case "set":
    case "push":
      return (reply.items ?? []).map((item) => raw(item, delimiter)).join(delimiter);
    case "map":
      return reply.entries.map(([key, value]) => {
        return `${raw(key, delimiter)} ${raw(value, delimiter)}`;
      }).join(delimiter);
    case "attribute":
      return raw(reply.reply, delimiter);
    default:
      return plainText(reply);
  }
}

function csv(reply: Reply): string {
  switch (reply.kind) {
    case "error":
      return `ERROR,${quoted(fromLatin1(reply.text))}`;
    case "blob error":
      return `ERROR,${quoted(reply.bytes)}`;
    case "simple":
      return quoted(fromLatin1(reply.text));
    case "bulk":
      return reply.bytes === null ? "NULL" : quoted(reply.bytes);
    case "verbatim":
      return quoted(reply.bytes);
    case "null":
      return "NULL";
    case "boolean":
      return String(reply.value);
    case "array":
      return reply.items === null ? "NULL" : reply.items.map(csv).join(",");
    case "set":
    case "push":
      return reply.items.map(csv).join(",");
    case "map":
      return reply.entries.map(([key, value]) => `${csv(key)},${csv(value)}`).join(",");
    case "attribute":
      return csv(reply.reply);
    default:
      return plainText(reply);
  }
}

type TextFormat = (bytes: Uint8Array) => string;

function json(reply: Reply, text: TextFormat): string {
  switch (reply.kind) {
    case "error":
      return `error:${text(fromLatin1(reply.text))}`;
    case "blob error":
      return `error:${text(reply.bytes)}`;
    case "simple":
      return text(fromLatin1(reply.text));
    case "bulk":
      return reply.bytes === null ? "null" : text(reply.bytes);
    case "verbatim":
      return text(reply.bytes);
    case "null":
      return "null";
    case "boolean":
      return String(reply.value);
    case "array":
      if (reply.items === null) return "null";
      return `[${reply.items.map((item) => json(item, text)).join(",")}]`;
    case "set":
    case "push":
      return `[${reply.items.map((item) => json(item, text)).join(",")}]`;
    case "map":
      return `{${
        reply.entries.map(([key, value]) => `${jsonName(key, text)}:${json(value, text)}`)
          .join(",")
      }}`;
    case "attribute":
      return json(reply.reply, text);
    default:
      return plainText(reply);
  }
}

/** Names must be strings: what is none becomes the string of its JSON. */
function jsonName(key: Reply, text: TextFormat): string {
  const isText = key.kind === "simple" || key.kind === "verbatim" || key.kind === "error" ||
    (key.kind === "bulk" && key.bytes !== null);
  const name = json(key, text);
  return isText ? name : text(fromLatin1(name));
}

/** Of what is printed the same way everywhere: lines and numbers. */
function plainText(reply: Reply): string {
  switch (reply.kind) {
    case "simple":
    case "double":
      return reply.text;
    case "verbatim":
      return latin1(reply.bytes);
    case "integer":
    case "bignumber":
      return String(reply.value);
    default:
      return "";
  }
}

const JSON_ESCAPES: ReadonlyMap<number, string> = new Map([
  [0x22, '\\"'],
  [0x5c, "\\\\"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
  [0x09, "\\t"],
  [0x08, "\\b"],
  [0x0c, "\\f"],
]);

/** Bytes above 127 stay as they are: UTF-8 in, UTF-8 out. */
function jsonText(bytes: Uint8Array): string {
  let text = '"';
  for (const byte of bytes) {
    if (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c) text += String.fromCharCode(byte);
    else text += JSON_ESCAPES.get(byte) ?? `\\u${byte.toString(16).padStart(4, "0")}`;
  }
  return text + '"';
}

/** The quoted form that redis-cli takes back, with its backslashes made fit for JSON. */
function quotedJsonText(bytes: Uint8Array): string {
  return `"${quoted(bytes).slice(1, -1).replace(/["\\]/g, "\\$&")}"`;
}
