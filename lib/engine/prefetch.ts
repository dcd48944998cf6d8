/**
 * Brings the entries that a pipeline needs into the processor's cache together. A look-up in a large
 * database waits for memory twice, for the table's slot and for the record; of requests that are
 * known beforehand these waits can overlap. Measured on look-ups of 16-byte keys at random: 158 ns
 * without and 101 ns with it among 100,000 keys, 421 and 167 ns among a million; on a server with a
 * million keys, pipelines of 16: GET 1.93 → 1.67 µs of processor time, SET 2.02 → 1.89. [hot]
 */

import type { Request } from "../resp/request.ts";
import type { Database } from "../store/database.ts";
import { SEGMENT_OF_REF } from "../structures/arena.ts";
import { META_WORD, wordBase } from "../values/entry.ts";

/** A smaller database is in the cache anyway. */
const LEAST_KEYS = 32768;
/** Longer first arguments are rarely keys, and hashing them ahead is not worth it. */
const LONGEST_KEY = 256;

export class Prefetch {
  /** Keeps the reads from being optimised away. */
  seen = 0;
  private readonly heads: Int32Array;

  /** @param most how many requests are given at a time. */
  constructor(most: number) {
    this.heads = new Int32Array(most);
  }

  /** Reads a little of each entry that the first arguments name, and keeps their hashes. */
  touch(db: Database, requests: readonly Request[], count: number): void {
    const { table, arena } = db;
    if (table.count < LEAST_KEYS) return;
    const { heads } = this;
    for (let i = 0; i < count; i++) {
      const request = requests[i];
      heads[i] = 0;
      if (request.count < 2 || request.lengths[1] > LONGEST_KEY) continue;
      request.keyHash = table.hash(request.data, request.offsets[1], request.lengths[1]);
      request.hasKeyHash = true;
      heads[i] = table.headOf(request.keyHash);
    }
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const ref = heads[i];
      if (ref !== 0) seen ^= arena.words[ref >>> SEGMENT_OF_REF][wordBase(ref) + META_WORD];
    }
    this.seen = seen;
  }
}
