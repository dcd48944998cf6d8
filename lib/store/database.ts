/**
 * One numbered database: key → entry. Every look-up drops what has expired, and every change of
 * a key goes through here, so that expiry, the access clock, snapshots and memory accounting
 * cannot be forgotten by a command. [hot]
 *
 * Entries are arena refs. A ref stays valid until its own key is changed through this class
 * (a value that grows may move); allocation never moves another key.
 */

import { bytesOf, copyBytes } from "../bytes/copy.ts";
import type { Arena } from "../structures/arena.ts";
import { roundedSize, SEGMENT_OF_REF } from "../structures/arena.ts";
import { HashTable } from "../structures/hash_table.ts";
import {
  ACCESS_WORD,
  byteBase,
  encodingOf,
  ENTRY_KEY_OFFSET,
  epochBits,
  EXPIRY_WORD,
  freeEntry,
  freeValue,
  keyView,
  META_WORD,
  metaWord,
  readWord,
  Storage,
  STORAGE_SHIFT,
  storageOf,
  VALUE_META,
  VALUE_WORD,
  ValueType,
  wordBase,
  writeWord,
} from "../values/entry.ts";
import { BLOCK_HEADER_BYTES, StringView } from "../values/string/string.ts";
import { ExpiryIndex } from "./expiry_index.ts";
import type { StoreState } from "./store_state.ts";

/** Records up to this size hold their value themselves; longer values get a block. */
const INLINE_RECORD_BYTES = 1024;
/** Growing strings double their block up to this many bytes, then grow by as much. */
const GROWTH_STEP_BYTES = 1 << 20;

/** What the layer around the store is told; the engine fills it in. */
export interface StoreObserver {
  /** An entry is past its time and must be removed, and its removal made known. */
  expired(db: Database, ref: number): void;
  /** A reading look-up found nothing; called only while `observesMisses`. */
  keyMissed(db: Database, key: Uint8Array): void;
  /** A key was added, its value not yet set; called only while `observesNewKeys`. */
  keyAdded(db: Database, ref: number): void;
  /** An entry is about to be changed or removed; called only while `preservesEntries`. */
  beforeChange(db: Database, ref: number): void;
}

export class Database {
  /** Hash of the key last looked up, for the insertion that may follow. */
  private lastHash = 0;
  private readonly value = new StringView();
  readonly arena: Arena;
  table: HashTable;
  expiry: ExpiryIndex;

  constructor(
    private readonly state: StoreState,
    private readonly observer: StoreObserver,
    readonly index: number,
  ) {
    this.arena = state.arena;
    this.table = state.newTable();
    this.expiry = new ExpiryIndex(state.arena);
  }

  get size(): number {
    return this.table.count;
  }

  /** The entry for a command that reads it; 0 when there is none. Counts a hit or a miss. */
  lookUpRead(key: DataView, offset: number, length: number): number {
    const ref = this.find(key, offset, length);
    if (ref === 0) {
      this.state.misses++;
      if (this.state.observesMisses) {
        this.observer.keyMissed(this, bytesOf(key, offset, length));
      }
      return 0;
    }
    this.state.hits++;
    this.touch(ref);
    return ref;
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
  lookUpWrite(key: DataView, offset: number, length: number): number {
    const ref = this.find(key, offset, length);
    if (ref === 0) return 0;
    if (this.state.preservesEntries) this.observer.beforeChange(this, ref);
    this.touch(ref);
    return ref;
  }

  /** The entry without any trace in statistics or access clock. */
  peek(key: DataView, offset: number, length: number): number {
    return this.find(key, offset, length);
  }

  /** The string value of an entry, lent until the next call or change. */
  stringOf(ref: number): StringView {
    return this.value.point(this.arena, ref);
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
    const inlineBytes = ENTRY_KEY_OFFSET + keyLength + length;
    if (inlineBytes <= INLINE_RECORD_BYTES) {
      const meta = metaWord(ValueType.STRING, encoding, Storage.INLINE, this.state.epoch);
      ref = ref === 0
        ? this.insertEntry(key, keyOffset, keyLength, inlineBytes)
        : this.fitRecord(ref, inlineBytes, ENTRY_KEY_OFFSET + keyLength);
      const words = this.arena.words[ref >>> SEGMENT_OF_REF];
      const base = wordBase(ref);
      words[base + META_WORD] = meta;
      words[base + VALUE_WORD] = length;
      copyBytes(
        value,
        valueOffset,
        this.arena.data[ref >>> SEGMENT_OF_REF],
        byteBase(ref) + ENTRY_KEY_OFFSET + keyLength,
        length,
      );
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
        const block = this.newBlock(length);
        this.moveToBlock(ref, block, before);
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

  /** Removes a key and frees what it holds. */
  remove(ref: number): void {
    if (this.state.preservesEntries) this.observer.beforeChange(this, ref);
    this.expiry.remove(ref);
    this.table.remove(ref);
    freeEntry(this.arena, ref);
  }

  /**
   * Removes every key at once and says how many there were. Freeing a million takes about a tenth
   * of a second: `Store.clear` and `LazyFree` are there for those who can't wait.
   */
  clear(): number {
    const count = this.size;
    const detached = this.detach();
    while (detached.drain(count, (ref) => freeEntry(this.arena, ref)));
    return count;
  }

  /**
   * Goes on with an empty table and hands over the full one, whose records are the caller's to
   * free. Costs the same however many keys there are.
   */
  detach(): HashTable {
    const table = this.table;
    if (this.state.preservesEntries) table.forEach((ref) => this.observer.beforeChange(this, ref));
    this.table = this.state.newTable();
    this.expiry = new ExpiryIndex(this.arena);
    return table;
  }

  /** When the entry expires, in Unix milliseconds; -1 when it does not. */
  expiryOf(ref: number): number {
    return readWord(this.arena, ref, EXPIRY_WORD) === 0 ? -1 : this.expiry.timeOf(ref);
  }

  setExpiry(ref: number, unixMs: number): void {
    this.expiry.set(ref, unixMs);
  }

  /** As {@linkcode expiryOf}, exact to the ends of 64 bits. */
  exactExpiryOf(ref: number): bigint {
    return this.expiry.exactTimeOf(ref);
  }

  /** As {@linkcode setExpiry}, exact to the ends of 64 bits. */
  setExactExpiry(ref: number, unixMs: bigint): void {
    this.expiry.setExact(ref, unixMs);
  }

  /** Makes the entry live for ever; true when it had an expiry. */
  persist(ref: number): boolean {
    return readWord(this.arena, ref, EXPIRY_WORD) !== 0 && this.expiry.remove(ref);
  }

  /**
   * Moves an entry's value, with its expiry, to another key, which may be in another database
   * and must not be there. The old key is gone.
   */
  moveEntry(
    ref: number,
    target: Database,
    key: DataView,
    keyOffset: number,
    keyLength: number,
  ): number {
    if (this.state.preservesEntries) this.observer.beforeChange(this, ref);
    const moved = target.adoptValue(ref, key, keyOffset, keyLength);
    if (readWord(this.arena, ref, EXPIRY_WORD) !== 0) {
      target.expiry.setExact(moved, this.expiry.exactTimeOf(ref));
      this.expiry.remove(ref);
    }
    this.table.remove(ref);
    this.arena.free(ref);
    return moved;
  }

  /** Copies an entry's value, with its expiry, to a key that must not be there. */
  copyEntry(
    ref: number,
    target: Database,
    key: DataView,
    keyOffset: number,
    keyLength: number,
  ): number {
    const value = this.value.point(this.arena, ref);
    target.lastHash = target.table.hash(key, keyOffset, keyLength);
    const copy = target.setString(
      0,
      key,
      keyOffset,
      keyLength,
      value.data,
      value.offset,
      value.length,
      encodingOf(this.arena, ref),
    );
    if (readWord(this.arena, ref, EXPIRY_WORD) !== 0) {
      target.expiry.setExact(copy, this.expiry.exactTimeOf(ref));
    }
    return copy;
  }

  /** The key's bytes, lent until the next change. */
  keyOf(ref: number): Uint8Array {
    return keyView(this.arena, ref);
  }

  /** Bytes that the entry takes in the arena. */
  memoryOf(ref: number): number {
    let total = this.arena.capacityOf(ref);
    if (storageOf(this.arena, ref) === Storage.BLOCK) {
      total += this.arena.capacityOf(readWord(this.arena, ref, VALUE_WORD));
    }
    return total;
  }

  /** Bytes of table and expiry index, beside the entries themselves. */
  get overheadBytes(): number {
    return this.table.slotBytes + this.expiry.memoryBytes;
  }

  /** Whether the entry is past its time. */
  isExpired(ref: number): boolean {
    return readWord(this.arena, ref, EXPIRY_WORD) !== 0 &&
      this.expiry.timeOf(ref) <= this.state.now && this.state.expires;
  }

  /** Whether the entry is past its time; if so it is removed, and its removal made known. */
  dropIfExpired(ref: number): boolean {
    if (!this.isExpired(ref)) return false;
    // A replica reports the key as gone and leaves its removal to the primary.
    if (this.state.removesExpired) this.observer.expired(this, ref);
    return true;
  }

  private find(key: DataView, offset: number, length: number): number {
    const hash = this.table.hash(key, offset, length);
    this.lastHash = hash;
    const ref = this.table.find(key, offset, length, hash);
    if (ref === 0) return 0;
    if (readWord(this.arena, ref, EXPIRY_WORD) === 0) return ref;
    return this.dropIfExpired(ref) ? 0 : ref;
  }

  private touch(ref: number): void {
    const state = this.state;
    if (state.accessFrozen) return;
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const at = wordBase(ref) + ACCESS_WORD;
    if (state.countsFrequency) words[at] = state.frequencyAfterAccess(words[at]);
    else if (words[at] !== state.accessStamp) words[at] = state.accessStamp;
  }

  /** A new entry with its key in place and no expiry; the caller fills in meta and value. */
  private insertEntry(
    key: DataView,
    keyOffset: number,
    keyLength: number,
    recordBytes: number,
  ): number {
    const ref = this.arena.allocate(recordBytes);
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const base = wordBase(ref);
    words[base + ACCESS_WORD] = this.state.newAccess;
    words[base + EXPIRY_WORD] = 0;
    copyBytes(
      key,
      keyOffset,
      this.arena.data[ref >>> SEGMENT_OF_REF],
      byteBase(ref) + ENTRY_KEY_OFFSET,
      keyLength,
    );
    this.table.insert(ref, this.lastHash, keyLength);
    if (this.state.observesNewKeys) this.observer.keyAdded(this, ref);
    return ref;
  }

  /**
   * Makes an entry's record fit `recordBytes`, moving it when it is too small or much too large;
   * the first `kept` bytes stay as they are. A value block is freed: its ref was in the record.
   */
  private fitRecord(ref: number, recordBytes: number, kept: number): number {
    if (storageOf(this.arena, ref) !== Storage.INLINE) freeValue(this.arena, ref);
    const capacity = this.arena.capacityOf(ref);
    if (recordBytes <= capacity && roundedSize(recordBytes) * 2 > capacity) return ref;
    const moved = this.arena.allocate(recordBytes);
    const start = byteBase(ref);
    this.arena.bytes[moved >>> SEGMENT_OF_REF].set(
      this.arena.bytes[ref >>> SEGMENT_OF_REF].subarray(start, start + Math.min(kept, recordBytes)),
      byteBase(moved),
    );
    this.table.replace(ref, moved);
    this.expiry.moved(ref, moved);
    this.arena.free(ref);
    return moved;
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
      ref = this.insertEntry(key, keyOffset, keyLength, ENTRY_KEY_OFFSET + keyLength);
    } else if (
      storageOf(this.arena, ref) === Storage.INLINE ||
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

  /** Takes over the value of another entry under a new key; only the record is copied. */
  private adoptValue(
    source: number,
    key: DataView,
    keyOffset: number,
    keyLength: number,
  ): number {
    const inline = storageOf(this.arena, source) === Storage.INLINE;
    const valueWord = readWord(this.arena, source, VALUE_WORD);
    const inlineBytes = inline ? valueWord : 0;
    this.lastHash = this.table.hash(key, keyOffset, keyLength);
    const ref = this.insertEntry(
      key,
      keyOffset,
      keyLength,
      ENTRY_KEY_OFFSET + keyLength + inlineBytes,
    );
    // The record is new under this key, whatever the age of its value.
    const meta = readWord(this.arena, source, META_WORD) & VALUE_META | epochBits(this.state.epoch);
    writeWord(this.arena, ref, META_WORD, meta);
    writeWord(this.arena, ref, ACCESS_WORD, readWord(this.arena, source, ACCESS_WORD));
    writeWord(this.arena, ref, VALUE_WORD, valueWord);
    if (inline) {
      const from = byteBase(source) + ENTRY_KEY_OFFSET + readWord(this.arena, source, 2);
      copyBytes(
        this.arena.data[source >>> SEGMENT_OF_REF],
        from,
        this.arena.data[ref >>> SEGMENT_OF_REF],
        byteBase(ref) + ENTRY_KEY_OFFSET + keyLength,
        inlineBytes,
      );
    }
    return ref;
  }
}
