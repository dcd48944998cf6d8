/**
 * Hashes to and from RDB bytes: small ones as listpack, others field by field. Only Redis 7.4 and
 * later know fields that expire: such a hash is written in their format and needs their version.
 */

import type { ByteSlice } from "../../rdb/byte_slice.ts";
import { ListpackWriter } from "../../rdb/listpack.ts";
import { RDB_VERSION_FIELD_EXPIRY, RdbType } from "../../rdb/opcodes.ts";
import type { RdbReader } from "../../rdb/rdb_reader.ts";
import type { RdbWriter } from "../../rdb/rdb_writer.ts";
import type { FieldSink } from "../../rdb/value_reader.ts";
import { readHash } from "../../rdb/value_reader.ts";
import { Encoding, encodingOf, Storage, storageOf, ValueType } from "../entry.ts";
import type { ValueHome } from "../value.ts";
import { type LooseValue, SLICE_ELEMENTS, type ValueCodec } from "../value_codec.ts";
import { ValueDraft } from "../value_draft.ts";
import { HashAccess } from "./hash.ts";
import type { LargeHash } from "./large_hash.ts";

export const HASH_CODEC: ValueCodec = {
  rdbTypeOf(home: ValueHome, ref: number): number {
    if (firstExpiry(home, ref) !== Infinity) return RdbType.HASH_METADATA;
    const packed = encodingOf(home.arena, ref) === Encoding.LISTPACK;
    return packed ? RdbType.HASH_LISTPACK : RdbType.HASH;
  },

  save(writer: RdbWriter, home: ValueHome, ref: number): void {
    const hash = new HashAccess().open(home, ref);
    const earliest = firstExpiry(home, ref);
    if (earliest !== Infinity) return saveExpiring(writer, hash, earliest);
    if (encodingOf(home.arena, ref) === Encoding.LISTPACK) return savePacked(writer, hash);
    writer.lengthOf(hash.size);
    hash.forEach((data, field, fieldLength, value, valueLength) => {
      writer.string(data, field, fieldLength);
      writer.string(data, value, valueLength);
    });
  },

  /** Only the table of a large hash is walked in steps: nothing moves its records meanwhile. */
  *saveSlices(writer: RdbWriter, home: ValueHome, ref: number): Generator<void, void> {
    if (storageOf(home.arena, ref) !== Storage.OBJECT) return this.save(writer, home, ref);
    const hash = new HashAccess().open(home, ref);
    const { table, dueTime: earliest } = home.objects.get(home.valueWordOf(ref)) as LargeHash;
    const expires = earliest !== Infinity;
    if (expires) beginExpiring(writer, earliest);
    writer.lengthOf(hash.size);
    let left = SLICE_ELEMENTS;
    for (let chain = 0; chain < table.chainCount; chain++) {
      for (let place = table.chainHead(chain); place !== 0; place = table.nextInChain(place)) {
        if (hash.isGone(place)) continue;
        if (expires) saveTime(writer, hash.expiresAt(place), earliest);
        savePair(writer, hash, place);
        left--;
      }
      if (left > 0) continue;
      left = SLICE_ELEMENTS;
      yield;
    }
  },

  load(reader: RdbReader, rdbType: number, home: ValueHome): LooseValue {
    const hash = new HashAccess();
    const draft = new ValueDraft(home, ValueType.HASH, {
      type: ValueType.HASH,
      encoding: Encoding.LISTPACK,
      storage: Storage.BLOCK,
      value: hash.newBlock(home, 0),
      size: 0,
    });
    try {
      readHash(reader, rdbType, new HashSink(hash.open(draft, draft.ref), home.fieldsExpireUpTo));
    } catch (error) {
      draft.drop();
      throw error;
    }
    return draft.take(hash.size);
  },
};

class HashSink implements FieldSink {
  /** @param expireUpTo fields whose time is up to this are left out. */
  constructor(private readonly hash: HashAccess, private readonly expireUpTo: number) {}

  field(field: ByteSlice, value: ByteSlice, expiresAtMs: number): boolean {
    const { hash } = this;
    if (expiresAtMs !== 0 && expiresAtMs <= this.expireUpTo) return true;
    const { data, offset, length } = field;
    if (!hash.set(data, offset, length, value.data, value.offset, value.length)) return false;
    if (expiresAtMs !== 0) hash.setExpiry(data, offset, length, expiresAtMs);
    return true;
  }
}

function savePacked(writer: RdbWriter, hash: HashAccess): void {
  const packed = new ListpackWriter();
  hash.forEach((data, field, fieldLength, value, valueLength) => {
    packed.append(data, field, fieldLength);
    packed.append(data, value, valueLength);
  });
  writer.stringOf(packed.finish());
}

/** Times are written as what they are after the earliest, plus one; 0 is for "does not expire". */
function saveExpiring(writer: RdbWriter, hash: HashAccess, earliest: number): void {
  const places = hash.places();
  beginExpiring(writer, earliest);
  writer.lengthOf(places.length);
  for (const place of places) {
    saveTime(writer, hash.expiresAt(place), earliest);
    savePair(writer, hash, place);
  }
}

function beginExpiring(writer: RdbWriter, earliest: number): void {
  writer.version = Math.max(writer.version, RDB_VERSION_FIELD_EXPIRY);
  writer.milliseconds(BigInt(earliest));
}

function saveTime(writer: RdbWriter, time: number, earliest: number): void {
  writer.lengthOf(time === -1 ? 0 : time - earliest + 1);
}

function savePair(writer: RdbWriter, hash: HashAccess, place: number): void {
  hash.pointField(place);
  writer.string(hash.data, hash.offset, hash.length);
  hash.pointValue(place);
  writer.string(hash.data, hash.offset, hash.length);
}

/** When the first of a hash's fields expires, in Unix milliseconds; Infinity when none does. */
function firstExpiry(home: ValueHome, ref: number): number {
  if (storageOf(home.arena, ref) !== Storage.OBJECT) return Infinity;
  return (home.objects.get(home.valueWordOf(ref)) as LargeHash).dueTime;
}
