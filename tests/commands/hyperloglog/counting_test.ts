import { assertEquals, assertLess } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

const NOT_ONE = "(error) WRONGTYPE Key is not a valid HyperLogLog string value.";
const CORRUPTED = "(error) INVALIDOBJ Corrupted HLL object detected";
const HEADER = [0x48, 0x59, 0x4c, 0x4c, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x80];

function count(redis: EngineHarness, ...keys: string[]): number {
  return Number(redis.run("PFCOUNT", ...keys).slice("(integer) ".length));
}

Deno.test("PFADD says whether the estimate may have changed, PFCOUNT what it is", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("PFCOUNT", "h"), "(integer) 0");
  assertEquals(redis.run("PFADD", "h"), "(integer) 1");
  assertEquals(redis.run("PFADD", "h"), "(integer) 0");
  assertEquals(redis.run("PFADD", "h", "a", "b", "c"), "(integer) 1");
  assertEquals(redis.run("PFADD", "h", "a", "b"), "(integer) 0");
  assertEquals(count(redis, "h"), 3);
  assertEquals(redis.run("PFADD", "g", "c", "d"), "(integer) 1");
  assertEquals(count(redis, "h", "g", "none"), 4);
  assertEquals(redis.run("PFMERGE", "m", "h", "g"), "OK");
  assertEquals(count(redis, "m"), 4);
  assertEquals(redis.run("TYPE", "h"), "string");
});

Deno.test("a counter stays right when it becomes dense and when it is copied", () => {
  const redis = new EngineHarness();
  for (let i = 0; i < 200; i++) {
    redis.run("PFADD", "h", ...Array.from({ length: 100 }, (_, j) => `e${i * 100 + j}`));
  }
  assertEquals(redis.run("PFDEBUG", "ENCODING", "h"), "dense");
  assertLess(Math.abs(count(redis, "h") - 20_000), 1_000);
  redis.run("COPY", "h", "g");
  assertEquals(count(redis, "h", "g"), count(redis, "g"));
  redis.run("PFADD", "g", ...Array.from({ length: 5_000 }, (_, i) => `x${i}`));
  assertLess(Math.abs(count(redis, "g") - 25_000), 1_500);
  assertLess(Math.abs(count(redis, "h") - 20_000), 1_000);
});

Deno.test("hll-sparse-max-bytes says when a counter becomes dense", () => {
  const redis = new EngineHarness({ config: { "hll-sparse-max-bytes": "100" } });
  redis.run("PFADD", "h", ...Array.from({ length: 10 }, (_, i) => `e${i}`));
  assertEquals(redis.run("PFDEBUG", "ENCODING", "h"), "sparse");
  redis.run("PFADD", "h", ...Array.from({ length: 50 }, (_, i) => `x${i}`));
  assertEquals(redis.run("PFDEBUG", "ENCODING", "h"), "dense");
  assertEquals(count(redis, "h"), 60);
});

Deno.test("what is propagated and which events there are", () => {
  const redis = new EngineHarness();
  redis.run("PFADD", "h", "a", "b");
  redis.run("PFADD", "h", "a");
  redis.run("PFCOUNT", "h");
  redis.run("PFCOUNT", "h");
  redis.run("PFCOUNT", "h", "none");
  redis.run("PFMERGE", "m", "h");
  assertEquals(redis.effects, ["PFADD h a b", "PFCOUNT h", "PFMERGE m h"]);
  assertEquals(redis.events, ["pfadd h", "pfadd m"]);
});

Deno.test("a counter keeps its time to live", () => {
  const redis = new EngineHarness();
  redis.run("PFADD", "h", "a");
  redis.run("EXPIRE", "h", 100);
  redis.run("PFADD", "h", "b");
  redis.run("PFMERGE", "h");
  redis.run("PFDEBUG", "TODENSE", "h");
  assertEquals(redis.run("TTL", "h"), "(integer) 100");
});

Deno.test("other strings are refused", () => {
  const redis = new EngineHarness();
  for (
    const bytes of [
      Uint8Array.of(),
      Uint8Array.from(HEADER.slice(0, 15)),
      Uint8Array.from([0, ...HEADER.slice(1), 0x7f, 0xff]),
      Uint8Array.from([...HEADER.slice(0, 4), 0, ...HEADER.slice(5), 0x7f, 0xff]),
      Uint8Array.from([...HEADER.slice(0, 4), 2, ...HEADER.slice(5), 0x7f, 0xff]),
    ]
  ) {
    redis.run("SET", "h", bytes);
    assertEquals(redis.run("PFADD", "h"), NOT_ONE);
    assertEquals(redis.run("PFCOUNT", "h"), NOT_ONE);
    assertEquals(redis.run("PFCOUNT", "none", "h"), NOT_ONE);
    assertEquals(redis.run("PFMERGE", "d", "h"), NOT_ONE);
    assertEquals(redis.run("PFDEBUG", "ENCODING", "h"), NOT_ONE);
  }
  redis.run("SADD", "s", "a");
  assertEquals(
    redis.run("PFADD", "s"),
    "(error) WRONGTYPE Operation against a key holding the wrong kind of value",
  );
});

Deno.test("a corrupted counter is found out and left as it is", () => {
  const redis = new EngineHarness();
  for (const runs of [[], [0x7f], [0x7f, 0xfe], [0x7f, 0xff, 0], [0xff, 0xff, 0xff]]) {
    const bytes = Uint8Array.from([...HEADER, ...runs]);
    redis.run("SET", "h", bytes);
    redis.effects = [];
    redis.events = [];
    assertEquals(redis.run("PFCOUNT", "h"), CORRUPTED);
    assertEquals(redis.run("PFCOUNT", "h", "none"), CORRUPTED);
    assertEquals(redis.run("PFMERGE", "d", "h"), CORRUPTED);
    assertEquals(redis.run("PFMERGE", "h"), CORRUPTED);
    assertEquals(redis.run("PFDEBUG", "TODENSE", "h"), CORRUPTED);
    const reply = redis.reply("GET", "h");
    assertEquals(reply.kind === "bulk" && reply.bytes, bytes);
    assertEquals([redis.effects, redis.events], [[], []]);
  }
  redis.run("SET", "h", Uint8Array.from([...HEADER, 0x80]));
  assertEquals(
    redis.run("PFADD", "h", ...Array.from({ length: 20 }, (_, i) => `e${i}`)),
    CORRUPTED,
  );
});

Deno.test("wrong numbers of arguments", () => {
  const redis = new EngineHarness();
  for (const name of ["PFADD", "PFCOUNT", "PFMERGE"]) {
    assertEquals(
      redis.run(name),
      `(error) ERR wrong number of arguments for '${name.toLowerCase()}' command`,
    );
  }
});
