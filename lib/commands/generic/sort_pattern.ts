/**
 * BY and GET of SORT: patterns that name another key for each element. `weight_*` is a string key
 * with the element in place of the asterisk, `weight_*->field` a field of a hash, `#` (GET only) the
 * element itself.
 */

import { indexOfByte } from "../../bytes/byte_string.ts";
import { dataOf } from "../../bytes/copy.ts";
import type { Call } from "../../engine/call.ts";
import { typeOf, ValueType } from "../../values/entry.ts";
import { HashAccess } from "../../values/hash/hash.ts";
import type { Strings } from "./sort_elements.ts";

const ASTERISK = 0x2a;
const HASH_SIGN = 0x23;
const MINUS = 0x2d;
const GREATER = 0x3e;

const hash = new HashAccess();

export class SortPattern {
  /** What was found last, lent until the next look-up. */
  data: DataView = new DataView(new ArrayBuffer(0));
  bytes: Uint8Array = new Uint8Array(0);
  offset = 0;
  length = 0;

  /** Whether the pattern stands for the element. */
  readonly isElement: boolean;
  /** Where the asterisk is; -1 when there is none, and nothing is ever found. */
  private readonly asterisk: number;
  /** The hash's field, null when the pattern names a string. */
  private readonly field: DataView | null;
  /** What stands before and behind the asterisk. */
  private readonly prefix: Uint8Array;
  private readonly suffix: Uint8Array;

  /** @param pattern lent until the command returns. */
  constructor(pattern: Uint8Array) {
    this.isElement = pattern.length === 1 && pattern[0] === HASH_SIGN;
    this.asterisk = indexOfByte(pattern, ASTERISK, 0, pattern.length);
    const arrow = this.asterisk < 0 ? -1 : arrowAfter(pattern, this.asterisk);
    this.field = arrow < 0 ? null : dataOf(pattern.subarray(arrow + 2));
    this.prefix = pattern.subarray(0, Math.max(0, this.asterisk));
    this.suffix = pattern.subarray(this.asterisk + 1, arrow < 0 ? pattern.length : arrow);
  }

  /** Whether every element has the same key, so that there is nothing to sort by. */
  get isConstant(): boolean {
    return this.asterisk < 0;
  }

  /** Points at what the pattern means for an element; false when there is no such thing. */
  find(call: Call, elements: Strings, index: number): boolean {
    if (this.isElement) {
      this.point(elements.data, elements.bytes, elements.offsets[index], elements.lengths[index]);
      return true;
    }
    if (this.asterisk < 0) return false;
    const { db } = call;
    const key = this.keyFor(elements, index);
    const ref = db.lookUpRead(dataOf(key), 0, key.length);
    if (ref === 0) return false;
    const type = typeOf(db.arena, ref);
    if (this.field === null) {
      if (type !== ValueType.STRING) return false;
      const text = db.stringOf(ref);
      this.point(text.data, text.bytes, text.offset, text.length);
      return true;
    }
    if (type !== ValueType.HASH) return false;
    if (!hash.open(db, ref).get(this.field, 0, this.field.byteLength)) return false;
    this.point(hash.data, hash.bytes, hash.offset, hash.length);
    return true;
  }

  private keyFor(elements: Strings, index: number): Uint8Array {
    const { prefix, suffix } = this;
    const start = elements.offsets[index];
    const length = elements.lengths[index];
    const key = new Uint8Array(prefix.length + length + suffix.length);
    key.set(prefix);
    key.set(elements.bytes.subarray(start, start + length), prefix.length);
    key.set(suffix, prefix.length + length);
    return key;
  }

  private point(data: DataView, bytes: Uint8Array, offset: number, length: number): void {
    this.data = data;
    this.bytes = bytes;
    this.offset = offset;
    this.length = length;
  }
}

/** Where `->` stands behind the asterisk with a field after it; -1 when it does not. */
function arrowAfter(pattern: Uint8Array, asterisk: number): number {
  for (let at = asterisk + 1; at + 1 < pattern.length; at++) {
    if (pattern[at] === MINUS && pattern[at + 1] === GREATER) {
      return at + 2 < pattern.length ? at : -1;
    }
  }
  return -1;
}
