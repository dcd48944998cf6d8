/** The comparison itself, with a server that is wrong on purpose: it must find the fault and shorten it. */

import { assertEquals } from "@std/assert";
import {
  Comparison,
  describe,
  EngineSubject,
  type Subject,
  type Words,
} from "../../support/differential.ts";
import { Workload } from "../../support/workload.ts";
import { inAnyOrder, within } from "../../support/workload/sameness.ts";

/** Our engine, but STRLEN of "abc" is 4, and APPEND to an empty string is lost. */
class FaultySubject implements Subject {
  private readonly engine = new EngineSubject(2);

  constructor(private readonly fault: "reply" | "data") {}

  async run(commands: readonly Words[]): Promise<string[]> {
    const replies: string[] = [];
    for (const words of commands) {
      const [reply] = await this.engine.run([words]);
      const [name, key] = words;
      const [value] = await this.engine.run([["GET", key ?? ""]]);
      const isFault = name === "STRLEN" && value === "$3\r\nabc\r\n";
      replies.push(this.fault === "reply" && isFault ? ":4\r\n" : reply);
      if (this.fault === "data" && name === "GETSET") await this.engine.run([["DEL", key]]);
    }
    return replies;
  }

  reset(): Promise<void> {
    return this.engine.reset();
  }

  close(): void {}
}

Deno.test("a wrong reply is found and cut down to the commands that show it", async () => {
  const script = [
    ["SET", "other", "1"],
    ["SET", "key", "ab"],
    ["GET", "key"],
    ["APPEND", "key", "c"],
    ["INCR", "other"],
    ["STRLEN", "other"],
    ["STRLEN", "key"],
    ["GET", "key"],
  ];
  let at = 0;
  const comparison = new Comparison(new FaultySubject("reply"), new EngineSubject(2));
  const found = await comparison.run(script.length, () => script[at++], 5);
  assertEquals(found.map(describe), [
    [
      "  SET key ab",
      "  APPEND key c",
      "  STRLEN key",
      '    ours:   ":4\\r\\n"',
      '    theirs: ":3\\r\\n"',
    ].join("\n"),
  ]);
});

Deno.test("data that differs is found though no reply did", async () => {
  const script = [["SET", "a", "1"], ["GETSET", "key", "v"], ["SET", "b", "2"]];
  let at = 0;
  const comparison = new Comparison(new FaultySubject("data"), new EngineSubject(2));
  const found = await comparison.run(script.length, () => script[at++], 5);
  assertEquals(found.map(({ commands }) => commands.map((words) => words.join(" "))), [
    ["GETSET key v", "SELECT 0", "TYPE key"],
  ]);
});

Deno.test("the same seed draws the same commands", () => {
  const [a, b] = [new Workload(7), new Workload(7)];
  for (let i = 0; i < 200; i++) assertEquals(a.next(), b.next());
});

Deno.test("replies that may differ are compared for what they say", () => {
  assertEquals(inAnyOrder("*2\r\n:1\r\n:2\r\n", "*2\r\n:2\r\n:1\r\n"), true);
  assertEquals(inAnyOrder("*2\r\n:1\r\n:2\r\n", "*2\r\n:2\r\n:2\r\n"), false);
  assertEquals(inAnyOrder("*1\r\n:1\r\n", "~1\r\n:1\r\n"), false);
  assertEquals(within(2)(":100\r\n", ":102\r\n"), true);
  assertEquals(within(2)(":100\r\n", ":103\r\n"), false);
  assertEquals(within(2)(":-1\r\n", ":1\r\n"), false);
});
