/** Rows of the parameter table: memory, encodings, expiry, scripts and what watches commands. */

import { ConfigError } from "./config_error.ts";
import {
  choice,
  COUNT,
  INT_MAX,
  INT_MIN,
  integer,
  LONG_COUNT,
  LONG_MAX,
  memory,
  type Range,
  ULONG_MAX,
  yesNo,
} from "./parameter.ts";
import { keyspaceEvents, percentiles } from "./special_parameters.ts";

const NO_DEFRAG = "memory is not fragmented by an allocator of C";
const NO_LAZY_FREE = "a single value is freed in no time, whether lazily or not";
const PERCENT: Range = [0n, 100n];

export const MEMORY_PARAMETERS = {
  "maxmemory": memory("0", [0n, ULONG_MAX]),
  "maxmemory-policy": choice([
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "noeviction",
  ], "noeviction"),
  "maxmemory-samples": integer(5, [1n, INT_MAX]),
  "maxmemory-eviction-tenacity": integer(10, PERCENT),
  "lfu-log-factor": integer(10, COUNT),
  "lfu-decay-time": integer(1, COUNT),
  "lazyfree-lazy-eviction": yesNo("no", { withoutEffect: NO_LAZY_FREE }),
  "lazyfree-lazy-expire": yesNo("no", { withoutEffect: NO_LAZY_FREE }),
  "lazyfree-lazy-server-del": yesNo("no", { withoutEffect: NO_LAZY_FREE }),
  "lazyfree-lazy-user-del": yesNo("no", { withoutEffect: NO_LAZY_FREE }),
  "lazyfree-lazy-user-flush": yesNo("no"),
  "activedefrag": yesNo("no", {
    check: refuseDefrag,
    withoutEffect: NO_DEFRAG,
  }),
  "active-defrag-cycle-min": integer(1, [1n, 99n], {
    withoutEffect: NO_DEFRAG,
  }),
  "active-defrag-cycle-max": integer(25, [1n, 99n], {
    withoutEffect: NO_DEFRAG,
  }),
  "active-defrag-threshold-lower": integer(10, [0n, 1000n], {
    withoutEffect: NO_DEFRAG,
  }),
  "active-defrag-threshold-upper": integer(100, [0n, 1000n], {
    withoutEffect: NO_DEFRAG,
  }),
  "active-defrag-ignore-bytes": memory("100mb", [1n, LONG_MAX], {
    withoutEffect: NO_DEFRAG,
  }),
  "active-defrag-max-scan-fields": integer(1000, [1n, LONG_MAX], {
    withoutEffect: NO_DEFRAG,
  }),
  "activerehashing": yesNo("yes"),
  "active-expire-effort": integer(1, [1n, 10n]),
};

export const ENCODING_PARAMETERS = {
  "hash-max-listpack-entries": integer(512, LONG_COUNT, {
    aliases: ["hash-max-ziplist-entries"],
  }),
  "hash-max-listpack-value": memory("64", LONG_COUNT, {
    aliases: ["hash-max-ziplist-value"],
  }),
  "list-max-listpack-size": integer(-2, [INT_MIN, INT_MAX], {
    aliases: ["list-max-ziplist-size"],
  }),
  "list-compress-depth": integer(0, COUNT),
  "set-max-intset-entries": integer(512, LONG_COUNT),
  "set-max-listpack-entries": integer(128, LONG_COUNT),
  "set-max-listpack-value": memory("64", LONG_COUNT),
  "zset-max-listpack-entries": integer(128, LONG_COUNT, {
    aliases: ["zset-max-ziplist-entries"],
  }),
  "zset-max-listpack-value": memory("64", LONG_COUNT, {
    aliases: ["zset-max-ziplist-value"],
  }),
  "hll-sparse-max-bytes": memory("3000", LONG_COUNT),
  "stream-node-max-bytes": memory("4096", LONG_COUNT),
  "stream-node-max-entries": integer(100, LONG_COUNT),
};

export const OBSERVATION_PARAMETERS = {
  "busy-reply-threshold": integer(5000, LONG_COUNT, {
    aliases: ["lua-time-limit"],
  }),
  "notify-keyspace-events": keyspaceEvents(""),
  "slowlog-log-slower-than": integer(10000, [-1n, LONG_MAX]),
  "slowlog-max-len": integer(128, LONG_COUNT),
  "latency-monitor-threshold": integer(0, LONG_COUNT),
  "latency-tracking": yesNo("yes"),
  "latency-tracking-info-percentiles": percentiles("50 99 99.9"),
};

function refuseDefrag(wanted: boolean): void {
  if (wanted) {
    throw new ConfigError(
      "Active defragmentation cannot be enabled: it requires a Redis server compiled with a " +
        "modified Jemalloc like the one shipped by default with the Redis source distribution",
    );
  }
}
