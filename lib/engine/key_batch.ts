/**
 * The keys of one request that names many (MSET, MGET): their hashes, computed together so that the
 * waits for their entries overlap, as prefetch.ts has it for the requests of a pipeline. Ten of
 * 100,000 keys at random, without sockets: MSET 3.4 → 2.6 µs, MGET 3.1 → 2.3. [hot]
 */

import type { Request } from "../resp/request.ts";
import type { Database } from "../store/database.ts";

/** Keys taken at a time: enough for the waits to overlap. */
const MOST_KEYS = 16;

export class KeyBatch {
  /** What the database's table says of each key, in their order. */
  readonly hashes: Int32Array = new Int32Array(MOST_KEYS);
  /** Keeps the reads from being optimised away. */
  seen = 0;
  private readonly refs: Int32Array = new Int32Array(MOST_KEYS);

  /**
   * Takes the keys at arguments `first`, `first + step` and so on, and reads a little of each entry.
   *
   * @returns how many were taken; the others are for the next call.
   */
  touch(db: Database, request: Request, first: number, step: number): number {
    const { table } = db;
    const { data, offsets, lengths } = request;
    const { hashes } = this;
    const count = Math.min(MOST_KEYS, Math.ceil((request.count - first) / step));
    for (let i = 0, at = first; i < count; i++, at += step) {
      hashes[i] = table.hash(data, offsets[at], lengths[at]);
    }
    this.seen = table.touch(hashes, count, this.refs);
    return count;
  }
}
