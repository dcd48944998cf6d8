import { assert, assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { utf8 } from "../../../lib/bytes/byte_string.ts";
import { ENTRY_KEY_OFFSET, META_WORD, readWord } from "../../../lib/values/entry.ts";
import { Random, seed } from "../bytes/random.ts";
import { TextStore } from "./text_store.ts";

interface Kept {
  value: Uint8Array;
  /** 0 when the key does not expire. */
  expiry: number;
}

/** Sizes at which something changes: 16-byte classes, the end of inline records, runs. */
function randomLength(random: Random, keyLength: number): number {
  const atEdge = 1024 - ENTRY_KEY_OFFSET - keyLength;
  const around = (size: number) => Math.max(0, size - 2 + random.below(5));
  switch (random.below(8)) {
    case 0:
      return around(atEdge);
    case 1:
      return around(random.pick([16, 32, 44, 48, 64, 128, 256, 512]));
    case 2:
      return around(random.pick([1024, 1280, 2048, 32_764, 32_768, 65_532, 65_536]));
    case 3:
      return random.below(3000);
    case 4:
      return random.below(50) === 0 ? random.below(1_000_000) : 0;
    default:
      return random.below(60);
  }
}

function randomValue(random: Random, length: number): Uint8Array {
  const value = new Uint8Array(length).fill(random.below(256));
  for (let i = 0; i < Math.min(length, 8); i++) value[i] = random.below(256);
  if (length > 0) value[length - 1] = random.below(256);
  return value;
}

function sameBytes(a: Uint8Array | null, b: Uint8Array | undefined): boolean {
  if (a === null || b === undefined) return a === null && b === undefined;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

Deno.test("strings, expiries, renames and copies agree with a model", () => {
  const random = new Random(seed());
  const text = new TextStore(2);
  const { store } = text;
  const models = [new Map<string, Kept>(), new Map<string, Kept>()];
  const names = Array.from({ length: 120 }, (_, i) => `${i}`.padEnd(1 + i * i % 90, "k"));
  names.push("", "k".repeat(996), "k".repeat(997), "l".repeat(2000));
  for (let step = 0; step < 15_000; step++) {
    const from = random.below(2);
    const to = random.below(2);
    const key = random.pick(names);
    const newKey = random.pick(names);
    const db = text.db(from);
    const target = text.db(to);
    const kept = models[from].get(key);
    const taken = models[to].has(newKey);
    switch (random.below(9)) {
      case 0:
      case 1: {
        const value = randomValue(random, randomLength(random, key.length));
        text.set(db, key, value);
        models[from].set(key, { value, expiry: kept?.expiry ?? 0 });
        break;
      }
      case 2:
      case 3: {
        if (kept === undefined) break;
        const length = randomLength(random, key.length);
        text.resize(db, key, length);
        const value = new Uint8Array(length);
        value.set(kept.value.subarray(0, length));
        kept.value = value;
        break;
      }
      case 4:
        if (kept === undefined || taken) break;
        text.rename(db, key, target, newKey);
        models[from].delete(key);
        models[to].set(newKey, kept);
        break;
      case 5:
        if (kept === undefined || taken) break;
        text.copy(db, key, target, newKey);
        models[to].set(newKey, { value: kept.value.slice(), expiry: kept.expiry });
        break;
      case 6:
        if (kept === undefined) break;
        kept.expiry = store.state.now + 1 + random.below(1_000_000);
        db.setExpiry(text.find(db, key), kept.expiry);
        break;
      case 7:
        if (kept === undefined) break;
        assertEquals(db.persist(text.find(db, key)), kept.expiry !== 0);
        kept.expiry = 0;
        break;
      default:
        if (kept === undefined || random.below(3) === 0) break;
        db.remove(text.find(db, key));
        models[from].delete(key);
    }
    for (const [index, name] of [[from, key], [to, newKey]] as const) {
      const model = models[index].get(name);
      assert(sameBytes(text.get(text.db(index), name), model?.value), `${step}: ${name}`);
      const ref = text.find(text.db(index), name);
      const expiry = ref === 0 ? -1 : text.db(index).expiryOf(ref);
      assertEquals(expiry, model === undefined || model.expiry === 0 ? -1 : model.expiry);
    }
    if (step % 1000 === 0) checkAll(text, models);
  }
  checkAll(text, models);
  models.forEach((model, index) => {
    for (const key of model.keys()) text.db(index).remove(text.find(text.db(index), key));
  });
  assertEquals(store.state.arena.usedBytes, 0);
  assertEquals(store.keyCount, 0);
});

function checkAll(text: TextStore, models: Map<string, Kept>[]): void {
  let used = 0;
  models.forEach((model, index) => {
    const db = text.db(index);
    assertEquals(db.size, model.size);
    let expiring = 0;
    for (const [key, kept] of model) {
      assert(sameBytes(text.get(db, key), kept.value), key);
      if (kept.expiry !== 0) expiring++;
      used += db.memoryOf(text.find(db, key));
    }
    assertEquals(db.expiry.count, expiring);
  });
  assertEquals(text.store.state.arena.usedBytes, used);
}

Deno.test("a value that shrinks gives memory back", () => {
  const text = new TextStore();
  const db = text.db();
  for (const length of [900, 5000, 100_000, 40_000_000]) {
    text.set(db, "k", new Uint8Array(length));
    text.set(db, "k", new Uint8Array(10));
    assertLess(text.store.state.arena.usedBytes, 100, `${length} bytes`);
  }
});

Deno.test("an entry under a new name counts as new for a snapshot", () => {
  const text = new TextStore();
  const db = text.db();
  text.set(db, "old", utf8("value"));
  text.store.state.epoch = 3;
  const moved = text.rename(db, "old", db, "new");
  assertEquals(readWord(db.arena, moved, META_WORD) >>> 16, 3);
  const copy = text.copy(db, "new", db, "copy");
  assertEquals(readWord(db.arena, copy, META_WORD) >>> 16, 3);
});

Deno.test("an expired key is gone for look-ups, once, and known to the observer", () => {
  const text = new TextStore();
  const db = text.db();
  db.setExpiry(text.set(db, "k", utf8("v")), text.store.state.now + 5);
  text.store.state.setNow(text.store.state.now + 4);
  assertNotEquals(text.find(db, "k"), 0);
  text.store.state.setNow(text.store.state.now + 1);
  text.store.state.leavesExpiry = true;
  assertEquals(text.find(db, "k"), 0);
  assertEquals(db.size, 1, "a replica leaves the removal to its primary");
  text.store.state.leavesExpiry = false;
  text.store.state.expires = false;
  assertNotEquals(text.find(db, "k"), 0, "nothing expires while loading");
  text.store.state.expires = true;
  assertEquals(text.find(db, "k"), 0);
  assertEquals(text.find(db, "k"), 0);
  assertEquals(text.expiredKeys, ["k"]);
  assertEquals(text.store.usedBytes - db.overheadBytes - text.db(1).overheadBytes, 0);
});

Deno.test("clear and detach leave an empty database that goes on", () => {
  const text = new TextStore();
  const { arena } = text.store.state;
  const [db, other] = [text.db(0), text.db(1)];
  text.set(other, "kept", utf8("value"));
  const before = arena.usedBytes;
  for (let i = 0; i < 3000; i++) {
    const ref = text.set(db, `k${i}`, new Uint8Array(i));
    if (i % 2 === 0) db.setExpiry(ref, text.store.state.now + i + 1);
  }
  assertEquals(db.clear(), 3000);
  assertEquals(arena.usedBytes, before);
  assertEquals([db.size, db.expiry.count, text.get(db, "k5")], [0, 0, null]);
  text.set(db, "k", utf8("v"));
  const detached = db.detach();
  assertEquals([db.size, detached.count], [0, 1]);
  text.set(db, "k", utf8("w"));
  assertEquals(text.get(db, "k"), utf8("w"));
  assertEquals(text.get(other, "kept"), utf8("value"));
});

Deno.test("a table that a snapshot still needs is left to it when it is detached", () => {
  const text = new TextStore();
  const db = text.db();
  text.set(db, "a", utf8("1"));
  text.set(db, "b", utf8("2"));
  text.store.state.preservesEntries = true;
  text.keepsTables = true;
  const { table } = db;
  assertEquals(db.detach().count, 0);
  assertEquals(db.size, 0);
  assertEquals(table.count, 2);
  text.keepsTables = false;
  text.set(db, "c", utf8("3"));
  assertEquals(db.detach().count, 1);
  assertEquals(text.preservedKeys, []);
});
