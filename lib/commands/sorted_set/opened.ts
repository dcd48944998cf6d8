/**
 * The sorted set that a command works on, opened in place, and its members on their way into replies.
 * [hot]
 */

import type { Call } from "../../engine/call.ts";
import * as entryModule from "../../values/entry.ts";
import { SortedSetAccess } from "../../values/sorted_set/sorted_set.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { ValueType } = entryModule;

/** Lent to the command that runs; those that open several have their own. */
export const zset = new SortedSetAccess();

/**
 * Opens the sorted set of an entry.
 *
 * @throws WRONGTYPE
 */
export function openEntry(call: Call, ref: number, set: SortedSetAccess = zset): SortedSetAccess {
  call.requireType(ref, ValueType.SORTED_SET);
  return set.open(call.db, ref);
}

/**
 * Whether the key at an argument is there; opens it for reading.
 *
 * @throws WRONGTYPE
 */
export function openRead(call: Call, index: number): boolean {
  const ref = call.lookUpRead(index);
  if (ref === 0) return false;
  openEntry(call, ref);
  return true;
}

/** Puts a sorted set that no entry holds under a key argument; `ref` is the key's entry, or 0. */
export function putSet(call: Call, ref: number, index: number, set: SortedSetAccess): number {
  return call.putValue(
    ref,
    index,
    ValueType.SORTED_SET,
    set.encoding,
    set.storage,
    set.value,
  );
}

/**
 * Stores a result, which no entry holds, in the place of the destination's old value, replies with
 * its size, and tells of the change; an empty one deletes the destination.
 */
export function storeResult(
  call: Call,
  result: SortedSetAccess,
  index: number,
  event: string,
): void {
  const ref = call.lookUpWrite(index);
  const { size } = result;
  if (size > 0) {
    // The destination may be one of the sources, which are done with by now.
    if (ref !== 0) call.db.persist(ref);
    result.dropZeroSigns();
    putSet(call, ref, index, result);
    call.changed(index, event);
  } else {
    result.release();
    if (ref !== 0) {
      call.db.remove(ref);
      call.changed(index, "del");
    }
  }
  call.reply.integer(size);
}

/** Announces `count` members; with scores RESP3 nests pairs, RESP2 puts them one after the other. */
export function replyCount(call: Call, count: number, withScores: boolean): void {
  call.reply.array(withScores && call.reply.protocol !== 3 ? count * 2 : count);
}

/** The member that a set shows. */
export function replyShown(call: Call, set: SortedSetAccess, withScores: boolean): void {
  const { reply } = call;
  if (withScores && reply.protocol === 3) reply.array(2);
  reply.bulkRange(set.data, set.offset, set.length);
  if (withScores) reply.double(set.score);
}
