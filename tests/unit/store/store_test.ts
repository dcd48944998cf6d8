import { assertEquals, assertLessOrEqual } from "@std/assert";
import { utf8 } from "../../../lib/bytes/byte_string.ts";
import { FakeClock } from "../../support/fake_host.ts";
import { TextStore } from "./text_store.ts";
import { TickingClock } from "./ticking_clock.ts";

Deno.test("clearing the store empties every database and gives the arena back", () => {
  const text = new TextStore(3);
  for (let i = 0; i < 5000; i++) text.set(text.db(i % 3), `k${i}`, new Uint8Array(i));
  text.db(1).setExpiry(text.find(text.db(1), "k1"), text.store.state.now + 100);
  assertEquals(text.store.clear(), 5000);
  assertEquals([text.store.keyCount, text.store.state.arena.usedBytes], [0, 0]);
  assertEquals(text.db(1).expiry.count, 0);
  assertLessOrEqual(text.store.state.arena.reservedBytes, 64 << 20);
  text.set(text.db(0), "k", utf8("v"));
  assertEquals(text.get(text.db(0), "k"), utf8("v"));
});

Deno.test("clearing the store leaves alone what others keep in the arena", () => {
  const text = new TextStore();
  const { arena } = text.store.state;
  arena.join();
  const ref = arena.allocate(100);
  const used = arena.usedBytes;
  for (let i = 0; i < 1000; i++) text.set(text.db(i % 2), `k${i}`, new Uint8Array(i));
  assertEquals(text.store.clear(), 1000);
  assertEquals(arena.usedBytes, used);
  arena.free(ref);
  arena.leave();
});

Deno.test("two databases change what they hold", () => {
  const text = new TextStore(2);
  const [a, b] = [text.db(0), text.db(1)];
  text.set(a, "k", utf8("of a"));
  a.setExpiry(text.set(a, "mortal", utf8("1")), text.store.state.now + 10);
  text.set(b, "k", utf8("of b"));
  text.store.swap(0, 1);
  assertEquals([a.size, b.size, a.expiry.count, b.expiry.count], [1, 2, 0, 1]);
  assertEquals([a.index, b.index], [0, 1]);
  assertEquals(text.get(b, "k"), utf8("of a"));
  assertEquals(text.get(a, "k"), utf8("of b"));
  text.store.state.setNow(text.store.state.now + 10);
  assertEquals(text.get(b, "mortal"), null);
  text.store.swap(1, 1);
  assertEquals(b.size, 1);
});

Deno.test("detached keys are freed in slices, within the budget", () => {
  const text = new TextStore();
  const { store } = text;
  const db = text.db();
  for (let i = 0; i < 20_000; i++) text.set(db, `k${i}`, new Uint8Array(i % 1500));
  store.lazyFree.add(db.detach());
  text.set(db, "k1", utf8("new"));
  assertEquals(store.lazyFree.pendingObjects, 20_000);
  const clock = new TickingClock(0.25);
  let ticks = 0;
  let more = true;
  while (more) {
    const readings = clock.readings;
    const freed = store.lazyFree.freedObjects;
    more = store.lazyFree.tick(1, clock);
    ticks++;
    assertLessOrEqual(clock.readings - readings, 6);
    assertLessOrEqual(store.lazyFree.freedObjects - freed, 1000);
    assertEquals(store.lazyFree.pendingObjects + store.lazyFree.freedObjects, 20_000);
    assertEquals(store.state.arena.isShared, more);
  }
  assertEquals(store.lazyFree.freedObjects, 20_000);
  assertEquals(store.state.arena.usedBytes, db.memoryOf(text.find(db, "k1")));
  assertEquals(text.get(db, "k1"), utf8("new"));
  assertLessOrEqual(20, ticks);
  assertEquals(store.lazyFree.tick(1, clock), false);
});

Deno.test("clearing the store while detached keys wait frees each key once", () => {
  const text = new TextStore();
  const { store } = text;
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 3000; i++) text.set(text.db(), `k${i}`, new Uint8Array(i % 1500));
    store.lazyFree.add(text.db().detach());
    store.lazyFree.tick(0.1, new TickingClock(0.25));
  }
  for (let i = 0; i < 100; i++) text.set(text.db(), `k${i}`, utf8("value"));
  assertEquals(store.clear(), 100);
  while (store.lazyFree.tick(1, new TickingClock(0.01)));
  assertEquals(store.lazyFree.freedObjects, 9000);
  assertEquals(store.state.arena.usedBytes, 0);
});

Deno.test("an empty database leaves nothing to free", () => {
  const text = new TextStore();
  text.store.lazyFree.add(text.db().detach());
  assertEquals(text.store.state.arena.isShared, false);
  assertEquals(text.store.lazyFree.tick(1, new FakeClock()), false);
});
