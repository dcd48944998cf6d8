/**
 * Unsigned integers of any width at any bit of a string, highest bit first. What lies beyond the
 * string's end reads as zero; whoever writes has made the room. [hot]
 */

import type { StringView } from "../../values/string/string.ts";

/** Reads up to 32 bits, which lie in five bytes at most. */
export function readBits(value: StringView, place: number, bits: number): number {
  const first = Math.floor(place / 8);
  const last = Math.floor((place + bits - 1) / 8);
  let whole = 0;
  for (let byte = first; byte <= last; byte++) whole = whole * 256 + byteAt(value, byte);
  return Math.floor(whole / 2 ** bitsAfter(place + bits)) % 2 ** bits;
}

/** Writes up to 32 bits. */
export function writeBits(value: StringView, place: number, bits: number, field: number): void {
  let rest = field;
  let left = bits;
  while (left > 0) {
    const taken = replaceLowest(value, place + left, left, rest % 256);
    rest = Math.floor(rest / 2 ** taken);
    left -= taken;
  }
}

/** Reads up to 64 bits. */
export function readWideBits(value: StringView, place: number, bits: number): bigint {
  const first = Math.floor(place / 8);
  const last = Math.floor((place + bits - 1) / 8);
  let whole = 0n;
  for (let byte = first; byte <= last; byte++) whole = whole << 8n | BigInt(byteAt(value, byte));
  return BigInt.asUintN(bits, whole >> BigInt(bitsAfter(place + bits)));
}

/** Writes up to 64 bits. */
export function writeWideBits(
  value: StringView,
  place: number,
  bits: number,
  field: bigint,
): void {
  let rest = field;
  let left = bits;
  while (left > 0) {
    const taken = replaceLowest(value, place + left, left, Number(rest & 0xffn));
    rest >>= BigInt(taken);
    left -= taken;
  }
}

/**
 * Writes the lowest bits of a field that ends before the bit `end`, as far as they lie in one byte
 * and not more than `most`; how many those were.
 */
function replaceLowest(value: StringView, end: number, most: number, low: number): number {
  const after = bitsAfter(end);
  const count = Math.min(8 - after, most);
  const mask = (1 << count) - 1;
  const at = value.offset + Math.floor((end - 1) / 8);
  value.bytes[at] = value.bytes[at] & ~(mask << after) | (low & mask) << after;
  return count;
}

/** Bits of the last byte that lie behind a field which ends before the bit `end`. */
function bitsAfter(end: number): number {
  return (8 - end % 8) % 8;
}

function byteAt(value: StringView, byte: number): number {
  return byte < value.length ? value.bytes[value.offset + byte] : 0;
}
