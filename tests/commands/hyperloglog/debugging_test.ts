import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("PFDEBUG shows the form, the runs and the registers", () => {
  const redis = new EngineHarness();
  redis.run("PFADD", "h", "a", "b");
  assertEquals(redis.run("PFDEBUG", "ENCODING", "h"), "sparse");
  assertEquals(redis.run("PFDEBUG", "DECODE", "h"), '"Z:12711 v:2,1 Z:3068 v:1,1 Z:603"');
  const registers = redis.reply("PFDEBUG", "GETREG", "h");
  if (registers.kind !== "array" || registers.items === null) throw new Error(registers.kind);
  const found = registers.items.flatMap((item, i) =>
    item.kind === "integer" && Number(item.value) > 0 ? [[i, Number(item.value)]] : []
  );
  assertEquals(registers.items.length, 16384);
  assertEquals(found, [[12711, 2], [15780, 1]]);
  assertEquals(redis.run("PFDEBUG", "encoding", "h"), "dense");
  assertEquals(redis.run("PFDEBUG", "DECODE", "h"), "(error) ERR HLL encoding is not sparse");
  assertEquals(redis.run("PFCOUNT", "h"), "(integer) 2");
});

Deno.test("PFDEBUG TODENSE changes the form once", () => {
  const redis = new EngineHarness();
  redis.run("PFADD", "h", "a", "b");
  assertEquals(redis.run("PFDEBUG", "TODENSE", "h"), "(integer) 1");
  assertEquals(redis.run("PFDEBUG", "TODENSE", "h"), "(integer) 0");
  assertEquals(redis.run("STRLEN", "h"), "(integer) 12304");
  assertEquals(redis.effects, ["PFADD h a b", "PFDEBUG TODENSE h"]);
});

Deno.test("PFDEBUG refuses what it does not know", () => {
  const redis = new EngineHarness();
  redis.run("PFADD", "h", "a");
  assertEquals(redis.run("PFDEBUG", "NOPE", "h"), "(error) ERR Unknown PFDEBUG subcommand 'NOPE'");
  assertEquals(redis.run("PFDEBUG", "NOPE", "no"), "(error) ERR The specified key does not exist");
  assertEquals(
    redis.run("PFDEBUG", "ENCODING", "h", "x"),
    "(error) ERR wrong number of arguments for 'pfdebug' command",
  );
});

Deno.test("PFSELFTEST finds nothing wrong", () => {
  assertEquals(new EngineHarness().run("PFSELFTEST"), "OK");
});
