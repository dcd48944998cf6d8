/**
 * HyperLogLog counting: about how many different elements there were, from 16384 small registers.
 * The bytes are those of redis-server, so that what one has counted the other goes on with.
 *
 * ```
 * "HYLL" │ encoding (1 byte: 0 dense, 1 sparse) │ 3 bytes unused │ cardinality (8 bytes) │ registers
 * ```
 *
 * The cardinality is what the last count came to, little-endian; its highest bit says that registers
 * have changed since. _Dense_ registers are 6 bits each, the lowest bits of a byte first. _Sparse_
 * ones are runs, of which a few thousand bytes are worth keeping before all become dense:
 *
 * ```
 * 00llllll            l + 1 registers that are 0
 * 01llllll llllllll   the same, for up to 16384 of them
 * 1vvvvvll            l + 1 registers that are v + 1
 * ```
 *
 * Sources: Flajolet, Fusy, Gandouet and Meunier, "HyperLogLog" (2007); Heule, Nunkesser and Hall,
 * "HyperLogLog in Practice" (2013) for sparse registers; Ertl, "New cardinality estimation
 * algorithms for HyperLogLog sketches" (2017), algorithms 4 and 6, for the estimate; redis-server's
 * hyperloglog.c for where it splits and joins runs, which must be the same for the bytes to be.
 */

import { invariant } from "../host/invariant.ts";
import { type MurmurHash, murmurHash64 } from "../bytes/murmur_hash.ts";

/** Registers; an element's hash chooses one by its lowest 14 bits. */
export const REGISTERS = 16384;
const INDEX_BITS = 14;
/** Bits of a hash that are counted in. */
const PATTERN_BITS = 50;
export const HEADER_BYTES = 16;
const REGISTER_BITS = 6;
export const DENSE_BYTES: number = HEADER_BYTES + REGISTERS * REGISTER_BITS / 8;
const ENCODING_AT = 4;
const CARDINALITY_AT = 8;
/** The byte whose highest bit says that the cardinality is out of date. */
const STALE_AT = 15;
const STALE = 0x80;
const MAGIC = [0x48, 0x59, 0x4c, 0x4c];
const ZERO_RUN = 64;
const VALUE_RUN = 4;
/** The largest register that the sparse form can hold. */
const SPARSE_MAX = 32;
/** Runs looked at for joining after a change, from the one before it on. */
const JOINED_RUNS = 5;
/** Bytes by which one change can lengthen the sparse form. */
const SPARSE_GROWTH = 3;
const HASH_SEED = 0xadc83b19;
/** 1 / (2 ln 2). */
const ALPHA = 0.721347520444481703680;

export const HyperLogLogEncoding = { DENSE: 0, SPARSE: 1 } as const;

/** What adding did. */
export const Added = { NO: 0, YES: 1, CORRUPTED: -1 } as const;

/** One such counter, in memory of its own. Instances are reused by {@linkcode load}. */
export class HyperLogLog {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(DENSE_BYTES);
  /** How many of the bytes are the counter's. */
  length = 0;
  private readonly hash: MurmurHash = { high: 0, low: 0 };

  /** Begins anew with nothing counted, in the sparse form. */
  clear(): this {
    const { bytes } = this;
    bytes.fill(0, 0, HEADER_BYTES);
    bytes.set(MAGIC);
    bytes[ENCODING_AT] = HyperLogLogEncoding.SPARSE;
    writeLongZeros(bytes, HEADER_BYTES, REGISTERS);
    this.length = HEADER_BYTES + 2;
    return this;
  }

  /** Copies a counter that {@linkcode isHyperLogLog} has found to be one. */
  load(bytes: Uint8Array, offset: number, length: number): this {
    if (this.bytes.length < length + SPARSE_GROWTH) {
      this.bytes = new Uint8Array(length + SPARSE_GROWTH);
    }
    this.bytes.set(bytes.subarray(offset, offset + length));
    this.length = length;
    return this;
  }

  get isSparse(): boolean {
    return this.bytes[ENCODING_AT] === HyperLogLogEncoding.SPARSE;
  }

  /**
   * Counts an element.
   *
   * @param sparseLimit bytes past which the sparse form is left.
   * @return one of {@linkcode Added}; after CORRUPTED the bytes are to be thrown away.
   */
  add(data: DataView, offset: number, length: number, sparseLimit: number): number {
    const { hash } = this;
    murmurHash64(data, offset, length, HASH_SEED, hash);
    return this.raise(hash.low & (REGISTERS - 1), patternLength(hash), sparseLimit);
  }

  /** Makes a register at least `value`. */
  raise(index: number, value: number, sparseLimit: number): number {
    if (!this.isSparse) return raiseDense(this.bytes, HEADER_BYTES, index, value);
    if (value <= SPARSE_MAX) {
      const added = this.raiseSparse(index, value, sparseLimit);
      if (added !== TOO_LONG) return added;
    }
    if (!this.toDense()) return Added.CORRUPTED;
    return raiseDense(this.bytes, HEADER_BYTES, index, value);
  }

  /** Takes the larger of each register and that of a list of {@linkcode REGISTERS}. */
  raiseAll(registers: Uint8Array, sparseLimit: number): void {
    for (let i = 0; i < REGISTERS; i++) {
      if (registers[i] !== 0) this.raise(i, registers[i], sparseLimit);
    }
  }

  /** Changes to the dense form; false when the runs are not for all registers or too many. */
  toDense(): boolean {
    if (!this.isSparse) return true;
    const dense = new Uint8Array(DENSE_BYTES + SPARSE_GROWTH);
    dense.set(this.bytes.subarray(0, HEADER_BYTES));
    dense[ENCODING_AT] = HyperLogLogEncoding.DENSE;
    const complete = eachValueRun(this.bytes, this.length, (from, count, value) => {
      for (let i = from; i < from + count; i++) raiseDense(dense, HEADER_BYTES, i, value);
    });
    if (!complete) return false;
    this.bytes = dense;
    this.length = DENSE_BYTES;
    return true;
  }

  /** Notes that the registers have changed since the cardinality was computed. */
  invalidate(): void {
    this.bytes[STALE_AT] |= STALE;
  }

  /** Raises `registers` to those of this counter; false when it is corrupted. */
  mergeInto(registers: Uint8Array): boolean {
    if (this.isSparse) {
      return eachValueRun(this.bytes, this.length, (from, count, value) => {
        for (let i = from; i < from + count; i++) if (registers[i] < value) registers[i] = value;
      });
    }
    for (let i = 0; i < REGISTERS; i++) {
      const value = denseRegister(this.bytes, HEADER_BYTES, i);
      if (registers[i] < value) registers[i] = value;
    }
    return true;
  }

  /** About how many different elements were counted; -1 when the bytes are corrupted. */
  estimate(): number {
    const histogram = new Int32Array(64);
    if (this.isSparse) {
      if (!sparseHistogram(this.bytes, this.length, histogram)) return -1;
    } else {
      for (let i = 0; i < REGISTERS; i++) histogram[denseRegister(this.bytes, HEADER_BYTES, i)]++;
    }
    return estimateOf(histogram);
  }

  /** The runs of the sparse form as PFDEBUG DECODE shows them: `Z:100 v:2,1 Z:16283`. */
  describeRuns(): string {
    const runs: string[] = [];
    for (let at = HEADER_BYTES; at < this.length; at += runBytes(this.bytes, at)) {
      const kind = isValue(this.bytes[at]) ? "v" : isLong(this.bytes[at]) ? "Z" : "z";
      const count = runLength(this.bytes, at, this.length);
      runs.push(kind === "v" ? `v:${valueOf(this.bytes[at])},${count}` : `${kind}:${count}`);
    }
    return runs.join(" ");
  }

  /** {@linkcode raise} for the sparse form; TOO_LONG, with nothing changed, when that must end. */
  private raiseSparse(index: number, value: number, limit: number): number {
    this.makeRoom();
    const { bytes } = this;
    let at = HEADER_BYTES;
    let before = HEADER_BYTES;
    let first = 0;
    let count = 0;
    while (at < this.length) {
      count = runLength(bytes, at, this.length);
      if (index < first + count) break;
      before = at;
      first += count;
      at += runBytes(bytes, at);
    }
    if (at >= this.length) return Added.CORRUPTED;
    const first0 = bytes[at];
    if (isValue(first0) && valueOf(first0) >= value) return Added.NO;
    if (count === 1 && !isLong(first0)) writeValue(bytes, at, value, 1);
    else if (!this.split(at, index - first, first + count - 1 - index, value, limit)) {
      return TOO_LONG;
    }
    this.join(before);
    this.invalidate();
    return Added.YES;
  }

  /** Replaces the run at a place by the part `before` a register, that one, and the part `after`. */
  private split(at: number, before: number, after: number, value: number, limit: number): boolean {
    const { bytes } = this;
    const old = bytes[at];
    let end = 0;
    if (before > 0) end = writeRun(PIECES, end, old, before);
    end = writeValue(PIECES, end, value, 1);
    if (after > 0) end = writeRun(PIECES, end, old, after);
    const oldBytes = runBytes(bytes, at);
    const grown = end - oldBytes;
    if (grown > 0 && this.length + grown > limit) return false;
    const next = Math.min(at + oldBytes, this.length);
    bytes.copyWithin(at + end, next, this.length);
    this.length += grown;
    for (let i = 0; i < end; i++) bytes[at + i] = PIECES[i];
    return true;
  }

  /** Joins runs of the same value near a change. */
  private join(from: number): void {
    const { bytes } = this;
    let at = from;
    for (let runs = JOINED_RUNS; runs > 0 && at < this.length; runs--) {
      const next = at + 1;
      if (isValue(bytes[at]) && next < this.length && isValue(bytes[next])) {
        const value = valueOf(bytes[at]);
        const count = (bytes[at] & 3) + (bytes[next] & 3) + 2;
        if (value === valueOf(bytes[next]) && count <= VALUE_RUN) {
          writeValue(bytes, next, value, count);
          bytes.copyWithin(at, next, this.length);
          this.length--;
          continue;
        }
      }
      at += runBytes(bytes, at);
    }
  }

  private makeRoom(): void {
    if (this.bytes.length >= this.length + SPARSE_GROWTH) return;
    const larger = new Uint8Array(this.length * 2 + SPARSE_GROWTH);
    larger.set(this.bytes);
    this.bytes = larger;
  }
}

/** What {@linkcode HyperLogLog.raise} takes as a sign to leave the sparse form. */
const TOO_LONG = -2;
const PIECES = new Uint8Array(5);

/** Whether the bytes begin as a counter does and, if dense, have the right length. */
export function isHyperLogLog(bytes: Uint8Array, offset: number, length: number): boolean {
  if (length < HEADER_BYTES) return false;
  for (let i = 0; i < MAGIC.length; i++) if (bytes[offset + i] !== MAGIC[i]) return false;
  const encoding = bytes[offset + ENCODING_AT];
  if (encoding === HyperLogLogEncoding.DENSE) return length === DENSE_BYTES;
  return encoding === HyperLogLogEncoding.SPARSE;
}

/** Whether a counter's bytes are in the dense form. */
export function isDense(bytes: Uint8Array, offset: number): boolean {
  return bytes[offset + ENCODING_AT] === HyperLogLogEncoding.DENSE;
}

/** Counts an element in place, in the bytes of a dense counter; one of {@linkcode Added}. */
export function addToDense(
  bytes: Uint8Array,
  offset: number,
  element: DataView,
  elementOffset: number,
  elementLength: number,
): number {
  murmurHash64(element, elementOffset, elementLength, HASH_SEED, HASH);
  const index = HASH.low & (REGISTERS - 1);
  const added = raiseDense(bytes, offset + HEADER_BYTES, index, patternLength(HASH));
  if (added === Added.YES) bytes[offset + STALE_AT] |= STALE;
  return added;
}

const HASH: MurmurHash = { high: 0, low: 0 };

/** The cardinality that was computed last, or null when the registers have changed since. */
export function cachedCardinality(bytes: Uint8Array, offset: number): bigint | null {
  if ((bytes[offset + STALE_AT] & STALE) !== 0) return null;
  let value = 0n;
  for (let i = 7; i >= 0; i--) value = value << 8n | BigInt(bytes[offset + CARDINALITY_AT + i]);
  return value;
}

export function cacheCardinality(bytes: Uint8Array, offset: number, value: number): void {
  let rest = value;
  for (let i = 0; i < 8; i++) {
    bytes[offset + CARDINALITY_AT + i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** The estimate for a list of {@linkcode REGISTERS}, a byte each. */
export function estimateRegisters(registers: Uint8Array): number {
  const histogram = new Int32Array(64);
  for (let i = 0; i < REGISTERS; i++) histogram[registers[i]]++;
  return estimateOf(histogram);
}

/** Ertl's estimator over how often each value is found. */
function estimateOf(histogram: Int32Array): number {
  const m = REGISTERS;
  let z = m * tau((m - histogram[PATTERN_BITS + 1]) / m);
  for (let value = PATTERN_BITS; value >= 1; value--) z = (z + histogram[value]) * 0.5;
  z += m * sigma(histogram[0] / m);
  return Math.round(ALPHA * m * m / z);
}

function sigma(x: number): number {
  if (x === 1) return Infinity;
  let y = 1;
  let z = x;
  for (let before = NaN; z !== before;) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(x: number): number {
  if (x === 0 || x === 1) return 0;
  let y = 1;
  let z = 1 - x;
  for (let before = NaN; z !== before;) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  }
  return z / 3;
}

/** The place of the lowest one bit above the index, counted from 1; 51 when there is none. */
function patternLength(hash: MurmurHash): number {
  const low = (hash.low >>> INDEX_BITS) | hash.high << (32 - INDEX_BITS);
  if (low !== 0) return lowestBit(low) + 1;
  // Bit 50 is set in any case, so that the count ends.
  const high = (hash.high >>> INDEX_BITS) | 1 << (PATTERN_BITS - 32);
  return lowestBit(high) + 33;
}

function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}

/** The register of a dense list that begins at `start`. */
export function denseRegister(bytes: Uint8Array, start: number, index: number): number {
  const bit = index * REGISTER_BITS;
  const at = start + (bit >>> 3);
  const shift = bit & 7;
  if (shift <= 8 - REGISTER_BITS) return bytes[at] >>> shift & 63;
  return (bytes[at] | bytes[at + 1] << 8) >>> shift & 63;
}

function raiseDense(bytes: Uint8Array, start: number, index: number, value: number): number {
  if (denseRegister(bytes, start, index) >= value) return Added.NO;
  const bit = index * REGISTER_BITS;
  const at = start + (bit >>> 3);
  const shift = bit & 7;
  if (shift <= 8 - REGISTER_BITS) {
    bytes[at] = (bytes[at] & ~(63 << shift)) | value << shift;
    return Added.YES;
  }
  const both = ((bytes[at] | bytes[at + 1] << 8) & ~(63 << shift)) | value << shift;
  bytes[at] = both;
  bytes[at + 1] = both >>> 8;
  return Added.YES;
}

/** Fills in the histogram; false when the runs are not for all registers. */
function sparseHistogram(bytes: Uint8Array, length: number, histogram: Int32Array): boolean {
  let registers = 0;
  for (let at = HEADER_BYTES; at < length; at += runBytes(bytes, at)) {
    const count = runLength(bytes, at, length);
    registers += count;
    histogram[isValue(bytes[at]) ? valueOf(bytes[at]) : 0] += count;
  }
  return registers === REGISTERS;
}

/** Visits the runs that are not zeros; false when they are not for all registers. */
function eachValueRun(
  bytes: Uint8Array,
  length: number,
  visit: (from: number, count: number, value: number) => void,
): boolean {
  let index = 0;
  for (let at = HEADER_BYTES; at < length; at += runBytes(bytes, at)) {
    const count = runLength(bytes, at, length);
    if (index + count > REGISTERS) return false;
    if (isValue(bytes[at])) visit(index, count, valueOf(bytes[at]));
    index += count;
  }
  return index === REGISTERS;
}

function isValue(byte: number): boolean {
  return (byte & 0x80) !== 0;
}

/** Whether a run of zeros takes two bytes. */
function isLong(byte: number): boolean {
  return (byte & 0xc0) === 0x40;
}

function valueOf(byte: number): number {
  return (byte >>> 2 & 31) + 1;
}

function runBytes(bytes: Uint8Array, at: number): number {
  return isLong(bytes[at]) ? 2 : 1;
}

/** Registers of a run; a second byte past the end counts as 0. */
function runLength(bytes: Uint8Array, at: number, end: number): number {
  const byte = bytes[at];
  if (isValue(byte)) return (byte & 3) + 1;
  if (!isLong(byte)) return (byte & 63) + 1;
  return ((byte & 63) << 8 | (at + 1 < end ? bytes[at + 1] : 0)) + 1;
}

/** Writes a run like another one, but of `count` registers; where it ends. */
function writeRun(bytes: Uint8Array, at: number, like: number, count: number): number {
  if (isValue(like)) return writeValue(bytes, at, valueOf(like), count);
  if (count > ZERO_RUN) return writeLongZeros(bytes, at, count);
  bytes[at] = count - 1;
  return at + 1;
}

function writeLongZeros(bytes: Uint8Array, at: number, count: number): number {
  bytes[at] = 0x40 | (count - 1) >>> 8;
  bytes[at + 1] = count - 1;
  return at + 2;
}

function writeValue(bytes: Uint8Array, at: number, value: number, count: number): number {
  invariant(count <= VALUE_RUN, "hyperloglog: a run of values is too long");
  bytes[at] = 0x80 | (value - 1) << 2 | (count - 1);
  return at + 1;
}
