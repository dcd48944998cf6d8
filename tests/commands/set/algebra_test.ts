import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../lib/host/random.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

/** The elements of a reply, in order. */
function run(redis: EngineHarness, ...words: string[]): string[] {
  const reply = redis.run(...words);
  return [...reply.matchAll(/"(.*)"/g)].map(([, member]) => member).sort();
}

const COMMANDS: Record<string, (sets: Set<string>[]) => Set<string>> = {
  SINTER: (sets) => sets.reduce((a, b) => a.intersection(b)),
  SUNION: (sets) => sets.reduce((a, b) => a.union(b)),
  SDIFF: (sets) => sets.reduce((a, b) => a.difference(b)),
};

Deno.test("SINTER, SUNION and SDIFF agree with a model over sets of all forms", () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  const redis = new EngineHarness();
  const sizes = [0, 1, 5, 60, 130, 600, 1_500];
  for (let round = 0; round < 150; round++) {
    redis.run("FLUSHALL");
    const count = 1 + random.below(round % 10 === 0 ? 14 : 4);
    const sets = Array.from({ length: count }, () => {
      const range = 1 + random.below(2_000);
      const prefix = random.below(3) === 0 ? "m" : "";
      const size = sizes[random.below(sizes.length)];
      return new Set(
        Array.from(
          { length: size },
          () =>
            random.below(10) === 0 ? `m${random.below(range)}` : `${prefix}${random.below(range)}`,
        ),
      );
    });
    const keys = sets.map((_, i) => `set:${i}`);
    sets.forEach((set, i) => set.size > 0 && redis.run("SADD", keys[i], ...set));
    for (const [name, model] of Object.entries(COMMANDS)) {
      const expected = [...model(sets)].sort();
      assertEquals(run(redis, name, ...keys), expected, `${name} ${round}`);
      assertEquals(redis.run(`${name}STORE`, "d", ...keys), `(integer) ${expected.length}`);
      assertEquals(run(redis, "SMEMBERS", "d"), expected);
    }
    const size = COMMANDS.SINTER(sets).size;
    assertEquals(redis.run("SINTERCARD", String(count), ...keys), `(integer) ${size}`);
    const limited = redis.run("SINTERCARD", String(count), ...keys, "LIMIT", "3");
    assertEquals(limited, `(integer) ${Math.min(3, size)}`);
  }
});

Deno.test("nothing is left of sets that were put together on the way", () => {
  const redis = new EngineHarness();
  const numbers = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => `m${from + i}`);
  redis.run("SADD", "a", ...numbers(0, 1_000));
  redis.run("SADD", "b", ...numbers(500, 1_000));
  const { arena } = redis.engine.context.store.state;
  const used = arena.usedBytes + arena.outsideBytes;
  run(redis, "SUNION", ...Array.from({ length: 12 }, (_, i) => i % 2 === 0 ? "a" : "b"));
  run(redis, "SDIFF", "a", ...Array.from({ length: 12 }, (_, i) => i % 2 === 0 ? "none" : "b"));
  redis.run("SDIFFSTORE", "d", "a", "a");
  redis.run("SUNIONSTORE", "d", "a", "b");
  redis.run("SINTERSTORE", "d", "none", "b");
  for (let left = 100; left > 0 && redis.engine.context.store.state.discarded.length > 0; left--) {
    const { discarded } = redis.engine.context.store.state;
    if (!discarded[0].drain(1_000)) discarded.shift();
  }
  assertEquals(arena.usedBytes + arena.outsideBytes, used);
});

Deno.test("the destination may be a source, of another type, or have a time to live", () => {
  const redis = new EngineHarness();
  redis.run("SADD", "a", "1", "2", "x");
  redis.run("SADD", "b", "2", "x", "y");
  redis.run("EXPIRE", "a", "100");
  assertEquals(redis.run("SINTERSTORE", "a", "a", "b"), "(integer) 2");
  assertEquals(redis.run("TTL", "a"), "(integer) -1");
  assertEquals(run(redis, "SMEMBERS", "a"), ["2", "x"]);
  redis.run("SET", "str", "v");
  assertEquals(redis.run("SUNIONSTORE", "str", "a", "b"), "(integer) 3");
  assertEquals(redis.run("TYPE", "str"), "set");
  assertEquals(redis.run("SDIFFSTORE", "str", "a", "b"), "(integer) 0");
  assertEquals(redis.run("EXISTS", "str"), "(integer) 0");
  assertEquals(redis.run("OBJECT", "ENCODING", "a"), '"hashtable"');
});

Deno.test("every source is checked before anything is changed", () => {
  const redis = new EngineHarness();
  redis.run("SADD", "a", "1");
  redis.run("SET", "str", "v");
  redis.effects = [];
  for (const name of ["SINTER", "SUNION", "SDIFF"]) {
    for (const sources of [["a", "str"], ["none", "str"], ["str"]]) {
      assertEquals(redis.run(name, ...sources).slice(0, 17), "(error) WRONGTYPE");
      assertEquals(redis.run(`${name}STORE`, "a", ...sources).slice(0, 17), "(error) WRONGTYPE");
    }
  }
  assertEquals(run(redis, "SMEMBERS", "a"), ["1"]);
  assertEquals(redis.effects, []);
});

Deno.test("SINTERCARD checks its numbers and options", () => {
  const redis = new EngineHarness();
  redis.run("SADD", "a", "1", "2");
  const cases: [string, string][] = [
    ["0 a", "numkeys should be greater than 0"],
    ["x a", "numkeys should be greater than 0"],
    ["2 a", "Number of keys can't be greater than number of args"],
    ["1 a LIMIT -1", "LIMIT can't be negative"],
    ["1 a LIMIT x", "LIMIT can't be negative"],
    ["1 a LIMIT", "syntax error"],
    ["1 a MATCH 1", "syntax error"],
  ];
  for (const [words, error] of cases) {
    assertEquals(redis.run("SINTERCARD", ...words.split(" ")), `(error) ERR ${error}`, words);
  }
  assertEquals(redis.run("SINTERCARD", "1", "a", "limit", "0"), "(integer) 2");
});

Deno.test("SINTER, SUNION and SDIFF reply sets in RESP3", () => {
  for (const [protocol, type] of [[2, "*"], [3, "~"]] as const) {
    const redis = new EngineHarness({ protocol });
    redis.run("SADD", "a", "1");
    for (const name of ["SINTER", "SUNION", "SDIFF"]) {
      const text = (key: string) =>
        new TextDecoder().decode(redis.bytesTo(redis.session, name, key));
      assertEquals(text("a"), `${type}1\r\n$1\r\n1\r\n`);
      assertEquals(text("none"), `${type}0\r\n`);
    }
  }
});
