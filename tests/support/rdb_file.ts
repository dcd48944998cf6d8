/** RDB files put together by hand, opcode by opcode, and loaded into an engine under test. */

import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { Crc64 } from "../../lib/bytes/crc64.ts";
import { writeAllSync } from "../../lib/host/files.ts";
import {
  type LoadOptions,
  type LoadReport,
  loadSnapshotSync,
} from "../../lib/persistence/snapshot/loader.ts";
import { Opcode, RdbType } from "../../lib/rdb/opcodes.ts";
import { RdbWriter } from "../../lib/rdb/rdb_writer.ts";
import type { EngineHarness } from "./engine_harness.ts";

export type Sum = "right" | "wrong" | "zero" | "none";

export class RdbFileBuilder {
  readonly writer = new RdbWriter(false);

  /** @param head the first nine bytes. */
  constructor(head = "REDIS0010") {
    this.writer.raw(fromLatin1(head));
  }

  select(db: number): this {
    return this.lengths(Opcode.SELECT_DB, db);
  }

  resize(keys: number, expiring: number): this {
    return this.lengths(Opcode.RESIZE_DB, keys, expiring);
  }

  aux(name: string, text: string): this {
    return this.opcode(Opcode.AUX).text(name).text(text);
  }

  expiresAtMs(unixMs: bigint): this {
    this.opcode(Opcode.EXPIRE_TIME_MS).writer.milliseconds(unixMs);
    return this;
  }

  expiresAtSeconds(seconds: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setInt32(0, seconds, true);
    return this.opcode(Opcode.EXPIRE_TIME).raw(bytes);
  }

  string(key: string, value: string): this {
    return this.opcode(RdbType.STRING).text(key).text(value);
  }

  /** A key with a value of any type. */
  key(key: string, type: number, write: (writer: RdbWriter) => void): this {
    this.opcode(type).text(key);
    write(this.writer);
    return this;
  }

  /** A key with the value of a DUMP payload, whose footer is left out. */
  payload(key: string, payload: Uint8Array): this {
    return this.opcode(payload[0]).text(key).raw(payload.subarray(1, payload.length - 10));
  }

  /** An opcode with numbers behind it. */
  lengths(opcode: number, ...numbers: readonly number[]): this {
    this.opcode(opcode);
    for (const number of numbers) this.writer.lengthOf(number);
    return this;
  }

  opcode(opcode: number): this {
    this.writer.byte(opcode);
    return this;
  }

  text(text: string): this {
    this.writer.stringOf(fromLatin1(text));
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.writer.raw(bytes);
    return this;
  }

  /** The file, with its end. */
  end(sum: Sum = "right"): Uint8Array {
    this.opcode(Opcode.EOF);
    const crc = new Crc64();
    crc.update(this.writer.view());
    const bytes = new Uint8Array(8);
    if (sum !== "zero") crc.writeTo(bytes, 0);
    if (sum === "wrong") bytes[3] ^= 1;
    if (sum !== "none") this.raw(bytes);
    return this.writer.view().slice();
  }
}

const PATH = "/dump.rdb";

/** Loads a file into the harness's store, as at start, over what is there. */
export function loadFile(
  harness: EngineHarness,
  bytes: Uint8Array,
  options: Partial<LoadOptions> = {},
): LoadReport {
  const file = harness.files.open(PATH, { write: true, create: true, truncate: true });
  writeAllSync(file, bytes);
  file.close();
  const { context } = harness.engine;
  context.loading.begin(bytes.length);
  try {
    return loadSnapshotSync(context, PATH, { dropsExpired: true, ...options });
  } finally {
    context.loading.end();
  }
}
