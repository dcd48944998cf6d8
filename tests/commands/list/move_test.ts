import { assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("LMOVE takes and puts at either end", () => {
  const redis = new EngineHarness();
  redis.run("RPUSH", "l", "a", "b", "c", "d");
  assertEquals(redis.run("LMOVE", "l", "m", "LEFT", "LEFT"), `"a"`);
  assertEquals(redis.run("LMOVE", "l", "m", "left", "right"), `"b"`);
  assertEquals(redis.run("LMOVE", "l", "m", "RIGHT", "LEFT"), `"d"`);
  redis.events = [];
  assertEquals(redis.run("LMOVE", "l", "m", "RIGHT", "RIGHT"), `"c"`);
  assertEquals(redis.events, ["rpush m", "rpop l", "del l"]);
  assertEquals(redis.run("LRANGE", "m", 0, -1), `1) "d"\n2) "a"\n3) "b"\n4) "c"`);
  assertEquals(redis.run("EXISTS", "l"), "(integer) 0");
});

Deno.test("a list moves to itself by turning around", () => {
  const redis = new EngineHarness();
  redis.run("RPUSH", "l", "a", "b", "c");
  assertEquals(redis.run("RPOPLPUSH", "l", "l"), `"c"`);
  assertEquals(redis.run("LMOVE", "l", "l", "RIGHT", "RIGHT"), `"b"`);
  assertEquals(redis.run("LRANGE", "l", 0, -1), `1) "c"\n2) "a"\n3) "b"`);
  redis.run("RPUSH", "one", "x".repeat(100));
  redis.run("PEXPIRE", "one", 5_000);
  assertEquals(redis.run("LMOVE", "one", "one", "LEFT", "LEFT"), `"${"x".repeat(100)}"`);
  assertEquals(redis.run("LLEN", "one"), "(integer) 1");
  assertEquals(redis.run("PTTL", "one"), "(integer) 5000");
});

Deno.test("a long list turns around completely", () => {
  const redis = new EngineHarness();
  const elements = Array.from({ length: 1_000 }, (_, i) => `element ${i}`);
  redis.run("RPUSH", "l", ...elements);
  const before = redis.run("LRANGE", "l", 0, -1);
  for (let i = 0; i < 1_000; i++) redis.run("LMOVE", "l", "l", "LEFT", "RIGHT");
  assertEquals(redis.run("LRANGE", "l", 0, -1), before);
});

Deno.test("an element of a megabyte moves", () => {
  const redis = new EngineHarness();
  const long = "x".repeat(1_000_000);
  redis.run("RPUSH", "l", "a", long);
  assertEquals(redis.run("RPOPLPUSH", "l", "m"), `"${long}"`);
  assertEquals(redis.run("LINDEX", "m", 0), `"${long}"`);
});

for (const protocol of [2, 3] as const) {
  Deno.test(`there is nothing to move from a missing list, RESP${protocol}`, () => {
    const redis = new EngineHarness({ protocol });
    redis.run("SET", "s", "text");
    const missing = protocol === 2 ? "$-1\r\n" : "_\r\n";
    const bytes = (...args: string[]) => latin1(redis.bytesTo(redis.session, ...args));
    assertEquals(bytes("LMOVE", "none", "s", "LEFT", "LEFT"), missing);
    assertEquals(bytes("RPOPLPUSH", "none", "m"), missing);
    assertEquals(redis.run("EXISTS", "m"), "(integer) 0");
  });
}

Deno.test("LMOVE and RPOPLPUSH say what is wrong with their arguments", () => {
  const redis = new EngineHarness();
  redis.run("RPUSH", "l", "a");
  redis.run("SET", "s", "text");
  const wrongType = "(error) WRONGTYPE Operation against a key holding the wrong kind of value";
  assertEquals(redis.run("LMOVE", "l", "s", "LEFT", "LEFT"), wrongType);
  assertEquals(redis.run("LMOVE", "s", "l", "LEFT", "LEFT"), wrongType);
  assertEquals(redis.run("RPOPLPUSH", "l", "s"), wrongType);
  assertEquals(redis.run("LMOVE", "l", "m", "UP", "LEFT"), "(error) ERR syntax error");
  assertEquals(redis.run("LMOVE", "s", "m", "LEFT", "UP"), "(error) ERR syntax error");
  const arity = "(error) ERR wrong number of arguments for 'lmove' command";
  assertEquals(redis.run("LMOVE", "l", "m", "LEFT"), arity);
  assertEquals(redis.run("LLEN", "l"), "(integer) 1");
});
