/** Sorted sets to and from RDB bytes: small ones as listpack, others with scores as doubles. */

import { dataOf } from "../../bytes/copy.ts";
import { fromLatin1 } from "../../bytes/byte_string.ts";
import { formatDouble } from "../../bytes/double.ts";
import type { ByteSlice } from "../../rdb/byte_slice.ts";
import { ListpackWriter } from "../../rdb/listpack.ts";
import { RdbType } from "../../rdb/opcodes.ts";
import type { RdbReader } from "../../rdb/rdb_reader.ts";
import type { RdbWriter } from "../../rdb/rdb_writer.ts";
import type { ScoreSink } from "../../rdb/value_reader.ts";
import { readSortedSet } from "../../rdb/value_reader.ts";
import { Encoding, encodingOf, ValueType } from "../entry.ts";
import type { ValueHome } from "../value.ts";
import { type LooseValue, SLICE_ELEMENTS, type ValueCodec } from "../value_codec.ts";
import { SortedSetAccess } from "./sorted_set.ts";

export const SORTED_SET_CODEC: ValueCodec = {
  rdbTypeOf(home: ValueHome, ref: number): number {
    const packed = encodingOf(home.arena, ref) === Encoding.LISTPACK;
    return packed ? RdbType.ZSET_LISTPACK : RdbType.ZSET_2;
  },

  /** Large ones begin with the highest score, as Redis writes them. */
  save(writer: RdbWriter, home: ValueHome, ref: number): void {
    const set = new SortedSetAccess().open(home, ref);
    if (set.encoding === Encoding.LISTPACK) return writer.stringOf(packed(set));
    writer.lengthOf(set.size);
    set.seek(set.size - 1);
    do {
      writer.string(set.data, set.offset, set.length);
      writer.binaryDouble(set.score);
    } while (set.previous());
  },

  *saveSlices(writer: RdbWriter, home: ValueHome, ref: number): Generator<void, void> {
    const set = new SortedSetAccess().open(home, ref);
    if (set.encoding === Encoding.LISTPACK) return writer.stringOf(packed(set));
    writer.lengthOf(set.size);
    set.seek(set.size - 1);
    let left = SLICE_ELEMENTS;
    do {
      writer.string(set.data, set.offset, set.length);
      writer.binaryDouble(set.score);
      if (--left > 0) continue;
      left = SLICE_ELEMENTS;
      yield;
    } while (set.previous());
  },

  load(reader: RdbReader, rdbType: number, home: ValueHome): LooseValue {
    const set = new SortedSetAccess().create(home);
    try {
      readSortedSet(reader, rdbType, new MemberSink(set));
    } catch (error) {
      set.release();
      throw error;
    }
    const { encoding, storage, value, size } = set;
    return { type: ValueType.SORTED_SET, encoding, storage, value, size };
  },
};

class MemberSink implements ScoreSink {
  constructor(private readonly set: SortedSetAccess) {}

  member(member: ByteSlice, score: number): boolean {
    const { data, offset, length } = member;
    if (this.set.find(data, offset, length) >= 0) return false;
    this.set.insert(score, data, offset, length);
    return true;
  }
}

function packed(set: SortedSetAccess): Uint8Array {
  const target = new ListpackWriter();
  set.seek(0);
  do {
    target.append(set.data, set.offset, set.length);
    const score = dataOf(fromLatin1(scoreText(set.score)));
    target.append(score, 0, score.byteLength);
  } while (set.next());
  return target.finish();
}

/** Whole numbers up to this size are written as integers, as in Redis. */
const LARGEST_INTEGER = 2 ** 62;

function scoreText(score: number): string {
  const whole = Number.isInteger(score) && Math.abs(score) <= LARGEST_INTEGER;
  return whole ? String(BigInt(score)) : formatDouble(score);
}
