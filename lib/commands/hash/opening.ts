/**
 * How commands get at the hash of their key: looked up, checked for its type, and rid of fields whose
 * time is up. The access is one object that is used again by each command. [hot]
 */

import type { Call } from "../../engine/call.ts";
import * as packedModule from "../../structures/packed.ts";
import * as entryModule from "../../values/entry.ts";
import { HashAccess } from "../../values/hash/hash.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { packedSize } = packedModule;
const { Encoding, Storage, ValueType } = entryModule;

const HASH = new HashAccess();

/** Expired fields that a command removes before it works; the others wait for the expiry cycle. */
const DROPPED_AT_ONCE = 64;
/** Room that is set aside at most for a new hash; a larger one does not stay packed, or grows. */
const MAX_ROOM = 4096;

/** The hash at argument 1 for reading, lent until the next command; null when there is none. */
export function hashToRead(call: Call): HashAccess | null {
  const ref = call.lookUpRead(1);
  return ref === 0 ? null : open(call, ref);
}

/** The hash at argument 1 to be changed; null when there is none. */
export function hashToChange(call: Call): HashAccess | null {
  const ref = call.lookUpWrite(1);
  return ref === 0 ? null : open(call, ref);
}

/**
 * The hash at argument 1 to be added to, made when there is none.
 *
 * @param from the argument from which on all are fields and values.
 */
export function hashToFill(call: Call, from: number): HashAccess {
  return hashToChange(call) ?? newHash(call, from);
}

/** Makes a hash at argument 1, where {@linkcode hashToChange} has just found none. */
export function newHash(call: Call, from: number): HashAccess {
  const { lengths, count } = call.request;
  let bytes = 8;
  for (let i = from; i < count; i++) bytes += packedSize(lengths[i]);
  const block = HASH.newBlock(call.db, Math.min(bytes, MAX_ROOM));
  const ref = call.putValue(0, 1, ValueType.HASH, Encoding.LISTPACK, Storage.BLOCK, block);
  return HASH.open(call.db, ref);
}

/** Removes the key when its last field is gone, with its event. */
export function removeIfEmpty(call: Call, hash: HashAccess): void {
  if (hash.isEmpty) call.removeEmpty(1, hash.entry);
}

function open(call: Call, ref: number): HashAccess | null {
  call.requireType(ref, ValueType.HASH);
  const hash = HASH.open(call.db, ref);
  if (hash.hasDue && !call.db.dropExpiredFields(ref, DROPPED_AT_ONCE)) return null;
  return hash;
}
