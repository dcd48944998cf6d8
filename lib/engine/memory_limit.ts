/**
 * Keeps the data within `maxmemory`: counts our own bytes and evicts keys until they fit. Heap
 * and process sizes are not what is counted: the collector makes them jump, and the limit must
 * act well before the runtime's own limits, which end the process.
 */

import type { Eviction } from "../store/eviction.ts";
import type { Store } from "../store/store.ts";
import type { Keyspace } from "./keyspace.ts";

/** Keys evicted at most for one command; the rest is left to the next and to the cron. */
const EVICTIONS_PER_COMMAND = 1000;

export class MemoryLimit {
  /** 0: no limit. */
  maxBytes = 0;
  /** Bytes of clients and other parts that count beside the data; the server keeps it current. */
  otherBytes = 0;
  /** Bytes of old states that checkpoints keep: the limit is met as if there were none. */
  keptBytes = 0;

  constructor(
    private readonly store: Store,
    private readonly eviction: Eviction,
    private readonly keyspace: Keyspace,
  ) {}

  get usedBytes(): number {
    return this.store.usedBytes + this.otherBytes - this.keptBytes;
  }

  /** Evicts what the policy allows; whether the data fits now. */
  makeRoom(): boolean {
    // While data is loaded nothing is evicted: what came from the file must all be there first.
    if (this.maxBytes === 0 || !this.store.state.expires) return true;
    for (let evicted = 0; this.usedBytes > this.maxBytes; evicted++) {
      // What was removed and is being freed counts until it is: no key more has to go for it.
      if (this.store.lazyFree.help()) return true;
      if (this.usedBytes <= this.maxBytes) return true;
      const victim = evicted < EVICTIONS_PER_COMMAND ? this.eviction.pick() : null;
      if (victim === null) return evicted >= EVICTIONS_PER_COMMAND;
      this.keyspace.evict(victim.db, victim.ref);
    }
    return true;
  }
}
