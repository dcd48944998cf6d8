/**
 * Snapshots as RDB: what stands around the values, whose own form lib/values/codecs.ts knows. All is
 * as redis-server 7.0 writes it, in its order, but that databases may alternate: an entry that is
 * about to change is written out of turn, with a SELECTDB before it, which every loader understands.
 */

import { fromLatin1 } from "../../bytes/byte_string.ts";
import { REDIS_VERSION } from "../../config/version.ts";
import type { Context } from "../../engine/context.ts";
import { Opcode, RDB_VERSION, RDB_VERSION_FIELD_EXPIRY } from "../../rdb/opcodes.ts";
import { RdbWriter } from "../../rdb/rdb_writer.ts";
import type { StoreState } from "../../store/store_state.ts";
import { SEGMENT_OF_REF } from "../../structures/arena.ts";
import { rdbTypeOf, saveValue, saveValueSlices } from "../../values/codecs.ts";
import { ACCESS_WORD, byteBase, ENTRY_KEY_OFFSET, readWord } from "../../values/entry.ts";
import { type EntryWriter, expiryOf, type Shelf, type SnapshotFormat } from "./format.ts";
import { SavedHome } from "./saved_home.ts";
import type { ReplicationPoint, SaveOptions } from "./contract.ts";

const KEY_LENGTH_WORD = 2;

/** What of the access clock is kept: idle seconds, the counter of frequency, or nothing. */
type AccessKept = "idle" | "frequency" | "nothing";

export class RdbFormat implements SnapshotFormat {
  readonly checksum: "zeros" | "crc64";
  /** Databases of which the size was written. */
  private readonly announced = new Set<number>();
  private readonly home: SavedHome;
  private readonly compresses: boolean;
  private readonly access: AccessKept;

  constructor(
    private readonly options: SaveOptions,
    private readonly context: Context,
    private readonly functions: readonly Uint8Array[],
  ) {
    const { config, store } = context;
    this.home = new SavedHome(store);
    this.checksum = config.get("rdbchecksum") ? "crc64" : "zeros";
    this.compresses = config.get("rdbcompression");
    const policy = config.get("maxmemory-policy");
    this.access = policy.endsWith("lru")
      ? "idle"
      : policy.endsWith("lfu")
      ? "frequency"
      : "nothing";
  }

  writer(): RdbEntryWriter {
    const { home, compresses, access, announced, context } = this;
    return new RdbEntryWriter(home, compresses, access, announced, context.store.state);
  }

  header(to: RdbEntryWriter): void {
    const { out } = to;
    const { context, options } = this;
    // Only hashes with fields that expire need more than what Redis 7.0 loads.
    const expiring = context.store.databases.some((db) => db.hashExpiry.count > 0);
    const version = expiring ? RDB_VERSION_FIELD_EXPIRY : RDB_VERSION;
    out.raw(fromLatin1(`REDIS${String(version).padStart(4, "0")}`));
    auxiliary(out, "redis-ver", REDIS_VERSION);
    auxiliary(out, "redis-bits", "64");
    auxiliary(out, "ctime", String(Math.floor(context.host.clock.unixMs() / 1000)));
    auxiliary(out, "used-mem", String(context.store.usedBytes));
    if (options.replication !== null) replicationFields(out, options.replication);
    auxiliary(out, "aof-base", options.aofPreamble ? "1" : "0");
    for (const source of this.functions) {
      out.byte(Opcode.FUNCTION_2);
      out.stringOf(source);
    }
  }

  footer(to: RdbEntryWriter): void {
    to.out.byte(Opcode.EOF);
  }
}

class RdbEntryWriter implements EntryWriter {
  readonly out: RdbWriter;
  selectedDb = -1;

  constructor(
    private readonly home: SavedHome,
    compresses: boolean,
    private readonly access: AccessKept,
    private readonly announced: Set<number>,
    private readonly state: StoreState,
  ) {
    this.out = new RdbWriter(compresses);
  }

  entry(shelf: Shelf, ref: number): void {
    this.key(shelf, ref);
    saveValue(this.out, this.home, ref);
  }

  *entrySlices(shelf: Shelf, ref: number): Generator<void, void> {
    this.key(shelf, ref);
    yield* saveValueSlices(this.out, this.home, ref);
  }

  /** What stands before the value. */
  private key(shelf: Shelf, ref: number): void {
    const { out } = this;
    const { arena } = this.home;
    if (shelf.index !== this.selectedDb) this.select(shelf);
    const expiry = expiryOf(shelf, arena, ref);
    if (expiry !== null) {
      out.byte(Opcode.EXPIRE_TIME_MS);
      out.milliseconds(expiry);
    }
    if (this.access === "idle") {
      out.byte(Opcode.IDLE);
      out.lengthOf(this.state.idleSeconds(readWord(arena, ref, ACCESS_WORD)));
    } else if (this.access === "frequency") {
      out.byte(Opcode.FREQ);
      out.byte(this.state.decayed(readWord(arena, ref, ACCESS_WORD)));
    }
    out.byte(rdbTypeOf(this.home, ref));
    const data = arena.data[ref >>> SEGMENT_OF_REF];
    out.string(data, byteBase(ref) + ENTRY_KEY_OFFSET, readWord(arena, ref, KEY_LENGTH_WORD));
  }

  private select(shelf: Shelf): void {
    const { out } = this;
    out.byte(Opcode.SELECT_DB);
    out.lengthOf(shelf.index);
    this.selectedDb = shelf.index;
    if (this.announced.has(shelf.index)) return;
    this.announced.add(shelf.index);
    out.byte(Opcode.RESIZE_DB);
    out.lengthOf(shelf.size);
    out.lengthOf(shelf.expires);
  }
}

function auxiliary(out: RdbWriter, name: string, value: string): void {
  out.byte(Opcode.AUX);
  out.stringOf(fromLatin1(name));
  out.stringOf(fromLatin1(value));
}

function replicationFields(out: RdbWriter, point: ReplicationPoint): void {
  auxiliary(out, "repl-stream-db", String(point.db));
  auxiliary(out, "repl-id", point.id);
  auxiliary(out, "repl-offset", String(point.offset));
}
