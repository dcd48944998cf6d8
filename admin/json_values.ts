/**
 * Bytes and integers as JSON. A key or value is `{"utf8": "…"}` where it is valid UTF-8, and
 * `{"base64": "…"}` otherwise, so that nothing is lost and a reader always knows which; integers
 * past 2^53, which JSON readers would round, are strings. In a path a key is percent-encoded bytes,
 * or `b64:` and base64url.
 */

import { latin1, utf8 } from "../lib/bytes/byte_string.ts";
import { Problem } from "./problem.ts";
import type { Shape } from "./shape.ts";
import { shape } from "./shape.ts";

export type JsonBytes = { readonly utf8: string } | { readonly base64: string };

/** Marks base64 in paths and query parameters. */
const BASE64_PREFIX = "b64:";

/** `ignoreBOM` keeps a byte order mark, which is part of the value. */
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function jsonBytes(bytes: Uint8Array): JsonBytes {
  const text = decoded(bytes);
  return text === null ? { base64: bytes.toBase64() } : { utf8: text };
}

export function jsonInteger(value: number | bigint): number | string {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

/** Bytes as they stand in a listing: a big value is cut, at a whole character where it is text. */
export interface ShownBytes {
  readonly utf8?: string;
  readonly base64?: string;
  /** How many bytes there are, where not all are shown. */
  readonly totalBytes?: number;
}

export function shownBytes(bytes: Uint8Array, limit: number): ShownBytes {
  if (bytes.length <= limit) return jsonBytes(bytes);
  const cut = bytes.subarray(0, limit);
  return { ...jsonBytes(cut.subarray(0, wholeCharacters(cut))), totalBytes: bytes.length };
}

/** The bytes of `{"utf8": …}`, `{"base64": …}`, or of a text by itself. */
export const bytesShape: Shape<Uint8Array> = shape({
  oneOf: [
    { type: "string" },
    { type: "object", properties: { utf8: { type: "string" } }, required: ["utf8"] },
    {
      type: "object",
      properties: { base64: { type: "string", contentEncoding: "base64" } },
      required: ["base64"],
    },
  ],
}, (value, at) => {
  if (typeof value === "string") return utf8(value);
  if (typeof value === "object" && value !== null) {
    const given = value as { utf8?: unknown; base64?: unknown };
    if (typeof given.utf8 === "string") return utf8(given.utf8);
    if (typeof given.base64 === "string") return decodedBase64(given.base64, at);
  }
  throw new Problem(400, `${at} must be a string, {"utf8": …} or {"base64": …}`);
});

function decodedBase64(text: string, at: string): Uint8Array {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    throw new Problem(400, `${at} is malformed base64`);
  }
}

/** The path under which a key is shown. */
export function keyPath(key: Uint8Array): string {
  const text = decoded(key);
  // The empty name, `.` and `..` mean something else in a path, and the prefix must stay ours.
  const isPlain = text !== null && !["", ".", ".."].includes(text) &&
    !text.startsWith(BASE64_PREFIX);
  const segment = isPlain
    ? encodeURIComponent(text)
    : BASE64_PREFIX + key.toBase64({ alphabet: "base64url", omitPadding: true });
  return `/api/v1/keys/${segment}`;
}

/** The bytes that a segment of a path names, as it stands in the request: not decoded yet. */
export function bytesOfSegment(segment: string): Uint8Array {
  const bytes = percentDecoded(segment);
  const text = latin1(bytes);
  return text.startsWith(BASE64_PREFIX) ? fromBase64(text) : bytes;
}

/** The bytes of a query parameter: the text's own, or those behind `b64:`. */
export function bytesOfParameter(text: string): Uint8Array {
  return text.startsWith(BASE64_PREFIX) ? fromBase64(text) : utf8(text);
}

/**
 * How many of these bytes to show when more follow: without the beginning of a character that the
 * cut would split, so that text stays text. All of them if they are no text anyway.
 */
export function wholeCharacters(bytes: Uint8Array): number {
  for (let cut = 0; cut <= 3 && cut < bytes.length; cut++) {
    const length = bytes.length - cut;
    if (decoded(bytes.subarray(0, length)) !== null) return length;
  }
  return bytes.length;
}

function decoded(bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

function percentDecoded(segment: string): Uint8Array {
  const source = utf8(segment);
  const bytes = new Uint8Array(source.length);
  let length = 0;
  for (let i = 0; i < source.length; i++) {
    let byte = source[i];
    if (byte === 0x25) {
      byte = hexadecimalByte(source, i + 1);
      i += 2;
    }
    bytes[length++] = byte;
  }
  return bytes.slice(0, length);
}

function hexadecimalByte(source: Uint8Array, at: number): number {
  const digits = latin1(source.subarray(at, at + 2));
  if (!/^[0-9a-f]{2}$/i.test(digits)) throw new Problem(400, "malformed % sequence in the path");
  return parseInt(digits, 16);
}

/** Either alphabet of base64, with or without padding. */
function fromBase64(text: string): Uint8Array {
  const digits = text.slice(BASE64_PREFIX.length).replaceAll("-", "+").replaceAll("_", "/");
  try {
    return Uint8Array.fromBase64(digits);
  } catch {
    throw new Problem(400, `malformed base64 after ${BASE64_PREFIX}`);
  }
}
