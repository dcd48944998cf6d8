/**
 * A hash with too many or too long fields for packed bytes, or with fields that expire: a table of
 * records in the arena. [hot]
 *
 * ```
 * word 0 next, 1 hash, 2 fieldLength   the table's (structures/hash_table.ts)
 *      3 value                         length in bytes; the highest bit: the field expires
 * byte 16 field │ value │ padding to a word, place in the expiry heap (only if it expires)
 * ```
 *
 * Field and value share one record, so that a look-up costs one cache miss where Redis's costs
 * three, and 1 million fields of 16 bytes with values as long take 48 bytes each and their slots.
 */

import * as copyModule from "../../bytes/copy.ts";
import type { Arena } from "../../structures/arena.ts";
import * as arenaModule from "../../structures/arena.ts";
import type { ElementSink } from "../../structures/packed.ts";
import type { HashTable } from "../../structures/hash_table.ts";
import { TableWalk } from "../../structures/table_walk.ts";
import * as entryModule from "../entry.ts";
import type { StoredObject, ValueHolder } from "../value.ts";
import { FieldExpiry } from "./field_expiry.ts";
import type { ExpiringHash, HashExpiry } from "./hash_expiry.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes } = copyModule;
const { REF_IN_SEGMENT, REF_UNIT, roundedSize, SEGMENT_OF_REF } = arenaModule;
const { byteBase, readWord, writeWord } = entryModule;

/** Where the field begins in a record. */
export const FIELD_OFFSET = 16;
const VALUE = 3;
const EXPIRES = 1 << 31;
const VALUE_LENGTH = ~EXPIRES;
/** The JavaScript objects of a hash. */
const OBJECT_BYTES = 300;

/** One for all, since no walk runs inside another. */
const walk = new TableWalk();

export class LargeHash implements StoredObject, ExpiringHash {
  entry = 0;
  dueTime = Infinity;
  duePlace = 0;
  private readonly arena: Arena;
  private expiry: FieldExpiry | null = null;
  /** The index that this hash is in, or would be in; null until an entry holds it. */
  private index: HashExpiry | null = null;
  /** Bytes of the records. */
  private recordBytes = 0;

  constructor(arena: Arena, readonly table: HashTable, private readonly newTable: () => HashTable) {
    this.arena = arena;
  }

  /** Number of fields, those past their time included. */
  get size(): number {
    return this.table.count;
  }

  get memoryBytes(): number {
    return this.recordBytes + this.table.slotBytes + (this.expiry?.memoryBytes ?? 0) + OBJECT_BYTES;
  }

  /** How many fields are past their time. */
  countDue(now: number): number {
    return this.expiry === null ? 0 : this.expiry.countUpTo(now);
  }

  /** A field whose time is up; 0 when there is none. */
  firstDue(now: number): number {
    return this.expiry !== null && this.expiry.soonestTime() <= now ? this.expiry.soonest() : 0;
  }

  /** See {@linkcode HashAccess.writeTo}; fields past their time by `now` are left out. */
  writeTo(sink: ElementSink, fields: boolean, values: boolean, now: number): void {
    const { arena, table, expiry } = this;
    walk.begin();
    while (walk.step(table)) {
      const { refs, count } = walk;
      for (let i = 0; i < count; i++) {
        const record = refs[i];
        if (expiry !== null && this.isDue(record, now)) continue;
        const data = arena.data[record >>> SEGMENT_OF_REF];
        const start = byteBase(record) + FIELD_OFFSET;
        const length = this.fieldLengthOf(record);
        if (fields) sink.bulkRange(data, start, length);
        if (values) sink.bulkRange(data, start + length, this.valueLengthOf(record));
      }
    }
  }

  /**
   * The record of a field, whether its time is up or not; 0 when there is none.
   *
   * @param hash what the table says of the field; 0 when it was not asked yet.
   */
  find(field: DataView, offset: number, length: number, hash = 0): number {
    const { table } = this;
    if (hash === 0) hash = table.hash(field, offset, length);
    return table.find(field, offset, length, hash);
  }

  fieldLengthOf(record: number): number {
    return readWord(this.arena, record, 2);
  }

  valueLengthOf(record: number): number {
    return readWord(this.arena, record, VALUE) & VALUE_LENGTH;
  }

  /** Where a record's value begins, in its segment. */
  valueStartOf(record: number): number {
    return byteBase(record) + FIELD_OFFSET + this.fieldLengthOf(record);
  }

  /** Adds a field that must not be there. `hash` is as in {@linkcode find}. */
  insert(
    field: DataView,
    fieldOffset: number,
    fieldLength: number,
    value: DataView,
    valueOffset: number,
    valueLength: number,
    hash = 0,
  ): void {
    const { arena, table } = this;
    const record = arena.allocate(FIELD_OFFSET + fieldLength + valueLength);
    this.recordBytes += arena.capacityOf(record);
    const start = ((record & REF_IN_SEGMENT) << REF_UNIT) + FIELD_OFFSET;
    const data = arena.data[record >>> SEGMENT_OF_REF];
    copyBytes(field, fieldOffset, data, start, fieldLength);
    copyBytes(value, valueOffset, data, start + fieldLength, valueLength);
    writeWord(arena, record, VALUE, valueLength);
    if (hash === 0) hash = table.hash(field, fieldOffset, fieldLength);
    table.insert(record, hash, fieldLength);
  }

  /** Puts another value in the place of a field's, whose expiry stays. */
  setValue(record: number, value: DataView, offset: number, length: number): void {
    const expires = this.expiresAt(record) !== -1;
    const place = expires ? readWord(this.arena, record, this.placeWord(record)) : 0;
    const start = FIELD_OFFSET + this.fieldLengthOf(record);
    record = this.fit(record, recordBytes(start + length, expires), start);
    copyBytes(
      value,
      offset,
      this.arena.data[record >>> SEGMENT_OF_REF],
      byteBase(record) + start,
      length,
    );
    writeWord(this.arena, record, VALUE, expires ? length | EXPIRES : length);
    if (expires) this.place(record, place);
  }

  remove(record: number): void {
    this.persist(record);
    this.table.remove(record);
    this.release(record);
  }

  /** When a field expires, in Unix milliseconds; -1 when it does not. */
  expiresAt(record: number): number {
    if (this.expiry === null || readWord(this.arena, record, VALUE) >= 0) return -1;
    return this.expiry.timeOf(record);
  }

  /** Whether a field is past its time. */
  isDue(record: number, now: number): boolean {
    const time = this.expiresAt(record);
    return time !== -1 && time <= now;
  }

  setExpiry(record: number, time: number): void {
    this.expiry ??= new FieldExpiry(this.arena, (ref) => this.placeWord(ref));
    const value = readWord(this.arena, record, VALUE);
    if (value < 0) this.expiry.change(record, time);
    else {
      const bytes = FIELD_OFFSET + this.fieldLengthOf(record) + value;
      record = this.fit(record, recordBytes(bytes, true), bytes);
      writeWord(this.arena, record, VALUE, value | EXPIRES);
      this.expiry.insert(record, time);
    }
    this.reindex();
  }

  /** Lets a field live for ever; true when it had an expiry. */
  persist(record: number): boolean {
    const value = readWord(this.arena, record, VALUE);
    if (value >= 0 || this.expiry === null) return false;
    this.expiry.remove(record);
    writeWord(this.arena, record, VALUE, value & VALUE_LENGTH);
    this.reindex();
    return true;
  }

  /** An entry holds the hash from now on. */
  entered(holder: ValueHolder, ref: number): void {
    if (this.dueTime !== Infinity) this.index?.remove(this);
    this.dueTime = Infinity;
    this.entry = ref;
    this.index = holder.hashExpiry;
    this.reindex();
  }

  drain(elements: number): boolean {
    if (this.dueTime !== Infinity) this.index?.remove(this);
    this.dueTime = Infinity;
    this.index = null;
    this.expiry?.release();
    this.expiry = null;
    return this.table.drain(elements, (record) => this.release(record));
  }

  copy(): LargeHash {
    const copy = new LargeHash(this.arena, this.newTable(), this.newTable);
    copy.table.reserve(this.size);
    this.table.forEach((record) => {
      const data = this.arena.data[record >>> SEGMENT_OF_REF];
      const start = byteBase(record) + FIELD_OFFSET;
      const fieldLength = this.fieldLengthOf(record);
      const valueLength = this.valueLengthOf(record);
      copy.insert(data, start, fieldLength, data, start + fieldLength, valueLength);
      const time = this.expiresAt(record);
      if (time !== -1) copy.setExpiry(copy.find(data, start, fieldLength), time);
    });
    return copy;
  }

  /** Lets the index of the database know when the first field goes. */
  private reindex(): void {
    const { index } = this;
    const time = this.expiry === null ? Infinity : this.expiry.soonestTime();
    if (index === null || time === this.dueTime) return;
    const before = this.dueTime;
    if (time === Infinity) index.remove(this);
    this.dueTime = time;
    if (time === Infinity) return;
    if (before === Infinity) index.add(this);
    else index.changed(this);
  }

  /** Makes a record fit `bytes`, moving it when it is too small or much too large. */
  private fit(record: number, bytes: number, kept: number): number {
    const { arena } = this;
    const capacity = arena.capacityOf(record);
    if (bytes <= capacity && roundedSize(bytes) * 2 > capacity) return record;
    const moved = arena.allocate(bytes);
    copyBytes(
      arena.data[record >>> SEGMENT_OF_REF],
      byteBase(record),
      arena.data[moved >>> SEGMENT_OF_REF],
      byteBase(moved),
      kept,
    );
    this.recordBytes += arena.capacityOf(moved);
    this.table.replace(record, moved);
    this.release(record);
    return moved;
  }

  private release(record: number): void {
    this.recordBytes -= this.arena.capacityOf(record);
    this.arena.free(record);
  }

  private place(record: number, place: number): void {
    writeWord(this.arena, record, this.placeWord(record), place);
    this.expiry?.moved(record);
  }

  private placeWord(record: number): number {
    const bytes = FIELD_OFFSET + this.fieldLengthOf(record) + this.valueLengthOf(record);
    return (bytes + 3) >>> 2;
  }
}

/** Bytes of a record, given those of its header, field and value. */
function recordBytes(bytes: number, expires: boolean): number {
  return expires ? (bytes + 3 & ~3) + 4 : bytes;
}
