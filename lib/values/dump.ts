/**
 * What DUMP replies and RESTORE takes: `[type: 1][value …][RDB version: 2][CRC-64 of all before: 8]`,
 * lowest byte first.
 */

import { dataOf } from "../bytes/copy.ts";
import { Crc64 } from "../bytes/crc64.ts";
import type { ByteSlice } from "../rdb/byte_slice.ts";
import { MemorySource } from "../rdb/byte_source.ts";
import { NEWEST_RDB_VERSION } from "../rdb/opcodes.ts";
import { RdbReader } from "../rdb/rdb_reader.ts";
import { RdbWriter } from "../rdb/rdb_writer.ts";
import { isSpent, loadValue, rdbTypeOf, saveValue } from "./codecs.ts";
import type { ValueHome } from "./value.ts";
import type { LooseValue } from "./value_codec.ts";

const VERSION_BYTES = 2;
const SUM_BYTES = 8;
/** Bytes behind what a dump holds. */
export const FOOTER_BYTES = VERSION_BYTES + SUM_BYTES;

/**
 * The payload of an entry's value; null for a hash of which every field is past its time.
 *
 * @param compresses whether long strings are compressed (`rdbcompression`).
 */
export function dumpValue(home: ValueHome, ref: number, compresses: boolean): Uint8Array | null {
  if (isSpent(home, ref)) return null;
  const writer = new RdbWriter(compresses);
  writer.byte(rdbTypeOf(home, ref));
  saveValue(writer, home, ref);
  writer.dumpFooter();
  return writer.view();
}

/** Whether a payload is of a version that can be read, and its checksum, if looked at, is right. */
export function isIntact(payload: Uint8Array, checksSum: boolean): boolean {
  if (payload.length < FOOTER_BYTES) return false;
  const end = payload.length - FOOTER_BYTES;
  if (dataOf(payload).getUint16(end, true) > NEWEST_RDB_VERSION) return false;
  if (!checksSum) return true;
  const sum = new Crc64();
  sum.update(payload, 0, end + VERSION_BYTES);
  return sum.equals(payload, end + VERSION_BYTES);
}

/**
 * The value of an intact payload; a string's bytes are lent.
 *
 * @throws RdbError when the value is not right.
 */
export function restoreValue(payload: Uint8Array, home: ValueHome): ByteSlice | LooseValue {
  const reader = new RdbReader(
    new MemorySource(payload.subarray(0, payload.length - FOOTER_BYTES)),
  );
  return loadValue(reader, reader.byte(), home);
}
