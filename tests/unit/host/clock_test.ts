/** The clocks: the real one, and the fake one that other tests stand on. */

import { assertEquals, assertGreaterOrEqual, assertLess } from "@std/assert";
import process from "node:process";
import { SystemClock } from "../../../lib/host/clock.ts";
import { FakeClock } from "../../support/fake_host.ts";

Deno.test("the system clock's microseconds lie within its millisecond", () => {
  const clock = new SystemClock();
  let compared = 0;
  for (let i = 0; i < 20_000; i++) {
    const before = clock.unixMs();
    const us = clock.unixUs();
    const after = clock.unixMs();
    assertEquals(Number.isInteger(us), true);
    assertGreaterOrEqual(us, before * 1000);
    assertLess(us, (after + 1) * 1000);
    compared++;
  }
  assertEquals(compared, 20_000);
});

Deno.test("the system clock runs a task once its delay has passed", async () => {
  const clock = new SystemClock();
  const start = clock.monotonicMs();
  await new Promise<void>((resolve) => clock.schedule(5, resolve));
  assertGreaterOrEqual(clock.monotonicMs() - start, 4);
});

Deno.test("a task whose time has passed runs, and the runtime has nothing to warn of", async () => {
  const warnings: string[] = [];
  const listener = (warning: Error) => warnings.push(warning.message);
  process.on("warning", listener);
  const clock = new SystemClock();
  await new Promise<void>((resolve) => clock.schedule(-0.5, resolve));
  await new Promise<void>((resolve) => clock.schedule(3, resolve));
  process.off("warning", listener);
  assertEquals(warnings, []);
});

Deno.test("cancelled and closed timers never run", async () => {
  const clock = new SystemClock();
  const ran: string[] = [];
  clock.schedule(1, () => ran.push("cancelled")).cancel();
  const other = new SystemClock();
  other.schedule(1, () => ran.push("closed"));
  other.close();
  await new Promise<void>((resolve) => clock.schedule(3, resolve));
  assertEquals(ran, []);
});

Deno.test("a delay past what the runtime takes does not fire at once", async () => {
  const clock = new SystemClock();
  const ran: string[] = [];
  const far = clock.schedule(2 ** 31 + 1000, () => ran.push("far"));
  await new Promise<void>((resolve) => clock.schedule(3, resolve));
  far.cancel();
  assertEquals(ran, []);
});

Deno.test("the fake clock runs due tasks in order, each at its own time", () => {
  const clock = new FakeClock(1_000);
  const ran: string[] = [];
  clock.schedule(30, () => ran.push(`c at ${clock.unixMs()}`));
  clock.schedule(10, () => {
    ran.push(`a at ${clock.unixMs()}`);
    clock.schedule(5, () => ran.push(`b at ${clock.unixMs()}`));
  });
  clock.schedule(10, () => ran.push("cancelled")).cancel();
  clock.advance(20);
  assertEquals(ran, ["a at 1010", "b at 1015"]);
  assertEquals(clock.unixMs(), 1_020);
  clock.advance(10);
  assertEquals(ran.at(-1), "c at 1030");
  assertEquals(clock.pending, 0);
});

Deno.test("a jump of the fake wall clock leaves timers alone", () => {
  const clock = new FakeClock(1_000);
  let ran = 0;
  clock.schedule(10, () => ran++);
  clock.jumpTo(500);
  assertEquals([clock.unixMs(), ran], [500, 0]);
  clock.advance(10);
  assertEquals([clock.unixMs(), clock.monotonicMs(), ran], [510, 10, 1]);
});

Deno.test("a clock that sleeps stops everything for that long", () => {
  const clock = new SystemClock();
  const startMs = clock.monotonicMs();
  clock.sleepSync(20);
  assertGreaterOrEqual(clock.monotonicMs() - startMs, 20);
  clock.sleepSync(0);
  clock.sleepSync(-1);
  const fake = new FakeClock(1000);
  let ran = false;
  fake.schedule(5, () => ran = true);
  fake.sleepSync(10);
  assertEquals([fake.unixMs(), fake.monotonicMs(), ran], [1010, 10, false]);
  fake.advance(0);
  assertEquals(ran, true);
});
