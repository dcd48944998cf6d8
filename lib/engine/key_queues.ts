/**
 * The keys that somebody waits for, found by the hash that their tables use, so that neither waiting
 * nor adding a key makes a string of its name. What a queue consists of is used again for the next
 * key: one who waits for what another pushes, again and again, leaves nothing to the collector. [hot]
 */

import * as copyModule from "../bytes/copy.ts";
import type { Database } from "../store/database.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes, dataOf, equalData } = copyModule;

/** Queues kept for keys to come, and the longest key that is kept with them. */
const SPARE_QUEUES = 64;
const KEPT_KEY_BYTES = 256;

/** Those who wait for one key of a database, first come first. */
export class KeyQueue<W> {
  key: DataView = NO_KEY;
  hash = 0;
  /** With the argument that is this key in the request of each. */
  readonly waiters: Map<W, number> = new Map();
  /** How many of them need the key to be there. */
  needing = 0;
  /** Whether the key is a stream, so that it can be noticed when it is none any more. */
  holdsStream = false;
  isReady = false;
  /** Another key with the same hash. */
  next: KeyQueue<W> | null = null;
  private bytes = new Uint8Array(0);

  /** @param db of the key. */
  constructor(public db: Database) {}

  setKey(data: DataView, offset: number, length: number): void {
    if (length > this.bytes.length) this.bytes = new Uint8Array(length);
    if (this.key.byteLength !== length || this.key.buffer !== this.bytes.buffer) {
      this.key = dataOf(this.bytes.subarray(0, length));
    }
    copyBytes(data, offset, this.key, 0, length);
  }

  isKey(data: DataView, offset: number, length: number): boolean {
    return this.key.byteLength === length && equalData(this.key, 0, data, offset, length);
  }
}

const NO_KEY = new DataView(new ArrayBuffer(0));

/** All queues, by number of the database. */
export class KeyQueues<W> {
  private readonly byHash: Map<number, KeyQueue<W>>[];
  private readonly spare: KeyQueue<W>[] = [];
  private readonly sizes: number[];

  constructor(databases: number) {
    this.byHash = Array.from({ length: databases }, () => new Map());
    this.sizes = new Array<number>(databases).fill(0);
  }

  /** Number of keys of all databases. */
  get size(): number {
    return this.sizes.reduce((total, size) => total + size, 0);
  }

  sizeOf(db: Database): number {
    return this.sizes[db.index];
  }

  /** @param hash of the key in the tables of databases. */
  find(
    db: Database,
    hash: number,
    data: DataView,
    offset: number,
    length: number,
  ): KeyQueue<W> | undefined {
    let queue: KeyQueue<W> | null | undefined = this.byHash[db.index].get(hash);
    while (queue && !queue.isKey(data, offset, length)) queue = queue.next;
    return queue ?? undefined;
  }

  /** Adds a queue for a key that has none. */
  add(db: Database, hash: number, data: DataView, offset: number, length: number): KeyQueue<W> {
    const queue = this.spare.pop() ?? new KeyQueue<W>(db);
    queue.db = db;
    queue.hash = hash;
    queue.setKey(data, offset, length);
    const queues = this.byHash[db.index];
    queue.next = queues.get(hash) ?? null;
    queues.set(hash, queue);
    this.sizes[db.index]++;
    return queue;
  }

  /** Takes out a queue in which nobody waits. */
  remove(queue: KeyQueue<W>): void {
    const queues = this.byHash[queue.db.index];
    const first = queues.get(queue.hash) as KeyQueue<W>;
    if (first !== queue) {
      let before = first;
      while (before.next !== queue) before = before.next as KeyQueue<W>;
      before.next = queue.next;
    } else if (queue.next === null) queues.delete(queue.hash);
    else queues.set(queue.hash, queue.next);
    this.sizes[queue.db.index]--;
    queue.next = null;
    queue.needing = 0;
    queue.holdsStream = false;
    // One that is ready is still in the list of those that are.
    if (queue.isReady || this.spare.length >= SPARE_QUEUES) return;
    if (queue.key.byteLength <= KEPT_KEY_BYTES) this.spare.push(queue);
  }

  /** Those of a database, in no order that means anything. */
  *of(db: Database): Generator<KeyQueue<W>, void> {
    for (const first of [...this.byHash[db.index].values()]) {
      for (let queue: KeyQueue<W> | null = first; queue !== null; queue = queue.next) yield queue;
    }
  }

  *all(): Generator<KeyQueue<W>, void> {
    for (const queues of this.byHash) {
      for (const first of queues.values()) {
        for (let queue: KeyQueue<W> | null = first; queue !== null; queue = queue.next) yield queue;
      }
    }
  }
}
