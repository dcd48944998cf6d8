/** DEBUG: its switches, and that equal data have the digest that redis-server computes. */

import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertStringIncludes,
} from "@std/assert";
import { SeededRandom } from "../../../lib/host/random.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { needs, startRedis } from "../../support/peers.ts";
import { type Argument, connect, show } from "../../support/resp_client.ts";

Deno.test("DEBUG is refused unless it is allowed, to this machine or to all", () => {
  const refused = "(error) ERR DEBUG command not allowed. If the enable-debug-command option is " +
    'set to "local", you can run it from a local connection, otherwise you need to set this ' +
    "option in the configuration file, and then restart the server.";
  assertEquals(new EngineHarness().run("DEBUG", "SLEEP", "0"), refused);
  for (const allowed of ["local", "yes"]) {
    const redis = new EngineHarness({ config: { "enable-debug-command": allowed } });
    assertEquals(redis.run("DEBUG", "SLEEP", "0"), "OK");
  }
});

Deno.test("what makes redis-server crash is refused", () => {
  const redis = allowed();
  for (const name of ["SEGFAULT", "panic", "ASSERT", "OOM", "RESTART", "CRASH-AND-RECOVER"]) {
    assertEquals(
      redis.run("DEBUG", name),
      `(error) ERR DEBUG ${name.toUpperCase()} is refused: this server does not harm itself`,
    );
  }
});

Deno.test("DEBUG SLEEP lets time pass", () => {
  const redis = allowed();
  redis.run("SET", "a", "1", "PX", 500);
  redis.run("DEBUG", "SLEEP", "0.6");
  assertEquals(redis.run("GET", "a"), "(nil)");
});

Deno.test("the switches of DEBUG turn what they name", () => {
  const redis = allowed();
  const { switches, expiry } = redis.engine.context;
  redis.run("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  redis.run("DEBUG", "PAUSE-CRON", "1");
  redis.run("DEBUG", "SET-DISABLE-DENY-SCRIPTS", "1");
  redis.run("DEBUG", "SET-SKIP-CHECKSUM-VALIDATION", "1");
  redis.run("DEBUG", "REPLYBUFFER", "RESIZING", "0");
  redis.run("DEBUG", "REPLYBUFFER", "PEAK-RESET-TIME", "never");
  redis.run("DEBUG", "QUICKLIST-PACKED-THRESHOLD", "1kb");
  redis.run("DEBUG", "AOF-FLUSH-SLEEP", "1500");
  assertEquals({ ...switches, expires: expiry.enabled }, {
    cronPaused: true,
    scriptsMayRunAll: true,
    skipsChecksums: true,
    replyPeakResetMs: -1,
    resizesReplyBuffers: false,
    packedThresholdBytes: 1024,
    aofFlushSleepMs: 1.5,
    expires: false,
  });
});

Deno.test("DEBUG CHANGE-REPL-ID gives the data another history", () => {
  const redis = allowed();
  const before = redis.engine.context.replicationId;
  assertEquals(redis.run("DEBUG", "CHANGE-REPL-ID"), "OK");
  assertNotEquals(redis.engine.context.replicationId, before);
  assertMatch(redis.engine.context.replicationId, /^[0-9a-f]{40}$/);
});

Deno.test("DEBUG LOG writes to the log", () => {
  const redis = allowed();
  redis.run("DEBUG", "LOG", "a message");
  assertEquals(redis.log.messages("warning"), ["DEBUG LOG: a message"]);
});

Deno.test("DEBUG OBJECT shows what is past its time and still there, as redis-server does", () => {
  const redis = allowed();
  redis.run("SET", "key", "v", "PX", "1");
  redis.effects = [];
  redis.clock.advance(2);
  assertMatch(redis.run("DEBUG", "OBJECT", "key"), /^Value at:.*encoding:embstr/);
  assertEquals(redis.effects, []);
  assertEquals(redis.run("EXISTS", "key"), "(integer) 0");
  assertEquals(redis.run("DEBUG", "OBJECT", "key"), "(error) ERR no such key");
});

Deno.test("DEBUG OBJECT shows how a value is stored", () => {
  const redis = allowed();
  redis.run("SET", "n", "123");
  redis.run("SET", "s", "hello");
  redis.clock.advance(5000);
  assertMatch(
    redis.run("DEBUG", "OBJECT", "n"),
    /^Value at:0x[0-9a-f]+ refcount:2147483647 encoding:int serializedlength:2 lru:\d+ lru_seconds_idle:5$/,
  );
  assertMatch(
    redis.run("DEBUG", "OBJECT", "s"),
    / refcount:1 encoding:embstr serializedlength:6 lru:/,
  );
});

Deno.test("DEBUG POPULATE leaves keys that are there and propagates nothing", () => {
  const redis = allowed();
  redis.run("SET", "key:1", "mine");
  redis.effects = [];
  assertEquals(redis.run("DEBUG", "POPULATE", "3"), "OK");
  assertEquals(
    redis.run("MGET", "key:0", "key:1", "key:2"),
    '1) "value:0"\n2) "mine"\n3) "value:2"',
  );
  assertEquals(redis.effects, []);
  assertEquals(
    redis.run("DEBUG", "POPULATE", "9223372036854775807"),
    "(error) ERR OOM in dictTryExpand",
  );
});

Deno.test("DEBUG HTSTATS tells how the table is filled", () => {
  const redis = allowed();
  redis.run("DEBUG", "POPULATE", "100");
  const text = redis.run("DEBUG", "HTSTATS", "0");
  assertStringIncludes(text, "number of elements: 100");
  const members = Array.from({ length: 200 }, (_, i) => `m${i}`);
  redis.run("SADD", "set", ...members);
  redis.run("ZADD", "sorted", ...members.flatMap((member) => ["1", member]));
  redis.run("HSET", "hash", ...members.flatMap((member) => [member, "x".repeat(100)]));
  for (const key of ["set", "sorted", "hash"]) {
    const stats = redis.run("DEBUG", "HTSTATS-KEY", key);
    assertStringIncludes(stats, "number of elements: 200");
    assertStringIncludes(stats, "table size: 256");
  }
  redis.run("RPUSH", "list", ...members);
  assertStringIncludes(redis.run("DEBUG", "HTSTATS-KEY", "list"), "not represented using an hash");
});

Deno.test("DEBUG STRINGMATCH-LEN matches a pattern", () => {
  const redis = allowed();
  assertEquals(redis.run("DEBUG", "STRINGMATCH-LEN", "a*c", "abc"), "(integer) 1");
  assertEquals(redis.run("DEBUG", "STRINGMATCH-LEN", "a*d", "abc"), "(integer) 0");
});

Deno.test("DEBUG PROTOCOL sends a push in RESP3 only", () => {
  const redis = allowed();
  assertEquals(
    redis.run("DEBUG", "PROTOCOL", "push"),
    "(error) ERR RESP2 is not supported by this command",
  );
  const three = redis.newSession(3);
  const text = new TextDecoder().decode(redis.bytesTo(three, "DEBUG", "PROTOCOL", "push"));
  assert(text.startsWith(">2\r\n$16\r\nserver-cpu-usage\r\n:42\r\n$"), text);
});

Deno.test("the digest does not depend on the order of keys, but on all that they hold", () => {
  const one = allowed();
  const two = allowed();
  one.run("MSET", "a", "1", "b", "2");
  two.run("SET", "b", "2");
  two.run("SET", "a", "1");
  assertEquals(one.run("DEBUG", "DIGEST"), two.run("DEBUG", "DIGEST"));
  two.run("PEXPIRE", "a", 1000);
  assertNotEquals(one.run("DEBUG", "DIGEST"), two.run("DEBUG", "DIGEST"));
});

needs("redis-server", "equal data have the digest that redis-server computes", async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  await using server = await startRedis({ debug: true });
  await using client = await connect(server.port);
  const redis = allowed();
  const digests = async () => {
    for (const command of [["DEBUG", "DIGEST"], ["DEBUG", "DIGEST-VALUE", "k1", "k2", "none"]]) {
      assertEquals(redis.run(...command), show(await client.send(...command)));
    }
  };
  await digests();
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 100; i++) {
      const command = randomWrite(random);
      assertEquals(redis.run(...command), show(await client.send(...command)), command.join(" "));
    }
    await digests();
  }
});

function randomWrite(random: SeededRandom): Argument[] {
  const key = random.below(2) === 0 ? `k${random.below(50)}` : random.bytes(random.below(6));
  switch (random.below(7)) {
    case 0:
      return ["SELECT", random.below(4)];
    case 1:
      return ["DEL", key];
    case 2:
      return ["SET", key, random.below(2 ** 40) - 2 ** 20];
    case 3:
      return ["SET", key, random.bytes(random.below(3000)), "EX", 10_000];
    case 4:
      return ["PEXPIRE", key, 10_000_000];
    case 5:
      return ["PERSIST", key];
    default:
      return ["SET", key, random.bytes(random.below(50))];
  }
}

function allowed(): EngineHarness {
  return new EngineHarness({ config: { "enable-debug-command": "yes" } });
}
