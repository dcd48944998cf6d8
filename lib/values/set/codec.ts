/** Sets to and from RDB bytes: integers as intset, all others member by member. */

import { latin1 } from "../../bytes/byte_string.ts";
import type { ByteSlice } from "../../rdb/byte_slice.ts";
import { encodeIntset } from "../../rdb/intset.ts";
import { RdbType } from "../../rdb/opcodes.ts";
import type { RdbReader } from "../../rdb/rdb_reader.ts";
import type { RdbWriter } from "../../rdb/rdb_writer.ts";
import type { ElementSink } from "../../rdb/value_reader.ts";
import { readSet } from "../../rdb/value_reader.ts";
import { Encoding, encodingOf, ValueType } from "../entry.ts";
import type { ValueHome } from "../value.ts";
import { type LooseValue, SLICE_ELEMENTS, type ValueCodec } from "../value_codec.ts";
import { SetAccess } from "./set.ts";

export const SET_CODEC: ValueCodec = {
  rdbTypeOf(home: ValueHome, ref: number): number {
    const packed = encodingOf(home.arena, ref) === Encoding.INTSET;
    return packed ? RdbType.SET_INTSET : RdbType.SET;
  },

  save(writer: RdbWriter, home: ValueHome, ref: number): void {
    const set = new SetAccess().open(home, ref);
    if (set.encoding === Encoding.INTSET) return writer.stringOf(intset(set));
    writer.lengthOf(set.size);
    for (let handle = set.first(); handle >= 0; handle = set.next(handle)) {
      set.point(handle);
      writer.string(set.data, set.offset, set.length);
    }
  },

  *saveSlices(writer: RdbWriter, home: ValueHome, ref: number): Generator<void, void> {
    if (encodingOf(home.arena, ref) === Encoding.INTSET) return this.save(writer, home, ref);
    const set = new SetAccess().open(home, ref);
    writer.lengthOf(set.size);
    let left = SLICE_ELEMENTS;
    for (let handle = set.first(); handle >= 0; handle = set.next(handle)) {
      set.point(handle);
      writer.string(set.data, set.offset, set.length);
      if (--left > 0) continue;
      left = SLICE_ELEMENTS;
      yield;
    }
  },

  load(reader: RdbReader, rdbType: number, home: ValueHome): LooseValue {
    const set = new SetAccess().create(home);
    try {
      readSet(reader, rdbType, new MemberSink(set));
    } catch (error) {
      set.release();
      throw error;
    }
    const { encoding, storage, value, size } = set;
    return { type: ValueType.SET, encoding, storage, value, size };
  },
};

class MemberSink implements ElementSink {
  constructor(private readonly set: SetAccess) {}

  element(member: ByteSlice): boolean {
    return this.set.add(member.data, member.offset, member.length);
  }
}

/** The members are in ascending order already. */
function intset(set: SetAccess): Uint8Array {
  const values = new BigInt64Array(set.size);
  let i = 0;
  for (let handle = set.first(); handle >= 0; handle = set.next(handle)) {
    set.point(handle);
    values[i++] = BigInt(latin1(set.copyMember()));
  }
  return encodeIntset(values);
}
