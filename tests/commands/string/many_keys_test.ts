import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("MGET replies null for what is missing", () => {
  const redis = new EngineHarness();
  redis.run("MSET", "a", "1", "b", "2");
  assertEquals(redis.run("MGET", "a", "none", "b", "a"), '1) "1"\n2) (nil)\n3) "2"\n4) "1"');
});

Deno.test("MSET forgets times to live and lets the last value of a key win", () => {
  const redis = new EngineHarness();
  redis.run("SET", "a", "0", "PX", 10);
  assertEquals(redis.run("MSET", "a", "1", "a", "2"), "OK");
  redis.clock.advance(10);
  assertEquals(redis.run("GET", "a"), '"2"');
  assertEquals(redis.effects.pop(), "MSET a 1 a 2");
  assertEquals(redis.events, ["set a", "expire a", "set a", "set a"]);
});

Deno.test("MSETNX sets all or none", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("MSETNX", "a", "1", "b", "2"), "(integer) 1");
  assertEquals(redis.run("MSETNX", "c", "3", "b", "4"), "(integer) 0");
  assertEquals(redis.run("MGET", "a", "b", "c"), '1) "1"\n2) "2"\n3) (nil)');
  assertEquals(redis.effects, ["MSETNX a 1 b 2"]);
});

Deno.test("a key without a value is an error of arity", () => {
  const redis = new EngineHarness();
  for (const name of ["mset", "msetnx"]) {
    const error = `(error) ERR wrong number of arguments for '${name}' command`;
    assertEquals(redis.run(name, "a"), error);
    assertEquals(redis.run(name, "a", "1", "b"), error);
  }
  assertEquals(redis.run("GET", "a"), "(nil)");
});
