/**
 * Values of every encoding, read into a stream of elements: who takes them need not know whether
 * they came as a plain sequence, a ziplist, a zipmap, an intset, a listpack or a quicklist. RESTORE
 * and the loading of files both read values through these functions.
 *
 * A value is refused when it is empty, when an element comes twice that may come only once, and when
 * anything in it is not what the format asks for; what the sink has taken by then is for its owner
 * to drop.
 */

import { parseDouble } from "../bytes/double.ts";
import { parseInteger } from "../bytes/integer.ts";
import { ByteSlice } from "./byte_slice.ts";
import type { PackedElements } from "./byte_slice.ts";
import { IntsetReader } from "./intset.ts";
import { ListpackReader } from "./listpack.ts";
import { QuicklistContainer, RdbType } from "./opcodes.ts";
import { RdbEmptyValue, RdbError, RdbIntegrityError } from "./rdb_error.ts";
import type { RdbReader } from "./rdb_reader.ts";
import { ZiplistReader } from "./ziplist.ts";
import { ZipmapReader } from "./zipmap.ts";

/** Fields that expire: the largest time that Redis has, in Unix milliseconds. */
const MAX_EXPIRY = 2 ** 46 - 2;

/** Takes the elements of a list, or the members of a set; they are lent. */
export interface ElementSink {
  /** False when it was there already and may not come twice. */
  element(element: ByteSlice): boolean;
}

/** Takes the fields of a hash; they are lent. */
export interface FieldSink {
  /**
   * False when the field was there already.
   *
   * @param expiresAtMs Unix milliseconds; 0 when the field does not expire.
   */
  field(field: ByteSlice, value: ByteSlice, expiresAtMs: number): boolean;
}

/** Takes the members of a sorted set; they are lent. */
export interface ScoreSink {
  /** False when the member was there already. */
  member(member: ByteSlice, score: number): boolean;
}

/** @throws RdbError, also for types that are no list. */
export function readList(reader: RdbReader, type: number, sink: ElementSink): void {
  const element = new ByteSlice();
  let count = 0;
  if (type === RdbType.LIST) {
    count = readPlain(reader, element, sink);
  } else if (type === RdbType.LIST_ZIPLIST) {
    count = drain(packedOf(reader, ZiplistReader), element, sink);
  } else {
    const nodes = reader.length();
    for (let i = 0; i < nodes; i++) count += readNode(reader, type, element, sink);
  }
  refuseEmpty(count);
}

/** @throws RdbError, also for types that are no set. */
export function readSet(reader: RdbReader, type: number, sink: ElementSink): void {
  const element = new ByteSlice();
  switch (type) {
    case RdbType.SET:
      return refuseEmpty(readPlain(reader, element, sink));
    case RdbType.SET_INTSET:
      return refuseEmpty(drain(packedOf(reader, IntsetReader), element, sink));
    case RdbType.SET_LISTPACK:
      return refuseEmpty(drain(packedOf(reader, ListpackReader), element, sink));
    default:
      throw unknownType(type);
  }
}

/** @throws RdbError, also for types that are no hash. */
export function readHash(reader: RdbReader, type: number, sink: FieldSink): void {
  switch (type) {
    case RdbType.HASH:
      return refuseEmpty(readPlainHash(reader, sink));
    case RdbType.HASH_ZIPMAP:
      return readPackedHash(packedOf(reader, ZipmapReader), sink);
    case RdbType.HASH_ZIPLIST:
      return readPackedHash(packedOf(reader, ZiplistReader), sink);
    case RdbType.HASH_LISTPACK:
      return readPackedHash(packedOf(reader, ListpackReader), sink);
    case RdbType.HASH_LISTPACK_EX:
      // The earliest of the times, which the sink finds by itself.
      reader.milliseconds();
      return readPackedExpiringHash(packedOf(reader, ListpackReader), sink);
    case RdbType.HASH_LISTPACK_EX_PRE_GA:
      return readPackedExpiringHash(packedOf(reader, ListpackReader), sink);
    case RdbType.HASH_METADATA:
      return readExpiringHash(reader, Number(reader.milliseconds()) - 1, sink);
    case RdbType.HASH_METADATA_PRE_GA:
      return readExpiringHash(reader, 0, sink);
    case RdbType.HASH_VALKEY:
      return readValkeyHash(reader, sink);
    default:
      throw unknownType(type);
  }
}

/** @throws RdbError, also for types that are no sorted set. */
export function readSortedSet(reader: RdbReader, type: number, sink: ScoreSink): void {
  switch (type) {
    case RdbType.ZSET:
    case RdbType.ZSET_2:
      return refuseEmpty(readPlainSortedSet(reader, type, sink));
    case RdbType.ZSET_ZIPLIST:
      return readPackedSortedSet(packedOf(reader, ZiplistReader), sink);
    case RdbType.ZSET_LISTPACK:
      return readPackedSortedSet(packedOf(reader, ListpackReader), sink);
    default:
      throw unknownType(type);
  }
}

/** Elements that follow their count; how many there were. */
function readPlain(reader: RdbReader, element: ByteSlice, sink: ElementSink): number {
  const count = reader.length();
  for (let i = 0; i < count; i++) {
    reader.string(element);
    if (!sink.element(element)) throw twice();
  }
  return count;
}

/** One node of a quicklist; how many elements it had, which may be none. */
function readNode(
  reader: RdbReader,
  type: number,
  element: ByteSlice,
  sink: ElementSink,
): number {
  if (type === RdbType.LIST_QUICKLIST) {
    return drain(packedOf(reader, ZiplistReader), element, sink);
  }
  if (type !== RdbType.LIST_QUICKLIST_2) throw unknownType(type);
  const container = reader.length();
  if (container === QuicklistContainer.PACKED) {
    return drain(packedOf(reader, ListpackReader), element, sink);
  }
  if (container !== QuicklistContainer.PLAIN) {
    throw new RdbError(`unknown container of a quicklist node: ${container}`);
  }
  reader.string(element);
  // Only long elements have a node of their own.
  if (element.length === 0) throw new RdbError("a node of a list without its element");
  if (!sink.element(element)) throw twice();
  return 1;
}

function readPlainHash(reader: RdbReader, sink: FieldSink): number {
  const field = new ByteSlice();
  const value = new ByteSlice();
  const count = reader.length();
  for (let i = 0; i < count; i++) {
    reader.string(field);
    reader.string(value);
    if (!sink.field(field, value, 0)) throw twice();
  }
  return count;
}

/** @param base what is added to times other than 0, which stands for "does not expire". */
function readExpiringHash(reader: RdbReader, base: number, sink: FieldSink): void {
  const field = new ByteSlice();
  const value = new ByteSlice();
  const count = reader.length();
  for (let i = 0; i < count; i++) {
    const time = reader.length();
    reader.string(field);
    reader.string(value);
    if (!sink.field(field, value, time === 0 ? 0 : checkedExpiry(base + time))) throw twice();
  }
  refuseEmpty(count);
}

/** Each field has its time behind it, -1 when it does not expire. */
function readValkeyHash(reader: RdbReader, sink: FieldSink): void {
  const field = new ByteSlice();
  const value = new ByteSlice();
  const count = reader.length();
  for (let i = 0; i < count; i++) {
    reader.string(field);
    reader.string(value);
    const time = Number(reader.milliseconds());
    if (!sink.field(field, value, time === -1 ? 0 : checkedExpiry(time))) throw twice();
  }
  refuseEmpty(count);
}

function readPackedHash(elements: PackedElements, sink: FieldSink): void {
  const field = new ByteSlice();
  const value = new ByteSlice();
  let count = 0;
  for (; elements.next(field); count++) {
    if (!elements.next(value)) throw incomplete();
    if (!sink.field(field, value, 0)) throw twiceInPacked();
  }
  refuseEmpty(count);
}

function readPackedExpiringHash(elements: PackedElements, sink: FieldSink): void {
  const field = new ByteSlice();
  const value = new ByteSlice();
  const time = new ByteSlice();
  let count = 0;
  for (; elements.next(field); count++) {
    if (!elements.next(value) || !elements.next(time)) throw incomplete();
    const expiry = parseInteger(time.bytes, time.offset, time.length);
    if (!sink.field(field, value, expiry === 0 ? 0 : checkedExpiry(expiry))) throw twiceInPacked();
  }
  refuseEmpty(count);
}

function readPlainSortedSet(reader: RdbReader, type: number, sink: ScoreSink): number {
  const member = new ByteSlice();
  const count = reader.length();
  for (let i = 0; i < count; i++) {
    reader.string(member);
    const score = type === RdbType.ZSET_2 ? reader.binaryDouble() : reader.textDouble();
    if (!sink.member(member, score)) throw twice();
  }
  return count;
}

function readPackedSortedSet(elements: PackedElements, sink: ScoreSink): void {
  const member = new ByteSlice();
  const text = new ByteSlice();
  let count = 0;
  for (; elements.next(member); count++) {
    if (!elements.next(text)) throw incomplete();
    const score = parseDouble(text.bytes, text.offset, text.length);
    if (score !== score) throw new RdbError("a score that is not a number");
    if (!sink.member(member, score)) throw twiceInPacked();
  }
  refuseEmpty(count);
}

/** The packed value that the next string is. */
function packedOf(
  reader: RdbReader,
  Packed: new (packed: ByteSlice) => PackedElements,
): PackedElements {
  const slice = new ByteSlice();
  reader.string(slice);
  return new Packed(slice);
}

/** Hands all elements over; how many there were. */
function drain(elements: PackedElements, element: ByteSlice, sink: ElementSink): number {
  let count = 0;
  for (; elements.next(element); count++) {
    if (!sink.element(element)) throw twiceInPacked();
  }
  return count;
}

function checkedExpiry(unixMs: number): number {
  if (!(unixMs > 0 && unixMs <= MAX_EXPIRY)) throw new RdbError(`a field's time of ${unixMs}`);
  return unixMs;
}

function refuseEmpty(count: number): void {
  if (count === 0) throw new RdbEmptyValue("an empty collection");
}

function twice(): RdbError {
  return new RdbError("an element that is there twice");
}

function twiceInPacked(): RdbError {
  return new RdbIntegrityError("an element that is there twice");
}

function incomplete(): RdbError {
  return new RdbIntegrityError("a packed value that ends too early");
}

function unknownType(type: number): RdbError {
  return new RdbError(`a value of a type that can't be read: ${type}`);
}
