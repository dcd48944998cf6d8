/**
 * Values of all types to and from RDB bytes: which codec serves which type, and strings, which have
 * no codec of their own because an entry holds them itself.
 */

import { ByteSlice } from "../rdb/byte_slice.ts";
import { RdbType } from "../rdb/opcodes.ts";
import { RdbError } from "../rdb/rdb_error.ts";
import type { RdbReader } from "../rdb/rdb_reader.ts";
import type { RdbWriter } from "../rdb/rdb_writer.ts";
import { readWord, Storage, storageOf, typeOf, ValueType } from "./entry.ts";
import { HASH_CODEC } from "./hash/codec.ts";
import { HashAccess } from "./hash/hash.ts";
import { LIST_CODEC } from "./list/codec.ts";
import { SET_CODEC } from "./set/codec.ts";
import { SORTED_SET_CODEC } from "./sorted_set/codec.ts";
import { STREAM_CODEC } from "./stream/codec.ts";
import { StringView } from "./string/string.ts";
import type { ValueHome } from "./value.ts";
import { type LooseValue, SLICE_ELEMENTS, type ValueCodec } from "./value_codec.ts";

/** Bytes of a string that are written in one step. */
const SLICE_BYTES = 1 << 18;
/** Strings that are written in steps are compressed up to this size. */
const COMPRESSED_AT_MOST = 1 << 20;

const CODECS: ReadonlyMap<number, ValueCodec> = new Map([
  [ValueType.LIST, LIST_CODEC],
  [ValueType.SET, SET_CODEC],
  [ValueType.SORTED_SET, SORTED_SET_CODEC],
  [ValueType.HASH, HASH_CODEC],
  [ValueType.STREAM, STREAM_CODEC],
]);

/** What a value of a type in RDB is here; types that are not in the table are not served. */
const TYPE_OF_RDB: ReadonlyMap<number, number> = new Map([
  [RdbType.LIST, ValueType.LIST],
  [RdbType.LIST_ZIPLIST, ValueType.LIST],
  [RdbType.LIST_QUICKLIST, ValueType.LIST],
  [RdbType.LIST_QUICKLIST_2, ValueType.LIST],
  [RdbType.SET, ValueType.SET],
  [RdbType.SET_INTSET, ValueType.SET],
  [RdbType.SET_LISTPACK, ValueType.SET],
  [RdbType.ZSET, ValueType.SORTED_SET],
  [RdbType.ZSET_2, ValueType.SORTED_SET],
  [RdbType.ZSET_ZIPLIST, ValueType.SORTED_SET],
  [RdbType.ZSET_LISTPACK, ValueType.SORTED_SET],
  [RdbType.HASH, ValueType.HASH],
  [RdbType.HASH_ZIPMAP, ValueType.HASH],
  [RdbType.HASH_ZIPLIST, ValueType.HASH],
  [RdbType.HASH_LISTPACK, ValueType.HASH],
  [RdbType.HASH_METADATA, ValueType.HASH],
  [RdbType.HASH_METADATA_PRE_GA, ValueType.HASH],
  [RdbType.HASH_VALKEY, ValueType.HASH],
  [RdbType.HASH_LISTPACK_EX, ValueType.HASH],
  [RdbType.HASH_LISTPACK_EX_PRE_GA, ValueType.HASH],
  [RdbType.STREAM_LISTPACKS, ValueType.STREAM],
  [RdbType.STREAM_LISTPACKS_2, ValueType.STREAM],
  [RdbType.STREAM_LISTPACKS_3, ValueType.STREAM],
]);

const text = new StringView();
const hash = new HashAccess();

/** The type, of {@linkcode RdbType}, as which {@linkcode saveValue} writes an entry's value. */
export function rdbTypeOf(home: ValueHome, ref: number): number {
  const type = typeOf(home.arena, ref);
  return type === ValueType.STRING ? RdbType.STRING : codecOf(type).rdbTypeOf(home, ref);
}

/** Writes an entry's value, its type apart. */
export function saveValue(writer: RdbWriter, home: ValueHome, ref: number): void {
  const type = typeOf(home.arena, ref);
  if (type !== ValueType.STRING) return codecOf(type).save(writer, home, ref);
  text.point(home.arena, ref);
  writer.string(text.data, text.offset, text.length);
}

/** Whether a value takes so long to write that it is to be written in steps. */
export function isLong(home: ValueHome, ref: number): boolean {
  const storage = storageOf(home.arena, ref);
  const value = home.valueWordOf(ref);
  if (storage === Storage.OBJECT) return home.objects.get(value).size > SLICE_ELEMENTS;
  return storage === Storage.BLOCK && readWord(home.arena, value, 0) > SLICE_BYTES;
}

/**
 * As {@linkcode saveValue}, in steps: see {@linkcode ValueCodec.saveSlices}. Strings of more than
 * {@linkcode COMPRESSED_AT_MOST} bytes are written as they are, since to compress one can't be
 * divided.
 */
export function* saveValueSlices(
  writer: RdbWriter,
  home: ValueHome,
  ref: number,
): Generator<void, void> {
  const type = typeOf(home.arena, ref);
  if (type !== ValueType.STRING) return yield* codecOf(type).saveSlices(writer, home, ref);
  const { length } = text.point(home.arena, ref);
  if (length <= COMPRESSED_AT_MOST) return writer.string(text.data, text.offset, length);
  writer.lengthOf(length);
  for (let at = 0; at < length; at += SLICE_BYTES) {
    const { bytes, offset } = text.point(home.arena, ref);
    const start = offset + at;
    writer.raw(bytes.subarray(start, start + Math.min(SLICE_BYTES, length - at)));
    yield;
  }
}

/** The type here of a value of a type in RDB; undefined for those that are not served. */
export function valueTypeOf(rdbType: number): number | undefined {
  return rdbType === RdbType.STRING ? ValueType.STRING : TYPE_OF_RDB.get(rdbType);
}

/** Whether nothing is left of a value but fields that are past their time. */
export function isSpent(home: ValueHome, ref: number): boolean {
  return typeOf(home.arena, ref) === ValueType.HASH && hash.open(home, ref).size === 0;
}

/**
 * Reads a value that is to be put under a key: a string as the bytes that it has, which are lent,
 * or a collection.
 *
 * @throws RdbError when the bytes are not right, or of a type that is not served.
 */
export function loadValue(
  reader: RdbReader,
  rdbType: number,
  home: ValueHome,
): ByteSlice | LooseValue {
  if (rdbType === RdbType.STRING) {
    const slice = new ByteSlice();
    reader.string(slice);
    return slice;
  }
  const type = TYPE_OF_RDB.get(rdbType);
  if (type === undefined) throw new RdbError(refusal(rdbType));
  return codecOf(type).load(reader, rdbType, home);
}

function codecOf(type: number): ValueCodec {
  const codec = CODECS.get(type);
  if (codec === undefined) throw new RdbError(`values of type ${type} can't be saved or loaded`);
  return codec;
}

function refusal(rdbType: number): string {
  switch (rdbType) {
    case RdbType.MODULE_PRE_GA:
    case RdbType.MODULE_2:
      return "values of modules can't be loaded";
    default:
      return `unknown type of a value: ${rdbType}`;
  }
}
