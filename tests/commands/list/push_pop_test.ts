import { assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("LPUSH puts each element before the one that came before it, RPUSH behind it", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("LPUSH", "l", "b", "a"), "(integer) 2");
  assertEquals(redis.run("RPUSH", "l", "c", "d"), "(integer) 4");
  assertEquals(redis.run("LRANGE", "l", 0, -1), `1) "a"\n2) "b"\n3) "c"\n4) "d"`);
  assertEquals(redis.run("TYPE", "l"), "list");
  assertEquals(redis.run("OBJECT", "ENCODING", "l"), `"quicklist"`);
});

Deno.test("LPUSHX and RPUSHX push only where there is a list", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("LPUSHX", "l", "a"), "(integer) 0");
  assertEquals(redis.run("RPUSHX", "l", "a"), "(integer) 0");
  assertEquals(redis.run("EXISTS", "l"), "(integer) 0");
  redis.run("RPUSH", "l", "b");
  assertEquals(redis.run("LPUSHX", "l", "a"), "(integer) 2");
  assertEquals(redis.run("RPUSHX", "l", "c", "d"), "(integer) 4");
});

Deno.test("LPOP and RPOP take from their end, and the last element takes the key", () => {
  const redis = new EngineHarness();
  redis.run("RPUSH", "l", "a", "b", "c", "d", "e");
  assertEquals(redis.run("LPOP", "l"), `"a"`);
  assertEquals(redis.run("RPOP", "l"), `"e"`);
  assertEquals(redis.run("RPOP", "l", 2), `1) "d"\n2) "c"`);
  assertEquals(redis.run("LPOP", "l", 0), "(empty array)");
  redis.events = [];
  assertEquals(redis.run("LPOP", "l", 9), `1) "b"`);
  assertEquals(redis.events, ["lpop l", "del l"]);
  assertEquals(redis.run("EXISTS", "l"), "(integer) 0");
});

for (const protocol of [2, 3] as const) {
  Deno.test(`popping from a missing list replies null, RESP${protocol}`, () => {
    const redis = new EngineHarness({ protocol });
    const bytes = (...args: string[]) => latin1(redis.bytesTo(redis.session, ...args));
    assertEquals(bytes("LPOP", "none"), protocol === 2 ? "$-1\r\n" : "_\r\n");
    const missing = protocol === 2 ? "*-1\r\n" : "_\r\n";
    assertEquals(bytes("RPOP", "none", "3"), missing);
    assertEquals(bytes("LPOP", "none", "0"), missing);
    assertEquals(bytes("LMPOP", "1", "none", "LEFT"), missing);
  });
}

Deno.test("LPOP and RPOP say what is wrong with their arguments", () => {
  const redis = new EngineHarness();
  redis.run("SET", "s", "text");
  const wrongType = "(error) WRONGTYPE Operation against a key holding the wrong kind of value";
  const notPositive = "(error) ERR value is out of range, must be positive";
  assertEquals(redis.run("LPOP", "s"), wrongType);
  assertEquals(redis.run("RPOP", "s", 0), wrongType);
  assertEquals(redis.run("LPOP", "s", -1), notPositive);
  assertEquals(redis.run("RPOP", "none", "x"), notPositive);
  assertEquals(redis.run("LPUSH", "s", "a"), wrongType);
  assertEquals(redis.run("RPUSHX", "s", "a"), wrongType);
  for (const command of [["LPUSH", "l"], ["RPUSHX", "l"], ["LPOP"], ["RPOP", "l", "1", "2"]]) {
    const name = command[0].toLowerCase();
    const error = `(error) ERR wrong number of arguments for '${name}' command`;
    assertEquals(redis.run(...command), error);
  }
});

Deno.test("LMPOP takes from the first list that is there", () => {
  const redis = new EngineHarness();
  redis.run("RPUSH", "a", 1, 2, 3);
  redis.run("RPUSH", "b", 4);
  assertEquals(redis.run("LMPOP", 3, "none", "a", "b", "LEFT"), `1) "a"\n2) 1) "1"`);
  assertEquals(
    redis.run("LMPOP", 2, "a", "b", "right", "count", 10),
    `1) "a"\n2) 1) "3"\n   2) "2"`,
  );
  assertEquals(redis.run("LMPOP", 2, "a", "b", "RIGHT"), `1) "b"\n2) 1) "4"`);
  assertEquals(redis.run("DBSIZE"), "(integer) 0");
});

Deno.test("LMPOP says what is wrong with its arguments", () => {
  const redis = new EngineHarness();
  redis.run("RPUSH", "l", "a");
  redis.run("SET", "s", "text");
  const syntax = "(error) ERR syntax error";
  const keys = "(error) ERR numkeys should be greater than 0";
  const count = "(error) ERR count should be greater than 0";
  assertEquals(redis.run("LMPOP", 0, "l", "LEFT"), keys);
  assertEquals(redis.run("LMPOP", "x", "l", "LEFT"), keys);
  assertEquals(redis.run("LMPOP", 2, "l", "LEFT"), syntax);
  assertEquals(redis.run("LMPOP", 1, "l", "UP"), syntax);
  assertEquals(redis.run("LMPOP", 1, "l", "LEFT", "COUNT"), syntax);
  assertEquals(redis.run("LMPOP", 1, "l", "LEFT", "COUNT", 0), count);
  assertEquals(redis.run("LMPOP", 1, "l", "LEFT", "COUNT", "x"), count);
  assertEquals(redis.run("LMPOP", 1, "l", "LEFT", "COUNT", 1, "COUNT", 1), syntax);
  assertEquals(redis.run("LMPOP", 2, "none", "s", "LEFT").slice(0, 17), "(error) WRONGTYPE");
  assertEquals(redis.run("LLEN", "l"), "(integer) 1");
});

Deno.test("a list that becomes long and short again keeps its elements and its expiry", () => {
  const redis = new EngineHarness();
  redis.run("RPUSH", "l", "first");
  redis.run("PEXPIRE", "l", 100_000);
  for (let i = 0; i < 40; i++) redis.run("RPUSH", "l", ...Array.from({ length: 100 }, () => "x"));
  assertEquals(redis.run("LLEN", "l"), "(integer) 4001");
  assertEquals(redis.run("LINDEX", "l", 0), `"first"`);
  redis.run("RPOP", "l", 4_000);
  assertEquals(redis.run("LRANGE", "l", 0, -1), `1) "first"`);
  assertEquals(redis.run("PTTL", "l"), "(integer) 100000");
});

Deno.test("a list of a million elements is dropped, copied and renamed", () => {
  const redis = new EngineHarness();
  const many = Array.from({ length: 10_000 }, (_, i) => `element ${i}`);
  for (let i = 0; i < 100; i++) redis.run("RPUSH", "l", ...many);
  const { arena } = redis.engine.context.store.state;
  assertEquals(redis.run("COPY", "l", "copy"), "(integer) 1");
  assertEquals(redis.run("RENAME", "l", "other"), "OK");
  assertEquals(redis.run("LINDEX", "copy", 123_456), `"element 3456"`);
  redis.run("DEL", "other");
  redis.run("SET", "copy", "text");
  while (redis.engine.context.store.state.discarded.length > 0) {
    const { discarded } = redis.engine.context.store.state;
    if (!discarded[0].drain(1_000)) discarded.shift();
  }
  assertEquals(arena.usedBytes < 100_000, true, `${arena.usedBytes} bytes are left`);
});
