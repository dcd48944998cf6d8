/**
 * Ids of 128 bits: two unsigned 64-bit numbers, the first of which decides the order. Each is kept as
 * two unsigned 32-bit words, which is exact over the whole range and allocates nothing. [hot]
 */

import * as integerModule from "../bytes/integer.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { formatBigInteger, formatInteger } = integerModule;

const TWO_TO_32 = 2 ** 32;
const MAX_WORD = 0xffffffff;
/** Above this a number of 64 bits is not exact as a double. */
const SAFE_HIGH = 0x1fffff;
/** Longest text of an id: two numbers of 20 digits and what parts them. */
export const ID_TEXT_BYTES = 41;

const text = new Uint8Array(ID_TEXT_BYTES);

/**
 * One id, which can be set to another.
 *
 * @example
 * ```ts
 * import { StreamId } from "./stream_id.ts";
 *
 * const id = StreamId.of(5n, 2n ** 64n - 1n);
 * id.increment();
 * if (id.toString() !== "6-0") throw new Error("unexpected");
 * ```
 */
export class StreamId {
  msHigh = 0;
  msLow = 0;
  seqHigh = 0;
  seqLow = 0;

  static of(ms: bigint, seq: bigint): StreamId {
    const id = new StreamId();
    id.ms = ms;
    id.seq = seq;
    return id;
  }

  static max(): StreamId {
    return new StreamId().setMax();
  }

  get ms(): bigint {
    return BigInt(this.msHigh) << 32n | BigInt(this.msLow);
  }

  set ms(value: bigint) {
    this.msHigh = Number(BigInt.asUintN(32, value >> 32n));
    this.msLow = Number(BigInt.asUintN(32, value));
  }

  get seq(): bigint {
    return BigInt(this.seqHigh) << 32n | BigInt(this.seqLow);
  }

  set seq(value: bigint) {
    this.seqHigh = Number(BigInt.asUintN(32, value >> 32n));
    this.seqLow = Number(BigInt.asUintN(32, value));
  }

  set(other: StreamId): this {
    return this.setWords(other.msHigh, other.msLow, other.seqHigh, other.seqLow);
  }

  setWords(msHigh: number, msLow: number, seqHigh: number, seqLow: number): this {
    this.msHigh = msHigh;
    this.msLow = msLow;
    this.seqHigh = seqHigh;
    this.seqLow = seqLow;
    return this;
  }

  setZero(): this {
    return this.setWords(0, 0, 0, 0);
  }

  setMax(): this {
    return this.setWords(MAX_WORD, MAX_WORD, MAX_WORD, MAX_WORD);
  }

  /** Sets the first number to a safe integer and the second to 0. */
  setMilliseconds(ms: number): this {
    return this.setWords(Math.floor(ms / TWO_TO_32), ms >>> 0, 0, 0);
  }

  /** Adds a signed 64-bit number, as its halves, to the first number, modulo 2^64. */
  addMilliseconds(high: number, low: number): void {
    const sum = this.msLow + (low >>> 0);
    this.msHigh = (this.msHigh + high + (sum > MAX_WORD ? 1 : 0)) >>> 0;
    this.msLow = sum >>> 0;
  }

  /** The same to the second number. */
  addSequence(high: number, low: number): void {
    const sum = this.seqLow + (low >>> 0);
    this.seqHigh = (this.seqHigh + high + (sum > MAX_WORD ? 1 : 0)) >>> 0;
    this.seqLow = sum >>> 0;
  }

  get isZero(): boolean {
    return this.msHigh === 0 && this.msLow === 0 && this.seqHigh === 0 && this.seqLow === 0;
  }

  get isMax(): boolean {
    return this.msHigh === MAX_WORD && this.msLow === MAX_WORD && this.seqHigh === MAX_WORD &&
      this.seqLow === MAX_WORD;
  }

  /** Below 0, 0 or above 0. */
  compare(other: StreamId): number {
    return this.compareWords(other.msHigh, other.msLow, other.seqHigh, other.seqLow);
  }

  compareWords(msHigh: number, msLow: number, seqHigh: number, seqLow: number): number {
    if (this.msHigh !== msHigh) return this.msHigh - msHigh;
    if (this.msLow !== msLow) return this.msLow - msLow;
    if (this.seqHigh !== seqHigh) return this.seqHigh - seqHigh;
    return this.seqLow - seqLow;
  }

  hasSameMilliseconds(other: StreamId): boolean {
    return this.msHigh === other.msHigh && this.msLow === other.msLow;
  }

  /** Goes to the next id; from the last one to the first, and then returns false. */
  increment(): boolean {
    if (this.seqLow !== MAX_WORD) this.seqLow++;
    else {
      this.seqLow = 0;
      if (this.seqHigh !== MAX_WORD) this.seqHigh++;
      else {
        this.seqHigh = 0;
        if (this.msLow !== MAX_WORD) this.msLow++;
        else {
          this.msLow = 0;
          this.msHigh = this.msHigh === MAX_WORD ? 0 : this.msHigh + 1;
          return this.msHigh !== 0;
        }
      }
    }
    return true;
  }

  /** Goes to the id before; from the first one to the last, and then returns false. */
  decrement(): boolean {
    if (this.seqLow !== 0) this.seqLow--;
    else {
      this.seqLow = MAX_WORD;
      if (this.seqHigh !== 0) this.seqHigh--;
      else {
        this.seqHigh = MAX_WORD;
        if (this.msLow !== 0) this.msLow--;
        else {
          this.msLow = MAX_WORD;
          this.msHigh = this.msHigh === 0 ? MAX_WORD : this.msHigh - 1;
          return this.msHigh !== MAX_WORD;
        }
      }
    }
    return true;
  }

  /** Writes the first number as text, of at most 20 bytes; returns how many it took. */
  formatMilliseconds(target: Uint8Array, at: number): number {
    return formatWords(this.msHigh, this.msLow, target, at);
  }

  /** The same for the second number, which is mostly a small one. */
  formatSequence(target: Uint8Array, at: number): number {
    if (this.seqHigh === 0 && this.seqLow < 10) {
      target[at] = 0x30 + this.seqLow;
      return 1;
    }
    return formatWords(this.seqHigh, this.seqLow, target, at);
  }

  /** Writes it as text, e.g. `5-0`, where 41 bytes must be free; returns how many it took. */
  format(target: Uint8Array, at: number, separator = 0x2d): number {
    let end = at + formatWords(this.msHigh, this.msLow, target, at);
    target[end++] = separator;
    end += formatWords(this.seqHigh, this.seqLow, target, end);
    return end - at;
  }

  toString(): string {
    return String.fromCharCode(...text.subarray(0, this.format(text, 0)));
  }
}

function formatWords(high: number, low: number, target: Uint8Array, at: number): number {
  if (high <= SAFE_HIGH) return formatInteger(high * TWO_TO_32 + low, target, at);
  const value = BigInt(high) << 32n | BigInt(low);
  if (value < 2n ** 63n) return formatBigInteger(value, target, at);
  const digits = value.toString();
  for (let i = 0; i < digits.length; i++) target[at + i] = digits.charCodeAt(i);
  return digits.length;
}
