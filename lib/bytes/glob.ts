/**
 * Glob patterns: the verdict of KEYS, SCAN MATCH, PSUBSCRIBE, CONFIG GET and ACL rules.
 *
 * `*` is any run of bytes, `?` any byte, `[a-z]` and `[^a-z]` one byte in or out of a class, and
 * `\x` the byte x. Every token but `*` takes one byte, and where a token ends does not depend on
 * the text; so when something fails after a `*`, only the latest one can help, by taking one byte
 * more. One remembered place is enough: no recursion, and at worst pattern times text steps, where
 * a recursive matcher can be made to take exponential time or to run out of stack.
 *
 * The odd cases are those of stringmatchlen in Redis 7.0's util.c: an empty text matches only an
 * empty pattern (not "*"); a class that does not end stops at the pattern's end; a lone final `\`
 * is itself; the ends of a range may be swapped; bytes above 127 sort below the others in ranges
 * (C's signed char); inside a class an escaped byte is matched in its own case even when case is
 * ignored. One difference: builds with the fix for CVE-2024-31228 give up, with a mismatch, more
 * than 1,000 stars deep; nothing is deep here, so this answers truly.
 */

const STAR = 0x2a;
const QUESTION = 0x3f;
const OPEN = 0x5b;
const CLOSE = 0x5d;
const CARET = 0x5e;
const DASH = 0x2d;
const ESCAPE = 0x5c;

/**
 * Whether the pattern matches the whole text.
 *
 * @example
 * ```ts
 * import { matchGlob } from "./glob.ts";
 *
 * const pattern = new TextEncoder().encode("user:[0-9]*");
 * const text = new TextEncoder().encode("user:42:name");
 * if (!matchGlob(pattern, 0, pattern.length, text, 0, text.length, false)) {
 *   throw new Error("unexpected");
 * }
 * ```
 */
export function matchGlob(
  pattern: Uint8Array,
  patternOffset: number,
  patternLength: number,
  text: Uint8Array,
  textOffset: number,
  textLength: number,
  ignoreCase: boolean,
): boolean {
  if (textLength === 0) return patternLength === 0;
  const patternEnd = patternOffset + patternLength;
  const textEnd = textOffset + textLength;
  let at = patternOffset;
  let textAt = textOffset;
  let afterStar = -1;
  let starText = 0;
  while (textAt < textEnd) {
    if (at < patternEnd) {
      const token = pattern[at];
      if (token === STAR) {
        at++;
        while (at < patternEnd && pattern[at] === STAR) at++;
        if (at === patternEnd) return true;
        afterStar = at;
        starText = textAt;
        continue;
      }
      const byte = text[textAt];
      if (token === QUESTION) {
        at++;
        textAt++;
        continue;
      }
      if (token === OPEN) {
        const end = matchClass(pattern, at + 1, patternEnd, byte, ignoreCase);
        if (end > 0) {
          at = end;
          textAt++;
          continue;
        }
      } else {
        const literal = token === ESCAPE && at + 1 < patternEnd ? at + 1 : at;
        const wanted = pattern[literal];
        if (wanted === byte || (ignoreCase && lower(wanted) === lower(byte))) {
          at = literal + 1;
          textAt++;
          continue;
        }
      }
    }
    if (afterStar < 0) return false;
    at = afterStar;
    textAt = ++starText;
  }
  while (at < patternEnd && pattern[at] === STAR) at++;
  return at === patternEnd;
}

/** Matches a byte against the class that starts at `start`: where the class ends, or -1 for no. */
function matchClass(
  pattern: Uint8Array,
  start: number,
  end: number,
  byte: number,
  ignoreCase: boolean,
): number {
  let at = start;
  const negated = at < end && pattern[at] === CARET;
  if (negated) at++;
  let found = false;
  while (at < end && pattern[at] !== CLOSE) {
    if (pattern[at] === ESCAPE && at + 1 < end) {
      if (pattern[at + 1] === byte) found = true;
      at += 2;
    } else if (at + 2 < end && pattern[at + 1] === DASH) {
      if (inRange(pattern[at], pattern[at + 2], byte, ignoreCase)) found = true;
      at += 3;
    } else {
      const wanted = pattern[at];
      if (wanted === byte || (ignoreCase && lower(wanted) === lower(byte))) {
        found = true;
      }
      at++;
    }
  }
  // Past the closing bracket, or at the pattern's end where there is none.
  return found !== negated ? (at < end ? at + 1 : end) : -1;
}

/** Ranges compare signed bytes; the ends are put in order before their case is dropped. */
function inRange(
  from: number,
  to: number,
  byte: number,
  ignoreCase: boolean,
): boolean {
  let low = (from << 24) >> 24;
  let high = (to << 24) >> 24;
  let value = (byte << 24) >> 24;
  if (low > high) {
    const swapped = low;
    low = high;
    high = swapped;
  }
  if (ignoreCase) {
    low = lower(low);
    high = lower(high);
    value = lower(value);
  }
  return value >= low && value <= high;
}

function lower(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}
