/**
 * `check-rdb FILE`: what is in an RDB file, and where it breaks, in the words of redis-check-rdb. The
 * file is read as the server reads it, value by value, and never written.
 */

import { latin1 } from "../bytes/byte_string.ts";
import { REDIS_VERSION } from "../config/version.ts";
import { invariant } from "../host/invariant.ts";
import { systemErrorText } from "../host/system_error.ts";
import { ByteSlice } from "../rdb/byte_slice.ts";
import { RdbType, TYPE_NAMES_OF_RDB } from "../rdb/opcodes.ts";
import { RdbChecksumError, RdbEmptyValue, RdbError, RdbShortRead } from "../rdb/rdb_error.ts";
import { valueErrorText } from "../rdb/value_error_text.ts";
import { RdbFileReader, RdbItem } from "../rdb/rdb_file_reader.ts";
import { RdbInput } from "../rdb/rdb_input.ts";
import { Store } from "../store/store.ts";
import { loadValue } from "../values/codecs.ts";
import { release } from "../values/value_codec.ts";
import { print, printError, type ToolHost } from "./tool_host.ts";

/** Exit code 0 when the file is right, 1 when not. */
export function checkRdb(args: readonly string[], host: ToolHost): Promise<number> {
  if (args.length !== 1) {
    printError(host, "Usage: redino check-rdb <rdb-file-name>");
    return Promise.resolve(1);
  }
  if (args[0] === "-v" || args[0] === "--version") {
    print(host, `redino check-rdb ${REDIS_VERSION}`);
    return Promise.resolve(0);
  }
  let file;
  try {
    file = host.files.open(args[0], { read: true });
  } catch (error) {
    printError(host, `Cannot open file ${args[0]}: ${systemErrorText(error)}`);
    return Promise.resolve(1);
  }
  try {
    const input = new RdbInput((target) => file.readSync(target) ?? 0, file.size());
    return Promise.resolve(new RdbCheck(host, input).run(args[0]) ? 0 : 1);
  } finally {
    file.close();
  }
}

/** One check of an input, which it leaves behind the RDB part. */
export class RdbCheck {
  private readonly file: RdbFileReader;
  private readonly store: Store;
  private readonly nowMs: number;
  private keys = 0;
  private expires = 0;
  private expired = 0;
  /** Whether a type, and a key, have been read that the error can be about. */
  private type: number | null = RdbType.STRING;
  private key: string | null = null;

  constructor(private readonly host: ToolHost, private readonly input: RdbInput) {
    this.file = new RdbFileReader(input, true);
    this.store = new Store(host.random, 1, NOBODY);
    this.nowMs = host.clock.unixMs();
  }

  /** Whether the file is right. */
  run(path: string): boolean {
    this.tell(`Checking RDB file ${path}`);
    try {
      while (this.item(this.file.next()));
    } catch (error) {
      if (!(error instanceof RdbError) && !(error instanceof RangeError)) throw error;
      this.fail(error);
      this.tellCounts();
      return false;
    }
    if (this.file.hasChecksum) this.tell("Checksum OK");
    else if (this.file.version >= 5) {
      this.tell("RDB file was saved with checksum disabled: no check performed.");
    }
    this.tell("\\o/ RDB looks OK! \\o/");
    this.tellCounts();
    if (this.input.remaining > 0) {
      print(this.host, `[info] ${this.input.remaining} bytes follow that are not part of it`);
    }
    return true;
  }

  private item(item: number): boolean {
    const { file } = this;
    switch (item) {
      case RdbItem.AUX:
        this.tell(`AUX FIELD ${text(file.name)} = '${text(file.text)}'`);
        break;
      case RdbItem.MODULE_AUX:
        this.tell(`MODULE AUX for: ${file.module}`);
        break;
      case RdbItem.SELECT_DB:
        this.tell(`Selecting DB ID ${file.db}`);
        break;
      case RdbItem.KEY:
        this.checkValue();
        break;
      case RdbItem.END:
        return false;
    }
    return true;
  }

  private checkValue(): void {
    const { file } = this;
    this.type = file.type;
    this.key = text(file.text);
    this.keys++;
    if (file.type === RdbType.MODULE_2) file.skipModuleValue();
    else this.passValue();
    if (file.expires) {
      this.expires++;
      if (file.expiresAtMs < this.nowMs) this.expired++;
    }
    this.type = null;
    this.key = null;
  }

  private passValue(): void {
    const db = this.store.databases[0];
    try {
      const value = loadValue(this.file.values, this.file.type, db);
      if (value instanceof ByteSlice) return;
      release(db, value);
      while (this.store.lazyFree.tick(Infinity, this.host.clock));
    } catch (error) {
      if (!(error instanceof RdbEmptyValue)) throw error;
      print(this.host, `[info] key '${this.key}' is empty, and would be left out`);
    }
  }

  private fail(error: Error): void {
    const { file, host } = this;
    print(host, "--- RDB ERROR DETECTED ---");
    this.tell(this.reason(error));
    print(host, `[additional info] While doing: ${file.step}`);
    if (this.key !== null) print(host, `[additional info] Reading key '${this.key}'`);
    const type = file.step === "read-key" ? file.type : this.type;
    if (type !== null) {
      print(host, `[additional info] Reading type ${type & 255} (${TYPE_NAMES_OF_RDB[type]})`);
    }
  }

  private reason(error: Error): string {
    if (error instanceof RdbShortRead) return "Unexpected EOF reading RDB file";
    if (error instanceof RdbChecksumError) return "RDB CRC error";
    if (this.key === null) return error.message;
    const reason = error instanceof RdbError && this.type !== null
      ? valueErrorText(error, this.type)
      : error.message;
    return `Internal error in RDB reading offset ${this.input.offset} -> ${reason}`;
  }

  private tell(text: string): void {
    print(this.host, `[offset ${this.input.offset}] ${text}`);
  }

  private tellCounts(): void {
    print(this.host, `[info] ${this.keys} keys read`);
    print(this.host, `[info] ${this.expires} expires`);
    print(this.host, `[info] ${this.expired} already expired`);
  }
}

function text(slice: ByteSlice): string {
  // deno-lint-ignore no-control-regex -- Bytes that a terminal would obey are what is replaced.
  return latin1(slice.view()).replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
}

const never = (): void => invariant(false, "check-rdb: its store is observed");
const NOBODY = {
  expired: never,
  ownExpiry: never,
  keyMissed: never,
  keyAdded: never,
  fieldsExpired: never,
  beforeChange: never,
  keepsDetached: () => false,
  keepsRemoved: () => false,
  postponesChange: () => false,
};
