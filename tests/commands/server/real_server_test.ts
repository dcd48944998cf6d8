/**
 * Every reply of the server group that does not depend on time or memory, byte for byte against
 * a real redis-server, in both protocols; and the syntax lines of HELP.
 */

import { assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { needs, startRedis } from "../../support/peers.ts";
import { connect, encodeCommand } from "../../support/resp_client.ts";

/** Words are parted by blanks; `""` is an empty one. */
const COMMANDS = `
TIME x
ROLE
ROLE x
DBSIZE
DBSIZE x
INFO nosuchsection
SET x 1
SET y abc PX 100000000
SET long ${"x".repeat(100)}
DBSIZE
DEBUG DIGEST
DEBUG DIGEST x
DEBUG DIGEST-VALUE
DEBUG DIGEST-VALUE x y nokey long
SWAPDB 0 1
DBSIZE
DEBUG DIGEST
SWAPDB 1 0
SWAPDB 0 x
SWAPDB x 0
SWAPDB 0 99
SWAPDB 0 -1
SWAPDB 99999999999 1
SWAPDB 0 0
SWAPDB 0
FLUSHALL x
FLUSHALL SYNC x
FLUSHDB x
FLUSHDB ASYNC ASYNC
FLUSHDB ASYNC
DBSIZE
FLUSHALL SYNC
FLUSHALL ASYNC
flushall sync
DEBUG DIGEST
DEBUG
DEBUG FOO
DEBUG HELP x
DEBUG JMAP
DEBUG HTSTATS x
DEBUG HTSTATS 99
DEBUG HTSTATS -1
DEBUG HTSTATS
DEBUG HTSTATS-KEY nokey
SET x 1
DEBUG HTSTATS-KEY x
DEBUG OBJECT nokey
DEBUG OBJECT
DEBUG POPULATE
DEBUG POPULATE -1
DEBUG POPULATE x
DEBUG POPULATE 3
DEBUG POPULATE 2 p 3
DEBUG POPULATE 2 p -3
DEBUG POPULATE 2 q 30
DEBUG POPULATE 2 r 100
DEBUG POPULATE 0
DEBUG POPULATE 2 p 3 4
GET key:0
GET key:2
GET p:1
GET q:1
GET r:0
OBJECT ENCODING q:1
OBJECT ENCODING r:1
DEBUG DIGEST
DEBUG QUICKLIST-PACKED-THRESHOLD x
DEBUG QUICKLIST-PACKED-THRESHOLD 100b
DEBUG QUICKLIST-PACKED-THRESHOLD 4gb
DEBUG QUICKLIST-PACKED-THRESHOLD 4095mb
DEBUG QUICKLIST-PACKED-THRESHOLD 0
DEBUG REPLYBUFFER PEAK-RESET-TIME NEVER
DEBUG REPLYBUFFER PEAK-RESET-TIME x
DEBUG REPLYBUFFER peak-reset-time 100
DEBUG REPLYBUFFER PEAK-RESET-TIME -100
DEBUG REPLYBUFFER PEAK-RESET-TIME reset
DEBUG REPLYBUFFER RESIZING 0
DEBUG REPLYBUFFER RESIZING x
DEBUG REPLYBUFFER RESIZING 1
DEBUG REPLYBUFFER FOO x
DEBUG REPLYBUFFER RESIZING
DEBUG PAUSE-CRON 0
DEBUG PAUSE-CRON x
DEBUG SET-DISABLE-DENY-SCRIPTS 0
DEBUG SET-ACTIVE-EXPIRE 0
DEBUG SET-ACTIVE-EXPIRE 1
DEBUG SET-ACTIVE-EXPIRE
DEBUG SET-SKIP-CHECKSUM-VALIDATION 0
DEBUG CHANGE-REPL-ID
DEBUG CHANGE-REPL-ID x
DEBUG LOG hello
DEBUG LOG
DEBUG ERROR FOO-bar
DEBUG ERROR
DEBUG SLEEP 0
DEBUG SLEEP x
DEBUG SLEEP -1
DEBUG PROTOCOL
DEBUG PROTOCOL foo
DEBUG PROTOCOL string
DEBUG PROTOCOL integer
DEBUG PROTOCOL double
DEBUG PROTOCOL bignum
DEBUG PROTOCOL null
DEBUG PROTOCOL array
DEBUG PROTOCOL set
DEBUG PROTOCOL MAP
DEBUG PROTOCOL attrib
DEBUG PROTOCOL verbatim
DEBUG PROTOCOL true
DEBUG PROTOCOL false
SLOWLOG
SLOWLOG FOO
SLOWLOG FOO x
SLOWLOG GET x
SLOWLOG GET -2
SLOWLOG GET 0
SLOWLOG GET 1 2
SLOWLOG GET 99999999999999999999
SLOWLOG LEN x
SLOWLOG RESET
SLOWLOG LEN
SLOWLOG GET
SLOWLOG HELP x
LATENCY
LATENCY FOO
LATENCY HISTORY
LATENCY HISTORY x
LATENCY RESET
LATENCY RESET x
LATENCY LATEST
LATENCY LATEST x
LATENCY GRAPH x
LATENCY GRAPH
LATENCY HISTOGRAM nocommand
LATENCY DOCTOR x
MEMORY
MEMORY FOO
MEMORY USAGE
MEMORY USAGE x SAMPLES
MEMORY USAGE x SAMPLES -1
MEMORY USAGE x SAMPLES x
MEMORY USAGE x FOO 4
MEMORY USAGE nokey FOO 4
MEMORY USAGE nokey
MEMORY USAGE nokey SAMPLES 4
MEMORY PURGE
MEMORY PURGE x
MEMORY STATS x
CONFIG
CONFIG FOO
CONFIG GET
CONFIG GET nosuchparameter
CONFIG GET MaxMemory
CONFIG GET maxmemory maxmemory
CONFIG GET maxmem?ry
CONFIG GET save
CONFIG SET
CONFIG SET a
CONFIG SET a b
CONFIG SET a b c
CONFIG SET port 1
CONFIG SET maxmemory 1000000000 hz x
CONFIG GET maxmemory
CONFIG SET maxmemory 100mb maxmemory 1
CONFIG SET maxmemory 100mb hz 20
CONFIG GET maxmemory
CONFIG GET hz
CONFIG SET maxmemory 0 hz 10
CONFIG SET slowlog-max-len 5 slowlog-log-slower-than 10001
CONFIG SET lazyfree-lazy-user-flush maybe
CONFIG REWRITE
CONFIG REWRITE x
CONFIG RESETSTAT x
CONFIG RESETSTAT
LOLWUT VERSION x
LOLWUT VERSION 5 x
LOLWUT VERSION 6 x
SHUTDOWN x
SHUTDOWN SAVE NOSAVE
SHUTDOWN ABORT NOW
SHUTDOWN ABORT
MONITOR x
`.trim().split("\n").map((line) => line.split(" ").map((word) => word === '""' ? "" : word));

for (const protocol of [2, 3] as const) {
  needs(
    "redis-server",
    `the server group replies as redis-server does in RESP${protocol}`,
    async () => {
      await using server = await startRedis({ debug: true });
      await using client = await connect(server.port, { resp: protocol });
      const redis = newHarness(protocol);
      for (const words of COMMANDS) {
        await client.raw(encodeCommand(words));
        const [wanted] = await client.rawReplies(1);
        const found = redis.bytesTo(redis.session, ...words);
        assertEquals(
          `${words.join(" ")} → ${latin1(found)}`,
          `${words.join(" ")} → ${latin1(wanted)}`,
        );
      }
    },
  );
}

needs("redis-server", "DEBUG without leave is refused as redis-server refuses it", async () => {
  await using server = await startRedis();
  await using client = await connect(server.port);
  const redis = new EngineHarness();
  await client.raw(encodeCommand(["DEBUG", "SLEEP", "0"]));
  const [wanted] = await client.rawReplies(1);
  assertEquals(latin1(redis.bytesTo(redis.session, "DEBUG", "SLEEP", "0")), latin1(wanted));
});

needs("redis-server", "HELP shows the syntax lines of redis-server", async () => {
  await using server = await startRedis({ debug: true });
  await using client = await connect(server.port);
  const redis = newHarness(2);
  for (const container of ["CONFIG", "SLOWLOG", "LATENCY", "MEMORY", "DEBUG"]) {
    const wanted = syntaxLines(await client.send(container, "HELP"));
    const found = syntaxLines(redis.reply(container, "HELP"));
    // DEBUG has some subcommands less here, and one of Redis 7.2 more.
    const known = new Set(container === "DEBUG" ? found : wanted);
    const own = ["STRINGMATCH-LEN", "SET-DISABLE-DENY-SCRIPTS"];
    assertEquals(
      found.filter((line) => !own.includes(line.split(" ")[0])).toSorted(),
      wanted.filter((line) => known.has(line)).toSorted(),
      container,
    );
  }
});

function newHarness(protocol: 2 | 3): EngineHarness {
  return new EngineHarness({
    protocol,
    config: { "enable-debug-command": "yes", "enable-protected-configs": "yes", "save": "" },
  });
}

function syntaxLines(reply: ReturnType<EngineHarness["reply"]>): string[] {
  if (reply.kind !== "array" || reply.items === null) throw new Error("HELP is no array");
  return reply.items.map((item) => item.kind === "simple" ? item.text : "")
    .filter((line) => !line.startsWith(" "));
}
