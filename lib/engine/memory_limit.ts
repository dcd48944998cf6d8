/**
 * Keeps the data within `maxmemory`: counts our own bytes and evicts keys until they fit. Heap
 * and process sizes are not what is counted: the collector makes them jump, and the limit must
 * act well before the runtime's own limits, which end the process.
 */

import type { Clock } from "../host/clock.ts";
import type { Eviction } from "../store/eviction.ts";
import type { Store } from "../store/store.ts";
import type { Keyspace } from "./keyspace.ts";
import type { Latency } from "./stats/latency.ts";

/** Keys evicted at most for one command; the rest is left to the next and to the cron. */
const EVICTIONS_PER_COMMAND = 1000;
/** What the latency monitor calls it. */
const EVENT = "eviction-cycle";
/** Keys evicted between two looks at the clock: some 50 µs of work. */
const EVICTIONS_PER_LOOK = 16;

export class MemoryLimit {
  /** Bytes of clients, which count beside the data; the server counts them now and then. */
  otherBytes = 0;
  /** Counts {@linkcode otherBytes} anew: set by the server. */
  measureOthers: () => void = () => {};
  /** When {@linkcode fitsAfterAll} had them counted. */
  private measuredMs = -1;
  /** Bytes of old states that checkpoints keep: the limit is met as if there were none. */
  keptBytes = 0;
  private limitBytes = 0;
  private exempt = false;

  /** @param setGate turns the gate's bit for `maxmemory` on and off. */
  constructor(
    private readonly store: Store,
    private readonly eviction: Eviction,
    private readonly keyspace: Keyspace,
    private readonly latency: Latency,
    private readonly setGate: (on: boolean) => void,
  ) {}

  /** `maxmemory`; 0: no limit. */
  get maxBytes(): number {
    return this.limitBytes;
  }

  set maxBytes(bytes: number) {
    this.limitBytes = bytes;
    this.setGate(this.isInForce);
  }

  /** Whether the limit is another's matter: a replica's data is what its primary's is. */
  get isExempt(): boolean {
    return this.exempt;
  }

  set isExempt(exempt: boolean) {
    this.exempt = exempt;
    this.setGate(this.isInForce);
  }

  get usedBytes(): number {
    return this.store.usedBytes + this.otherBytes - this.keptBytes;
  }

  /** Evicts what the policy allows; whether the data fits now. */
  makeRoom(): boolean {
    if (!this.mayEvict || this.usedBytes <= this.limitBytes) return true;
    const startMs = this.latency.begin();
    const fits = this.evictForCommand();
    this.latency.end(EVENT, startMs);
    return fits;
  }

  /**
   * Evicts for about `budgetMs` what is above the limit, though nobody asks for room: the limit may
   * have been lowered, and data that is only read would stay above it.
   *
   * @returns whether there is more to evict.
   */
  tick(budgetMs: number, clock: Clock): boolean {
    if (!this.mayEvict || this.usedBytes <= this.limitBytes) return false;
    const startMs = clock.monotonicMs();
    const endMs = startMs + budgetMs;
    let more = true;
    do {
      for (let i = 0; more && i < EVICTIONS_PER_LOOK; i++) {
        // What waits to be freed is the cron's own task.
        more = !this.store.lazyFree.hasWork && this.usedBytes > this.limitBytes && this.evictOne();
      }
    } while (more && clock.monotonicMs() < endMs);
    this.latency.end(EVENT, startMs);
    return more;
  }

  /** While data is loaded nothing is evicted: what came from the file must all be there first. */
  private get mayEvict(): boolean {
    const { state } = this.store;
    return this.isInForce && state.expires && !state.isHeld;
  }

  private get isInForce(): boolean {
    return this.limitBytes > 0 && !this.exempt;
  }

  private evictForCommand(): boolean {
    for (let evicted = 0; this.usedBytes > this.limitBytes; evicted++) {
      // What was removed and is being freed counts until it is: no key more has to go for it.
      if (this.store.lazyFree.help()) return true;
      if (this.usedBytes <= this.limitBytes) return true;
      if (evicted >= EVICTIONS_PER_COMMAND) return true;
      if (!this.evictOne()) return this.fitsAfterAll();
    }
    return true;
  }

  private evictOne(): boolean {
    const victim = this.eviction.pick();
    if (victim !== null) this.keyspace.evict(victim.db, victim.ref);
    return victim !== null;
  }

  /** Before a write is refused: what clients were sent, or have sent, may not wait any more. */
  private fitsAfterAll(): boolean {
    const { now } = this.store.state;
    // Counting takes longer the more clients there are: not where it can't help, nor again at once.
    if (this.usedBytes - this.otherBytes > this.limitBytes || now === this.measuredMs) return false;
    this.measuredMs = now;
    this.measureOthers();
    return this.usedBytes <= this.limitBytes;
  }
}
