import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

const WRONG_TYPE = "(error) WRONGTYPE Operation against a key holding the wrong kind of value";

/** The members of a set, in order. */
function members(redis: EngineHarness, key: string): string[] {
  const reply = redis.run("SMEMBERS", key);
  if (reply === "(empty array)") return [];
  return [...reply.matchAll(/"(.*)"/g)].map(([, member]) => member).sort();
}

/** Members that make a set of each form. */
const FORMS: Record<string, string[]> = {
  integers: Array.from({ length: 20 }, (_, i) => String(i)),
  packed: Array.from({ length: 20 }, (_, i) => `m${i}`),
  table: Array.from({ length: 600 }, (_, i) => `m${i}`),
};

for (const [form, all] of Object.entries(FORMS)) {
  Deno.test(`SADD, SREM, SISMEMBER, SMISMEMBER and SCARD work on a set of form ${form}`, () => {
    const redis = new EngineHarness();
    assertEquals(redis.run("SADD", "s", ...all), `(integer) ${all.length}`);
    assertEquals(redis.run("SADD", "s", all[0], all[1]), "(integer) 0");
    assertEquals(redis.run("SCARD", "s"), `(integer) ${all.length}`);
    assertEquals(redis.run("SISMEMBER", "s", all[3]), "(integer) 1");
    assertEquals(redis.run("SISMEMBER", "s", "none"), "(integer) 0");
    assertEquals(
      redis.run("SMISMEMBER", "s", all[0], "none", all[1]),
      "1) (integer) 1\n2) (integer) 0\n3) (integer) 1",
    );
    assertEquals(members(redis, "s"), [...all].sort());
    assertEquals(redis.run("SREM", "s", all[0], "none", all[0]), "(integer) 1");
    assertEquals(redis.run("SISMEMBER", "s", all[0]), "(integer) 0");
    assertEquals(redis.run("SREM", "s", ...all), `(integer) ${all.length - 1}`);
    assertEquals(redis.run("EXISTS", "s"), "(integer) 0");
  });

  Deno.test(`COPY of a set of form ${form} shares nothing with it`, () => {
    const redis = new EngineHarness();
    redis.run("SADD", "s", ...all);
    assertEquals(redis.run("COPY", "s", "t"), "(integer) 1");
    redis.run("SREM", "s", all[0]);
    redis.run("SADD", "t", "new");
    assertEquals(redis.run("SCARD", "s"), `(integer) ${all.length - 1}`);
    assertEquals(members(redis, "t"), [...all, "new"].sort());
    redis.run("SET", "s", "x");
    redis.run("DEL", "t");
    assertEquals(redis.run("GET", "s"), '"x"');
  });
}

Deno.test("a missing set is empty", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("SCARD", "s"), "(integer) 0");
  assertEquals(redis.run("SREM", "s", "a"), "(integer) 0");
  assertEquals(redis.run("SISMEMBER", "s", "a"), "(integer) 0");
  assertEquals(redis.run("SMISMEMBER", "s", "a", "b"), "1) (integer) 0\n2) (integer) 0");
  assertEquals(members(redis, "s"), []);
  assertEquals(redis.run("SMOVE", "s", "t", "a"), "(integer) 0");
  assertEquals(redis.effects, []);
});

Deno.test("members are any bytes, and integers only as they are written", () => {
  const redis = new EngineHarness();
  redis.run("SADD", "s", "1", "9223372036854775807", "-9223372036854775808");
  assertEquals(redis.run("OBJECT", "ENCODING", "s"), '"intset"');
  assertEquals(redis.run("SISMEMBER", "s", "01"), "(integer) 0");
  assertEquals(redis.run("SADD", "s", "01", "", "\0\r\n", "9223372036854775808"), "(integer) 4");
  assertEquals(redis.run("OBJECT", "ENCODING", "s"), '"hashtable"');
  assertEquals(redis.run("SISMEMBER", "s", "9223372036854775807"), "(integer) 1");
  assertEquals(redis.run("SISMEMBER", "s", ""), "(integer) 1");
});

Deno.test("set-max-intset-entries may change while the server runs", () => {
  const redis = new EngineHarness();
  redis.run("SADD", "s", "1", "2", "3");
  redis.run("CONFIG", "SET", "set-max-intset-entries", "2");
  assertEquals(redis.run("OBJECT", "ENCODING", "s"), '"intset"');
  redis.run("SADD", "s", "4");
  assertEquals(redis.run("OBJECT", "ENCODING", "s"), '"hashtable"');
  assertEquals(members(redis, "s"), ["1", "2", "3", "4"]);
});

Deno.test("SMOVE moves a member, and the last one takes its set along", () => {
  const redis = new EngineHarness();
  redis.run("SADD", "a", "1", "x");
  redis.run("SADD", "b", "x");
  assertEquals(redis.run("SMOVE", "a", "b", "x"), "(integer) 1");
  assertEquals(redis.run("SMOVE", "a", "b", "x"), "(integer) 0");
  assertEquals(redis.run("SMOVE", "a", "a", "1"), "(integer) 1");
  assertEquals(redis.run("SMOVE", "a", "a", "2"), "(integer) 0");
  assertEquals(redis.run("SMOVE", "a", "c", "1"), "(integer) 1");
  assertEquals(redis.run("EXISTS", "a"), "(integer) 0");
  assertEquals([members(redis, "b"), members(redis, "c")], [["x"], ["1"]]);
  assertEquals(redis.events, ["sadd a", "sadd b", "srem a", "srem a", "del a", "sadd c"]);
});

Deno.test("SMEMBERS replies a set in RESP3", () => {
  const redis = new EngineHarness({ protocol: 3 });
  redis.run("SADD", "s", "1");
  assertEquals(
    new TextDecoder().decode(redis.bytesTo(redis.session, "SMEMBERS", "s")),
    "~1\r\n$1\r\n1\r\n",
  );
  assertEquals(
    new TextDecoder().decode(redis.bytesTo(redis.session, "SMEMBERS", "none")),
    "~0\r\n",
  );
});

Deno.test("other types and numbers of arguments are refused", () => {
  const redis = new EngineHarness();
  redis.run("SET", "str", "v");
  redis.run("SADD", "s", "a");
  for (
    const words of [
      ["SADD", "str", "a"],
      ["SREM", "str", "a"],
      ["SISMEMBER", "str", "a"],
      ["SMISMEMBER", "str", "a"],
      ["SCARD", "str"],
      ["SMEMBERS", "str"],
      ["SMOVE", "str", "s", "a"],
      ["SMOVE", "s", "str", "a"],
      ["GET", "s"],
    ]
  ) assertEquals(redis.run(...words), WRONG_TYPE, words.join(" "));
  assertEquals(redis.run("SADD", "s"), "(error) ERR wrong number of arguments for 'sadd' command");
  assertEquals(members(redis, "s"), ["a"]);
});
