/** Commands about whole databases: how large they are, emptying and exchanging them. */

import { readIntegerInRange } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Flag } from "../../engine/command_spec.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import type { Database } from "../../store/database.ts";

const FLUSH_USAGE = "[async: ASYNC@4.0.0 | SYNC@6.2.0]";
const FLUSH_CATEGORIES = ["@dangerous", "@keyspace"];
const FLUSH_TIPS = ["request_policy:all_shards", "response_policy:all_succeeded"];
const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;

const WRONG_FIRST = new CommandError("ERR invalid first DB index");
const WRONG_SECOND = new CommandError("ERR invalid second DB index");

export const DBSIZE = command({
  name: "DBSIZE",
  summary: "Counts the keys of the selected database.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  categories: ["@keyspace"],
  tips: ["request_policy:all_shards", "response_policy:agg_sum"],
  run(call) {
    call.reply.integer(call.db.size);
  },
});

export const FLUSHDB = command({
  name: "FLUSHDB",
  usage: FLUSH_USAGE,
  summary: "Removes all keys of the selected database.",
  since: "1.0.0",
  complexity: "O(N) where N is the number of keys; O(1) with ASYNC",
  flags: Flag.WRITE,
  categories: FLUSH_CATEGORIES,
  tips: FLUSH_TIPS,
  run(call) {
    const lazily = isLazy(call);
    passOn(call, flush(call, [call.db], lazily));
    call.reply.ok();
  },
});

export const FLUSHALL = command({
  name: "FLUSHALL",
  usage: FLUSH_USAGE,
  summary: "Removes all keys of all databases.",
  since: "1.0.0",
  complexity: "O(N) where N is the number of keys; O(1) with ASYNC",
  flags: Flag.WRITE,
  categories: FLUSH_CATEGORIES,
  tips: FLUSH_TIPS,
  run(call) {
    const lazily = isLazy(call);
    const { store, persistence } = call.context;
    persistence?.beforeFlushAll();
    const removed = flush(call, store.databases, lazily);
    // What was removed is no change any more where the empty data are saved at once.
    const isSaved = persistence?.savedEmpty() === true;
    passOn(call, isSaved ? 0 : removed);
    call.reply.ok();
  },
});

export const SWAPDB = command({
  name: "SWAPDB",
  usage: "index1 index2",
  summary: "Lets two databases change what they hold.",
  since: "4.0.0",
  complexity: "O(N) where N is the number of clients that watch or wait for keys of either",
  flags: Flag.WRITE | Flag.FAST,
  categories: ["@dangerous", "@keyspace"],
  run(call) {
    const first = readIntegerInRange(call, 1, INT_MIN, INT_MAX, WRONG_FIRST);
    const second = readIntegerInRange(call, 2, INT_MIN, INT_MAX, WRONG_SECOND);
    const { store, keyspace } = call.context;
    const a = store.databases[first];
    const b = store.databases[second];
    if (a === undefined || b === undefined) throw errors.DB_INDEX_OUT_OF_RANGE;
    if (a !== b) {
      store.swap(first, second);
      keyspace.swapped(a, b);
    }
    call.dirty++;
    call.reply.ok();
  },
});

export const DATABASE_COMMANDS = [DBSIZE, FLUSHALL, FLUSHDB, SWAPDB];

function isLazy(call: Call): boolean {
  if (call.count > 2) throw errors.SYNTAX;
  if (call.count === 1) return call.context.config.get("lazyfree-lazy-user-flush");
  if (call.request.is(1, "ASYNC")) return true;
  if (!call.request.is(1, "SYNC")) throw errors.SYNTAX;
  return false;
}

/** Empties databases, at once or bit by bit after the reply; how many keys there were. */
function flush(call: Call, databases: readonly Database[], lazily: boolean): number {
  const { store, keyspace, tracking } = call.context;
  let removed = 0;
  for (const db of databases) {
    if (db.size > 0) keyspace.flushed(db);
    removed += db.size;
  }
  tracking.emptied();
  if (lazily) { for (const db of databases) store.lazyFree.add(db.detach()); }
  else if (databases.length === 1) databases[0].clear();
  else store.clear();
  return removed;
}

/**
 * Counts `changes` changes since the last save. One is needed for the command to be passed on, which
 * it is even if nothing was removed: the append-only file and replicas may have other data.
 */
function passOn(call: Call, changes: number): void {
  call.dirty = 1;
  call.context.stats.dirty += changes - 1;
}
