import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

function harness(protocol: 2 | 3 = 2): EngineHarness {
  const redis = new EngineHarness({ protocol, config: { "proto-max-bulk-len": "1mb" } });
  redis.run("MSET", "a", "ohmytext", "b", "mynewtext");
  return redis;
}

Deno.test("LCS finds the longest common subsequence and its length", () => {
  const redis = harness();
  assertEquals(redis.run("LCS", "a", "b"), '"mytext"');
  assertEquals(redis.run("LCS", "a", "b", "LEN"), "(integer) 6");
  assertEquals(redis.run("LCS", "a", "a"), '"ohmytext"');
  assertEquals(redis.run("LCS", "a", "none"), '""');
  assertEquals(redis.run("LCS", "none", "none", "LEN"), "(integer) 0");
});

Deno.test("LCS with IDX replies the ranges from last to first", () => {
  const redis = harness();
  assertEquals(
    redis.run("LCS", "a", "b", "IDX", "WITHMATCHLEN"),
    [
      '1) "matches"',
      "2) 1) 1) 1) (integer) 4",
      "         2) (integer) 7",
      "      2) 1) (integer) 5",
      "         2) (integer) 8",
      "      3) (integer) 4",
      "   2) 1) 1) (integer) 2",
      "         2) (integer) 3",
      "      2) 1) (integer) 0",
      "         2) (integer) 1",
      "      3) (integer) 2",
      '3) "len"',
      "4) (integer) 6",
    ].join("\n"),
  );
  const long = redis.reply("LCS", "a", "b", "IDX", "MINMATCHLEN", 4);
  const matches = long.kind === "array" ? long.items?.[1] : undefined;
  assertEquals(matches?.kind === "array" ? matches.items?.length : -1, 1);
});

Deno.test("LCS with IDX replies a map in RESP3", () => {
  const redis = harness(3);
  const reply = redis.reply("LCS", "a", "b", "IDX", "MINMATCHLEN", 5);
  assertEquals(reply.kind === "map" ? reply.entries.length : -1, 2);
});

Deno.test("LCS refuses contradictions, unknown options and too large tables", () => {
  const redis = harness();
  assertEquals(
    redis.run("LCS", "a", "b", "IDX", "LEN"),
    "(error) ERR If you want both the length and indexes, please just use IDX.",
  );
  assertEquals(redis.run("LCS", "a", "b", "MINMATCHLEN"), "(error) ERR syntax error");
  // 512 rows of 512 cells of 4 bytes are the one megabyte allowed.
  redis.run("MSET", "a", "x".repeat(511), "b", "x".repeat(512));
  assertEquals(redis.run("LCS", "a", "a", "LEN"), "(integer) 511");
  assertEquals(
    redis.run("LCS", "a", "b", "LEN"),
    "(error) ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len",
  );
});
