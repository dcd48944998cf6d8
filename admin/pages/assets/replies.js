// Replies as redis-cli writes them, and command lines as it reads them.

import { quoted } from "./words.js";

/** The syntax of a command from the arguments of the command table, a word or group each. */
export function syntaxOf(args) {
  return args.map(argumentText);
}

function argumentText(argument) {
  const { name, type, token, optional, multiple, multipleToken } = argument;
  const inner = (argument.arguments ?? []).map(argumentText);
  let text = type === "pure-token"
    ? token
    : type === "oneof"
    ? inner.join(" | ")
    : type === "block"
    ? inner.join(" ")
    : name;
  if (type !== "pure-token" && token !== undefined) text = `${token === "" ? '""' : token} ${text}`;
  if (type === "oneof" && !optional && inner.length > 1) text = `<${text}>`;
  if (multiple) text = `${text} [${multipleToken || token === undefined ? text : name} ...]`;
  return optional ? `[${text}]` : text;
}

/** The text of a typed reply (reply_json.ts). */
export function formatReply(reply, indent = "") {
  if (reply === null) return "(no reply)";
  switch (reply.type) {
    case "status":
      return reply.text;
    case "error":
      return `(error) ${reply.text}`;
    case "integer":
      return `(integer) ${reply.value}`;
    case "double":
      return `(double) ${reply.value}`;
    case "bignumber":
      return reply.text;
    case "boolean":
      return reply.value ? "(true)" : "(false)";
    case "null":
      return "(nil)";
    case "string":
      return quoted(reply.value);
    case "verbatim":
      return reply.value.utf8 ?? quoted(reply.value);
    case "map":
      return formatMap(reply, indent);
    default:
      return formatItems(reply, indent);
  }
}

const EMPTY = {
  array: "(empty array)",
  set: "(empty set)",
  push: "(empty push)",
  map: "(empty hash)",
};
const MARKS = { array: ")", push: ")", set: "~", map: "#" };

function formatItems({ type, items, total }, indent) {
  if (items.length === 0) return EMPTY[type];
  const lines = numbered(
    items.length,
    MARKS[type],
    indent,
    (i, deeper) => formatReply(items[i], deeper),
  );
  return withRest(lines, items.length, total, indent);
}

function formatMap({ entries, total }, indent) {
  if (entries.length === 0) return EMPTY.map;
  const lines = numbered(entries.length, MARKS.map, indent, (i, deeper) => {
    const [key, value] = entries[i];
    return `${formatReply(key, deeper)} => ${formatReply(value, deeper)}`;
  });
  return withRest(lines, entries.length, total, indent);
}

function numbered(length, mark, indent, text) {
  const width = String(length).length;
  const deeper = indent + " ".repeat(width + 2);
  const lines = [];
  for (let i = 0; i < length; i++) {
    const number = `${String(i + 1).padStart(width)}${mark} `;
    lines.push((i === 0 ? "" : indent) + number + text(i, deeper));
  }
  return lines;
}

function withRest(lines, shown, total, indent) {
  if (total !== undefined && total > shown) lines.push(`${indent}… and ${total - shown} more`);
  return lines.join("\n");
}

/**
 * The words of a command line, with quotes and escapes as redis-cli has them.
 *
 * @returns words as `{"utf8": …}` or `{"base64": …}`, or null for quotes that don't match.
 */
export function wordsOf(line) {
  const words = [];
  let at = 0;
  for (;;) {
    while (at < line.length && /\s/.test(line[at])) at++;
    if (at >= line.length) return words;
    const word = readWord(line, at);
    if (word === null) return null;
    words.push(word.bytes);
    at = word.end;
  }
}

function readWord(line, start) {
  const bytes = [];
  const encoder = new TextEncoder();
  let quote = "";
  let at = start;
  for (; at < line.length; at++) {
    const character = String.fromCodePoint(line.codePointAt(at));
    if (quote === "" && /\s/.test(character)) break;
    if (quote === '"' && character === "\\" && at + 1 < line.length) {
      at += readEscape(line, at, bytes);
    } else if (quote === "'" && line.startsWith("\\'", at)) {
      bytes.push(0x27);
      at++;
    } else if (character === quote) {
      if (at + 1 < line.length && !/\s/.test(line[at + 1])) return null;
      quote = "";
    } else if (quote === "" && (character === '"' || character === "'")) quote = character;
    else {
      bytes.push(...encoder.encode(character));
      at += character.length - 1;
    }
  }
  return quote === "" ? { bytes: jsonBytes(bytes), end: at } : null;
}

const ESCAPED = { n: 10, r: 13, t: 9, b: 8, a: 7 };

/** Returns how many characters follow the backslash. */
function readEscape(line, at, bytes) {
  const hex = /^\\x([0-9a-f]{2})/i.exec(line.slice(at, at + 4));
  if (hex !== null) {
    bytes.push(parseInt(hex[1], 16));
    return 3;
  }
  const character = String.fromCodePoint(line.codePointAt(at + 1));
  const known = ESCAPED[character];
  if (known === undefined) bytes.push(...new TextEncoder().encode(character));
  else bytes.push(known);
  return character.length;
}

function jsonBytes(bytes) {
  try {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    return { utf8: decoder.decode(new Uint8Array(bytes)) };
  } catch {
    return { base64: btoa(String.fromCharCode(...bytes)) };
  }
}
