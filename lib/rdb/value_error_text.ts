/**
 * What the log says of a value that can't be read: what was found, behind the words that redis-server
 * has for it and that its users look for.
 */

import { RdbType } from "./opcodes.ts";
import { type RdbError, RdbIntegrityError } from "./rdb_error.ts";

const PACKED_VALUES: Readonly<Record<number, string>> = {
  [RdbType.HASH_ZIPMAP]: "Zipmap",
  [RdbType.LIST_ZIPLIST]: "List ziplist",
  [RdbType.SET_INTSET]: "Intset",
  [RdbType.ZSET_ZIPLIST]: "Zset ziplist",
  [RdbType.HASH_ZIPLIST]: "Hash ziplist",
  [RdbType.LIST_QUICKLIST]: "Ziplist",
  [RdbType.STREAM_LISTPACKS]: "Stream listpack",
  [RdbType.HASH_LISTPACK]: "Hash listpack",
  [RdbType.ZSET_LISTPACK]: "Zset listpack",
  [RdbType.LIST_QUICKLIST_2]: "Listpack",
  [RdbType.STREAM_LISTPACKS_2]: "Stream listpack",
  [RdbType.SET_LISTPACK]: "Set listpack",
  [RdbType.STREAM_LISTPACKS_3]: "Stream listpack",
  [RdbType.HASH_LISTPACK_EX_PRE_GA]: "Hash listpack",
  [RdbType.HASH_LISTPACK_EX]: "Hash listpack",
};

/** @param type one of {@linkcode RdbType}, that of the value. */
export function valueErrorText(error: RdbError, type: number): string {
  if (!(error instanceof RdbIntegrityError)) return error.message;
  return `${PACKED_VALUES[type] ?? "Value"} integrity check failed: ${error.message}`;
}
