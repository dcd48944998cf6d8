/**
 * Scripts whose replies must be those of redis-server, byte for byte, in both protocols. A case is
 * the script, or a command of its own; the data of one group's cases is what those before left.
 */

import type { Case } from "./cases/case.ts";
import { errors } from "./cases/errors.ts";
import { functions, heads, transactions } from "./cases/functions.ts";
import { bits, libraryOfRedis, structs } from "./cases/libraries.ts";
import { refusals } from "./cases/refusals.ts";
import { json, messagePack } from "./cases/serializers.ts";
import { conversions, replies } from "./cases/values.ts";

export const SCRIPT_CASES: Readonly<Record<string, readonly Case[]>> = {
  conversions,
  replies,
  errors,
  "the library redis": libraryOfRedis,
  bit: bits,
  cjson: json,
  cmsgpack: messagePack,
  struct: structs,
  "first lines and SCRIPT": heads,
  functions,
  "transactions and databases": transactions,
  "refusals by declared flags": refusals,
};

export function wordsOf(one: Case): readonly string[] {
  return typeof one === "string" ? ["EVAL", one, "0"] : one;
}
