/**
 * A fingerprint of the data (DEBUG DIGEST): equal data give equal digests, whatever the order in
 * which they were stored and on whichever server; the algorithm is Redis's (debug.c).
 *
 * A key's digest begins as zeros. `mix` xors SHA-1 of some bytes into it and takes SHA-1 of that, so
 * that order matters; `add` only xors, so that it doesn't. Key, type and value are mixed one after
 * the other, a time to live adds a fixed word, and all keys are added up.
 */

import { bytesOf } from "../bytes/copy.ts";
import { formatDouble } from "../bytes/double.ts";
import { sha1Bytes } from "../bytes/sha.ts";
import { fromLatin1, hexadecimal } from "../bytes/byte_string.ts";
import { EXPIRY_WORD, readWord, typeOf, ValueType } from "../values/entry.ts";
import { HashAccess } from "../values/hash/hash.ts";
import { ListAccess } from "../values/list/list.ts";
import { SetAccess } from "../values/set/set.ts";
import { SortedSetAccess } from "../values/sorted_set/sorted_set.ts";
import { type Stream, StreamCursor, StreamId } from "../values/stream/stream.ts";
import type { Database } from "./database.ts";
import type { Store } from "./store.ts";

const DIGEST_BYTES = 20;
const EXPIRES = fromLatin1("!!expire!!");

/** The digest of all databases, as 40 hexadecimal digits: zeros when there is no key. */
export function datasetDigest(store: Store): string {
  const total = new Uint8Array(DIGEST_BYTES);
  for (const db of store.databases) {
    if (db.size === 0) continue;
    mix(total, word(db.index));
    db.table.forEach((ref) => {
      const digest = new Uint8Array(DIGEST_BYTES);
      mix(digest, db.keyOf(ref));
      mixValue(digest, db, ref);
      add(total, digest);
    });
  }
  return hexadecimal(total);
}

/** The digest of one value, with its type and whether it expires, as 40 hexadecimal digits. */
export function valueDigest(db: Database, ref: number): string {
  const digest = new Uint8Array(DIGEST_BYTES);
  if (ref !== 0) mixValue(digest, db, ref);
  return hexadecimal(digest);
}

function mixValue(digest: Uint8Array, db: Database, ref: number): void {
  mix(digest, word(typeOf(db.arena, ref)));
  switch (typeOf(db.arena, ref)) {
    case ValueType.STRING:
      mix(digest, db.stringOf(ref).view());
      break;
    case ValueType.HASH:
      addFields(digest, new HashAccess().open(db, ref));
      break;
    case ValueType.LIST:
      mixElements(digest, new ListAccess().open(db, ref));
      break;
    case ValueType.SET:
      addMembers(digest, new SetAccess().open(db, ref));
      break;
    case ValueType.SORTED_SET:
      addScored(digest, new SortedSetAccess().open(db, ref));
      break;
    case ValueType.STREAM:
      mixEntries(digest, db.objectOf(ref) as Stream);
      break;
  }
  if (readWord(db.arena, ref, EXPIRY_WORD) !== 0) add(digest, EXPIRES);
}

/** Fields in any order, each one with its value. */
function addFields(digest: Uint8Array, hash: HashAccess): void {
  hash.forEach((data, fieldOffset, fieldLength, valueOffset, valueLength) => {
    const pair = new Uint8Array(DIGEST_BYTES);
    mix(pair, bytesOf(data, fieldOffset, fieldLength));
    mix(pair, bytesOf(data, valueOffset, valueLength));
    add(digest, pair);
  });
}

function mixElements(digest: Uint8Array, list: ListAccess): void {
  list.seek(0);
  do {
    const { data, offset, length } = list.element;
    mix(digest, bytesOf(data, offset, length));
  } while (list.next());
}

function addMembers(digest: Uint8Array, set: SetAccess): void {
  for (let handle = set.first(); handle >= 0; handle = set.next(handle)) {
    add(digest, set.point(handle).copyMember());
  }
}

/** Members in any order, each one with its score as text. */
function addScored(digest: Uint8Array, zset: SortedSetAccess): void {
  zset.seek(0);
  do {
    const pair = new Uint8Array(DIGEST_BYTES);
    mix(pair, bytesOf(zset.data, zset.offset, zset.length));
    mix(pair, fromLatin1(formatDouble(zset.score)));
    add(digest, pair);
  } while (zset.next());
}

/** Entries in their order, each id with a dot in place of the dash. */
function mixEntries(digest: Uint8Array, stream: Stream): void {
  const entries = new StreamCursor().start(stream.log, new StreamId(), StreamId.max());
  while (entries.next()) {
    const { ms, seq } = entries.id;
    mix(digest, fromLatin1(`${ms}.${seq}`));
    for (let left = entries.pairs; left > 0; left--) {
      entries.nextField();
      mix(digest, bytesOf(entries.data, entries.offset, entries.length));
      entries.nextValue();
      mix(digest, bytesOf(entries.data, entries.offset, entries.length));
    }
  }
}

function add(digest: Uint8Array, bytes: Uint8Array): void {
  const hash = sha1Bytes(bytes);
  for (let i = 0; i < DIGEST_BYTES; i++) digest[i] ^= hash[i];
}

function mix(digest: Uint8Array, bytes: Uint8Array): void {
  add(digest, bytes);
  digest.set(sha1Bytes(digest));
}

/** Four bytes, the highest first. */
function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}
