import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

for (const protocol of [2, 3] as const) {
  Deno.test(`BLPOP takes what is there, and waits for what is not, in RESP${protocol}`, () => {
    const redis = new EngineHarness();
    const waiting = redis.newClient(protocol);
    redis.run("RPUSH", "k", 1, 2);
    redis.send(waiting, "BLPOP", "none", "k", 0);
    assertEquals(redis.received(waiting), ['1) "k"\n2) "1"']);
    redis.send(waiting, "BRPOP", "k", 0);
    assertEquals(redis.received(waiting), ['1) "k"\n2) "2"']);
    redis.send(waiting, "BLPOP", "k", 0);
    assertEquals(redis.received(waiting), []);
    assertEquals(redis.run("LPUSH", "k", 3), "(integer) 1");
    assertEquals(redis.received(waiting), ['1) "k"\n2) "3"']);
    assertEquals(redis.run("EXISTS", "k"), "(integer) 0");
  });

  Deno.test(`a limited wait ends with null at its time, not before, in RESP${protocol}`, () => {
    const redis = new EngineHarness();
    const waiting = redis.newClient(protocol);
    const commands = [
      ["BLPOP", "k", "0.1005"],
      ["BRPOP", "k", "0.1005"],
      ["BLMOVE", "k", "l", "LEFT", "LEFT", "0.1005"],
      ["BRPOPLPUSH", "k", "l", "0.1005"],
      ["BLMPOP", "0.1005", "1", "k", "LEFT"],
      ["BZPOPMIN", "k", "0.1005"],
      ["BZPOPMAX", "k", "0.1005"],
      ["BZMPOP", "0.1005", "1", "k", "MIN"],
      ["XREAD", "BLOCK", "101", "STREAMS", "k", "$"],
    ];
    for (const command of commands) {
      redis.send(waiting, ...command);
      redis.clock.advance(100);
      assertEquals(redis.received(waiting), [], command[0]);
      redis.clock.advance(1);
      assertEquals(redis.received(waiting), ["(nil)"], command[0]);
      assertEquals(waiting.parked, false);
    }
    redis.run("RPUSH", "k", 1);
    assertEquals(redis.run("LLEN", "k"), "(integer) 1");
  });
}

Deno.test("waits beyond 2^31 ms, and those without a limit, do not end early", () => {
  const redis = new EngineHarness();
  const [long, endless] = [redis.newClient(), redis.newClient()];
  const days = 60;
  redis.send(long, "BLPOP", "k", days * 86_400);
  redis.send(endless, "BLPOP", "k", 0);
  redis.clock.advance(days * 86_400_000 - 1);
  assertEquals(redis.received(long), []);
  redis.clock.advance(1);
  assertEquals(redis.received(long), ["(nil)"]);
  redis.clock.advance(10 * 365 * 86_400_000);
  assertEquals(redis.received(endless), []);
  redis.run("LPUSH", "k", 1);
  assertEquals(redis.received(endless), ['1) "k"\n2) "1"']);
});

Deno.test("a short wait ends before a long one that began earlier", () => {
  const redis = new EngineHarness();
  const [long, short] = [redis.newClient(), redis.newClient()];
  redis.send(long, "BLPOP", "k", 100);
  redis.send(short, "BLPOP", "k", "0.01");
  redis.clock.advance(10);
  assertEquals(redis.received(short), ["(nil)"]);
  assertEquals(redis.received(long), []);
});

Deno.test("a wait that was answered in time does not end another one's", () => {
  const redis = new EngineHarness();
  const [first, second] = [redis.newClient(), redis.newClient()];
  redis.send(first, "BLPOP", "k", 1);
  redis.send(second, "BLPOP", "l", 3);
  redis.run("LPUSH", "k", 1);
  redis.received(first);
  redis.clock.advance(500);
  redis.send(first, "BLPOP", "k", 2);
  redis.clock.advance(1999);
  assertEquals(redis.received(first), []);
  redis.clock.advance(1);
  assertEquals(redis.received(first), ["(nil)"]);
  assertEquals(redis.received(second), []);
  redis.clock.advance(500);
  assertEquals(redis.received(second), ["(nil)"]);
});

Deno.test("what blocking commands take is propagated as by the commands that do not block", () => {
  const redis = new EngineHarness();
  const clients = Array.from({ length: 5 }, () => redis.newClient());
  const commands = [
    ["BLPOP", "a", "0"],
    ["BRPOP", "a", "0"],
    ["BLMOVE", "a", "b", "LEFT", "RIGHT", "0"],
    ["BRPOPLPUSH", "a", "c", "0"],
    ["BLMPOP", "0", "1", "a", "RIGHT", "COUNT", "9"],
  ];
  const taken = ["LPOP a", "RPOP a", "LMOVE a b LEFT RIGHT", "RPOPLPUSH a c", "RPOP a 2"];
  commands.forEach((command, i) => redis.send(clients[i], ...command));
  redis.effects.length = 0;
  redis.run("RPUSH", "a", 1, 2, 3, 4, 5, 6);
  assertEquals(redis.effects, ["RPUSH a 1 2 3 4 5 6", ...taken]);
  redis.run("RPUSH", "a", 1, 2, 3, 4, 5, 6);
  redis.effects.length = 0;
  commands.forEach((command, i) => redis.send(clients[i], ...command));
  assertEquals(redis.effects, taken);
});

Deno.test("each one served is a unit behind the one of EXEC", () => {
  const redis = new EngineHarness();
  const waiting = redis.newClient();
  redis.send(waiting, "BLPOP", "k", 0);
  redis.run("MULTI");
  redis.run("RPUSH", "k", 1);
  redis.run("RPUSH", "k", 2);
  redis.run("EXEC");
  assertEquals(redis.effects, ["MULTI", "RPUSH k 1", "RPUSH k 2", "EXEC", "LPOP k"]);
  assertEquals(redis.events, ["rpush k", "rpush k", "lpop k"]);
});

Deno.test("a session without a connection has nowhere to wait", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("BLPOP", "k", 0), "(nil)");
  assertEquals(redis.run("BLMOVE", "k", "l", "LEFT", "LEFT", 0), "(nil)");
  assertEquals(redis.run("BZPOPMIN", "k", 0), "(nil)");
  assertEquals(redis.run("XREAD", "BLOCK", 0, "STREAMS", "k", "$"), "(nil)");
});

Deno.test("a client that goes away while it waits takes nothing", () => {
  const redis = new EngineHarness();
  const [gone, next] = [redis.newClient(), redis.newClient()];
  redis.send(gone, "BLPOP", "k", 0);
  redis.send(next, "BLPOP", "k", 0);
  gone.link!.close();
  redis.run("RPUSH", "k", 1);
  assertEquals(redis.received(gone), []);
  assertEquals(redis.received(next), ['1) "k"\n2) "1"']);
  assertEquals(redis.engine.context.waiting.count, 0);
});

Deno.test("timeouts that cannot be are refused", () => {
  const redis = new EngineHarness();
  const range = "(error) ERR timeout is out of range";
  assertEquals(redis.run("BLPOP", "k", "inf"), range);
  assertEquals(redis.run("BLPOP", "k", "1e30"), range);
  assertEquals(redis.run("BLPOP", "k", "-0.1"), "(error) ERR timeout is negative");
  assertEquals(redis.run("BLPOP", "k", "x"), "(error) ERR timeout is not a float or out of range");
});

Deno.test("INFO and CLIENT LIST tell who waits, and for how many keys", () => {
  const redis = new EngineHarness();
  const [first, second] = [redis.newClient(), redis.newClient()];
  redis.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  redis.send(first, "BLPOP", "a", "b", "a", 0);
  redis.send(second, "XREADGROUP", "GROUP", "g", "c", "BLOCK", 10, "STREAMS", "s", ">");
  const fields = (): string[] =>
    redis.run("INFO", "clients").match(
      /(blocked_clients|timeout_table|total_blocking_keys\w*):\d+/g,
    )!;
  assertEquals(fields(), [
    "blocked_clients:2",
    "timeout_table:1",
    "total_blocking_keys:3",
    "total_blocking_keys_on_nokey:1",
  ]);
  const flags = (): string[] => redis.run("CLIENT", "LIST").match(/flags=\w+/g)!;
  assertEquals(flags(), ["flags=N", "flags=b", "flags=b"]);
  redis.clock.advance(10);
  redis.run("LPUSH", "b", 1);
  assertEquals(flags(), ["flags=N", "flags=N", "flags=N"]);
  assertEquals(fields(), [
    "blocked_clients:0",
    "timeout_table:0",
    "total_blocking_keys:0",
    "total_blocking_keys_on_nokey:0",
  ]);
});

Deno.test("the store and the keyspace tell of keys only while somebody waits", () => {
  const redis = new EngineHarness();
  const { keyspace, store } = redis.engine.context;
  const waiting = redis.newClient();
  assertEquals([store.state.observesNewKeys, keyspace.addedKeys], [false, null]);
  redis.send(waiting, "BLPOP", "k", 0);
  assertEquals(store.state.observesNewKeys, true);
  redis.run("LPUSH", "k", 1);
  assertEquals([store.state.observesNewKeys, keyspace.addedKeys], [false, null]);
  redis.send(waiting, "XREAD", "BLOCK", 5, "STREAMS", "k", "$");
  assertEquals(store.state.observesNewKeys, true);
  redis.clock.advance(5);
  assertEquals([store.state.observesNewKeys, keyspace.addedKeys], [false, null]);
});

Deno.test("what waits next shows nothing of what has waited before", () => {
  const redis = new EngineHarness();
  const clients = Array.from({ length: 3 }, () => redis.newClient());
  // Longer and shorter than the one before, so that memory is used again and has to grow.
  for (let round = 0; round < 60; round++) {
    const keys = clients.map((_, i) => `${i}:${"k".repeat((round * 37 + i * 11) % 90)}`);
    for (const [i, client] of clients.entries()) {
      if (i === 2) redis.send(client, "BLMPOP", 0, 2, `${keys[2]}:other`, keys[2], "RIGHT");
      else redis.send(client, i === 0 ? "BLPOP" : "BRPOP", keys[i], `${keys[i]}:other`, 0);
    }
    assertEquals(redis.engine.context.blocking.keyCount, 6);
    redis.run("RPUSH", `${keys[1]}:other`, round);
    redis.run("RPUSH", keys[2], "a", "b");
    redis.run("RPUSH", keys[0], "c");
    assertEquals(redis.received(clients[0]), [`1) "${keys[0]}"\n2) "c"`]);
    assertEquals(redis.received(clients[1]), [`1) "${keys[1]}:other"\n2) "${round}"`]);
    assertEquals(redis.received(clients[2]), [`1) "${keys[2]}"\n2) 1) "b"`]);
    assertEquals(redis.engine.context.blocking.keyCount, 0);
    redis.run("FLUSHALL");
  }
});
