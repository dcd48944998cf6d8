/**
 * Bytes as text and as things to compare: the one place where bytes become JS strings.
 *
 * Redis's strings are bytes in no particular encoding. Where a JS string must stand for such bytes
 * it is a "binary string": one char for one byte, codes 0 to 255, which loses nothing and compares
 * as memcmp does. TextDecoder cannot make these: its "latin1" is windows-1252, and its UTF-8
 * merges invalid bytes and drops a byte order mark. UTF-8 is only for text that we write ourselves.
 */

const encoder = new TextEncoder();
const HEX = "0123456789abcdef";
const CHUNK = 4096;
const SHORT = 24;

/**
 * The binary string of some bytes, one char for each.
 *
 * @example
 * ```ts
 * import { fromLatin1, latin1 } from "./byte_string.ts";
 *
 * const bytes = new Uint8Array([0x61, 0x00, 0xff]);
 * if (latin1(bytes, 0, 3) !== "a\x00\xff") throw new Error("unexpected");
 * if (fromLatin1("a\x00\xff")[2] !== 0xff) throw new Error("unexpected");
 * ```
 */
export function latin1(bytes: Uint8Array, offset = 0, length = bytes.length - offset): string {
  let text = "";
  if (length <= SHORT) {
    for (let i = 0; i < length; i++) text += String.fromCharCode(bytes[offset + i]);
    return text;
  }
  for (let at = offset, end = offset + length; at < end; at += CHUNK) {
    const part = bytes.subarray(at, Math.min(at + CHUNK, end));
    const chunk: string = Reflect.apply(String.fromCharCode, null, part);
    text += chunk;
  }
  return text;
}

/** The bytes of a binary string. Chars above 255 lose their upper bits: callers have none. */
export function fromLatin1(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The UTF-8 encoding of a text of our own (lone surrogates become U+FFFD). */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** Whether `length` bytes at `aOffset` in `a` are those at `bOffset` in `b`. */
export function equalBytes(
  a: Uint8Array,
  aOffset: number,
  b: Uint8Array,
  bOffset: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) {
    if (a[aOffset + i] !== b[bOffset + i]) return false;
  }
  return true;
}

/** Orders two runs of bytes as memcmp does, a prefix first: below 0, 0, or above 0. */
export function compareBytes(
  a: Uint8Array,
  aOffset: number,
  aLength: number,
  b: Uint8Array,
  bOffset: number,
  bLength: number,
): number {
  const shared = aLength < bLength ? aLength : bLength;
  for (let i = 0; i < shared; i++) {
    const difference = a[aOffset + i] - b[bOffset + i];
    if (difference !== 0) return difference;
  }
  return aLength - bLength;
}

/** Whether the bytes spell `lowerAscii` (already in lower case) but for the case of A to Z. */
export function equalIgnoreCase(
  bytes: Uint8Array,
  offset: number,
  length: number,
  lowerAscii: Uint8Array,
): boolean {
  if (length !== lowerAscii.length) return false;
  for (let i = 0; i < length; i++) {
    let byte = bytes[offset + i];
    if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20;
    if (byte !== lowerAscii[i]) return false;
  }
  return true;
}

/** Where `byte` first stands among `length` bytes from `offset`, counted from 0; or -1. */
export function indexOfByte(
  bytes: Uint8Array,
  byte: number,
  offset: number,
  length: number,
): number {
  const end = offset + length;
  if (length > 64) {
    const found = bytes.indexOf(byte, offset);
    return found < end ? found : -1;
  }
  for (let at = offset; at < end; at++) {
    if (bytes[at] === byte) return at;
  }
  return -1;
}

/**
 * Bytes in double quotes as MONITOR, SLOWLOG and the log show them: printable ASCII as it is, the
 * usual backslash escapes, `\xhh` for the rest (the output of sdscatrepr in Redis's sds.c).
 */
export function quoted(bytes: Uint8Array, offset = 0, length = bytes.length - offset): string {
  let text = '"';
  for (let i = 0; i < length; i++) text += escaped(bytes[offset + i]);
  return text + '"';
}

function escaped(byte: number): string {
  switch (byte) {
    case 0x22:
      return '\\"';
    case 0x5c:
      return "\\\\";
    case 0x07:
      return "\\a";
    case 0x08:
      return "\\b";
    case 0x09:
      return "\\t";
    case 0x0a:
      return "\\n";
    case 0x0d:
      return "\\r";
  }
  if (byte >= 0x20 && byte <= 0x7e) return String.fromCharCode(byte);
  return "\\x" + HEX[byte >> 4] + HEX[byte & 15];
}

/** Two lower-case digits for each byte. */
export function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
