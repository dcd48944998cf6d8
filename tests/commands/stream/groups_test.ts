import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

/** A stream of three entries, of which alice has got the first two. */
function delivered(protocol: 2 | 3 = 2): EngineHarness {
  const redis = new EngineHarness({ protocol });
  for (const id of ["1-1", "2-1", "3-1"]) redis.run("XADD", "s", id, "a", id);
  redis.run("XGROUP", "CREATE", "s", "g", "0");
  redis.run("XREADGROUP", "GROUP", "g", "alice", "COUNT", "2", "STREAMS", "s", ">");
  return redis;
}

Deno.test("what is pending counts its idle time and its deliveries", () => {
  const redis = delivered();
  redis.clock.advance(40);
  redis.run("XREADGROUP", "GROUP", "g", "alice", "COUNT", "1", "STREAMS", "s", "0");
  redis.clock.advance(2);
  assertEquals(
    redis.run("XPENDING", "s", "g", "-", "+", "10"),
    [
      ...['1) 1) "1-1"', '   2) "alice"', "   3) (integer) 2", "   4) (integer) 2"],
      ...['2) 1) "2-1"', '   2) "alice"', "   3) (integer) 42", "   4) (integer) 1"],
    ].join("\n"),
  );
  assertEquals(redis.run("XPENDING", "s", "g", "IDLE", "43", "-", "+", "10"), "(empty array)");
});

Deno.test("XAUTOCLAIM takes what is idle long enough, and tells what is gone", () => {
  const redis = delivered();
  redis.clock.advance(50);
  assertEquals(
    redis.run("XAUTOCLAIM", "s", "g", "bob", "51", "0", "JUSTID"),
    '1) "0-0"\n2) (empty array)\n3) (empty array)',
  );
  redis.run("XDEL", "s", "1-1");
  assertEquals(
    redis.run("XAUTOCLAIM", "s", "g", "bob", "50", "0", "JUSTID"),
    '1) "0-0"\n2) 1) "2-1"\n3) 1) "1-1"',
  );
  assertEquals(redis.run("XACK", "s", "g", "1-1", "2-1"), "(integer) 1");
});

Deno.test("XINFO CONSUMERS tells a consumer that asks from one that gets something", () => {
  const redis = delivered();
  redis.clock.advance(30);
  redis.run("XREADGROUP", "GROUP", "g", "alice", "STREAMS", "s", "0");
  redis.clock.advance(7);
  redis.run("XGROUP", "CREATECONSUMER", "s", "g", "new");
  assertEquals(
    redis.run("XINFO", "CONSUMERS", "s", "g"),
    [
      '1) 1) "name"\n   2) "alice"\n   3) "pending"\n   4) (integer) 2',
      '   5) "idle"\n   6) (integer) 7\n   7) "inactive"\n   8) (integer) 37',
      '2) 1) "name"\n   2) "new"\n   3) "pending"\n   4) (integer) 0',
      '   5) "idle"\n   6) (integer) 0\n   7) "inactive"\n   8) (integer) -1',
    ].join("\n"),
  );
});

Deno.test("a consumer that asks and gets nothing is not idle, and is not made for that", () => {
  const redis = delivered();
  redis.run("XREADGROUP", "GROUP", "g", "alice", "STREAMS", "s", ">");
  const times = (): string[] => redis.run("XINFO", "CONSUMERS", "s", "g").split("\n").slice(4);
  const expected = (idleMs: number, inactiveMs: number): string[] => [
    '   5) "idle"',
    `   6) (integer) ${idleMs}`,
    '   7) "inactive"',
    `   8) (integer) ${inactiveMs}`,
  ];
  const attempts = [
    ["XREADGROUP", "GROUP", "g", "alice", "STREAMS", "s", ">"],
    ["XCLAIM", "s", "g", "alice", "999999", "1-1"],
    ["XAUTOCLAIM", "s", "g", "alice", "999999", "0"],
  ];
  let inactiveMs = 0;
  for (const attempt of attempts) {
    redis.clock.advance(30);
    inactiveMs += 30;
    redis.run(...attempt.map((word) => word === "alice" ? "nobody" : word));
    assertEquals(times(), expected(30, inactiveMs), attempt[0]);
    redis.run(...attempt);
    assertEquals(times(), expected(0, inactiveMs), attempt[0]);
  }
});

Deno.test("a consumer takes what is pending for it along", () => {
  const redis = delivered();
  assertEquals(redis.run("XGROUP", "DELCONSUMER", "s", "g", "alice"), "(integer) 2");
  assertEquals(
    redis.run("XPENDING", "s", "g"),
    "1) (integer) 0\n2) (nil)\n3) (nil)\n4) (nil)",
  );
});

Deno.test("XREAD replies a map of streams in RESP3", () => {
  const redis = delivered(3);
  const reply = redis.reply("XREAD", "COUNT", "1", "STREAMS", "s", "none", "0", "0");
  assertEquals(reply.kind, "map");
  assertEquals(redis.run("XREAD", "BLOCK", "0", "STREAMS", "s", "$"), "(nil)");
});
