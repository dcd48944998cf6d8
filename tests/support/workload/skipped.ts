/**
 * Commands that random workloads leave out, each with the reason. A command that is neither here nor
 * in a table of rules fails the differential test, so that none is forgotten.
 */

const ends = "it ends or changes the connection, tested by itself";
const ownWords = "its text is each server's own";
const ownState = "it tells about the server itself";
const timed = "it tells the time, or what took long";
const configured = "it changes the server for all that follows, tested by itself";
const waits = "it waits";
const blocks = "it waits, compared in blocking_schedules_test.ts";
const scripted = "scripts are compared in tests/scripting";
const ofConnection = "it changes what the connection may do, compared in several connections";
const newer = "redis-server 7.0 does not have it";

/** Names as in the registry; `X|*` stands for all subcommands of X. */
export const SKIPPED: Readonly<Record<string, string>> = {
  "ACL|*": configured,
  BGREWRITEAOF: ownState,
  BGSAVE: ownState,
  BLMOVE: blocks,
  BLMPOP: blocks,
  BLPOP: blocks,
  BRPOP: blocks,
  BRPOPLPUSH: blocks,
  BZMPOP: blocks,
  BZPOPMAX: blocks,
  BZPOPMIN: blocks,
  "CLIENT|CACHING": "it depends on tracking, tested by itself",
  "CLIENT|HELP": ownWords,
  "CLIENT|ID": ownState,
  "CLIENT|INFO": ownState,
  "CLIENT|KILL": ends,
  "CLIENT|LIST": ownState,
  "CLIENT|NO-TOUCH": newer,
  "CLIENT|PAUSE": waits,
  "CLIENT|REPLY": ends,
  "CLIENT|SETINFO": newer,
  "CLIENT|TRACKING": ends,
  "CLIENT|UNBLOCK": "client numbers are each server's own",
  COMMAND: "compared in command_replies_test.ts",
  "COMMAND|*": "compared in command_replies_test.ts",
  "CONFIG|*": configured,
  DEBUG: "much of it is each server's own; what is the same is among the edge cases",
  DISCARD: ofConnection,
  DUMP: "compressed texts and tables may differ, compared in dump_exchange_test.ts",
  EVAL: scripted,
  EVALSHA: scripted,
  EVALSHA_RO: scripted,
  EVAL_RO: scripted,
  EXEC: ofConnection,
  FAILOVER: configured,
  FCALL: scripted,
  FCALL_RO: scripted,
  "FUNCTION|*": scripted,
  HELLO: ends,
  HEXPIRE: newer,
  HEXPIREAT: newer,
  HEXPIRETIME: newer,
  HGETDEL: newer,
  HGETEX: newer,
  HPERSIST: newer,
  HPEXPIRE: newer,
  HPEXPIREAT: newer,
  HPEXPIRETIME: newer,
  HPTTL: newer,
  HSETEX: newer,
  HTTL: newer,
  INFO: ownState,
  LASTSAVE: timed,
  "LATENCY|*": timed,
  LOLWUT: ownWords,
  "MEMORY|*": ownState,
  "MODULE|*": ownState,
  MIGRATE: "it needs a server to go to, tested by itself",
  MONITOR: ends,
  MULTI: ofConnection,
  "OBJECT|HELP": ownWords,
  "OBJECT|REFCOUNT": "which equal numbers share one object is each server's own",
  PFSELFTEST: "redis-server takes seconds for it",
  PSUBSCRIBE: ofConnection,
  PSYNC: ends,
  PUBLISH: "who listens is compared in several connections",
  "PUBSUB|*": "who listens is compared in several connections",
  PUNSUBSCRIBE: ofConnection,
  QUIT: ends,
  RANDOMKEY: "each server picks its own",
  REPLCONF: ends,
  REPLICAOF: configured,
  RESET: ends,
  RESTORE: "it takes payloads of DUMP, compared in dump_exchange_test.ts",
  "RESTORE-ASKING": "it takes payloads of DUMP, tested by itself",
  ROLE: ownState,
  SAVE: ownState,
  "SCRIPT|*": scripted,
  SHUTDOWN: ends,
  SLAVEOF: configured,
  "SLOWLOG|*": timed,
  SPUBLISH: "who listens is compared in several connections",
  SSUBSCRIBE: ofConnection,
  SUBSCRIBE: ofConnection,
  SUNSUBSCRIBE: ofConnection,
  SYNC: ends,
  TIME: timed,
  UNSUBSCRIBE: ofConnection,
  UNWATCH: ofConnection,
  WAIT: blocks,
  WAITAOF: waits,
  "XGROUP|HELP": ownWords,
  "XINFO|HELP": ownWords,
  WATCH: ofConnection,
};

/** The reason to leave a command out, or undefined. */
export function reasonToSkip(name: string): string | undefined {
  return SKIPPED[name] ?? (name.includes("|") ? SKIPPED[`${name.split("|")[0]}|*`] : undefined);
}
