/**
 * Requests as people type them: a line whose words are the arguments, quoted as in a shell. Format:
 * https://redis.io/docs/reference/protocol-spec.
 */

import type { Request } from "./request.ts";

/**
 * Splits a line into arguments as a shell would (`"…"` with escapes, `'…'`), writing the
 * unescaped bytes over the line itself, which is never shorter. False when quotes don't match.
 */
export function splitInline(request: Request, from: number, end: number): boolean {
  const bytes = request.buffer;
  let at = from;
  let out = from;
  for (;;) {
    while (at < end && isSpace(bytes[at])) at++;
    if (at === end) return true;
    const argument = out;
    while (at < end && !endsWord(bytes[at])) {
      const byte = bytes[at];
      if (byte !== 34 && byte !== 39) {
        bytes[out++] = byte;
        at++;
        continue;
      }
      const length = unquote(bytes, at, end, out);
      if (length < 0) return false;
      at = unquotedEnd;
      out += length;
      if (at < end && !isSpace(bytes[at])) return false;
      break;
    }
    request.push(argument, out - argument);
  }
}

/** Where the quoted part that {@linkcode unquote} last read ended. */
let unquotedEnd = 0;

/** Unescapes the quoted part at `at` to `out`; its length, or -1 when the quote is not closed. */
function unquote(bytes: Uint8Array, at: number, end: number, out: number): number {
  const quote = bytes[at++];
  const first = out;
  while (at < end && bytes[at] !== quote) {
    let byte = bytes[at];
    if (byte === 92 && at + 1 < end) {
      const next = bytes[at + 1];
      if (quote === 39) {
        if (next === 39) {
          byte = 39;
          at++;
        }
      } else if (
        next === 120 && at + 3 < end && hexDigit(bytes[at + 2]) >= 0 && hexDigit(bytes[at + 3]) >= 0
      ) {
        byte = hexDigit(bytes[at + 2]) * 16 + hexDigit(bytes[at + 3]);
        at += 3;
      } else {
        byte = unescaped(next);
        at++;
      }
    }
    bytes[out++] = byte;
    at++;
  }
  unquotedEnd = at + 1;
  return at >= end ? -1 : out - first;
}

function unescaped(byte: number): number {
  if (byte === 110) return 10;
  if (byte === 114) return 13;
  if (byte === 116) return 9;
  if (byte === 98) return 8;
  if (byte === 97) return 7;
  return byte;
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** Fewer bytes than those that may stand between words: `\v` and `\f` within one belong to it. */
function endsWord(byte: number): boolean {
  return byte === 32 || byte === 9 || byte === 10 || byte === 13;
}

function isSpace(byte: number): boolean {
  return byte === 32 || (byte >= 9 && byte <= 13);
}
