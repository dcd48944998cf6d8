/**
 * Values of modules. From Redis 4.0 on each part of one says what it is, so that a reader without
 * the module can pass over the whole:
 *
 * ```
 * id: 54 bits for the name (nine characters of 6 bits), 10 for the version
 * (SIGNED number | UNSIGNED number | FLOAT 4 bytes | DOUBLE 8 bytes | STRING string) … END
 * ```
 *
 * Source: module.c of Redis 4.0.
 */

import { ByteSlice } from "./byte_slice.ts";
import { ModulePart } from "./opcodes.ts";
import { RdbError } from "./rdb_error.ts";
import type { RdbReader } from "./rdb_reader.ts";

const NAME_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const NAME_LENGTH = 9;

export function readModuleId(reader: RdbReader): bigint {
  return reader.bigLength();
}

/** The name of a module's type, out of its id. */
export function moduleName(id: bigint): string {
  let name = "";
  for (let rest = id >> 10n, i = 0; i < NAME_LENGTH; i++, rest >>= 6n) {
    name = NAME_CHARACTERS[Number(rest & 63n)] + name;
  }
  return name;
}

/** @throws RdbError when a part is of no known kind. */
export function skipModuleParts(reader: RdbReader): void {
  const passed = new ByteSlice();
  for (;;) {
    const part = reader.length();
    switch (part) {
      case ModulePart.END:
        return;
      case ModulePart.SIGNED:
      case ModulePart.UNSIGNED:
        reader.bigLength();
        break;
      case ModulePart.FLOAT:
        reader.source.take(4);
        break;
      case ModulePart.DOUBLE:
        reader.source.take(8);
        break;
      case ModulePart.STRING:
        reader.string(passed);
        break;
      default:
        throw new RdbError(`unknown part of a module's value: ${part}`);
    }
  }
}
