import { assertEquals, assertGreater, assertStringIncludes } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

for (const protocol of [2, 3] as const) {
  Deno.test(`OBJECT tells how a value is kept (RESP${protocol})`, () => {
    const redis = new EngineHarness({ protocol });
    redis.run("SET", "number", "-12345678901");
    redis.run("SET", "short", "x".repeat(44));
    redis.run("SET", "long", "x".repeat(45));
    assertEquals(redis.run("OBJECT", "ENCODING", "number"), '"int"');
    assertEquals(redis.run("object", "encoding", "short"), '"embstr"');
    assertEquals(redis.run("OBJECT", "ENCODING", "long"), '"raw"');
    for (const name of ["ENCODING", "FREQ", "IDLETIME", "REFCOUNT"]) {
      assertEquals(redis.run("OBJECT", name, "missing"), "(nil)");
    }
  });
}

Deno.test("OBJECT REFCOUNT knows the small integers that Redis shares", () => {
  const redis = new EngineHarness();
  for (const value of ["0", "9999", "10000", "-1", "text", "007"]) redis.run("SET", value, value);
  const shared = "(integer) 2147483647";
  assertEquals(redis.run("OBJECT", "REFCOUNT", "0"), shared);
  assertEquals(redis.run("OBJECT", "REFCOUNT", "9999"), shared);
  for (const value of ["10000", "-1", "text", "007"]) {
    assertEquals(redis.run("OBJECT", "REFCOUNT", value), "(integer) 1");
  }
  const limited = new EngineHarness({
    config: { maxmemory: "100mb", "maxmemory-policy": "allkeys-lru" },
  });
  limited.run("SET", "0", 0);
  assertEquals(limited.run("OBJECT", "REFCOUNT", "0"), "(integer) 1");
});

Deno.test("idle time is told under the LRU policies, and use under the LFU ones", () => {
  const lru = new EngineHarness();
  lru.run("SET", "k", "v");
  lru.clock.advance(7000);
  assertEquals(lru.run("OBJECT", "IDLETIME", "k"), "(integer) 7");
  assertStringIncludes(
    lru.run("OBJECT", "FREQ", "k"),
    "(error) ERR An LFU maxmemory policy is not selected, access frequency not tracked.",
  );
  lru.run("GET", "k");
  assertEquals(lru.run("OBJECT", "IDLETIME", "k"), "(integer) 0");

  const lfu = new EngineHarness({ config: { "maxmemory-policy": "allkeys-lfu" } });
  lfu.run("SET", "k", "v");
  assertEquals(lfu.run("OBJECT", "FREQ", "k"), "(integer) 5");
  assertStringIncludes(
    lfu.run("OBJECT", "IDLETIME", "k"),
    "(error) ERR An LFU maxmemory policy is selected, idle time not tracked.",
  );
  for (let i = 0; i < 200; i++) lfu.run("GET", "k");
  const reply = lfu.reply("OBJECT", "FREQ", "k");
  assertGreater(reply.kind === "integer" ? reply.value : 0n, 8n);
  lfu.clock.advance(255 * 60_000);
  assertEquals(lfu.run("OBJECT", "FREQ", "k"), "(integer) 0");
});

Deno.test("a missing key makes no keymiss event when OBJECT asks for it", () => {
  const redis = new EngineHarness();
  redis.engine.context.store.state.observesMisses = true;
  redis.run("OBJECT", "ENCODING", "missing");
  assertEquals(redis.events, []);
  redis.run("TYPE", "missing");
  redis.run("EXISTS", "missing");
  redis.run("TTL", "missing");
  redis.run("TOUCH", "missing");
  redis.run("COPY", "missing", "other");
  assertEquals(redis.events, Array(5).fill("keymiss missing"));
});

Deno.test("OBJECT HELP lists the subcommands in syntax lines", () => {
  const redis = new EngineHarness();
  const help = redis.run("OBJECT", "HELP");
  for (const line of ["ENCODING <key>", "FREQ <key>", "IDLETIME <key>", "REFCOUNT <key>", "HELP"]) {
    assertStringIncludes(help, `) ${line}`);
  }
});

Deno.test("OBJECT refuses other subcommands and wrong numbers of arguments", () => {
  const redis = new EngineHarness();
  assertEquals(
    redis.run("OBJECT", "other", "k"),
    "(error) ERR unknown subcommand 'other'. Try OBJECT HELP.",
  );
  assertEquals(
    redis.run("OBJECT", "ENCODING"),
    "(error) ERR wrong number of arguments for 'object|encoding' command",
  );
  assertEquals(
    redis.run("OBJECT", "FREQ", "a", "b"),
    "(error) ERR wrong number of arguments for 'object|freq' command",
  );
  assertEquals(redis.run("OBJECT"), "(error) ERR wrong number of arguments for 'object' command");
});
