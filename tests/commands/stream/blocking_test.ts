import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("XREAD waits for entries after an id, whoever else reads them", () => {
  const redis = new EngineHarness();
  const [one, other, later] = [redis.newClient(), redis.newClient(3), redis.newClient()];
  redis.send(one, "XREAD", "BLOCK", 0, "STREAMS", "x", "s", "$", "$");
  redis.send(other, "XREAD", "BLOCK", 0, "STREAMS", "s", "0");
  redis.send(later, "XREAD", "BLOCK", 0, "STREAMS", "s", "5-0");
  redis.run("XADD", "s", "1-1", "f", "v");
  const entry = '1) "1-1"\n      2) 1) "f"\n         2) "v"';
  assertEquals(
    redis.received(one)[0].replace(/\s+/g, " "),
    `1) 1) "s" 2) 1) ${entry}`.replace(/\s+/g, " "),
  );
  assertEquals(redis.received(other).length, 1);
  assertEquals(redis.received(later), []);
  redis.run("XADD", "s", "6-0", "f", "v");
  assertEquals(redis.received(later).length, 1);
});

Deno.test("XREADGROUP that waited leaves the effects of one that did not", () => {
  const redis = new EngineHarness();
  const [reader, careless] = [redis.newClient(), redis.newClient()];
  redis.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  redis.run("XGROUP", "CREATE", "s", "h", "$");
  redis.send(reader, "XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">");
  redis.send(careless, "XREADGROUP", "GROUP", "h", "d", "BLOCK", 0, "NOACK", "STREAMS", "s", ">");
  redis.effects.length = 0;
  redis.run("XADD", "s", "1-1", "f", "v");
  const { now } = redis.engine.context.store.state;
  assertEquals(redis.effects, [
    "XADD s 1-1 f v",
    "MULTI",
    `XCLAIM s g c 0 1-1 TIME ${now} RETRYCOUNT 1 FORCE JUSTID LASTID 1-1`,
    "XGROUP SETID s g 1-1 ENTRIESREAD 1",
    "EXEC",
    "MULTI",
    "XGROUP CREATECONSUMER s h d",
    "XGROUP SETID s h 1-1 ENTRIESREAD 1",
    "EXEC",
  ]);
  assertEquals(redis.received(reader).length, 1);
});

Deno.test("XREADGROUP is told that its stream or group is gone", () => {
  const redis = new EngineHarness();
  const waiting = redis.newClient();
  const answers = (...command: string[]): string[] => {
    redis.run("DEL", "s");
    redis.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
    redis.send(waiting, "XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">");
    redis.run(...command);
    return redis.received(waiting);
  };
  const noKey = "(error) UNBLOCKED the stream key no longer exists";
  assertEquals(answers("DEL", "s"), [noKey]);
  assertEquals(answers("RENAME", "s", "t"), [noKey]);
  assertEquals(answers("FLUSHALL"), [noKey]);
  assertEquals(answers("SWAPDB", "0", "1"), [noKey]);
  assertEquals(answers("SET", "s", "x"), [noKey]);
  assertEquals(answers("XGROUP", "DESTROY", "s", "g"), [
    "(error) NOGROUP the consumer group this client was blocked on no longer exists",
  ]);
  const counted = redis.run("INFO", "errorstats");
  assertEquals(counted.match(/[A-Z]+:count=\d/g), ["NOGROUP:count=1", "UNBLOCKED:count=5"]);
});

Deno.test("a stream that expires on its own wakes readers in its groups", () => {
  const redis = new EngineHarness();
  const waiting = redis.newClient();
  redis.run("XGROUP", "CREATE", "s", "g", "$", "MKSTREAM");
  redis.run("PEXPIRE", "s", 50);
  redis.send(waiting, "XREADGROUP", "GROUP", "g", "c", "BLOCK", 0, "STREAMS", "s", ">");
  redis.clock.advance(50);
  redis.engine.beginTurn();
  redis.engine.expiry.tick(10, redis.clock);
  redis.engine.serveWaiting();
  redis.engine.endTurn();
  assertEquals(redis.received(waiting).length, 1);
});
