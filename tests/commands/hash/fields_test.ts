import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

const WRONG_TYPE = "(error) WRONGTYPE Operation against a key holding the wrong kind of value";

/** The same behaviour whether a hash is packed or a table. */
for (const [encoding, entries] of [["listpack", "512"], ["hashtable", "0"]]) {
  const newHarness = () => new EngineHarness({ config: { "hash-max-listpack-entries": entries } });

  Deno.test(`HSET counts the new fields and overwrites the others (${encoding})`, () => {
    const redis = newHarness();
    assertEquals(redis.run("HSET", "h", "a", "1", "b", "2"), "(integer) 2");
    assertEquals(redis.run("HSET", "h", "a", "one", "c", "3", "c", "4"), "(integer) 1");
    assertEquals(redis.run("HMGET", "h", "a", "b", "c", "d"), '1) "one"\n2) "2"\n3) "4"\n4) (nil)');
    assertEquals(redis.run("OBJECT", "ENCODING", "h"), `"${encoding}"`);
    assertEquals(redis.run("TYPE", "h"), "hash");
    assertEquals(redis.effects, ["HSET h a 1 b 2", "HSET h a one c 3 c 4"]);
    assertEquals(redis.events, ["hset h", "hset h"]);
  });

  Deno.test(`HDEL removes fields, and the key with the last one (${encoding})`, () => {
    const redis = newHarness();
    redis.run("HSET", "h", "a", "1", "b", "2", "c", "3");
    redis.effects = [];
    redis.events = [];
    assertEquals(redis.run("HDEL", "h", "x"), "(integer) 0");
    assertEquals(redis.run("HDEL", "h", "a", "x", "a"), "(integer) 1");
    assertEquals(redis.run("HDEL", "h", "b", "c", "c", "d"), "(integer) 2");
    assertEquals(redis.run("EXISTS", "h"), "(integer) 0");
    assertEquals(redis.effects, ["HDEL h a x a", "HDEL h b c c d"]);
    assertEquals(redis.events, ["hdel h", "hdel h", "del h"]);
  });

  Deno.test(`HSETNX sets a field only where there is none (${encoding})`, () => {
    const redis = newHarness();
    assertEquals(redis.run("HSETNX", "h", "a", "1"), "(integer) 1");
    assertEquals(redis.run("HSETNX", "h", "a", "2"), "(integer) 0");
    assertEquals(redis.run("HGET", "h", "a"), '"1"');
    assertEquals(redis.effects, ["HSETNX h a 1"]);
    assertEquals(redis.events, ["hset h"]);
  });

  Deno.test(`fields and values of all lengths come back as they were (${encoding})`, () => {
    const redis = newHarness();
    for (const length of [0, 1, 63, 64, 65, 253, 254, 255, 1000, 5000]) {
      const field = "\x00f".repeat(length);
      const value = "\r\nv".repeat(length);
      redis.run("HSET", "h", field, value);
      assertEquals(redis.run("HSTRLEN", "h", field), `(integer) ${value.length}`);
      assertEquals(redis.run("HEXISTS", "h", field), "(integer) 1");
      redis.run("SET", "string", value);
      assertEquals(redis.run("HGET", "h", field), redis.run("GET", "string"));
    }
    assertEquals(redis.run("HLEN", "h"), "(integer) 10");
  });
}

Deno.test("HMSET replies OK", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("HMSET", "h", "a", "1", "b", "2"), "OK");
  assertEquals(redis.run("HGET", "h", "b"), '"2"');
  assertEquals(redis.effects, ["HMSET h a 1 b 2"]);
  assertEquals(redis.events, ["hset h"]);
});

Deno.test("a missing key is an empty hash", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("HGET", "h", "a"), "(nil)");
  assertEquals(redis.run("HMGET", "h", "a", "b"), "1) (nil)\n2) (nil)");
  for (const name of ["HDEL", "HEXISTS", "HSTRLEN"]) {
    assertEquals(redis.run(name, "h", "a"), "(integer) 0", name);
  }
  assertEquals(redis.run("HLEN", "h"), "(integer) 0");
  assertEquals(redis.effects, []);
});

Deno.test("hash commands refuse a key that holds something else, and change nothing", () => {
  const redis = new EngineHarness();
  redis.run("SET", "s", "text");
  redis.effects = [];
  for (
    const words of [
      ...["HSET s a 1", "HMSET s a 1", "HSETNX s a 1", "HGET s a", "HMGET s a", "HDEL s a"],
      ...["HEXISTS s a", "HLEN s", "HSTRLEN s a", "HGETALL s", "HKEYS s", "HVALS s"],
      ...["HINCRBY s a 1", "HINCRBYFLOAT s a 1", "HRANDFIELD s", "HRANDFIELD s 1", "HSCAN s 0"],
      ...["HEXPIRE s 1 FIELDS 1 a", "HTTL s FIELDS 1 a", "HPERSIST s FIELDS 1 a"],
      ...["HGETDEL s FIELDS 1 a", "HGETEX s FIELDS 1 a", "HSETEX s FIELDS 1 a 1"],
    ]
  ) assertEquals(redis.run(...words.split(" ")), WRONG_TYPE, words);
  assertEquals(redis.run("GET", "s"), '"text"');
  assertEquals(redis.effects, []);
  redis.run("HSET", "h", "a", "1");
  assertEquals(redis.run("GET", "h"), WRONG_TYPE);
  assertEquals(redis.run("SET", "h", "text"), "OK");
});

Deno.test("a field without a value is refused, and nothing is set", () => {
  const redis = new EngineHarness();
  for (const name of ["HSET", "HMSET"]) {
    assertEquals(
      redis.run(name, "h", "a", "1", "b"),
      `(error) ERR wrong number of arguments for '${name.toLowerCase()}' command`,
    );
  }
  assertEquals(redis.run("EXISTS", "h"), "(integer) 0");
  assertEquals(redis.effects, []);
});

Deno.test("each pair that was set counts as a change", () => {
  const redis = new EngineHarness();
  const { stats } = redis.engine.context;
  redis.run("HSET", "h", "a", "1", "b", "2", "c", "3");
  assertEquals(stats.dirty, 3);
  redis.run("HDEL", "h", "a", "b", "x");
  assertEquals(stats.dirty, 5);
});

Deno.test("a hash that is overwritten, renamed or copied keeps what it had", () => {
  for (const value of ["short", "long ".repeat(2000)]) {
    const redis = new EngineHarness();
    redis.run("HSET", "h", "a", value);
    redis.run("COPY", "h", "copy");
    redis.run("RENAME", "h", "moved");
    redis.run("HSET", "copy", "b", "2");
    assertEquals(redis.run("HLEN", "moved"), "(integer) 1");
    assertEquals(redis.run("HLEN", "copy"), "(integer) 2");
    assertEquals(redis.run("HSTRLEN", "moved", "a"), `(integer) ${value.length}`);
    redis.run("SET", "moved", "text");
    redis.run("DEL", "copy");
    assertEquals(redis.run("GET", "moved"), '"text"');
  }
});
