import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { EngineHarness } from "../../support/engine_harness.ts";

function elements(reply: string): string[] {
  return [...reply.matchAll(/"([^"]*)"/g)].map(([, member]) => member);
}

const FORMS: Record<string, string[]> = {
  integers: Array.from({ length: 100 }, (_, i) => String(i)),
  packed: Array.from({ length: 100 }, (_, i) => `m${i}`),
  table: Array.from({ length: 1_000 }, (_, i) => `m${i}`),
};

for (const [form, all] of Object.entries(FORMS)) {
  Deno.test(`SPOP takes each member once from a set of form ${form}`, () => {
    const redis = new EngineHarness();
    redis.run("SADD", "s", ...all);
    const popped = [];
    for (let i = 0; i < 10; i++) popped.push(...elements(redis.run("SPOP", "s")));
    assertEquals(popped.length, 10);
    for (const count of [3, all.length / 2, 1, 7]) {
      const some = elements(redis.run("SPOP", "s", count));
      assertEquals(some.length, count);
      popped.push(...some);
    }
    assertEquals(redis.run("SCARD", "s"), `(integer) ${all.length - popped.length}`);
    popped.push(...elements(redis.run("SPOP", "s", 1_000_000)));
    assertEquals(popped.sort(), [...all].sort());
    assertEquals(redis.run("EXISTS", "s"), "(integer) 0");
  });

  Deno.test(`SRANDMEMBER with a count shows different members of a set of form ${form}`, () => {
    const redis = new EngineHarness();
    redis.run("SADD", "s", ...all);
    for (const count of [1, 5, all.length - 3, all.length, all.length + 5]) {
      const shown = elements(redis.run("SRANDMEMBER", "s", count));
      assertEquals(shown.length, Math.min(count, all.length));
      assertEquals(new Set(shown).size, shown.length);
      assert(shown.every((member) => all.includes(member)));
    }
    assertEquals(elements(redis.run("SRANDMEMBER", "s", -2_500)).length, 2_500);
    assertEquals(redis.run("SCARD", "s"), `(integer) ${all.length}`);
  });

  Deno.test(`SSCAN shows every member of a set of form ${form}`, () => {
    const redis = new EngineHarness();
    redis.run("SADD", "s", ...all);
    const seen = new Set<string>();
    let cursor = "0";
    do {
      const [next, ...members] = elements(redis.run("SSCAN", "s", cursor, "COUNT", 20));
      cursor = next;
      for (const member of members) seen.add(member);
    } while (cursor !== "0");
    assertEquals([...seen].sort(), [...all].sort());
  });

  Deno.test(`SRANDMEMBER shows the members of a set of form ${form} equally often`, () => {
    const redis = new EngineHarness();
    const some = all.slice(0, 60);
    redis.run("SADD", "s", ...all);
    if (all.length > 60) redis.run("SREM", "s", ...all.slice(60));
    const times = new Map<string, number>();
    for (const member of elements(redis.run("SRANDMEMBER", "s", -12_000))) {
      times.set(member, (times.get(member) ?? 0) + 1);
    }
    for (const member of some) {
      assertGreater(times.get(member) ?? 0, 70, member);
      assertLess(times.get(member) ?? 0, 500, member);
    }
  });
}

Deno.test("SSCAN shows what stays while the set grows and shrinks", () => {
  const redis = new EngineHarness();
  const staying = Array.from({ length: 200 }, (_, i) => `stays:${i}`);
  const passing = Array.from({ length: 5_000 }, (_, i) => `passes:${i}`);
  redis.run("SADD", "s", ...staying);
  const seen = new Set<string>();
  let cursor = "0";
  for (let step = 0; step === 0 || cursor !== "0"; step++) {
    redis.run(
      step % 20 < 10 ? "SADD" : "SREM",
      "s",
      ...passing.slice(step % 10 * 500, (step % 10 + 1) * 500),
    );
    const [next, ...members] = elements(redis.run("SSCAN", "s", cursor));
    cursor = next;
    for (const member of members) seen.add(member);
  }
  assertEquals(staying.filter((member) => !seen.has(member)), []);
});

Deno.test("SSCAN filters by pattern and reads its options", () => {
  const redis = new EngineHarness();
  redis.run("SADD", "s", "1", "12", "2");
  assertEquals(elements(redis.run("SSCAN", "s", 0, "MATCH", "1*")).sort(), ["0", "1", "12"]);
  assertEquals(redis.run("SSCAN", "s", "x"), "(error) ERR invalid cursor");
  assertEquals(redis.run("SSCAN", "s", 0, "COUNT", 0), "(error) ERR syntax error");
  assertEquals(redis.run("SSCAN", "s", 0, "TYPE", "set"), "(error) ERR syntax error");
  assertEquals(redis.run("SSCAN", "none", 0), '1) "0"\n2) (empty array)');
});

Deno.test("SPOP and SRANDMEMBER of a missing key, and wrong counts", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("SPOP", "none"), "(nil)");
  assertEquals(redis.run("SPOP", "none", 1), "(empty array)");
  assertEquals(redis.run("SRANDMEMBER", "none"), "(nil)");
  assertEquals(redis.run("SRANDMEMBER", "none", 1), "(empty array)");
  const positive = "(error) ERR value is out of range, must be positive";
  for (const count of ["-1", "x", "9223372036854775808"]) {
    assertEquals(redis.run("SPOP", "none", count), positive);
  }
  assertEquals(
    redis.run("SRANDMEMBER", "none", "x"),
    "(error) ERR value is not an integer or out of range",
  );
  assertEquals(redis.run("SPOP", "none", 1, 2), "(error) ERR syntax error");
  assertEquals(redis.run("SRANDMEMBER", "none", 1, 2), "(error) ERR syntax error");
  redis.run("SET", "str", "v");
  for (
    const words of [["SPOP", "str"], ["SPOP", "str", 0], ["SRANDMEMBER", "str"], [
      "SSCAN",
      "str",
      0,
    ]]
  ) {
    assertEquals(redis.run(...words).slice(0, 17), "(error) WRONGTYPE");
  }
});

Deno.test("a reply that has no end in sight is refused", () => {
  const redis = new EngineHarness();
  redis.run("SADD", "s", "x".repeat(1 << 20));
  assertEquals(
    redis.run("SRANDMEMBER", "s", "-9223372036854775807"),
    "(error) ERR value is out of range",
  );
});

Deno.test("SPOP with a count replies a set in RESP3, SRANDMEMBER an array", () => {
  const redis = new EngineHarness({ protocol: 3 });
  const run = (...words: string[]) =>
    new TextDecoder().decode(redis.bytesTo(redis.session, ...words));
  redis.run("SADD", "s", "1");
  assertEquals(run("SRANDMEMBER", "s", "5"), "*1\r\n$1\r\n1\r\n");
  assertEquals(run("SPOP", "s", "0"), "~0\r\n");
  assertEquals(run("SPOP", "s", "5"), "~1\r\n$1\r\n1\r\n");
  assertEquals(run("SPOP", "s"), "_\r\n");
});
