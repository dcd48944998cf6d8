/**
 * Counting and finding bits in bytes, whole words at a time. Bit 0 is the highest bit of the first
 * byte, as in SETBIT.
 *
 * Words are read where their address allows it, with single bytes before and after. Counting adds
 * words in parallel: Warren, "Hacker's Delight" (2nd edition), 5-1. [hot]
 */

/** Fewer bytes than this are not worth a view of words. */
const WORDS_FROM_BYTES = 32;

const BITS_OF_BYTE = Uint8Array.from({ length: 256 }, (_, byte) => countWord(byte));

/**
 * The number of bits set in `length` bytes.
 *
 * @example
 * ```ts
 * import { countBits } from "./bits.ts";
 *
 * if (countBits(Uint8Array.of(0xff, 0x10, 3), 1, 2) !== 3) throw new Error("unexpected");
 * ```
 */
export function countBits(bytes: Uint8Array, offset: number, length: number): number {
  const end = offset + length;
  let at = offset;
  let count = 0;
  if (length >= WORDS_FROM_BYTES) {
    const start = firstWordFrom(bytes, offset);
    for (; at < start; at++) count += BITS_OF_BYTE[bytes[at]];
    const words = wordsBetween(bytes, at, end);
    count += countWords(words);
    at += words.length * 4;
  }
  for (; at < end; at++) count += BITS_OF_BYTE[bytes[at]];
  return count;
}

/**
 * The place of the first bit with the value 0 or 1 in `length` bytes, counted from their start;
 * -1 when there is none.
 *
 * @example
 * ```ts
 * import { findBit } from "./bits.ts";
 *
 * if (findBit(Uint8Array.of(0, 0x10), 0, 2, 1) !== 11) throw new Error("unexpected");
 * ```
 */
export function findBit(bytes: Uint8Array, offset: number, length: number, bit: number): number {
  const end = offset + length;
  const skipped = bit === 1 ? 0 : 0xff;
  let at = offset;
  if (length >= WORDS_FROM_BYTES) {
    const start = firstWordFrom(bytes, offset);
    while (at < start && bytes[at] === skipped) at++;
    if (at === start) {
      const words = wordsBetween(bytes, at, end);
      at += 4 * skipWords(words, bit === 1 ? 0 : -1);
    }
  }
  while (at < end && bytes[at] === skipped) at++;
  if (at === end) return -1;
  return (at - offset) * 8 + Math.clz32(bytes[at] ^ skipped) - 24;
}

/** The number of bits set in the low byte of a number. */
export function bitsOfByte(byte: number): number {
  return BITS_OF_BYTE[byte & 0xff];
}

/** The first place from `offset` on where a word may be read. */
function firstWordFrom(bytes: Uint8Array, offset: number): number {
  return offset + (-(bytes.byteOffset + offset) & 3);
}

function wordsBetween(bytes: Uint8Array, start: number, end: number): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset + start, (end - start) >>> 2);
}

/** How many words from the first one on have this value. */
function skipWords(words: Int32Array, value: number): number {
  let at = 0;
  while (at < words.length && words[at] === value) at++;
  return at;
}

function countWords(words: Int32Array): number {
  let count = 0;
  let at = 0;
  // Four words at a time: their counts of a nibble fit in a byte each, so the last steps are shared.
  for (; at + 4 <= words.length; at += 4) {
    const first = nibbleCounts(words[at]) + nibbleCounts(words[at + 1]) | 0;
    const second = nibbleCounts(words[at + 2]) + nibbleCounts(words[at + 3]) | 0;
    const bytes = (first & 0x0f0f0f0f) + (first >>> 4 & 0x0f0f0f0f) +
      (second & 0x0f0f0f0f) + (second >>> 4 & 0x0f0f0f0f);
    count += Math.imul(bytes, 0x01010101) >>> 24;
  }
  for (; at < words.length; at++) count += countWord(words[at]);
  return count;
}

/** The number of bits set in each nibble, in that nibble. */
function nibbleCounts(word: number): number {
  const pairs = word - (word >>> 1 & 0x55555555) | 0;
  return (pairs & 0x33333333) + (pairs >>> 2 & 0x33333333);
}

function countWord(word: number): number {
  const nibbles = nibbleCounts(word);
  return Math.imul(nibbles + (nibbles >>> 4) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
