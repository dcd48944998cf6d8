/** What stream commands propagate, and which events they cause. */

import { assertEquals } from "@std/assert";
import { tracesOfEngine, tracesOfRedis } from "../../support/effect_comparison.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { needs } from "../../support/peers.ts";

const SCRIPT: string[][] = `
  XADD s 1-1 a b
  XADD s * a b
  XADD s 9999999999999-* a b
  XADD s NOMKSTREAM MAXLEN ~ 1 * a b
  XADD s MAXLEN = 3 * a b
  XADD s MINID ~ 5 LIMIT 10 * a b
  XADD none NOMKSTREAM * a b
  XTRIM s MAXLEN ~ 0
  XTRIM s MAXLEN 2
  XTRIM s MAXLEN 2
  XGROUP CREATE s g 0
  XGROUP CREATE t g $ MKSTREAM ENTRIESREAD 3
  XGROUP CREATE s h 0
  XREADGROUP GROUP g alice COUNT 1 STREAMS s >
  XREADGROUP GROUP g alice STREAMS s t > >
  XREADGROUP GROUP g alice STREAMS s 0
  XREADGROUP GROUP g bob STREAMS s 0
  XREADGROUP GROUP h carol NOACK STREAMS s >
  XREADGROUP GROUP h carol NOACK STREAMS s >
  XADD s 9999999999999-10 c d
  XADD s 9999999999999-11 c d
  XADD s 9999999999999-12 c d
  XREADGROUP GROUP h dave NOACK STREAMS s >
  XREADGROUP GROUP g bob STREAMS s >
  XCLAIM s g new 0 9999999999999-11 JUSTID
  XCLAIM s g new 0 9999999999999-11 9999999999999-10
  XCLAIM s g new 0 5-5 LASTID 9999999999999-99
  XCLAIM s g new 0 5-5 LASTID 9999999999999-98
  XCLAIM s h new 0 9999999999999-11 FORCE RETRYCOUNT 7 TIME 5
  XCLAIM s h newer 100000 9999999999999-11
  XDEL s 9999999999999-11 9999999999999-12 3 3-3
  XCLAIM s h new 0 9999999999999-11
  XAUTOCLAIM s g auto 0 0 COUNT 2
  XAUTOCLAIM s g auto 0 0 COUNT 10 JUSTID
  XAUTOCLAIM s g other 0 + COUNT 10 JUSTID
  XACK s g 9999999999999-10 1-1
  XACK s g 9999999999999-10 1-1
  XGROUP SETID s g 0 ENTRIESREAD 1
  XGROUP CREATECONSUMER s g zoe
  XGROUP CREATECONSUMER s g zoe
  XGROUP DELCONSUMER s g zoe
  XGROUP DELCONSUMER s g zoe
  XGROUP DESTROY s h
  XGROUP DESTROY s h
  XSETID s 9999999999999-99 ENTRIESADDED 100 MAXDELETEDID 1-1
  XTRIM s MINID 9999999999999-99
  XTRIM s MAXLEN 0
  XDEL s 1
`.trim().split("\n").map((line) => line.trim().split(" "));

needs("redis-server", "stream commands leave the traces that redis-server leaves", async () => {
  const ours = tracesOfEngine(SCRIPT, ["s", "t"]);
  const theirs = await tracesOfRedis(SCRIPT, ["s", "t"]);
  // Redis 7.0 tells how far a group has read only with NOACK, 7.2 and we always: without it the lag
  // is another one after a restart.
  const at = ours.effects.indexOf("XGROUP SETID s g 9999999999999-12 ENTRIESREAD 9");
  ours.effects.splice(at, 1);
  // Ids of their own choosing are each server's own.
  const known = (effect: string) => effect.replace(/(XADD s.*) (<ms>|1\d{12})-\d+ /, "$1 <id> ");
  assertEquals(ours.effects.map(known), theirs.effects.map(known));
  assertEquals(ours.events, theirs.events);
  assertEquals(ours.encodings, theirs.encodings);
});

Deno.test("entries that are delivered go out as claims with the group's progress", () => {
  const redis = new EngineHarness();
  redis.run("XADD", "s", "1-1", "a", "b");
  redis.run("XADD", "s", "1-2", "a", "b");
  redis.run("XGROUP", "CREATE", "s", "g", "0");
  redis.effects = [];
  redis.run("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">");
  const now = redis.clock.unixMs();
  const claim = (id: string) =>
    `XCLAIM s g c 0 ${id} TIME ${now} RETRYCOUNT 1 FORCE JUSTID LASTID ${id}`;
  assertEquals(redis.effects, [
    ...["MULTI", claim("1-1"), claim("1-2"), "XGROUP SETID s g 1-2 ENTRIESREAD 2", "EXEC"],
  ]);
});

Deno.test("what comes of the effects is the same stream with the same groups", () => {
  const redis = new EngineHarness();
  for (const line of SCRIPT) redis.run(...line);
  const copy = new EngineHarness();
  copy.clock.jumpTo(redis.clock.unixMs());
  for (const effect of redis.effects) {
    if (effect !== "MULTI" && effect !== "EXEC") copy.run(...effect.split(" "));
  }
  for (const key of ["s", "t"]) {
    assertEquals(copy.run("XRANGE", key, "-", "+"), redis.run("XRANGE", key, "-", "+"));
    // As in Redis, a consumer who was only asked for its history is not told of.
    const groups = (from: EngineHarness) =>
      from.run("XINFO", "GROUPS", key).replace(/"consumers"\n.*\n/g, "");
    assertEquals(groups(copy), groups(redis));
    assertEquals(
      copy.run("XPENDING", key, "g", "-", "+", "100"),
      redis.run("XPENDING", key, "g", "-", "+", "100"),
    );
  }
});
