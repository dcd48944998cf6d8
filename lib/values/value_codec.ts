/**
 * How a type's values come from and go to RDB bytes, for DUMP, RESTORE and files. A value that is
 * loaded is in no entry yet: who loads it puts it under its key once all of it was found right, so
 * that a broken payload changes nothing.
 */

import type { RdbReader } from "../rdb/rdb_reader.ts";
import type { RdbWriter } from "../rdb/rdb_writer.ts";
import { Storage } from "./entry.ts";
import type { ValueHome } from "./value.ts";

/** Elements that are written in one step. */
export const SLICE_ELEMENTS = 256;

/** A collection that no entry holds: what `Database.putValue` wants to know of it. */
export interface LooseValue {
  readonly type: number;
  readonly encoding: number;
  readonly storage: number;
  readonly value: number;
  /**
   * Number of elements; 0 when all of them are past their time, and it should be nowhere. A stream
   * is something even without entries, and says at least 1.
   */
  readonly size: number;
}

export interface ValueCodec {
  /** The type, of {@linkcode RdbType}, as which an entry's value is written. */
  rdbTypeOf(home: ValueHome, ref: number): number;
  /** Writes an entry's value, its type apart. */
  save(writer: RdbWriter, home: ValueHome, ref: number): void;
  /**
   * The same bytes in steps of some hundred elements, for a value of many: other values may be
   * saved, and this one read, between two steps, but it must not be changed. The bytes written so
   * far may be taken out at each step.
   */
  saveSlices(writer: RdbWriter, home: ValueHome, ref: number): Generator<void, void>;
  /**
   * Reads a value.
   *
   * @param rdbType one of {@linkcode RdbType}.
   * @throws RdbError when the bytes are not right; what was read by then is given back.
   */
  load(reader: RdbReader, rdbType: number, home: ValueHome): LooseValue;
}

/** Gives back a collection that no entry is going to hold. */
export function release(home: ValueHome, loose: LooseValue): void {
  if (loose.storage === Storage.BLOCK) home.arena.free(loose.value);
  else home.discard(home.objects.take(loose.value));
}
