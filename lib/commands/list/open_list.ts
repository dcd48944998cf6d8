/**
 * The one list that commands of a single key work on, and where positions in lists come from.
 * [hot]
 */

import type { Call } from "../../engine/call.ts";
import { errors } from "../../engine/errors.ts";
import * as entryModule from "../../values/entry.ts";
import { ListAccess } from "../../values/list/list.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { ValueType } = entryModule;

const list = new ListAccess();

/**
 * The list of an entry, lent until another is opened or made.
 *
 * @throws WRONGTYPE when it holds something else.
 */
export function openList(call: Call, ref: number): ListAccess {
  call.requireType(ref, ValueType.LIST);
  return list.open(call.db, ref);
}

/**
 * A new list, lent as well, for {@linkcode putList}; who fails to fill it gives it back by
 * `release`.
 */
export function newList(call: Call, bytes: number, atFront: boolean): ListAccess {
  return list.create(call.db, bytes, atFront);
}

/** Puts a new list under the key at an argument, which was just looked up and is not there. */
export function putList(call: Call, index: number, made: ListAccess): void {
  call.putValue(0, index, ValueType.LIST, made.encoding, made.storage, made.value);
}

/**
 * Whether an argument says LEFT.
 *
 * @throws a syntax error when it says neither that nor RIGHT.
 */
export function readsLeft(call: Call, index: number): boolean {
  if (call.request.is(index, "LEFT")) return true;
  if (call.request.is(index, "RIGHT")) return false;
  throw errors.SYNTAX;
}
