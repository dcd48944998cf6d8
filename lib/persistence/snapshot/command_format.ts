/**
 * Snapshots as the commands that build the data anew, for `aof-use-rdb-preamble no`. Collections are
 * added a few elements at a time, so that no command becomes too long to be loaded, and a long value
 * can be written in steps.
 */

import { formatDouble } from "../../bytes/double.ts";
import type { Context } from "../../engine/context.ts";
import { SEGMENT_OF_REF } from "../../structures/arena.ts";
import {
  byteBase,
  ENTRY_KEY_OFFSET,
  readWord,
  Storage,
  storageOf,
  typeOf,
  ValueType,
} from "../../values/entry.ts";
import { HashAccess } from "../../values/hash/hash.ts";
import type { LargeHash } from "../../values/hash/large_hash.ts";
import { ListAccess } from "../../values/list/list.ts";
import { SetAccess } from "../../values/set/set.ts";
import { SortedSetAccess } from "../../values/sorted_set/sorted_set.ts";
import type { Stream } from "../../values/stream/stream.ts";
import { StringView } from "../../values/string/string.ts";
import { CommandBytes } from "./command_bytes.ts";
import { type EntryWriter, expiryOf, type Shelf, type SnapshotFormat } from "./format.ts";
import { SavedHome } from "./saved_home.ts";
import { streamCommands } from "./stream_commands.ts";

/** Elements of one command, as in Redis. */
const ELEMENTS_PER_COMMAND = 64;
/** Bytes of a string that are written in one step. */
const PART_BYTES = 1 << 18;
const KEY_LENGTH_WORD = 2;

export class CommandFormat implements SnapshotFormat {
  readonly checksum = "none";
  private readonly home: SavedHome;

  constructor(context: Context, private readonly functions: readonly Uint8Array[]) {
    this.home = new SavedHome(context.store);
  }

  writer(): CommandEntryWriter {
    return new CommandEntryWriter(this.home);
  }

  header({ out }: CommandEntryWriter): void {
    for (const source of this.functions) {
      out.begin(3);
      out.text("FUNCTION");
      out.text("LOAD");
      out.argument(source);
    }
  }

  footer(): void {}
}

class CommandEntryWriter implements EntryWriter {
  readonly out = new CommandBytes();
  selectedDb = -1;

  constructor(private readonly home: SavedHome) {}

  entry(shelf: Shelf, ref: number): void {
    for (const _ of this.entrySlices(shelf, ref));
  }

  *entrySlices(shelf: Shelf, ref: number): Generator<void, void> {
    const { out } = this;
    const { arena } = this.home;
    if (shelf.index !== this.selectedDb) {
      out.begin(2);
      out.text("SELECT");
      out.text(String(shelf.index));
      this.selectedDb = shelf.index;
    }
    const start = byteBase(ref) + ENTRY_KEY_OFFSET;
    const key = arena.bytes[ref >>> SEGMENT_OF_REF]
      .slice(start, start + readWord(arena, ref, KEY_LENGTH_WORD));
    // Asked now: the entry may be removed before all of it is written.
    const expiry = expiryOf(shelf, arena, ref);
    yield* this.value(key, ref);
    if (expiry === null) return;
    out.begin(3);
    out.text("PEXPIREAT");
    out.argument(key);
    out.text(String(expiry));
  }

  private value(key: Uint8Array, ref: number): Generator<void, void> {
    const { home, out } = this;
    switch (typeOf(home.arena, ref)) {
      case ValueType.STRING:
        return this.string(key, ref);
      case ValueType.LIST:
        return this.list(key, ref);
      case ValueType.SET:
        return this.set(key, ref);
      case ValueType.SORTED_SET:
        return this.sortedSet(key, ref);
      case ValueType.HASH:
        return this.hash(key, ref);
      default:
        return streamCommands(out, key, home.objects.get(home.valueWordOf(ref)) as Stream);
    }
  }

  private *string(key: Uint8Array, ref: number): Generator<void, void> {
    const { out } = this;
    const view = new StringView();
    const { length } = view.point(this.home.arena, ref);
    out.begin(3);
    out.text("SET");
    out.argument(key);
    out.beginArgument(length);
    for (let at = 0; at < length; at += PART_BYTES) {
      if (at > 0) yield;
      const { bytes, offset } = view.point(this.home.arena, ref);
      const from = offset + at;
      out.part(bytes.subarray(from, from + Math.min(PART_BYTES, length - at)));
    }
    out.endArgument();
  }

  private *list(key: Uint8Array, ref: number): Generator<void, void> {
    const { out, home } = this;
    const list = new ListAccess();
    const { size } = list.open(home, ref);
    for (let at = 0; at < size;) {
      // Whoever read the list in between may have turned it elsewhere.
      if (at > 0) yield;
      const count = Math.min(ELEMENTS_PER_COMMAND, size - at);
      this.beginAdding("RPUSH", key, count);
      list.open(home, ref).seek(at);
      const { element } = list;
      for (let left = count; left > 0; left--, list.next()) {
        out.range(element.data, element.offset, element.length);
      }
      at += count;
    }
  }

  private *set(key: Uint8Array, ref: number): Generator<void, void> {
    const set = new SetAccess().open(this.home, ref);
    let left = set.size;
    let inCommand = 0;
    for (let handle = set.first(); handle >= 0; handle = set.next(handle)) {
      if (inCommand === 0) {
        yield;
        inCommand = Math.min(ELEMENTS_PER_COMMAND, left);
        this.beginAdding("SADD", key, inCommand);
      }
      set.point(handle);
      this.out.range(set.data, set.offset, set.length);
      left--;
      inCommand--;
    }
  }

  private *sortedSet(key: Uint8Array, ref: number): Generator<void, void> {
    const set = new SortedSetAccess().open(this.home, ref);
    let left = set.size;
    let inCommand = 0;
    set.seek(0);
    do {
      if (inCommand === 0) {
        yield;
        inCommand = Math.min(ELEMENTS_PER_COMMAND, left);
        this.beginAdding("ZADD", key, inCommand * 2);
      }
      this.out.text(formatDouble(set.score));
      this.out.range(set.data, set.offset, set.length);
      left--;
      inCommand--;
    } while (set.next());
  }

  private *hash(key: Uint8Array, ref: number): Generator<void, void> {
    const { out, home } = this;
    const hash = new HashAccess().open(home, ref);
    const places = storageOf(home.arena, ref) === Storage.OBJECT
      ? placesOf(home.objects.get(home.valueWordOf(ref)) as LargeHash)
      : hash.places();
    let left = hash.size;
    let inCommand = 0;
    for (const place of places) {
      if (inCommand === 0) {
        yield;
        inCommand = Math.min(ELEMENTS_PER_COMMAND, left);
        this.beginAdding("HMSET", key, inCommand * 2);
      }
      hash.pointField(place);
      out.range(hash.data, hash.offset, hash.length);
      hash.pointValue(place);
      out.range(hash.data, hash.offset, hash.length);
      left--;
      inCommand--;
    }
    if (storageOf(home.arena, ref) !== Storage.OBJECT) return;
    const large = home.objects.get(home.valueWordOf(ref)) as LargeHash;
    if (large.dueTime !== Infinity) yield* this.fieldTimes(key, hash, large);
  }

  private *fieldTimes(
    key: Uint8Array,
    hash: HashAccess,
    large: LargeHash,
  ): Generator<void, void> {
    const { out } = this;
    for (const place of placesOf(large)) {
      const time = hash.expiresAt(place);
      if (time === -1) continue;
      out.begin(6);
      out.text("HPEXPIREAT");
      out.argument(key);
      out.text(String(time));
      out.text("FIELDS");
      out.text("1");
      hash.pointField(place);
      out.range(hash.data, hash.offset, hash.length);
      yield;
    }
  }

  private beginAdding(name: string, key: Uint8Array, args: number): void {
    this.out.begin(2 + args);
    this.out.text(name);
    this.out.argument(key);
  }
}

/** The places of a table's fields, without a list of all of them. */
function* placesOf({ table }: LargeHash): Generator<number, void> {
  for (let chain = 0; chain < table.chainCount; chain++) {
    for (let place = table.chainHead(chain); place !== 0; place = table.nextInChain(place)) {
      yield place;
    }
  }
}
