/**
 * A fingerprint of the data (DEBUG DIGEST): equal data give equal digests, whatever the order in
 * which they were stored and on whichever server; the algorithm is Redis's (debug.c).
 *
 * A key's digest begins as zeros. `mix` xors SHA-1 of some bytes into it and takes SHA-1 of that, so
 * that order matters; `add` only xors, so that it doesn't. Key, type and value are mixed one after
 * the other, a time to live adds a fixed word, and all keys are added up.
 */

import { sha1Bytes } from "../bytes/sha.ts";
import { fromLatin1 } from "../bytes/byte_string.ts";
import { EXPIRY_WORD, readWord, typeOf } from "../values/entry.ts";
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
  mix(digest, db.stringOf(ref).view());
  if (readWord(db.arena, ref, EXPIRY_WORD) !== 0) add(digest, EXPIRES);
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

function hexadecimal(digest: Uint8Array): string {
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
