/**
 * One numbered database as commands see it: looking keys up with all that goes with it
 * (statistics, access clock, snapshots), strings, and where collections are put. [hot]
 */

import * as copyModule from "../bytes/copy.ts";
import * as arenaModule from "../structures/arena.ts";
import type { HashTable } from "../structures/hash_table.ts";
import * as entryModule from "../values/entry.ts";
import { HashAccess } from "../values/hash/hash.ts";
import { StringView } from "../values/string/string.ts";
import type { ValueLimits } from "../values/limits.ts";
import type { ObjectTable, StoredObject, ValueHome } from "../values/value.ts";
import { EntryTable } from "./entry_table.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { bytesOf, copyBytes } = copyModule;
const { roundedSize, SEGMENT_OF_REF } = arenaModule;
const {
  ACCESS_WORD,
  BLOCK_HEADER_BYTES,
  byteBase,
  ENTRY_KEY_OFFSET,
  EPOCH_SHIFT,
  epochBits,
  EXPIRY_WORD,
  META_WORD,
  metaWord,
  readWord,
  Storage,
  STORAGE_SHIFT,
  storageOf,
  TYPE_MASK,
  VALUE_META,
  VALUE_WORD,
  ValueType,
  wordBase,
  writeWord,
} = entryModule;

export type { StoreObserver } from "./entry_table.ts";

/** Records up to this size hold their value themselves; longer values get a block. */
const INLINE_RECORD_BYTES = 1024;
/** Growing strings double their block up to this many bytes, then grow by as much. */
const GROWTH_STEP_BYTES = 1 << 20;

export class Database extends EntryTable implements ValueHome {
  private readonly value = new StringView();
  private readonly hash = new HashAccess();

  /** The entry for a command that reads it; 0 when there is none. Counts a hit or a miss. */
  lookUpRead(
    key: DataView,
    offset: number,
    length: number,
    hash: number = this.table.hash(key, offset, length),
  ): number {
    const ref = this.locate(key, offset, length, hash);
    if (ref === 0) return this.miss(key, offset, length);
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const base = wordBase(ref);
    if (words[base + EXPIRY_WORD] !== 0 && this.dropIfExpired(ref)) {
      return this.miss(key, offset, length);
    }
    const state = this.state;
    state.hits++;
    if (!state.stampsAccess) this.touch(ref);
    else if (words[base + ACCESS_WORD] !== state.accessStamp) {
      words[base + ACCESS_WORD] = state.accessStamp;
    }
    return ref;
  }

  private miss(key: DataView, offset: number, length: number): number {
    this.state.misses++;
    if (this.state.observesMisses) this.observer.keyMissed(this, bytesOf(key, offset, length));
    return 0;
  }

  /**
   * The entry for a command that looks at a key without using it (TYPE, TTL, EXISTS, OBJECT):
   * counts a hit or a miss, and leaves the access clock as it is.
   */
  lookUpUntouched(key: DataView, offset: number, length: number): number {
    const { state } = this;
    const frozen = state.accessFrozen;
    state.accessFrozen = true;
    const ref = this.lookUpRead(key, offset, length);
    state.accessFrozen = frozen;
    return ref;
  }

  /** The entry for a command that will change it; 0 when there is none. */
  lookUpWrite(
    key: DataView,
    offset: number,
    length: number,
    hash: number = this.table.hash(key, offset, length),
  ): number {
    const ref = this.locate(key, offset, length, hash);
    if (ref === 0) return 0;
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const base = wordBase(ref);
    if (words[base + EXPIRY_WORD] !== 0 && this.dropForWrite(ref)) return 0;
    const state = this.state;
    if (state.preservesEntries) this.observer.beforeChange(this, ref);
    if (!state.stampsAccess) this.touch(ref);
    else if (words[base + ACCESS_WORD] !== state.accessStamp) {
      words[base + ACCESS_WORD] = state.accessStamp;
    }
    return ref;
  }

  /** The entry without any trace in statistics or access clock. */
  peek(
    key: DataView,
    offset: number,
    length: number,
    hash: number = this.table.hash(key, offset, length),
  ): number {
    return this.find(key, offset, length, hash);
  }

  /** The string value of an entry, lent until the next call or change. */
  stringOf(ref: number): StringView {
    return this.value.point(this.arena, ref);
  }

  /**
   * Puts a collection in the place of whatever `ref` holds, or under a new key when it is 0; `ref`
   * must come from the look-up of this very key just before. The expiry is left as it is.
   *
   * @param storage BLOCK or OBJECT of {@linkcode Storage}.
   * @param value ref of the block, or the object's number in the store's table.
   */
  putValue(
    ref: number,
    key: DataView,
    keyOffset: number,
    keyLength: number,
    type: number,
    encoding: number,
    storage: number,
    value: number,
  ): number {
    const recordBytes = ENTRY_KEY_OFFSET + keyLength;
    ref = ref === 0
      ? this.insertEntry(key, keyOffset, keyLength, recordBytes, type)
      : this.fitRecord(ref, recordBytes, recordBytes);
    writeWord(this.arena, ref, META_WORD, metaWord(type, encoding, storage, this.state.epoch));
    writeWord(this.arena, ref, VALUE_WORD, value);
    return ref;
  }

  /**
   * Notes that a collection's value lies elsewhere or has another encoding now; what was there
   * before is the caller's to free.
   */
  moveValue(ref: number, encoding: number, storage: number, value: number): void {
    const meta = readWord(this.arena, ref, META_WORD);
    // The epoch stays: SORT brings values into another form that a snapshot still has to save.
    const kept = metaWord(meta & TYPE_MASK, encoding, storage, meta >>> EPOCH_SHIFT);
    writeWord(this.arena, ref, META_WORD, kept);
    writeWord(this.arena, ref, VALUE_WORD, value);
  }

  /** Gives back a value that no entry holds any more: at once if it is small, else in slices. */
  discard(object: StoredObject): void {
    this.state.discard(object);
  }

  /** Ref of the block, or number of the object, that holds a collection's elements. */
  valueWordOf(ref: number): number {
    return readWord(this.arena, ref, VALUE_WORD);
  }

  /** The object of an entry whose storage is OBJECT. */
  objectOf(ref: number): StoredObject {
    return this.state.objects.get(readWord(this.arena, ref, VALUE_WORD));
  }

  /** An empty table for the elements of a collection: see {@linkcode ValueHome.newTable}. */
  newTable(keyOffset: number): HashTable {
    return this.state.newTable(keyOffset);
  }

  get fieldsExpireUpTo(): number {
    return this.state.expires ? this.state.now : -1;
  }

  /**
   * Removes fields of a hash whose time is up, `most` at a time, and makes their removal known. On a
   * replica that is left to the primary.
   *
   * @returns whether the key is still there.
   */
  dropExpiredFields(ref: number, most: number): boolean {
    const { state } = this;
    if (!state.expires || !state.removesExpired || this.postponesExpiry(ref)) return true;
    if (state.preservesEntries) this.observer.beforeChange(this, ref);
    const hash = this.hash.open(this, ref);
    const fields = hash.takeDue(most);
    const emptied = hash.isEmpty;
    if (fields.length > 0) this.observer.fieldsExpired(this, ref, fields, emptied);
    return !emptied;
  }

  /** Whether the fields of a hash stay a while longer, though their time may be up. */
  postponesExpiry(ref: number): boolean {
    return this.state.preservesEntries && this.observer.postponesChange(this, ref);
  }

  get limits(): ValueLimits {
    return this.state.limits;
  }

  /** The objects of the store, for values that become or cease to be one. */
  get objects(): ObjectTable {
    return this.state.objects;
  }

  /**
   * Sets a string in the place of whatever `ref` holds, or under a new key when it is 0; `ref`
   * must come from the look-up of this very key just before. The expiry is left as it is.
   */
  setString(
    ref: number,
    key: DataView,
    keyOffset: number,
    keyLength: number,
    value: DataView,
    valueOffset: number,
    length: number,
    encoding: number,
  ): number {
    const start = ENTRY_KEY_OFFSET + keyLength;
    if (start + length <= INLINE_RECORD_BYTES) {
      if (ref === 0) {
        ref = this.insertEntry(key, keyOffset, keyLength, start + length, ValueType.STRING);
      } else if (!this.holdsInline(ref, length)) ref = this.fitRecord(ref, start + length, start);
      const segment = ref >>> SEGMENT_OF_REF;
      const words = this.arena.words[segment];
      const base = wordBase(ref);
      words[base + META_WORD] = metaWord(
        ValueType.STRING,
        encoding,
        Storage.INLINE,
        this.state.epoch,
      );
      words[base + VALUE_WORD] = length;
      copyBytes(value, valueOffset, this.arena.data[segment], byteBase(ref) + start, length);
      return ref;
    }
    return this.setBlockString(
      ref,
      key,
      keyOffset,
      keyLength,
      value,
      valueOffset,
      length,
      encoding,
    );
  }

  /** Notes that a string was changed where it lies, in as many bytes. */
  rewritten(ref: number): void {
    const meta = readWord(this.arena, ref, META_WORD);
    writeWord(this.arena, ref, META_WORD, meta & VALUE_META | epochBits(this.state.epoch));
  }

  /**
   * Makes a string entry `length` bytes long, its old bytes kept and the rest zero, ready to be
   * written through {@linkcode stringOf}. May move the entry: use the ref that is returned.
   */
  resizeString(ref: number, length: number, encoding: number): number {
    const view = this.value.point(this.arena, ref);
    const before = view.length;
    const keyLength = readWord(this.arena, ref, 2);
    const meta = metaWord(ValueType.STRING, encoding, 0, this.state.epoch);
    const inlineBytes = ENTRY_KEY_OFFSET + keyLength + length;
    if (storageOf(this.arena, ref) === Storage.INLINE) {
      if (inlineBytes <= INLINE_RECORD_BYTES) {
        ref = this.fitRecord(ref, inlineBytes, ENTRY_KEY_OFFSET + keyLength + before);
        writeWord(this.arena, ref, VALUE_WORD, length);
        writeWord(this.arena, ref, META_WORD, meta | Storage.INLINE << STORAGE_SHIFT);
      } else {
        // A value that came with another, shorter key may be longer than what is left of it.
        const block = this.newBlock(length);
        this.moveToBlock(ref, block, Math.min(before, length));
        writeWord(this.arena, block, 0, length);
        writeWord(this.arena, ref, META_WORD, meta | Storage.BLOCK << STORAGE_SHIFT);
      }
    } else {
      const block = readWord(this.arena, ref, VALUE_WORD);
      if (this.arena.capacityOf(block) < BLOCK_HEADER_BYTES + length) {
        const grown = this.newBlock(length + Math.min(length, GROWTH_STEP_BYTES));
        this.moveToBlock(ref, grown, before);
        this.arena.free(block);
        writeWord(this.arena, grown, 0, length);
      } else writeWord(this.arena, block, 0, length);
      writeWord(this.arena, ref, META_WORD, meta | Storage.BLOCK << STORAGE_SHIFT);
    }
    view.point(this.arena, ref);
    if (length > before) view.bytes.fill(0, view.offset + before, view.offset + length);
    return ref;
  }

  /** Whether the record holds a string of this very length: then it fits another one as well. */
  private holdsInline(ref: number, length: number): boolean {
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const base = wordBase(ref);
    return words[base + VALUE_WORD] === length &&
      (words[base + META_WORD] >>> STORAGE_SHIFT & 3) === Storage.INLINE;
  }

  private setBlockString(
    ref: number,
    key: DataView,
    keyOffset: number,
    keyLength: number,
    value: DataView,
    valueOffset: number,
    length: number,
    encoding: number,
  ): number {
    let block = ref !== 0 && storageOf(this.arena, ref) === Storage.BLOCK
      ? readWord(this.arena, ref, VALUE_WORD)
      : 0;
    const needed = BLOCK_HEADER_BYTES + length;
    if (block === 0 || !this.fitsBlock(block, needed)) block = this.newBlock(length);
    copyBytes(
      value,
      valueOffset,
      this.arena.data[block >>> SEGMENT_OF_REF],
      byteBase(block) + BLOCK_HEADER_BYTES,
      length,
    );
    writeWord(this.arena, block, 0, length);
    if (ref === 0) {
      const recordBytes = ENTRY_KEY_OFFSET + keyLength;
      ref = this.insertEntry(key, keyOffset, keyLength, recordBytes, ValueType.STRING);
    } else if (
      storageOf(this.arena, ref) !== Storage.BLOCK ||
      readWord(this.arena, ref, VALUE_WORD) !== block
    ) {
      ref = this.fitRecord(ref, ENTRY_KEY_OFFSET + keyLength, ENTRY_KEY_OFFSET + keyLength);
    }
    const meta = metaWord(ValueType.STRING, encoding, Storage.BLOCK, this.state.epoch);
    writeWord(this.arena, ref, META_WORD, meta);
    writeWord(this.arena, ref, VALUE_WORD, block);
    return ref;
  }

  private fitsBlock(block: number, needed: number): boolean {
    const capacity = this.arena.capacityOf(block);
    return needed <= capacity && roundedSize(needed) * 2 > capacity;
  }

  private newBlock(length: number): number {
    return this.arena.allocate(BLOCK_HEADER_BYTES + length);
  }

  /** Copies the first `length` bytes of an entry's string to a block and points the entry at it. */
  private moveToBlock(ref: number, block: number, length: number): void {
    const view = this.value.point(this.arena, ref);
    copyBytes(
      view.data,
      view.offset,
      this.arena.data[block >>> SEGMENT_OF_REF],
      byteBase(block) + BLOCK_HEADER_BYTES,
      length,
    );
    writeWord(this.arena, ref, VALUE_WORD, block);
  }
}

/** Lets two databases change what they hold. */
export function exchangeContents(a: Database, b: Database): void {
  const { table, expiry, hashExpiry } = a;
  a.table = b.table;
  a.expiry = b.expiry;
  a.hashExpiry = b.hashExpiry;
  b.table = table;
  b.expiry = expiry;
  b.hashExpiry = hashExpiry;
}
