/**
 * What FUNCTION DUMP replies and RESTORE takes: for each library the opcode 245 and its source as a
 * string, and at the end the footer of every dump (values/dump.ts).
 */

import { CommandError } from "../engine/errors.ts";
import { ByteSlice } from "../rdb/byte_slice.ts";
import { MemorySource } from "../rdb/byte_source.ts";
import { Opcode } from "../rdb/opcodes.ts";
import { RdbError } from "../rdb/rdb_error.ts";
import { RdbReader } from "../rdb/rdb_reader.ts";
import { RdbWriter } from "../rdb/rdb_writer.ts";
import { FOOTER_BYTES, isIntact } from "../values/dump.ts";

const BROKEN = new CommandError("ERR DUMP payload version or checksum are wrong");
const NOT_A_FUNCTION = new CommandError("ERR given type is not a function");
const UNREADABLE = new CommandError("ERR failed loading functions payload");

/** @param compresses whether long sources are compressed (`rdbcompression`). */
export function dumpLibraries(sources: readonly Uint8Array[], compresses: boolean): Uint8Array {
  const writer = new RdbWriter(compresses);
  for (const source of sources) {
    writer.byte(Opcode.FUNCTION_2);
    writer.stringOf(source);
  }
  writer.dumpFooter();
  return writer.view();
}

/**
 * The sources in a payload.
 *
 * @throws {CommandError} when it is not one of {@linkcode dumpLibraries}.
 */
export function readLibraries(payload: Uint8Array, checksSum: boolean): Uint8Array[] {
  if (!isIntact(payload, checksSum)) throw BROKEN;
  const end = payload.length - FOOTER_BYTES;
  const source = new MemorySource(payload.subarray(0, end));
  const reader = new RdbReader(source);
  const text = new ByteSlice();
  const found: Uint8Array[] = [];
  try {
    while (source.offset < end) {
      if (reader.byte() !== Opcode.FUNCTION_2) throw NOT_A_FUNCTION;
      reader.string(text);
      found.push(text.view().slice());
    }
  } catch (error) {
    if (error instanceof RdbError) throw UNREADABLE;
    throw error;
  }
  return found;
}
