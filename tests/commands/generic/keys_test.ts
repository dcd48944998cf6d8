import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

for (const protocol of [2, 3] as const) {
  Deno.test(`keys are removed, counted and told apart (RESP${protocol})`, () => {
    const redis = new EngineHarness({ protocol });
    redis.run("SET", "a", 1);
    redis.run("SET", "b", 2);
    redis.run("SET", "c", 3);
    assertEquals(redis.run("EXISTS", "a", "a", "missing", "b"), "(integer) 3");
    assertEquals(redis.run("TOUCH", "a", "missing"), "(integer) 1");
    assertEquals(redis.run("TYPE", "a"), "string");
    assertEquals(redis.run("TYPE", "missing"), "none");
    assertEquals(redis.run("DEL", "a", "missing", "a"), "(integer) 1");
    assertEquals(redis.run("UNLINK", "b", "c"), "(integer) 2");
    assertEquals(redis.run("DEL", "a"), "(integer) 0");
    assertEquals(redis.run("RANDOMKEY"), "(nil)");
  });
}

Deno.test("removals are propagated as they were asked for, and only when something was removed", () => {
  const redis = new EngineHarness({ config: { "lazyfree-lazy-user-del": "yes" } });
  redis.run("SET", "a", 1);
  redis.run("SET", "b", 2);
  redis.effects = [];
  redis.events = [];
  redis.run("DEL", "missing");
  redis.run("DEL", "a", "missing");
  redis.run("UNLINK", "b", "b");
  assertEquals(redis.effects, ["DEL a missing", "UNLINK b b"]);
  assertEquals(redis.events, ["del a", "del b"]);
});

Deno.test("looking at a key does not count as using it, and counts hits and misses", () => {
  const redis = new EngineHarness();
  const { state } = redis.engine.context.store;
  redis.run("SET", "k", "v");
  redis.clock.advance(10_000);
  const [hits, misses] = [state.hits, state.misses];
  redis.run("TYPE", "k");
  redis.run("EXISTS", "k", "missing");
  redis.run("TTL", "k");
  redis.run("OBJECT", "ENCODING", "k");
  redis.run("OBJECT", "ENCODING", "missing");
  assertEquals([state.hits - hits, state.misses - misses], [4, 2]);
  assertEquals(redis.run("OBJECT", "IDLETIME", "k"), "(integer) 10");
  redis.run("TOUCH", "k");
  assertEquals(redis.run("OBJECT", "IDLETIME", "k"), "(integer) 0");
});

Deno.test("RENAME takes value and expiry along and overwrites what was there", () => {
  const redis = new EngineHarness();
  redis.run("SET", "a", "one");
  redis.run("PEXPIRE", "a", 5000);
  redis.run("SET", "b", "two");
  redis.effects = [];
  redis.events = [];
  assertEquals(redis.run("RENAME", "a", "b"), "OK");
  assertEquals(redis.run("GET", "b"), '"one"');
  assertEquals(redis.run("PTTL", "b"), "(integer) 5000");
  assertEquals(redis.run("EXISTS", "a"), "(integer) 0");
  assertEquals(redis.effects, ["RENAME a b"]);
  assertEquals(redis.events, ["rename_from a", "rename_to b"]);
  assertEquals(redis.engine.context.stats.dirty, 4);
  redis.run("SET", "plain", "three");
  assertEquals(redis.run("RENAME", "plain", "b"), "OK");
  assertEquals(redis.run("PTTL", "b"), "(integer) -1");
});

Deno.test("RENAME refuses a missing key and does nothing to a key's own name", () => {
  const redis = new EngineHarness();
  redis.run("SET", "a", 1);
  redis.effects = [];
  redis.events = [];
  assertEquals(redis.run("RENAME", "missing", "missing"), "(error) ERR no such key");
  assertEquals(redis.run("RENAMENX", "missing", "a"), "(error) ERR no such key");
  assertEquals(redis.run("RENAME", "a", "a"), "OK");
  assertEquals(redis.run("RENAMENX", "a", "a"), "(integer) 0");
  redis.run("SET", "b", 2);
  assertEquals(redis.run("RENAMENX", "a", "b"), "(integer) 0");
  assertEquals(redis.run("RENAMENX", "a", "c"), "(integer) 1");
  assertEquals(redis.effects, ["SET b 2", "RENAMENX a c"]);
  assertEquals(redis.events, ["set b", "rename_from a", "rename_to c"]);
});

Deno.test("MOVE takes a key to another database where its name is free", () => {
  const redis = new EngineHarness();
  const other = redis.newSession();
  other.db = redis.engine.context.store.databases[1];
  redis.run("SET", "k", "v");
  redis.run("PEXPIRE", "k", 5000);
  redis.effects = [];
  redis.events = [];
  assertEquals(redis.run("MOVE", "k", 1), "(integer) 1");
  assertEquals(redis.run("EXISTS", "k"), "(integer) 0");
  assertEquals(redis.replyTo(other, "PTTL", "k"), { kind: "integer", value: 5000 });
  redis.run("SET", "k", "w");
  assertEquals(redis.run("MOVE", "k", 1), "(integer) 0");
  assertEquals(redis.run("MOVE", "missing", 1), "(integer) 0");
  assertEquals(redis.effects, ["MOVE k 1", "SET k w"]);
  assertEquals(redis.events, ["move_from k", "move_to k", "set k"]);
  const outside =
    "(error) ERR value is out of range, value must between -2147483648 and 2147483647";
  assertEquals(
    redis.run("MOVE", "k", 0),
    "(error) ERR source and destination objects are the same",
  );
  assertEquals(redis.run("MOVE", "k", 16), "(error) ERR DB index is out of range");
  assertEquals(redis.run("MOVE", "k", -1), "(error) ERR DB index is out of range");
  assertEquals(redis.run("MOVE", "k", 1e10), outside);
  assertEquals(
    redis.run("MOVE", "k", "x"),
    "(error) ERR value is not an integer or out of range",
  );
});

Deno.test("COPY leaves the original, takes the expiry along, and overwrites only with REPLACE", () => {
  const redis = new EngineHarness();
  redis.run("SET", "a", "one");
  redis.run("PEXPIRE", "a", 5000);
  redis.run("SET", "b", "two");
  redis.effects = [];
  redis.events = [];
  assertEquals(redis.run("COPY", "a", "b"), "(integer) 0");
  assertEquals(redis.run("COPY", "missing", "b", "REPLACE"), "(integer) 0");
  assertEquals(redis.run("COPY", "a", "b", "replace"), "(integer) 1");
  assertEquals(redis.run("COPY", "a", "a", "DB", 1), "(integer) 1");
  assertEquals(redis.run("COPY", "a", "a", "DB", 1), "(integer) 0");
  assertEquals(redis.run("GET", "a"), '"one"');
  assertEquals(redis.run("GET", "b"), '"one"');
  assertEquals(redis.run("PTTL", "b"), "(integer) 5000");
  assertEquals(redis.effects, ["COPY a b replace", "COPY a a DB 1"]);
  assertEquals(redis.events, ["copy_to b", "copy_to a"]);
});

Deno.test("COPY refuses wrong options and its own key", () => {
  const redis = new EngineHarness();
  redis.run("SET", "a", 1);
  const same = "(error) ERR source and destination objects are the same";
  assertEquals(redis.run("COPY", "a", "a"), same);
  assertEquals(redis.run("COPY", "missing", "missing"), same);
  assertEquals(redis.run("COPY", "a", "a", "DB", 0), same);
  assertEquals(redis.run("COPY", "a", "b", "DB"), "(error) ERR syntax error");
  assertEquals(redis.run("COPY", "a", "b", "OTHER"), "(error) ERR syntax error");
  assertEquals(redis.run("COPY", "a", "b", "DB", 16), "(error) ERR DB index is out of range");
  assertEquals(redis.run("EXISTS", "b"), "(integer) 0");
});

Deno.test("a key past its time is no source and no obstacle", () => {
  const redis = new EngineHarness();
  const setDead = (key: string) => {
    redis.run("SET", key, "dead");
    redis.run("PEXPIRE", key, 1);
    redis.clock.advance(10);
  };
  redis.run("SET", "k", "v");
  setDead("dead");
  redis.effects = [];
  redis.events = [];
  assertEquals(redis.run("RENAME", "dead", "x"), "(error) ERR no such key");
  assertEquals(redis.effects, ["DEL dead"]);
  assertEquals(redis.events, ["expired dead"]);
  setDead("dead");
  assertEquals(redis.run("COPY", "dead", "x"), "(integer) 0");
  setDead("dead");
  assertEquals(redis.run("RENAMENX", "k", "dead"), "(integer) 1");
  setDead("k");
  assertEquals(redis.run("COPY", "dead", "k"), "(integer) 1");
  setDead("x");
  assertEquals(redis.run("DEL", "x"), "(integer) 0");
  setDead("x");
  assertEquals(redis.run("OBJECT", "ENCODING", "x"), "(nil)");
  setDead("x");
  assertEquals(redis.run("PERSIST", "x"), "(integer) 0");
  setDead("x");
  assertEquals(redis.run("EXPIRE", "x", 100), "(integer) 0");
});

Deno.test("RANDOMKEY reaches every key and removes dead ones on its way", () => {
  const redis = new EngineHarness();
  for (let i = 0; i < 10; i++) redis.run("SET", `k${i}`, "v");
  const seen = new Set<string>();
  for (let i = 0; i < 500; i++) seen.add(redis.run("RANDOMKEY"));
  assertEquals(seen.size, 10);
  for (let i = 1; i < 10; i++) redis.run("PEXPIRE", `k${i}`, 10);
  redis.clock.advance(20);
  for (let i = 0; i < 50; i++) assertEquals(redis.run("RANDOMKEY"), '"k0"');
  redis.run("PEXPIRE", "k0", 10);
  redis.clock.advance(20);
  assertEquals(redis.run("RANDOMKEY"), "(nil)");
});

Deno.test("RANDOMKEY ends on a replica that holds nothing but dead keys", () => {
  const redis = new EngineHarness();
  redis.run("SET", "k", "v");
  redis.run("PEXPIRE", "k", 10);
  redis.clock.advance(20);
  redis.engine.context.store.state.leavesExpiry = true;
  assertEquals(redis.run("RANDOMKEY"), '"k"');
});

Deno.test("the key commands check how many arguments there are", () => {
  const redis = new EngineHarness();
  for (const name of ["del", "unlink", "exists", "touch", "type", "rename", "renamenx", "move"]) {
    const expected = `(error) ERR wrong number of arguments for '${name}' command`;
    assertEquals(redis.run(name), expected);
  }
  for (const [name, ...args] of [["type", "a", "b"], ["rename", "a"], ["copy", "a"]]) {
    const expected = `(error) ERR wrong number of arguments for '${name}' command`;
    assertEquals(redis.run(name, ...args), expected);
  }
});
