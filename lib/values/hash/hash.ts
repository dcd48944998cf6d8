/**
 * Access to the hash in an entry, whatever its encoding. [hot]
 *
 * Small hashes are packed bytes in one block, field and value in turn; others are a
 * {@linkcode LargeHash}. What OBJECT ENCODING says follows Redis's thresholds; where the bytes lie
 * does not quite: a hash that counts as a hashtable because of one long value stays packed while it
 * takes no more than {@linkcode PACKED_BYTES}, since a million of those must not be as many
 * JavaScript objects either.
 *
 * A field whose time is up is gone for every reader here, also before it is removed.
 *
 * ```ts
 * const HASH = new HashAccess();
 * if (HASH.open(call.db, ref).get(data, offset, length)) {
 *   call.reply.bulkRange(HASH.data, HASH.offset, HASH.length);
 * }
 * ```
 */

import { Arena } from "../../structures/arena.ts";
import * as arenaModule from "../../structures/arena.ts";
import { type ElementSink, Packed } from "../../structures/packed.ts";
import * as packedModule from "../../structures/packed.ts";
import * as entryModule from "../entry.ts";
import type { ValueHome } from "../value.ts";
import { LargeHash } from "./large_hash.ts";
import * as largeHashModule from "./large_hash.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { SEGMENT_OF_REF } = arenaModule;
const { packedSize } = packedModule;
const { byteBase, Encoding, encodingOf, META_WORD, Storage, STORAGE_SHIFT, VALUE_WORD, wordBase } =
  entryModule;
const { FIELD_OFFSET } = largeHashModule;

/** Up to this size, header included, a hash that counts as a hashtable is kept packed. */
const PACKED_BYTES = 4096;
const NO_ARENA = new Arena();

/** Sees a field and its value, which lie in the same memory; it must not change the hash. */
export type FieldVisitor = (
  data: DataView,
  fieldOffset: number,
  fieldLength: number,
  valueOffset: number,
  valueLength: number,
) => void;

export class HashAccess {
  /** Memory of the field or value last pointed at; lent until the hash is changed. */
  data: DataView = new DataView(new ArrayBuffer(0));
  /** The same memory. */
  bytes: Uint8Array = new Uint8Array(0);
  offset = 0;
  length = 0;

  private arena = NO_ARENA;
  private packed = new Packed(NO_ARENA);
  private home!: ValueHome;
  private ref = 0;
  /** The packed hash; 0 when it is large. */
  private block = 0;
  private large: LargeHash | null = null;
  /** Fields whose time is up to this are gone. */
  private now = 0;

  /** A packed hash without fields, for an entry to be made. */
  newBlock(home: ValueHome, capacityBytes: number): number {
    if (home !== this.home) this.use(home);
    return this.packed.create(capacityBytes);
  }

  /** Looks at the hash of an entry from now on. */
  open(home: ValueHome, ref: number): this {
    if (home !== this.home) this.use(home);
    const words = home.arena.words[ref >>> SEGMENT_OF_REF];
    const base = wordBase(ref);
    const value = words[base + VALUE_WORD];
    this.ref = ref;
    let large: LargeHash | null = null;
    if ((words[base + META_WORD] >>> STORAGE_SHIFT & 3) === Storage.BLOCK) this.block = value;
    else {
      this.block = 0;
      large = home.objects.get(value) as LargeHash;
      this.now = home.fieldsExpireUpTo;
    }
    // Most look at the one from before; comparing is cheaper than storing a pointer.
    if (large !== this.large) this.large = large;
    return this;
  }

  /** The entry that holds the hash. */
  get entry(): number {
    return this.ref;
  }

  /** Number of fields. */
  get size(): number {
    if (this.large === null) return this.packed.count(this.block) >>> 1;
    return this.large.size - this.large.countDue(this.now);
  }

  /** Whether nothing is left, not even fields that wait to be removed: then the key must go. */
  get isEmpty(): boolean {
    return this.large === null ? this.packed.count(this.block) === 0 : this.large.size === 0;
  }

  /** Whether a field's time is up that was not removed yet. */
  get hasDue(): boolean {
    return this.large !== null && this.large.dueTime <= this.now;
  }

  /** Points at a field's value; false when there is no such field. `hash` is as in find. */
  get(field: DataView, offset: number, length: number, hash = 0): boolean {
    const place = this.find(field, offset, length, hash);
    if (place === 0) return false;
    this.pointValue(place);
    return true;
  }

  /**
   * The place of a field, valid until the hash is changed; 0 when there is no such field.
   *
   * @param hash what a table of the store says of the field; 0 when nobody has asked yet.
   */
  find(field: DataView, offset: number, length: number, hash = 0): number {
    const { large } = this;
    if (large === null) {
      const at = this.packed.find(this.block, field, offset, length, 2);
      return at < 0 ? 0 : at;
    }
    const record = large.find(field, offset, length, hash);
    return record !== 0 && this.isDue(large, record) ? 0 : record;
  }

  /** Points at the value of the field at a place. */
  pointValue(place: number): void {
    const { large } = this;
    if (large === null) this.pointPacked(this.packed.next(this.block, place));
    else this.pointLarge(place, large.valueStartOf(place), large.valueLengthOf(place));
  }

  /** Points at the name of the field at a place. */
  pointField(place: number): void {
    const { large } = this;
    if (large === null) this.pointPacked(place);
    else this.pointLarge(place, byteBase(place) + FIELD_OFFSET, large.fieldLengthOf(place));
  }

  /**
   * Sets a field, whose expiry goes unless `keepExpiry`. `hash` is as in {@linkcode find}.
   *
   * @returns whether the field is new.
   */
  set(
    field: DataView,
    fieldOffset: number,
    fieldLength: number,
    value: DataView,
    valueOffset: number,
    valueLength: number,
    keepExpiry = false,
    hash = 0,
  ): boolean {
    const limit = this.home.limits.hashValueBytes;
    if (fieldLength > limit || valueLength > limit) this.becomeHashtable();
    const { large } = this;
    if (large !== null) {
      if (hash === 0) hash = large.table.hash(field, fieldOffset, fieldLength);
      const record = large.find(field, fieldOffset, fieldLength, hash);
      if (record === 0) {
        large.insert(field, fieldOffset, fieldLength, value, valueOffset, valueLength, hash);
        return true;
      }
      const due = this.isDue(large, record);
      if (due || !keepExpiry) large.persist(record);
      large.setValue(record, value, valueOffset, valueLength);
      return due;
    }
    const { packed } = this;
    const at = packed.find(this.block, field, fieldOffset, fieldLength, 2);
    const grows = packedSize(fieldLength) + packedSize(valueLength);
    if (at < 0) {
      if (!this.makeRoom(grows)) {
        return this.set(field, fieldOffset, fieldLength, value, valueOffset, valueLength);
      }
      this.moveTo(packed.appendPair(
        this.block,
        field,
        fieldOffset,
        fieldLength,
        value,
        valueOffset,
        valueLength,
      ));
      return true;
    }
    if (!this.makeRoom(0, grows)) {
      return this.set(field, fieldOffset, fieldLength, value, valueOffset, valueLength);
    }
    this.moveTo(packed.replace(
      this.block,
      packed.next(this.block, at),
      value,
      valueOffset,
      valueLength,
    ));
    return false;
  }

  /** Removes a field, also one whose time is up; whether it was there. */
  remove(field: DataView, offset: number, length: number): boolean {
    const { large } = this;
    if (large !== null) {
      const record = large.find(field, offset, length);
      if (record === 0) return false;
      large.remove(record);
      return true;
    }
    const at = this.packed.find(this.block, field, offset, length, 2);
    if (at < 0) return false;
    this.moveTo(this.packed.remove(this.block, at, 2));
    return true;
  }

  /** Hands fields and values on to a sink, in turn where both are asked for: always in the same order. */
  writeTo(sink: ElementSink, fields: boolean, values: boolean): void {
    const { large } = this;
    if (large !== null) large.writeTo(sink, fields, values, this.now);
    else if (fields && values) this.packed.writeTo(sink, this.block, 1, 0);
    else this.packed.writeTo(sink, this.block, 2, fields ? 0 : 1);
  }

  forEach(visit: FieldVisitor): void {
    const { large } = this;
    if (large !== null) {
      large.table.forEach((record) => {
        if (!this.isDue(large, record)) this.visitRecord(large, record, visit);
      });
      return;
    }
    const { packed, block } = this;
    for (let at = packed.first(block); at >= 0;) {
      const { data, offset, length } = packed.point(block, at);
      const valueAt = packed.next(block, at);
      packed.point(block, valueAt);
      visit(data, offset, length, packed.offset, packed.length);
      at = packed.next(block, valueAt);
    }
  }

  /**
   * Visits the fields of one step of a scan and returns the cursor of the next, 0 when that was the
   * last; a packed hash is one step.
   */
  scan(cursor: number, visit: FieldVisitor): number {
    const { large } = this;
    if (large === null) {
      this.forEach(visit);
      return 0;
    }
    return large.table.scan(cursor, (record) => {
      if (!this.isDue(large, record)) this.visitRecord(large, record, visit);
    });
  }

  /** Whether the time of the field at a place is up, so that it counts as gone. */
  isGone(place: number): boolean {
    return this.large !== null && this.isDue(this.large, place);
  }

  /** The places of all fields. */
  places(): number[] {
    const places: number[] = [];
    const { large, packed, block } = this;
    if (large !== null) {
      large.table.forEach((record) => {
        if (!this.isDue(large, record)) places.push(record);
      });
      return places;
    }
    for (let at = packed.first(block); at >= 0; at = packed.next(block, packed.next(block, at))) {
      places.push(at);
    }
    return places;
  }

  /**
   * The place of a field picked at random; 0 when there is none.
   *
   * @param uint32 gives random whole numbers of 32 bits.
   */
  random(uint32: () => number): number {
    const { large } = this;
    if (large === null) {
      const count = this.packed.count(this.block) >>> 1;
      return this.packed.nth(this.block, (uint32() % count) * 2);
    }
    const record = large.table.random(uint32);
    if (record !== 0 && !this.isDue(large, record)) return record;
    const places = this.places();
    return places.length === 0 ? 0 : places[uint32() % places.length];
  }

  /** When the field at a place expires, in Unix milliseconds; -1 when it does not. */
  expiresAt(place: number): number {
    return this.large === null ? -1 : this.large.expiresAt(place);
  }

  /** Lets a field that is there expire. Other fields may lie elsewhere then. */
  setExpiry(field: DataView, offset: number, length: number, unixMs: number): void {
    const large = this.becomeLarge();
    const record = large.find(field, offset, length);
    if (record !== 0) large.setExpiry(record, unixMs);
  }

  /** Lets the field at a place live for ever; true when it had an expiry. */
  persist(place: number): boolean {
    return this.large !== null && this.large.persist(place);
  }

  /** Removes up to `most` of the fields whose time is up, and gives their names. */
  takeDue(most: number): Uint8Array[] {
    const names: Uint8Array[] = [];
    const { large } = this;
    if (large === null) return names;
    while (names.length < most) {
      const record = large.firstDue(this.now);
      if (record === 0) break;
      const start = byteBase(record) + FIELD_OFFSET;
      const bytes = this.arena.bytes[record >>> SEGMENT_OF_REF];
      names.push(bytes.slice(start, start + large.fieldLengthOf(record)));
      large.remove(record);
    }
    return names;
  }

  private use(home: ValueHome): void {
    this.home = home;
    if (home.arena === this.arena) return;
    this.arena = home.arena;
    this.packed = new Packed(home.arena);
  }

  private isDue(large: LargeHash, record: number): boolean {
    return large.isDue(record, this.now);
  }

  private visitRecord(large: LargeHash, record: number, visit: FieldVisitor): void {
    const fieldLength = large.fieldLengthOf(record);
    const start = byteBase(record) + FIELD_OFFSET;
    visit(
      this.arena.data[record >>> SEGMENT_OF_REF],
      start,
      fieldLength,
      start + fieldLength,
      large.valueLengthOf(record),
    );
  }

  private pointPacked(at: number): void {
    const packed = this.packed.point(this.block, at);
    this.lieIn(packed.data, packed.bytes);
    this.offset = packed.offset;
    this.length = packed.length;
  }

  private pointLarge(record: number, offset: number, length: number): void {
    const segment = record >>> SEGMENT_OF_REF;
    this.lieIn(this.arena.data[segment], this.arena.bytes[segment]);
    this.offset = offset;
    this.length = length;
  }

  private lieIn(data: DataView, bytes: Uint8Array): void {
    if (data === this.data) return;
    this.data = data;
    this.bytes = bytes;
  }

  /**
   * Makes sure that a packed hash may take `newBytes` of a new field or a value in place of another
   * one; false when it is large now.
   */
  private makeRoom(newBytes: number, otherBytes = 0): boolean {
    const { limits } = this.home;
    if (newBytes > 0 && (this.packed.count(this.block) >>> 1) >= limits.hashEntries) {
      this.becomeHashtable();
    }
    if (this.large !== null) return false;
    if (encodingOf(this.arena, this.ref) === Encoding.LISTPACK) return true;
    if (this.packed.usedBytes(this.block) + newBytes + otherBytes <= PACKED_BYTES) return true;
    this.becomeLarge();
    return false;
  }

  private moveTo(block: number): void {
    if (block === this.block) return;
    this.block = block;
    this.home.moveValue(this.ref, encodingOf(this.arena, this.ref), Storage.BLOCK, block);
  }

  private becomeHashtable(): void {
    if (this.large !== null || encodingOf(this.arena, this.ref) === Encoding.HASHTABLE) return;
    this.home.moveValue(this.ref, Encoding.HASHTABLE, Storage.BLOCK, this.block);
    if (this.packed.usedBytes(this.block) > PACKED_BYTES) this.becomeLarge();
  }

  private becomeLarge(): LargeHash {
    if (this.large !== null) return this.large;
    const { arena, home, block } = this;
    const newTable = () => home.newTable(FIELD_OFFSET);
    const large = new LargeHash(arena, newTable(), newTable);
    large.table.reserve(this.packed.count(block) >>> 1);
    this.forEach((data, fieldOffset, fieldLength, valueOffset, valueLength) =>
      large.insert(data, fieldOffset, fieldLength, data, valueOffset, valueLength)
    );
    home.moveValue(this.ref, Encoding.HASHTABLE, Storage.OBJECT, home.objects.add(large));
    arena.free(block);
    this.block = 0;
    this.large = large;
    this.now = home.fieldsExpireUpTo;
    large.entered(home, this.ref);
    return large;
  }
}
