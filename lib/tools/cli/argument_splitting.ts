/**
 * A line as it is typed → the arguments of a command, by the rules of redis-cli: words apart by blanks,
 * "double quotes" with \n \r \t \b \a \xhh, 'single quotes' with \'. A closing quote must be
 * followed by a blank or the end.
 */

import { utf8 } from "../../bytes/byte_string.ts";

const QUOTE = 0x22;
const APOSTROPHE = 0x27;
const BACKSLASH = 0x5c;
const NAMED: ReadonlyMap<number, number> = new Map([
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x62, 0x08],
  [0x61, 0x07],
]);

/** The arguments; null when the quotes are not balanced. */
export function splitArguments(line: string): Uint8Array[] | null {
  const bytes = utf8(line);
  const args: Uint8Array[] = [];
  let at = 0;
  for (;;) {
    while (at < bytes.length && isBlank(bytes[at])) at++;
    if (at >= bytes.length) return args;
    const word: number[] = [];
    while (at < bytes.length && !isBlank(bytes[at])) {
      const byte = bytes[at];
      if (byte !== QUOTE && byte !== APOSTROPHE) {
        word.push(byte);
        at++;
        continue;
      }
      const end = byte === QUOTE
        ? readDouble(bytes, at + 1, word)
        : readSingle(bytes, at + 1, word);
      if (end < 0 || (end < bytes.length && !isBlank(bytes[end]))) return null;
      at = end;
    }
    args.push(Uint8Array.from(word));
  }
}

/** A single argument that may be in quotes; null when it is more than one, or not balanced. */
export function unquote(text: string): Uint8Array | null {
  const args = splitArguments(text);
  return args !== null && args.length === 1 ? args[0] : null;
}

/** Both return the place behind the closing quote, or -1. */
function readDouble(bytes: Uint8Array, from: number, word: number[]): number {
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte !== BACKSLASH || at + 1 >= bytes.length) {
      word.push(byte);
      continue;
    }
    const code = bytes[at + 1];
    const high = hexDigit(bytes[at + 2]);
    const low = hexDigit(bytes[at + 3]);
    if (code === 0x78 && high >= 0 && low >= 0) {
      word.push(high * 16 + low);
      at += 3;
    } else {
      word.push(NAMED.get(code) ?? code);
      at++;
    }
  }
  return -1;
}

function readSingle(bytes: Uint8Array, from: number, word: number[]): number {
  for (let at = from; at < bytes.length; at++) {
    if (bytes[at] === APOSTROPHE) return at + 1;
    if (bytes[at] === BACKSLASH && bytes[at + 1] === APOSTROPHE) at++;
    word.push(bytes[at]);
  }
  return -1;
}

function isBlank(byte: number): boolean {
  return byte === 0x20 || (byte >= 0x09 && byte <= 0x0d) || byte === 0;
}

function hexDigit(byte: number | undefined): number {
  if (byte === undefined) return -1;
  const digit = parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? -1 : digit;
}
