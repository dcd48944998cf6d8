/**
 * The basic parts of the RDB format, read with every bound checked: lengths, strings in their four
 * forms, doubles, times. Nothing is allocated because a length promises bytes: a string is shown
 * where it lies, and a compressed one is measured before it is restored.
 */

import { parseDouble } from "../bytes/double.ts";
import { decompressLzf, decompressLzfInto, LzfError } from "../bytes/lzf.ts";
import { ByteSlice } from "./byte_slice.ts";
import type { ByteSource } from "./byte_source.ts";
import { LENGTH_32, LENGTH_64, LengthBits, StringForm } from "./opcodes.ts";
import { RdbError } from "./rdb_error.ts";

/** Scores as text: one byte for the length, of which these stand for a value. */
const NAN_LENGTH = 253;
const POSITIVE_INFINITY_LENGTH = 254;
const NEGATIVE_INFINITY_LENGTH = 255;

/** Compressed strings longer than this are measured before there is memory for them. */
const MEASURED_BYTES = 1 << 12;

/** Every method throws RdbError where the bytes end early or are wrong. */
export class RdbReader {
  constructor(readonly source: ByteSource) {}

  byte(): number {
    const { source } = this;
    const at = source.take(1);
    return source.bytes[at];
  }

  /** A count, or the length of something, up to 2^53 - 1. */
  length(): number {
    const first = this.byte();
    switch (first >>> 6) {
      case LengthBits.SIX:
        return first & 63;
      case LengthBits.FOURTEEN:
        return (first & 63) << 8 | this.byte();
      case LengthBits.LONG:
        return this.longLength(first);
      default:
        throw new RdbError("an encoded string where a length should be");
    }
  }

  /** As {@linkcode length}, up to 2^64 - 1: streams write their counters and ids as lengths. */
  bigLength(): bigint {
    const { source } = this;
    if (this.byte() === LENGTH_64) {
      const at = source.take(8);
      return source.data.getBigUint64(at);
    }
    source.position--;
    return BigInt(this.length());
  }

  /** A string in any of its forms. */
  string(into: ByteSlice): void {
    const { source } = this;
    const first = this.byte();
    if (first >>> 6 !== LengthBits.ENCODED) {
      source.position--;
      const length = this.length();
      const at = source.take(length);
      into.point(source.bytes, source.data, at, length);
      return;
    }
    switch (first & 63) {
      case StringForm.INT8: {
        const at = source.take(1);
        return into.setInteger(source.data.getInt8(at));
      }
      case StringForm.INT16: {
        const at = source.take(2);
        return into.setInteger(source.data.getInt16(at, true));
      }
      case StringForm.INT32: {
        const at = source.take(4);
        return into.setInteger(source.data.getInt32(at, true));
      }
      case StringForm.LZF:
        return this.compressedString(into);
      default:
        throw new RdbError(`unknown form of a string: ${first & 63}`);
    }
  }

  /** A score as binary double; not a number is refused. */
  binaryDouble(): number {
    const { source } = this;
    const at = source.take(8);
    return noNaN(source.data.getFloat64(at, true));
  }

  /** A score as text with its length in one byte; not a number is refused. */
  textDouble(): number {
    const length = this.byte();
    if (length === POSITIVE_INFINITY_LENGTH) return Infinity;
    if (length === NEGATIVE_INFINITY_LENGTH) return -Infinity;
    if (length === NAN_LENGTH) return noNaN(NaN);
    const { source } = this;
    const at = source.take(length);
    return noNaN(parseDouble(source.bytes, at, length));
  }

  /** Signed 64 bits, the lowest first: Unix milliseconds. */
  milliseconds(): bigint {
    const { source } = this;
    const at = source.take(8);
    return source.data.getBigInt64(at, true);
  }

  /** Signed 32 bits, the lowest first: Unix seconds. */
  seconds(): number {
    const { source } = this;
    const at = source.take(4);
    return source.data.getInt32(at, true);
  }

  private longLength(first: number): number {
    const { source } = this;
    if (first === LENGTH_32) {
      const at = source.take(4);
      return source.data.getUint32(at);
    }
    if (first !== LENGTH_64) throw new RdbError(`unknown form of a length: ${first}`);
    const at = source.take(8);
    const length = source.data.getBigUint64(at);
    if (length > Number.MAX_SAFE_INTEGER) throw new RdbError(`a length of ${length}`);
    return Number(length);
  }

  private compressedString(into: ByteSlice): void {
    const compressedLength = this.length();
    const length = this.length();
    const at = this.source.take(compressedLength);
    try {
      const { bytes } = this.source;
      if (length > MEASURED_BYTES) {
        into.pointAll(decompressLzf(bytes, at, compressedLength, length));
      } else decompressLzfInto(bytes, at, compressedLength, length, into.makeRoom(length));
    } catch (error) {
      if (error instanceof LzfError) throw new RdbError(`compressed string: ${error.message}`);
      throw error;
    }
  }
}

function noNaN(score: number): number {
  if (score !== score) throw new RdbError("a score that is not a number");
  return score;
}
