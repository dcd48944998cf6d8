/** A turn ends for everybody, whatever happens to one of those that took part. */

import { assertEquals } from "@std/assert";
import { Turn } from "../../lib/server/turn.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { settle } from "../support/local_server.ts";

Deno.test("one that fails is closed, and the others go on and are flushed", async () => {
  const { engine, log } = new EngineHarness();
  const turn = new Turn(engine);
  const seen: string[] = [];
  const part = (name: string, fails: boolean) => ({
    goOn: () => act(`${name} goes on`, fails),
    flush: () => act(`${name} is flushed`, fails),
    hold: () => {},
    release: () => true,
    close: () => void seen.push(`${name} is closed`),
  });
  const act = (what: string, fails: boolean): void => {
    if (fails) throw new Error(`${what} no more`);
    seen.push(what);
  };
  const [good, bad] = [part("one", false), part("other", true)];
  for (let round = 0; round < 2; round++) {
    turn.begin();
    turn.resumeAtEnd(bad);
    turn.resumeAtEnd(good);
    turn.flushAtEnd(bad);
    turn.flushAtEnd(good);
    await settle();
  }
  // The second round shows that the first has left nothing behind, and the turn open for nobody.
  const round = ["other is closed", "one goes on", "other is closed", "one is flushed"];
  assertEquals(seen, [...round, ...round]);
  assertEquals(log.messages("warning").length, 4);
});

Deno.test("what is asked for while a turn ends belongs to the next one", async () => {
  const { engine } = new EngineHarness();
  const turn = new Turn(engine);
  let flushes = 0;
  const again = {
    flush: () => {
      if (++flushes > 2) return;
      turn.begin();
      turn.flushAtEnd(again);
    },
    hold: () => {},
    release: () => true,
    close: () => {},
  };
  turn.begin();
  turn.flushAtEnd(again);
  await settle();
  assertEquals(flushes, 3);
});
