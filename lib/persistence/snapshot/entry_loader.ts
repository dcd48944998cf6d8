/**
 * Keys of a file into the databases. A file's keys are all different and nobody looks at them while
 * they come, so each costs one look-up, one record and its value. [hot]
 */

import { ByteSlice } from "../../rdb/byte_slice.ts";
import * as opcodesModule from "../../rdb/opcodes.ts";
import { RdbEmptyValue, RdbError } from "../../rdb/rdb_error.ts";
import type { RdbFileReader } from "../../rdb/rdb_file_reader.ts";
import type { Database } from "../../store/database.ts";
import type { Store } from "../../store/store.ts";
import type { HashTable } from "../../structures/hash_table.ts";
import * as codecsModule from "../../values/codecs.ts";
import * as entryModule from "../../values/entry.ts";
import type { HashExpiry } from "../../values/hash/hash_expiry.ts";
import type { ValueLimits } from "../../values/limits.ts";
import * as stringModule from "../../values/string/string.ts";
import type { ObjectTable, StoredObject, ValueHome } from "../../values/value.ts";
import type { LooseValue } from "../../values/value_codec.ts";
import * as valueCodecModule from "../../values/value_codec.ts";
import * as loadNotesModule from "./load_notes.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { RdbType } = opcodesModule;
const { loadValue } = codecsModule;
const { ACCESS_WORD, Storage, writeWord } = entryModule;
const { stringEncoding } = stringModule;
const { release } = valueCodecModule;
const { shown } = loadNotesModule;

/** What a key with the shortest value takes in a file: opcode, two lengths. */
const SMALLEST_KEY_BYTES = 3;
/** Keys that room is made for at once at most, where the size of the input is not known. */
const MOST_RESERVED = 1 << 24;
/** The LRU clock counts seconds modulo one more than this. */
const MAX_ACCESS_STAMP = 2 ** 24 - 1;
const MAX_FREQUENCY = 255;

export interface EntryLoaderOptions {
  readonly dropsExpired: boolean;
  readonly keyExpired?: (db: number, key: Uint8Array) => void;
  readonly replacesKeys?: boolean;
}

/** The databases that are filled. */
export type EntryLoaderStore = Pick<Store, "databases" | "state">;

export class EntryLoader {
  db: Database;
  loaded = 0;
  expired = 0;
  empty = 0;
  private readonly text = new ByteSlice();
  private readonly home: LoadingHome;

  /** @param nowMs what expiry is judged by, in Unix milliseconds. */
  constructor(
    private readonly store: EntryLoaderStore,
    private readonly nowMs: number,
    private readonly options: EntryLoaderOptions,
  ) {
    this.db = store.databases[0];
    const dropsFields = options.dropsExpired && options.keyExpired === undefined;
    this.home = new LoadingHome(this.db, dropsFields ? nowMs - 1 : -1);
  }

  /** @throws RdbError when there are not so many databases. */
  select(index: number): void {
    const { databases } = this.store;
    if (index >= databases.length) {
      throw new RdbError(
        `FATAL: Data file was created with a Redis server configured to handle more than ` +
          `${databases.length} databases. Exiting`,
      );
    }
    this.db = databases[index];
    this.home.db = this.db;
  }

  /** Makes room for as many keys as are said to come, and could. */
  reserve(keys: number, remainingBytes: number): void {
    const most = Math.min(MOST_RESERVED, Math.floor(remainingBytes / SMALLEST_KEY_BYTES));
    this.db.table.reserve(this.db.size + Math.min(keys, most));
  }

  isModuleValue(file: RdbFileReader): boolean {
    return file.type === RdbType.MODULE_2;
  }

  /**
   * Reads the value of the item KEY and puts it under its key; false when there was nothing in it.
   *
   * @throws RdbError when the value is wrong, or the key there already.
   */
  load(file: RdbFileReader): boolean {
    if (file.type === RdbType.STRING) {
      file.values.string(this.text);
      if (this.isOver(file)) this.leaveOut(file);
      else this.putString(file);
      return true;
    }
    let value: ByteSlice | LooseValue;
    try {
      value = loadValue(file.values, file.type, this.home);
    } catch (error) {
      if (!(error instanceof RdbEmptyValue)) throw error;
      this.empty++;
      return false;
    }
    if (value instanceof ByteSlice) return true;
    if (this.isOver(file)) {
      release(this.db, value);
      this.leaveOut(file);
    } else if (value.size === 0) {
      // All its fields were past their time.
      release(this.db, value);
      this.expired++;
    } else this.putValue(file, value);
    return true;
  }

  private leaveOut(file: RdbFileReader): void {
    this.expired++;
    this.options.keyExpired?.(this.db.index, file.text.view());
  }

  private isOver(file: RdbFileReader): boolean {
    return file.expires && this.options.dropsExpired && file.expiresAtMs < this.nowMs &&
      file.expiresAtMs !== -1;
  }

  private putString(file: RdbFileReader): void {
    const { db, text } = this;
    const key = file.text;
    this.makeWay(key);
    const { bytes, offset, length } = text;
    const encoding = stringEncoding(bytes, offset, length);
    this.finish(
      file,
      db.setString(0, key.data, key.offset, key.length, text.data, offset, length, encoding),
    );
  }

  private putValue(file: RdbFileReader, loose: LooseValue): void {
    const { db } = this;
    const key = file.text;
    const { type, encoding, storage, value } = loose;
    let ref = 0;
    try {
      this.makeWay(key);
      ref = db.putValue(0, key.data, key.offset, key.length, type, encoding, storage, value);
    } finally {
      if (ref === 0) release(db, loose);
    }
    if (storage === Storage.OBJECT) db.objectOf(ref).entered?.(db, ref);
    this.finish(file, ref);
  }

  /** Looks the key up, so that it can be added. */
  private makeWay(key: ByteSlice): void {
    const { db } = this;
    const present = db.peek(key.data, key.offset, key.length);
    if (present === 0) return;
    if (this.options.replacesKeys !== true) {
      throw new RdbError(
        `The RDB file contains duplicated key '${shown(key.view())}' in DB ${db.index}`,
      );
    }
    db.remove(present);
    db.peek(key.data, key.offset, key.length);
  }

  private finish(file: RdbFileReader, ref: number): void {
    this.loaded++;
    if (file.expires && file.expiresAtMs !== -1) {
      if (file.exactExpiry === null) this.db.setExpiry(ref, file.expiresAtMs);
      else this.db.setExactExpiry(ref, file.exactExpiry);
    }
    if (file.idleSeconds >= 0 || file.frequency >= 0) this.setAccess(file, ref);
  }

  /** How long ago or how often the key was used, if the policy in force asks for it. */
  private setAccess(file: RdbFileReader, ref: number): void {
    const { state } = this.store;
    const { arena } = this.db;
    if (state.countsFrequency) {
      if (file.frequency < 0) return;
      writeWord(arena, ref, ACCESS_WORD, state.newAccess & ~MAX_FREQUENCY | file.frequency);
    } else if (file.idleSeconds >= 0) {
      const stamp = state.accessStamp - Math.min(file.idleSeconds, MAX_ACCESS_STAMP);
      // What was last used before the clock began counts as used half its range ago.
      const wrapped = (state.accessStamp + (MAX_ACCESS_STAMP >>> 1)) % MAX_ACCESS_STAMP;
      writeWord(arena, ref, ACCESS_WORD, stamp < 0 ? wrapped : stamp);
    }
  }
}

/** The database that values are loaded for, with its own word on which fields are past their time. */
class LoadingHome implements ValueHome {
  constructor(public db: Database, readonly fieldsExpireUpTo: number) {}

  get arena(): Database["arena"] {
    return this.db.arena;
  }

  get objects(): ObjectTable {
    return this.db.objects;
  }

  get limits(): ValueLimits {
    return this.db.limits;
  }

  get hashExpiry(): HashExpiry {
    return this.db.hashExpiry;
  }

  newTable(keyOffset: number): HashTable {
    return this.db.newTable(keyOffset);
  }

  valueWordOf(ref: number): number {
    return this.db.valueWordOf(ref);
  }

  moveValue(ref: number, encoding: number, storage: number, value: number): void {
    this.db.moveValue(ref, encoding, storage, value);
  }

  discard(object: StoredObject): void {
    this.db.discard(object);
  }
}
