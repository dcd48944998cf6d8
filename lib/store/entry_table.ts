/**
 * The entries of one database: records in the arena, found by key, with their expiry. What is true
 * of a key whatever it holds is here (look-up that drops what has expired, removal, renaming,
 * copying, room for a value); database.ts adds what depends on the value. [hot]
 *
 * Entries are arena refs. A ref stays valid until its own key is changed through this class
 * (a record that grows may move); allocation never moves another key.
 */

import * as copyModule from "../bytes/copy.ts";
import type { Arena } from "../structures/arena.ts";
import * as arenaModule from "../structures/arena.ts";
import type { HashTable } from "../structures/hash_table.ts";
import * as entryModule from "../values/entry.ts";
import { HashExpiry } from "../values/hash/hash_expiry.ts";
import { ExpiryIndex } from "./expiry_index.ts";
import type { StoreState } from "./store_state.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes } = copyModule;
const { roundedSize, SEGMENT_OF_REF } = arenaModule;
const {
  ACCESS_WORD,
  BLOCK_HEADER_BYTES,
  byteBase,
  ENTRY_KEY_OFFSET,
  epochBits,
  EXPIRY_WORD,
  keyView,
  META_WORD,
  readWord,
  Storage,
  storageOf,
  typeOf,
  VALUE_META,
  VALUE_WORD,
  wordBase,
  writeWord,
} = entryModule;

/** What the layer around the store is told; the engine fills it in. */
export interface StoreObserver {
  /** An entry is past its time and must be removed, and its removal made known. */
  expired(db: EntryTable, ref: number): void;
  /** A client of a writable replica has given an entry an expiry. */
  ownExpiry(db: EntryTable, ref: number): void;
  /** A reading look-up found nothing; called only while `observesMisses`. */
  keyMissed(db: EntryTable, key: Uint8Array): void;
  /** A key was added, of its value only the type; called only while `observesNewKeys`. */
  keyAdded(db: EntryTable, ref: number): void;
  /**
   * Fields of a hash were removed because their time was up, which must be made known; `emptied`
   * when they were the last ones, so that the entry must go too.
   */
  fieldsExpired(
    db: EntryTable,
    ref: number,
    fields: readonly Uint8Array[],
    emptied: boolean,
  ): void;
  /** An entry is about to be changed or removed; called only while `preservesEntries`. */
  beforeChange(db: EntryTable, ref: number): void;
  /**
   * A database is about to go on without its table; called only while `preservesEntries`. True when
   * the observer keeps the table and will free its records.
   */
  keepsDetached(db: EntryTable): boolean;
  /**
   * An entry is about to be removed; called only while `preservesEntries`. True when the observer
   * keeps the record, with its value, and will free it.
   */
  keepsRemoved(db: EntryTable, ref: number): boolean;
  /**
   * Whether a change that nobody asked for is better made later, since what has to be done before
   * it would hold up others; called only while `preservesEntries`.
   */
  postponesChange(db: EntryTable, ref: number): boolean;
}

export class EntryTable {
  readonly arena: Arena;
  table: HashTable;
  expiry: ExpiryIndex;
  /** The hashes with expiring fields. */
  hashExpiry = new HashExpiry();
  /** Hash of the key last looked up, for the insertion that may follow. */
  private lastHash = 0;

  constructor(
    protected readonly state: StoreState,
    protected readonly observer: StoreObserver,
    readonly index: number,
  ) {
    this.arena = state.arena;
    this.table = state.newTable();
    this.expiry = new ExpiryIndex(state.arena);
  }

  get size(): number {
    return this.table.count;
  }

  /** Removes a key and frees what it holds. */
  remove(ref: number): void {
    const isKept = this.state.preservesEntries && this.observer.keepsRemoved(this, ref);
    this.expiry.remove(ref);
    this.table.remove(ref);
    if (!isKept) this.state.freeEntry(ref);
  }

  /**
   * Removes every key at once and says how many there were. Freeing a million takes about a tenth
   * of a second: `Store.clear` and `LazyFree` are there for those who can't wait.
   */
  clear(): number {
    const count = this.size;
    const detached = this.detach();
    while (detached.drain(count, (ref) => this.state.freeEntry(ref)));
    return count;
  }

  /**
   * Goes on with an empty table and hands over the full one, whose records are the caller's to
   * free. Costs the same however many keys there are.
   */
  detach(): HashTable {
    // What a snapshot still has to save is not the caller's to free: he gets an empty table.
    const isKept = this.state.preservesEntries && this.observer.keepsDetached(this);
    const table = isKept ? this.state.newTable() : this.table;
    this.table = this.state.newTable();
    this.expiry = new ExpiryIndex(this.arena);
    this.hashExpiry = new HashExpiry();
    return table;
  }

  /**
   * Moves an entry's value, with its expiry, to another key, which may be in another database
   * and must not be there. The old key is gone.
   */
  moveEntry(
    ref: number,
    target: EntryTable,
    key: DataView,
    keyOffset: number,
    keyLength: number,
  ): number {
    if (this.state.preservesEntries) this.observer.beforeChange(this, ref);
    const value = readWord(this.arena, ref, VALUE_WORD);
    const moved = target.adoptValue(ref, value, key, keyOffset, keyLength);
    if (readWord(this.arena, ref, EXPIRY_WORD) !== 0) {
      target.setExactExpiry(moved, this.expiry.exactTimeOf(ref));
      this.expiry.remove(ref);
    }
    this.table.remove(ref);
    this.arena.free(ref);
    return moved;
  }

  /** Copies an entry's value, with its expiry, to a key that must not be there. */
  copyEntry(
    ref: number,
    target: EntryTable,
    key: DataView,
    keyOffset: number,
    keyLength: number,
  ): number {
    const copy = target.adoptValue(ref, this.copiedValue(ref), key, keyOffset, keyLength);
    if (readWord(this.arena, ref, EXPIRY_WORD) !== 0) {
      target.setExactExpiry(copy, this.expiry.exactTimeOf(ref));
    }
    return copy;
  }

  /**
   * A copy of an entry that is in no table and has no expiry: for who keeps an old state, and gives
   * it to {@linkcode putBack} or frees it as any entry.
   */
  copyOut(ref: number): number {
    const { arena } = this;
    const valueWord = this.copiedValue(ref);
    const inlineBytes = storageOf(arena, ref) === Storage.INLINE ? valueWord : 0;
    const bytes = ENTRY_KEY_OFFSET + readWord(arena, ref, 2) + inlineBytes;
    const copy = arena.allocate(bytes);
    copyBytes(
      arena.data[ref >>> SEGMENT_OF_REF],
      byteBase(ref),
      arena.data[copy >>> SEGMENT_OF_REF],
      byteBase(copy),
      bytes,
    );
    writeWord(arena, copy, EXPIRY_WORD, 0);
    writeWord(arena, copy, VALUE_WORD, valueWord);
    return copy;
  }

  /**
   * Puts what {@linkcode copyOut} made under its key, which must not be there; the copy is gone.
   *
   * @param expiry Unix milliseconds; null for none.
   */
  putBack(copy: number, expiry: bigint | null): number {
    const { arena } = this;
    const ref = this.adoptValue(
      copy,
      readWord(arena, copy, VALUE_WORD),
      arena.data[copy >>> SEGMENT_OF_REF],
      byteBase(copy) + ENTRY_KEY_OFFSET,
      readWord(arena, copy, 2),
    );
    if (expiry !== null) this.expiry.setExact(ref, expiry);
    arena.free(copy);
    return ref;
  }

  /** When the entry expires, in Unix milliseconds; -1 when it does not. */
  expiryOf(ref: number): number {
    return readWord(this.arena, ref, EXPIRY_WORD) === 0 ? -1 : this.expiry.timeOf(ref);
  }

  setExpiry(ref: number, unixMs: number): void {
    this.expiry.set(ref, unixMs);
    if (this.state.isWritableReplica) this.noteOwn(ref);
  }

  /** As {@linkcode expiryOf}, exact to the ends of 64 bits. */
  exactExpiryOf(ref: number): bigint {
    return this.expiry.exactTimeOf(ref);
  }

  /** As {@linkcode setExpiry}, exact to the ends of 64 bits. */
  setExactExpiry(ref: number, unixMs: bigint): void {
    this.expiry.setExact(ref, unixMs);
    if (this.state.isWritableReplica) this.noteOwn(ref);
  }

  /** While the primary's changes are made, or a file is loaded, nothing expires. */
  private noteOwn(ref: number): void {
    if (this.state.expires) this.observer.ownExpiry(this, ref);
  }

  /** Makes the entry live for ever; true when it had an expiry. */
  persist(ref: number): boolean {
    return readWord(this.arena, ref, EXPIRY_WORD) !== 0 && this.expiry.remove(ref);
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

  /** The same for who is to change the key, and would not find room for it otherwise. */
  protected dropForWrite(ref: number): boolean {
    if (!this.isExpired(ref)) return false;
    const { removesExpired, isWritableReplica } = this.state;
    if (removesExpired || isWritableReplica) this.observer.expired(this, ref);
    return true;
  }

  /** The entry of a key, past its time or not; 0 when there is none. */
  entryOf(key: DataView, offset: number, length: number): number {
    return this.table.find(key, offset, length, this.table.hash(key, offset, length));
  }

  /** The key's bytes, lent until the next change. */
  keyOf(ref: number): Uint8Array {
    return keyView(this.arena, ref);
  }

  /** Bytes that the entry takes, its value included. */
  memoryOf(ref: number): number {
    let total = this.arena.capacityOf(ref);
    const storage = storageOf(this.arena, ref);
    const value = readWord(this.arena, ref, VALUE_WORD);
    if (storage === Storage.BLOCK) total += this.arena.capacityOf(value);
    else if (storage === Storage.OBJECT) total += this.state.objects.get(value).memoryBytes;
    return total;
  }

  /** Bytes of the expiry index; entries and tables are counted by the arena. */
  get overheadBytes(): number {
    return this.expiry.memoryBytes;
  }

  protected find(key: DataView, offset: number, length: number, hash: number): number {
    const ref = this.locate(key, offset, length, hash);
    if (ref === 0 || readWord(this.arena, ref, EXPIRY_WORD) === 0) return ref;
    return this.dropIfExpired(ref) ? 0 : ref;
  }

  /** The entry of a key, expired or not; 0 when there is none. */
  protected locate(key: DataView, offset: number, length: number, hash: number): number {
    this.lastHash = hash;
    return this.table.find(key, offset, length, hash);
  }

  /** Notes a use of the entry, where that is more than a time stamp. */
  protected touch(ref: number): void {
    const { state } = this;
    if (state.accessFrozen) return;
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const at = wordBase(ref) + ACCESS_WORD;
    words[at] = state.countsFrequency ? state.frequencyAfterAccess(words[at]) : state.accessStamp;
  }

  /** A new entry with its key and type in place and no expiry; the caller fills in meta and value. */
  protected insertEntry(
    key: DataView,
    keyOffset: number,
    keyLength: number,
    recordBytes: number,
    type: number,
  ): number {
    const ref = this.arena.allocate(recordBytes);
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const base = wordBase(ref);
    words[base + ACCESS_WORD] = this.state.newAccess;
    words[base + EXPIRY_WORD] = 0;
    words[base + META_WORD] = type;
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
  protected fitRecord(ref: number, recordBytes: number, kept: number): number {
    if (storageOf(this.arena, ref) !== Storage.INLINE) this.state.freeValue(ref);
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

  /**
   * Takes over the value of another entry, or a copy of it, under a new key.
   *
   * @param valueWord what the new entry's value word is to be.
   */
  private adoptValue(
    source: number,
    valueWord: number,
    key: DataView,
    keyOffset: number,
    keyLength: number,
  ): number {
    const inline = storageOf(this.arena, source) === Storage.INLINE;
    const inlineBytes = inline ? valueWord : 0;
    this.lastHash = this.table.hash(key, keyOffset, keyLength);
    const ref = this.insertEntry(
      key,
      keyOffset,
      keyLength,
      ENTRY_KEY_OFFSET + keyLength + inlineBytes,
      typeOf(this.arena, source),
    );
    // The record is new under this key, whatever the age of its value.
    const meta = readWord(this.arena, source, META_WORD) & VALUE_META | epochBits(this.state.epoch);
    writeWord(this.arena, ref, META_WORD, meta);
    writeWord(this.arena, ref, ACCESS_WORD, readWord(this.arena, source, ACCESS_WORD));
    writeWord(this.arena, ref, VALUE_WORD, valueWord);
    if (storageOf(this.arena, ref) === Storage.OBJECT) {
      this.state.objects.get(valueWord).entered?.(this, ref);
    }
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

  /** What the value word of a copy of this entry is to be: block and object are copied. */
  private copiedValue(ref: number): number {
    const value = readWord(this.arena, ref, VALUE_WORD);
    const storage = storageOf(this.arena, ref);
    if (storage === Storage.INLINE) return value;
    if (storage === Storage.OBJECT) {
      return this.state.objects.add(this.state.objects.get(value).copy());
    }
    const bytes = BLOCK_HEADER_BYTES + readWord(this.arena, value, 0);
    const block = this.arena.allocate(bytes);
    copyBytes(
      this.arena.data[value >>> SEGMENT_OF_REF],
      byteBase(value),
      this.arena.data[block >>> SEGMENT_OF_REF],
      byteBase(block),
      bytes,
    );
    return block;
  }
}
