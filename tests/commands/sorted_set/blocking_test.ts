import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("BZPOPMIN, BZPOPMAX and BZMPOP wait and are propagated as what they take", () => {
  const redis = new EngineHarness();
  const [lowest, highest, many] = [redis.newClient(), redis.newClient(3), redis.newClient()];
  redis.send(lowest, "BZPOPMIN", "x", "z", 0);
  redis.send(highest, "BZPOPMAX", "z", 0);
  redis.send(many, "BZMPOP", 0, 2, "x", "z", "MIN", "COUNT", 5);
  redis.run("ZADD", "z", 1, "a", 2, "b", 3, "c", 4.5, "d");
  assertEquals(redis.received(lowest), ['1) "z"\n2) "a"\n3) "1"']);
  assertEquals(redis.received(highest), ['1) "z"\n2) "d"\n3) (double) 4.5']);
  assertEquals(redis.received(many), [
    '1) "z"\n2) 1) 1) "b"\n      2) "2"\n   2) 1) "c"\n      2) "3"',
  ]);
  assertEquals(redis.effects.slice(1), ["ZPOPMIN z", "ZPOPMAX z", "ZPOPMIN z 2"]);
  assertEquals(redis.events, ["zadd z", "zpopmin z", "zpopmax z", "zpopmin z", "del z"]);
});

Deno.test("sorted sets do not serve those who wait for lists, nor lists those for sorted sets", () => {
  const redis = new EngineHarness();
  const [list, set] = [redis.newClient(), redis.newClient()];
  redis.send(list, "BLPOP", "k", 0);
  redis.send(set, "BZPOPMIN", "k", 0);
  redis.run("ZADD", "k", 1, "a", 2, "b");
  assertEquals(redis.received(list), []);
  assertEquals(redis.received(set).length, 1);
  redis.run("DEL", "k");
  redis.run("RPUSH", "k", 1);
  assertEquals(redis.received(list), ['1) "k"\n2) "1"']);
});

Deno.test("what is there is taken at once and propagated alike", () => {
  const redis = new EngineHarness();
  redis.run("ZADD", "z", 1, "a", 2, "b", 3, "c", 4, "d");
  redis.effects.length = 0;
  assertEquals(redis.run("BZPOPMIN", "x", "z", 0), '1) "z"\n2) "a"\n3) "1"');
  assertEquals(redis.run("BZPOPMAX", "z", 0), '1) "z"\n2) "d"\n3) "4"');
  redis.run("BZMPOP", 0, 1, "z", "MAX", "COUNT", 9);
  assertEquals(redis.effects, ["ZPOPMIN z", "ZPOPMAX z", "ZPOPMAX z 2"]);
});
