import { assert, assertEquals, assertGreater, assertLessOrEqual } from "@std/assert";
import { utf8 } from "../../../lib/bytes/byte_string.ts";
import { ExpiryCycle } from "../../../lib/store/expiry.ts";
import { FakeClock } from "../../support/fake_host.ts";
import { TextStore } from "./text_store.ts";
import { TickingClock } from "./ticking_clock.ts";

function newCounters() {
  return { expireTimeCapReached: 0, expireCycleMs: 0 };
}

function fill(text: TextStore, db: number, count: number, unixMs: (i: number) => number): void {
  const database = text.db(db);
  for (let i = 0; i < count; i++) {
    database.setExpiry(text.set(database, `${db}:${i}`, utf8("value")), unixMs(i));
  }
}

Deno.test("a hundred thousand keys that die at once are gone after ticks within their budget", () => {
  const text = new TextStore(4, false);
  const { store } = text;
  const now = store.state.now;
  for (let db = 0; db < 4; db++) fill(text, db, 25_000, () => now + 1000);
  for (let i = 0; i < 10; i++) {
    text.db(0).setExpiry(text.set(text.db(0), `later ${i}`, utf8("value")), now + 1001);
  }
  const counters = newCounters();
  const cycle = new ExpiryCycle(store, counters);
  const clock = new TickingClock(0.1);
  assertEquals(cycle.tick(2, clock), 0);
  store.state.setNow(now + 1000);
  let removed = 0;
  let ticks = 0;
  while (store.keyCount > 10) {
    const readings = clock.readings;
    const count = cycle.tick(2, clock);
    assertGreater(count, 0);
    // 2 ms are 20 readings of this clock.
    assertLessOrEqual(clock.readings - readings, 22);
    assertLessOrEqual(count, 22 * 32);
    removed += count;
    ticks++;
  }
  assertEquals(removed, 100_000);
  assertEquals(store.keyCount, 10);
  assertEquals(cycle.tick(2, clock), 0);
  assertEquals(counters.expireTimeCapReached, ticks - 1);
  assertGreater(counters.expireCycleMs, ticks);
});

Deno.test("exactly the keys that are due expire, soonest first", () => {
  const text = new TextStore(2);
  const { store } = text;
  const now = store.state.now;
  fill(text, 0, 500, (i) => now + 500 - i);
  text.set(text.db(), "immortal", utf8("value"));
  const cycle = new ExpiryCycle(store, newCounters());
  const clock = new FakeClock();
  for (let ms = 0; ms <= 500; ms++) {
    store.state.setNow(now + ms);
    assertEquals(cycle.tick(1, clock), ms === 0 ? 0 : 1);
  }
  assertEquals(text.expiredKeys, Array.from({ length: 500 }, (_, i) => `0:${499 - i}`));
  assertEquals(store.keyCount, 1);
});

Deno.test("a database full of dead keys does not keep the others waiting", () => {
  const text = new TextStore(3);
  const { store } = text;
  const now = store.state.now;
  fill(text, 0, 5000, () => now);
  fill(text, 1, 3, () => now);
  fill(text, 2, 3, () => now);
  const cycle = new ExpiryCycle(store, newCounters());
  const clock = new TickingClock(1);
  for (let i = 0; i < 4; i++) cycle.tick(3, clock);
  assertEquals([text.db(1).size, text.db(2).size], [0, 0]);
  assert(text.db(0).size > 0);
});

Deno.test("nothing is removed while turned off, on a replica, or while loading", () => {
  const text = new TextStore();
  const { store } = text;
  fill(text, 0, 3, () => store.state.now);
  const cycle = new ExpiryCycle(store, newCounters());
  const clock = new FakeClock();
  cycle.enabled = false;
  assertEquals([cycle.hasDue, cycle.tick(1, clock)], [false, 0]);
  cycle.enabled = true;
  store.state.leavesExpiry = true;
  assertEquals([cycle.hasDue, cycle.tick(1, clock)], [false, 0]);
  store.state.leavesExpiry = false;
  store.state.expires = false;
  assertEquals([cycle.hasDue, cycle.tick(1, clock)], [false, 0]);
  store.state.expires = true;
  assertEquals([cycle.hasDue, cycle.tick(1, clock), cycle.hasDue], [true, 3, false]);
});
