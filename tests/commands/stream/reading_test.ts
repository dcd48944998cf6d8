/** How many entries replies say that they have: it is written before they are counted. */

import { assertEquals } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

const EACH = (id: string) => [id, ["f", id]];

function entries(redis: EngineHarness, ...command: (string | number)[]): unknown {
  return plain(redis.reply(...command));
}

/** A reply as arrays and strings. */
function plain(reply: ReturnType<EngineHarness["reply"]>): unknown {
  if (reply.kind === "array") return reply.items?.map(plain) ?? null;
  if (reply.kind === "map") return reply.entries.map((pair) => pair.map(plain));
  if (reply.kind === "bulk" && reply.bytes !== null) return new TextDecoder().decode(reply.bytes);
  return reply.kind;
}

for (const protocol of [2, 3] as const) {
  Deno.test(`fewer entries than were asked for are as many as the reply says, in RESP${protocol}`, () => {
    const redis = new EngineHarness({ protocol });
    const ids = ["1-1", "1-2", "5-18446744073709551615", "1700000000000-0", "1700000000000-12"];
    for (const id of ids) redis.run("XADD", "s", id, "f", id);
    for (let count = 1; count < 7; count++) {
      assertEquals(entries(redis, "XRANGE", "s", "-", "+", "COUNT", count), [
        ...ids.slice(0, count).map(EACH),
      ]);
      assertEquals(entries(redis, "XREVRANGE", "s", "+", "5", "COUNT", count), [
        ...ids.slice(2).reverse().slice(0, count).map(EACH),
      ]);
      const read = entries(redis, "XREAD", "COUNT", count, "STREAMS", "none", "s", 0, "1-1");
      assertEquals(read, [["s", ids.slice(1, count + 1).map(EACH)]]);
    }
    assertEquals(entries(redis, "XRANGE", "s", "2", "4"), []);
    redis.run("XDEL", "s", "1-2");
    assertEquals(entries(redis, "XRANGE", "s", "-", "(5-18446744073709551615"), [EACH("1-1")]);
  });

  Deno.test(`a group delivers as many as there are, each once, in RESP${protocol}`, () => {
    const redis = new EngineHarness({ protocol });
    redis.run("XGROUP", "CREATE", "s", "g", "0", "MKSTREAM");
    const read = (count: number) =>
      entries(redis, "XREADGROUP", "GROUP", "g", "c", "COUNT", count, "STREAMS", "s", ">");
    let given = 0;
    let taken = 0;
    for (let round = 0; round < 200; round++) {
      for (let i = 0; i < round % 4; i++) redis.run("XADD", "s", `${++given}-1`, "f", `${given}-1`);
      const wanted: unknown[] = [];
      while (wanted.length < 1 + round % 3 && taken < given) wanted.push(EACH(`${++taken}-1`));
      const found = read(1 + round % 3);
      if (wanted.length > 0) assertEquals(found, [["s", wanted]]);
      else assertEquals(Array.isArray(found), false);
    }
    assertEquals(redis.run("XACK", "s", "g", "1-1", "2-1", "0-9"), "(integer) 2");
    const refused = redis.run("XACK", "s", "g", "3-1", "nonsense");
    assertEquals(refused.startsWith("(error)"), true);
    assertEquals(redis.run("XACK", "s", "g", "3-1"), "(integer) 1");
  });
}
