/**
 * An RDB file as a sequence of items, in the order in which they lie there:
 *
 * ```
 * "REDIS" 4 digits  (or "VALKEY" 3 digits)
 * AUX key value …   what the writer says of itself
 * FUNCTION_2 code … libraries of functions
 * MODULE_AUX …      what modules keep beside values
 * SELECT_DB number, RESIZE_DB keys expiring, SLOT_INFO slot keys expiring
 *   [EXPIRE_TIME_MS | EXPIRE_TIME] [IDLE | FREQ] type key value …
 * EOF, and from version 5 on CRC-64 of all before
 * ```
 *
 * `next` says what comes and fills the fields that go with it. After KEY the value follows: whoever
 * asked reads it through `values` before he asks again. Source: rdb.c of Redis 7.0, 7.4 and 8.0, and
 * of Valkey 9.0.
 */

import { latin1 } from "../bytes/byte_string.ts";
import { ByteSlice } from "./byte_slice.ts";
import { moduleName, readModuleId, skipModuleParts } from "./module_value.ts";
import {
  NEWEST_RDB_VERSION,
  Opcode,
  RdbType,
  TYPE_NAMES_OF_RDB,
  VALKEY_RDB_VERSION,
} from "./opcodes.ts";
import { RdbChecksumError, RdbError } from "./rdb_error.ts";
import type { RdbInput } from "./rdb_input.ts";
import { RdbReader } from "./rdb_reader.ts";

/** What `next` finds. */
export const RdbItem = {
  /** `name` and `text`. */
  AUX: 1,
  /** `text`: the code of a library, lent. */
  FUNCTION: 2,
  /** `module`: what a module keeps, which was passed over. */
  MODULE_AUX: 3,
  /** `db`. */
  SELECT_DB: 4,
  /** `keys` and `expiring`: how many are said to come. */
  RESIZE_DB: 5,
  /** `type`, `text` (the key, lent) and what was said before it; the value comes next. */
  KEY: 6,
  /** The end, the checksum compared. */
  END: 7,
} as const;

/** What is being read, in the words of redis-check-rdb. */
export type RdbStep =
  | "start"
  | "read-type"
  | "read-expire"
  | "read-len"
  | "read-aux"
  | "read-module-aux"
  | "read-functions"
  | "read-key"
  | "read-object-value"
  | "check-sum";

const MAGIC_BYTES = 9;
const SUM_BYTES = 8;
/** Files from this version on end with their checksum. */
const FIRST_SUMMED_VERSION = 5;
const HASH_2_OF_VALKEY = 22;
const MAX_FREQUENCY = 255;

export class RdbFileReader {
  readonly values: RdbReader;
  step: RdbStep = "start";
  /** What the head says, or 0 before it was read. */
  version = 0;
  isValkey = false;
  readonly name: ByteSlice = new ByteSlice();
  /** A key, lent until the next item; or the other text of an item. */
  readonly text: ByteSlice = new ByteSlice();
  module = "";
  /** Whether the file has a checksum at its end; told by END. */
  hasChecksum = false;
  db = 0;
  keys = 0;
  expiring = 0;
  /** Of {@linkcode RdbType}. */
  type = 0;
  expires = false;
  /** Unix milliseconds, as near as a double comes; meant where `expires` is true. */
  expiresAtMs = 0;
  /** The same where a double is not exact. */
  exactExpiry: bigint | null = null;
  /** Seconds since the key was used; -1 when the file does not say. */
  idleSeconds = -1;
  /** How often the key is used, 0 to 255; -1 when the file does not say. */
  frequency = -1;

  /** @param checksSum whether a wrong checksum is an error (`rdbchecksum`). */
  constructor(readonly input: RdbInput, private readonly checksSum: boolean) {
    this.values = new RdbReader(input);
  }

  /**
   * Reads the head, or nothing when it was read.
   *
   * @throws RdbError when this is no RDB file, or one of a version that can't be read.
   */
  readHead(): void {
    if (this.version !== 0) return;
    const at = this.input.take(MAGIC_BYTES);
    const head = latin1(this.input.bytes.subarray(at, at + MAGIC_BYTES));
    const match = /^(?:REDIS(\d{4})|VALKEY(\d{3}))$/.exec(head);
    if (match === null) throw new RdbError("Wrong signature trying to load DB from file");
    this.isValkey = match[2] !== undefined;
    const version = Number(match[1] ?? match[2]);
    const isKnown = this.isValkey
      ? version === VALKEY_RDB_VERSION
      : version >= 1 && version <= NEWEST_RDB_VERSION;
    if (!isKnown) throw new RdbError(`Can't handle RDB format version ${version}`);
    this.version = version;
  }

  /**
   * The next item, of {@linkcode RdbItem}. What was lent with the one before is gone.
   *
   * @throws RdbError where the bytes end early or are wrong.
   */
  next(): number {
    this.readHead();
    this.input.releaseLent();
    const { values } = this;
    this.expires = false;
    this.exactExpiry = null;
    this.idleSeconds = -1;
    this.frequency = -1;
    for (;;) {
      this.step = "read-type";
      const opcode = values.byte();
      switch (opcode) {
        case Opcode.EXPIRE_TIME_MS:
          this.readExpiry();
          break;
        case Opcode.EXPIRE_TIME:
          this.step = "read-expire";
          this.expires = true;
          this.expiresAtMs = values.seconds() * 1000;
          break;
        case Opcode.FREQ:
          this.frequency = values.byte() & MAX_FREQUENCY;
          break;
        case Opcode.IDLE:
          this.idleSeconds = values.length();
          break;
        case Opcode.SLOT_INFO:
          for (let i = 0; i < 3; i++) values.length();
          break;
        case Opcode.SLOT_IMPORT:
          this.skipSlotImport();
          break;
        case Opcode.SELECT_DB:
          this.step = "read-len";
          this.db = values.length();
          return RdbItem.SELECT_DB;
        case Opcode.RESIZE_DB:
          this.step = "read-len";
          this.keys = values.length();
          this.expiring = values.length();
          return RdbItem.RESIZE_DB;
        case Opcode.AUX:
          this.step = "read-aux";
          values.string(this.name);
          values.string(this.text);
          return RdbItem.AUX;
        case Opcode.FUNCTION_2:
          this.step = "read-functions";
          values.string(this.text);
          return RdbItem.FUNCTION;
        case Opcode.FUNCTION_PRE_GA:
          throw new RdbError("Pre-release function format not supported");
        case Opcode.MODULE_AUX:
          this.skipModuleAux();
          return RdbItem.MODULE_AUX;
        case Opcode.EOF:
          this.readEnd();
          return RdbItem.END;
        default:
          this.type = this.isValkey && opcode === HASH_2_OF_VALKEY ? RdbType.HASH_VALKEY : opcode;
          if (TYPE_NAMES_OF_RDB[opcode] === undefined) throw invalidType(opcode);
          this.step = "read-key";
          values.string(this.text);
          this.step = "read-object-value";
          return RdbItem.KEY;
      }
    }
  }

  /**
   * Passes over the value of a module, which can be done without it.
   *
   * @returns the module's name for its type.
   * @throws RdbError when the value is of a form that only the module understands.
   */
  skipModuleValue(): string {
    const name = moduleName(readModuleId(this.values));
    skipModuleParts(this.values);
    return name;
  }

  private readExpiry(): void {
    this.step = "read-expire";
    const exact = this.values.milliseconds();
    this.expires = true;
    this.expiresAtMs = Number(exact);
    this.exactExpiry = Number.isSafeInteger(this.expiresAtMs) ? null : exact;
  }

  private skipModuleAux(): void {
    const { values } = this;
    this.step = "read-module-aux";
    this.module = moduleName(readModuleId(values));
    // When the module wants to see it, before or after the keys: a number with its opcode.
    values.length();
    values.length();
    skipModuleParts(values);
  }

  private skipSlotImport(): void {
    const { values } = this;
    if (!this.isValkey) throw invalidType(Opcode.SLOT_IMPORT);
    values.string(this.text);
    for (let ranges = values.length(); ranges > 0; ranges--) {
      values.length();
      values.length();
    }
  }

  private readEnd(): void {
    if (this.version < FIRST_SUMMED_VERSION) return;
    this.step = "check-sum";
    const { input } = this;
    const computed = input.checksum();
    const [low, high] = [computed.low, computed.high];
    const text = computed.toString();
    const at = input.take(SUM_BYTES);
    const { data } = input;
    const [fileLow, fileHigh] = [data.getInt32(at, true), data.getInt32(at + 4, true)];
    // Zero stands for a file that was written without.
    this.hasChecksum = fileLow !== 0 || fileHigh !== 0;
    if (!this.checksSum || !this.hasChecksum) return;
    if (fileLow === low && fileHigh === high) return;
    const found = data.getBigUint64(at, true).toString(16).padStart(16, "0");
    throw new RdbChecksumError(`Wrong RDB checksum expected: (${text}) but got (${found})`);
  }
}

function invalidType(opcode: number): RdbError {
  return new RdbError(`Invalid object type: ${opcode}`);
}
