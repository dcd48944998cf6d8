import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

const START = 1_700_000_000_000;
const NOT_AN_INTEGER = "(error) ERR value is not an integer or out of range";

for (const protocol of [2, 3] as const) {
  Deno.test(`expiries are set, read and taken away (RESP${protocol})`, () => {
    const redis = new EngineHarness({ protocol });
    redis.run("SET", "k", "v");
    assertEquals(redis.run("TTL", "k"), "(integer) -1");
    assertEquals(redis.run("EXPIRETIME", "k"), "(integer) -1");
    assertEquals(redis.run("EXPIRE", "k", 100), "(integer) 1");
    assertEquals(redis.run("TTL", "k"), "(integer) 100");
    assertEquals(redis.run("PTTL", "k"), "(integer) 100000");
    redis.clock.advance(499);
    assertEquals(redis.run("TTL", "k"), "(integer) 100");
    redis.clock.advance(2);
    assertEquals(redis.run("TTL", "k"), "(integer) 99");
    assertEquals(redis.run("EXPIRETIME", "k"), "(integer) 1700000100");
    assertEquals(redis.run("PEXPIRETIME", "k"), "(integer) 1700000100000");
    assertEquals(redis.run("PERSIST", "k"), "(integer) 1");
    assertEquals(redis.run("PERSIST", "k"), "(integer) 0");
    assertEquals(redis.run("PTTL", "k"), "(integer) -1");
    for (const name of ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"]) {
      assertEquals(redis.run(name, "missing"), "(integer) -2");
    }
    assertEquals(redis.run("PERSIST", "missing"), "(integer) 0");
    assertEquals(redis.run("EXPIRE", "missing", 1), "(integer) 0");
  });
}

Deno.test("what is propagated is the absolute time, conditions included", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "v");
  redis.effects = [];
  redis.events = [];
  redis.run("EXPIRE", "k", 100, "nx");
  redis.run("PEXPIRE", "k", 200_000, "XX", "GT");
  redis.run("EXPIREAT", "k", 1_700_000_300);
  redis.run("pexpireat", "k", START + 400_000, "gt");
  redis.run("EXPIRE", "k", 1, "GT");
  redis.run("PERSIST", "k");
  assertEquals(redis.effects, [
    `PEXPIREAT k ${START + 100_000} nx`,
    `PEXPIREAT k ${START + 200_000} XX GT`,
    `PEXPIREAT k ${START + 300_000}`,
    `pexpireat k ${START + 400_000} gt`,
    "PERSIST k",
  ]);
  assertEquals(redis.events, [...Array<string>(4).fill("expire k"), "persist k"]);
});

for (const lazy of ["no", "yes"]) {
  Deno.test(`a time in the past removes the key at once (lazyfree-lazy-expire ${lazy})`, () => {
    const redis = new EngineHarness({ config: { "lazyfree-lazy-expire": lazy } });
    const past = [["EXPIRE", 0], ["EXPIRE", -1], ["PEXPIRE", 0], ["PEXPIREAT", -(2n ** 63n)]];
    past.push(["EXPIREAT", 0], ["PEXPIREAT", START], ["EXPIREAT", -9223372036854775n]);
    for (const [name, time] of past) {
      redis.run("SET", "k", "v");
      redis.effects = [];
      redis.events = [];
      assertEquals(redis.run(String(name), "k", time), "(integer) 1");
      assertEquals(redis.run("EXISTS", "k"), "(integer) 0");
      assertEquals(redis.effects, [lazy === "yes" ? "UNLINK k" : "DEL k"]);
      assertEquals(redis.events, ["del k"]);
    }
    assertEquals(redis.engine.context.stats.expiredKeys, 0);
  });
}

Deno.test("a replica, and a server that loads, keeps a key whose time lies in the past", () => {
  for (const field of ["leavesExpiry", "expires"] as const) {
    const redis = new EngineHarness();
    redis.run("SET", "k", "v");
    redis.engine.context.store.state[field] = field === "leavesExpiry";
    assertEquals(redis.run("PEXPIREAT", "k", START - 5), "(integer) 1");
    assertEquals(redis.effects, ["SET k v", `PEXPIREAT k ${START - 5}`]);
    assertEquals(redis.engine.context.store.keyCount, 1);
  }
});

Deno.test("NX, XX, GT and LT decide by the expiry there is", () => {
  const redis = new EngineHarness();
  const results = (...conditions: string[]): string[] =>
    [0, 100, 200, 300].map((before) => {
      redis.run("SET", "k", "v");
      if (before > 0) redis.run("EXPIRE", "k", before);
      const reply = redis.run("EXPIRE", "k", 200, ...conditions);
      redis.run("PERSIST", "k");
      return reply.at(-2) === "r" ? reply : reply.slice(-1);
    });
  assertEquals(results("NX"), ["1", "0", "0", "0"]);
  assertEquals(results("XX"), ["0", "1", "1", "1"]);
  assertEquals(results("GT"), ["0", "1", "0", "0"]);
  assertEquals(results("LT"), ["1", "0", "0", "1"]);
  assertEquals(results("xx", "gt"), ["0", "1", "0", "0"]);
  assertEquals(results("XX", "LT"), ["0", "0", "0", "1"]);
  assertEquals(results("NX", "nx"), ["1", "0", "0", "0"]);
});

Deno.test("conditions that contradict each other, and other words, are refused", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "v");
  const nx = "(error) ERR NX and XX, GT or LT options at the same time are not compatible";
  const gt = "(error) ERR GT and LT options at the same time are not compatible";
  assertEquals(redis.run("EXPIRE", "k", 1, "NX", "XX"), nx);
  assertEquals(redis.run("EXPIRE", "k", 1, "GT", "NX", "LT"), nx);
  assertEquals(redis.run("EXPIRE", "k", 1, "GT", "LT"), gt);
  assertEquals(redis.run("EXPIRE", "k", "x", "Foo"), "(error) ERR Unsupported option Foo");
  assertEquals(redis.run("EXPIRE", "k", "x", "NX"), NOT_AN_INTEGER);
  assertEquals(redis.run("TTL", "k"), "(integer) -1");
});

Deno.test("times at the ends of 64 bits are exact", () => {
  const redis = new EngineHarness();
  const last = 2n ** 63n - 1n;
  redis.run("SET", "k", "v");
  redis.effects = [];
  assertEquals(redis.run("PEXPIREAT", "k", last), "(integer) 1");
  assertEquals(redis.run("PEXPIRETIME", "k"), `(integer) ${last}`);
  assertEquals(redis.run("PTTL", "k"), `(integer) ${last - BigInt(START)}`);
  assertEquals(redis.run("EXPIRETIME", "k"), "(integer) 9223372036854776");
  assertEquals(redis.run("PEXPIREAT", "k", last, "GT"), "(integer) 0");
  assertEquals(redis.run("PEXPIREAT", "k", last - 1n, "LT"), "(integer) 1");
  redis.run("RENAME", "k", "renamed");
  redis.run("SET", "renamed", "x".repeat(3000));
  redis.run("PEXPIREAT", "renamed", last - 3n);
  redis.run("COPY", "renamed", "copied");
  redis.run("MOVE", "copied", 1);
  redis.run("COPY", "renamed", "copied");
  assertEquals(redis.run("PEXPIRETIME", "copied"), `(integer) ${last - 3n}`);
  assertEquals(redis.run("PEXPIRE", "copied", last - BigInt(START)), "(integer) 1");
  assertEquals(redis.run("PEXPIRETIME", "copied"), `(integer) ${last}`);
  assertEquals(redis.effects.at(-1), `PEXPIREAT copied ${last}`);
  assertEquals(redis.run("PERSIST", "copied"), "(integer) 1");
});

Deno.test("a time that does not fit 64 bits is refused, also for a missing key", () => {
  const redis = new EngineHarness();
  const refused = (name: string, time: bigint) => {
    const expected = `(error) ERR invalid expire time in '${name}' command`;
    assertEquals(redis.run(name, "missing", time), expected);
  };
  const last = 2n ** 63n - 1n;
  refused("expire", last);
  refused("expire", -last);
  refused("expire", last / 1000n);
  refused("expireat", last / 1000n + 1n);
  refused("pexpire", last);
  refused("pexpire", last - BigInt(START) + 1n);
  for (const time of ["", "x", "1.5", " 1", "+1", "01", "9223372036854775808"]) {
    assertEquals(redis.run("EXPIRE", "missing", time), NOT_AN_INTEGER);
  }
});

Deno.test("the expiry commands check how many arguments there are", () => {
  const redis = new EngineHarness();
  for (const name of ["expire", "pexpire", "expireat", "pexpireat"]) {
    const expected = `(error) ERR wrong number of arguments for '${name}' command`;
    assertEquals(redis.run(name, "k"), expected);
  }
  for (const name of ["ttl", "pttl", "expiretime", "pexpiretime", "persist"]) {
    const expected = `(error) ERR wrong number of arguments for '${name}' command`;
    assertEquals(redis.run(name), expected);
    assertEquals(redis.run(name, "k", "k"), expected);
  }
});
