/**
 * The elements that SORT works on: copied into one run of bytes, and put in order as an array of
 * their numbers, so that sorting a million of them makes no million objects.
 */

import { compareBytes } from "../../bytes/byte_string.ts";
import { copyBytes, dataOf } from "../../bytes/copy.ts";
import { parseDouble } from "../../bytes/double.ts";

const INITIAL_BYTES = 1024;
const INITIAL_COUNT = 64;

/** Byte strings one after the other; one may be missing. */
export class Strings {
  bytes: Uint8Array = new Uint8Array(INITIAL_BYTES);
  data: DataView = dataOf(this.bytes);
  count = 0;
  offsets: Float64Array = new Float64Array(INITIAL_COUNT);
  /** -1 for one that is missing. */
  lengths: Int32Array = new Int32Array(INITIAL_COUNT);
  private used = 0;

  add(data: DataView, offset: number, length: number): void {
    this.reserve(length);
    copyBytes(data, offset, this.data, this.used, length);
    this.note(length);
  }

  addMissing(): void {
    this.note(-1);
  }

  /** Orders two of them as memcmp does, those that are missing first. */
  compare(a: number, b: number): number {
    const { bytes, offsets, lengths } = this;
    if (lengths[a] < 0 || lengths[b] < 0) return lengths[a] < 0 ? lengths[b] < 0 ? 0 : -1 : 1;
    return compareBytes(bytes, offsets[a], lengths[a], bytes, offsets[b], lengths[b]);
  }

  private note(length: number): void {
    if (this.count === this.lengths.length) {
      const offsets = new Float64Array(this.count * 2);
      const lengths = new Int32Array(this.count * 2);
      offsets.set(this.offsets);
      lengths.set(this.lengths);
      this.offsets = offsets;
      this.lengths = lengths;
    }
    this.offsets[this.count] = this.used;
    this.lengths[this.count++] = length;
    this.used += Math.max(0, length);
  }

  private reserve(length: number): void {
    const needed = this.used + length;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.used));
    this.bytes = grown;
    this.data = dataOf(grown);
  }
}

/**
 * The elements' numbers in the order of their scores. Elements of equal score are ordered by their
 * bytes, so that the outcome does not depend on where they came from.
 */
export function sortByScore(elements: Strings, scores: Float64Array, descending: boolean) {
  const sign = descending ? -1 : 1;
  return unsorted(elements).sort((a, b) => {
    if (scores[a] !== scores[b]) return scores[a] < scores[b] ? -sign : sign;
    return sign * elements.compare(a, b);
  });
}

/** The elements' numbers in the order of `texts`, one for each of them. */
export function sortByText(elements: Strings, texts: Strings, descending: boolean): Int32Array {
  const sign = descending ? -1 : 1;
  return unsorted(elements).sort((a, b) => sign * texts.compare(a, b));
}

/** The elements' numbers as they came. */
export function unsorted(elements: Strings): Int32Array {
  const order = new Int32Array(elements.count);
  for (let i = 0; i < order.length; i++) order[i] = i;
  return order;
}

/**
 * A text as SORT reads scores, which is strtod on a C string: white space before it is skipped, it
 * ends at a NUL, and nothing at all is 0. NaN when it is no number, or none that a double can be.
 */
export function sortScore(bytes: Uint8Array, offset: number, length: number): number {
  let end = offset;
  while (end < offset + length && bytes[end] !== 0) end++;
  if (end === offset) return 0;
  let at = offset;
  while (at < end && (bytes[at] === 0x20 || bytes[at] >= 9 && bytes[at] <= 13)) at++;
  return at === end ? NaN : parseDouble(bytes, at, end - at);
}
