/** What the cron of a server runs; the work itself lives with its owners. */

import { SAMPLE_MS } from "../engine/stats/rate_sampler.ts";
import type { Engine } from "../engine/engine.ts";
import type { Clients } from "./clients.ts";
import type { Cron } from "./cron.ts";

/** Time for one slice of expiring, evicting, freeing or rehashing: short enough not to be felt. */
const SLICE_MS = 2;
const REHASH_STEPS = 1000;

export function addPeriodicTasks(cron: Cron, engine: Engine, clients: Clients): void {
  const { host, store, expiry, ownKeys, memory, rates, peaks, stats, latency } = engine.context;
  cron.add({
    name: "expire",
    everyMs: 0,
    tick: () => {
      const beforeMs = stats.expireCycleMs;
      expiry.tick(SLICE_MS, host.clock);
      if (expiry.enabled) ownKeys.tick(SLICE_MS, host.clock);
      latency.record("expire-cycle", stats.expireCycleMs - beforeMs);
      return expiry.hasDue;
    },
  });
  cron.add({ name: "evict", everyMs: 0, tick: () => memory.tick(SLICE_MS, host.clock) });
  cron.add({
    name: "lazy free",
    everyMs: 0,
    tick: () => store.lazyFree.tick(SLICE_MS, host.clock),
  });
  cron.add({
    name: "rehash",
    everyMs: 0,
    tick: () => {
      let busy = false;
      for (const db of store.databases) busy = db.table.rehash(REHASH_STEPS) || busy;
      return busy;
    },
  });
  cron.add({
    name: "rates",
    everyMs: SAMPLE_MS,
    tick: (now) => rates.tick(now, engine.context.replication?.counts ?? null),
  });
  cron.add({ name: "peaks", everyMs: SAMPLE_MS, tick: (now) => peaks.tick(now) });
  cron.add({ name: "clients", everyMs: 100, tick: (now) => clients.tick(now) });
}
