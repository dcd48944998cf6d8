import { assert, assertEquals, assertLess } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { dataOf } from "../../../lib/bytes/copy.ts";
import type { Database } from "../../../lib/store/database.ts";
import { Encoding, encodingOf, Storage, storageOf, ValueType } from "../../../lib/values/entry.ts";
import { HashAccess } from "../../../lib/values/hash/hash.ts";
import { Random, seed } from "../bytes/random.ts";
import { FakeClock } from "../../support/fake_host.ts";
import { TextStore } from "../store/text_store.ts";

interface Field {
  value: string;
  /** Unix milliseconds; -1 when it lives for ever. */
  expiry: number;
}

/** One hash in a store, used by text. */
class TextHash {
  readonly text = new TextStore(2);
  db: Database = this.text.db();
  ref: number;
  private readonly hash = new HashAccess();

  constructor(private key = "hash") {
    const name = fromLatin1(key);
    this.db.lookUpWrite(dataOf(name), 0, name.length);
    const block = this.hash.newBlock(this.db, 16);
    this.ref = this.db.putValue(
      0,
      dataOf(name),
      0,
      name.length,
      ValueType.HASH,
      Encoding.LISTPACK,
      Storage.BLOCK,
      block,
    );
  }

  get access(): HashAccess {
    return this.hash.open(this.db, this.ref);
  }

  set(field: string, value: string, keepExpiry = false): boolean {
    return this.access.set(...bytesOf(field), ...bytesOf(value), keepExpiry);
  }

  get(field: string): string | undefined {
    const hash = this.access;
    if (!hash.get(...bytesOf(field))) return undefined;
    return latin1(hash.bytes, hash.offset, hash.length);
  }

  remove(field: string): boolean {
    return this.access.remove(...bytesOf(field));
  }

  expire(field: string, time: number): void {
    this.access.setExpiry(...bytesOf(field), time);
  }

  persist(field: string): boolean {
    const place = this.access.find(...bytesOf(field));
    return place !== 0 && this.access.persist(place);
  }

  expiryOf(field: string): number {
    const place = this.access.find(...bytesOf(field));
    return place === 0 ? -1 : this.access.expiresAt(place);
  }

  /** Renames the key, or moves it to the other database. */
  rename(to: Database, key: string): void {
    this.ref = this.text.rename(this.db, this.key, to, key);
    this.db = to;
    this.key = key;
  }

  get all(): Record<string, string> {
    const all: [string, string][] = [];
    this.access.forEach((data, fieldOffset, fieldLength, valueOffset, valueLength) => {
      const bytes = new Uint8Array(data.buffer);
      all.push([latin1(bytes, fieldOffset, fieldLength), latin1(bytes, valueOffset, valueLength)]);
    });
    return Object.fromEntries(all.sort());
  }

  get storage(): number {
    return storageOf(this.db.arena, this.ref);
  }

  get encoding(): number {
    return encodingOf(this.db.arena, this.ref);
  }
}

function bytesOf(text: string): [DataView, number, number] {
  return [dataOf(fromLatin1(`<${text}>`)), 1, text.length];
}

for (const [limit, longest] of [[512, 64], [20, 64], [0, 64], [512, 3], [20, 2000]]) {
  Deno.test(`a hash agrees with a model, ${limit} entries of ${longest} bytes packed`, () => {
    const random = new Random(seed());
    const hash = new TextHash();
    hash.text.store.state.limits.hashEntries = limit;
    hash.text.store.state.limits.hashValueBytes = longest;
    const model = new Map<string, string>();
    for (let step = 0; step < 6000; step++) {
      const wanted = [5, 40, 300][Math.floor(step / 2000)];
      const field = `f${"x".repeat(random.below(3))}${random.below(wanted)}`;
      const value = "v".repeat(random.below(random.below(20) === 0 ? longest + 300 : 10)) + step;
      if (random.below(5) < 3) {
        assertEquals(hash.set(field, value), !model.has(field));
        model.set(field, value);
      } else assertEquals(hash.remove(field), model.delete(field));
      assertEquals(hash.access.size, model.size);
      assertEquals(hash.get(field), model.get(field));
      if (step % 200 === 0) {
        assertEquals(hash.all, Object.fromEntries([...model].sort()));
        assertEquals(hash.access.places().length, model.size);
      }
    }
    const { arena } = hash.text.store.state;
    hash.db.remove(hash.ref);
    while (hash.text.store.lazyFree.tick(1000, new FakeClock()));
    assertEquals(arena.usedBytes, 0);
    assertEquals(arena.outsideBytes, 0);
  });
}

Deno.test("expiring fields agree with a model", () => {
  const random = new Random(seed());
  const hash = new TextHash();
  const { state } = hash.text.store;
  const model = new Map<string, Field>();
  const names = Array.from({ length: 60 }, (_, i) => `f${i}`.padEnd(2 + i % 7, "x"));
  for (let step = 0; step < 12_000; step++) {
    const field = random.pick(names);
    const known = model.get(field);
    const value = "v".repeat(random.below(30));
    const keep = random.below(2) === 0;
    switch (random.below(8)) {
      case 0:
      case 1:
        assertEquals(hash.set(field, value, keep), known === undefined);
        model.set(field, { value, expiry: keep && known !== undefined ? known.expiry : -1 });
        break;
      case 2:
        assertEquals(hash.remove(field), model.delete(field));
        break;
      case 3:
      case 4:
        if (known === undefined) break;
        known.expiry = state.now + 1 + random.below(400);
        hash.expire(field, known.expiry);
        break;
      case 5:
        assertEquals(hash.persist(field), known !== undefined && known.expiry !== -1);
        if (known !== undefined) known.expiry = -1;
        break;
      case 6:
        if (random.below(20) === 0) {
          const to = hash.text.db(random.below(2));
          const key = `key ${step}`;
          hash.rename(to, key);
        }
        break;
      default:
        state.setNow(state.now + random.below(20));
    }
    for (const [name, { expiry }] of model) {
      if (expiry !== -1 && expiry <= state.now) model.delete(name);
    }
    const due = hash.access.hasDue;
    assertEquals(hash.access.size, model.size, `step ${step}`);
    assertEquals(hash.get(field), model.get(field)?.value);
    assertEquals(hash.expiryOf(field), model.get(field)?.expiry ?? -1);
    // What is due is dropped as the cycle and the commands do.
    if (due) hash.db.dropExpiredFields(hash.ref, 1 + random.below(100));
    if (hash.access.size === 0 && hash.access.isEmpty) {
      hash.set("last", "one");
      model.set("last", { value: "one", expiry: -1 });
    }
    if (step % 100 !== 0) continue;
    const expected = [...model].map(([name, { value }]) => [name, value]).sort();
    assertEquals(hash.all, Object.fromEntries(expected));
    const soonest = Math.min(
      ...[...model.values()].map(({ expiry }) => expiry === -1 ? Infinity : expiry),
    );
    if (!hash.access.hasDue) assertEquals(hash.db.hashExpiry.soonestTime(), soonest);
    const other = hash.text.db(1 - hash.db.index);
    assertEquals(other.hashExpiry.count, 0);
  }
});

Deno.test("a copy has its own fields and times, and both are in the index", () => {
  const hash = new TextHash();
  const { text } = hash;
  const soon = text.store.state.now + 100;
  hash.set("a", "1");
  hash.set("b", "2");
  hash.expire("a", soon);
  const copy = text.copy(hash.db, "hash", text.db(1), "copy");
  const access = new HashAccess().open(text.db(1), copy);
  assertEquals(access.expiresAt(access.find(...bytesOf("a"))), soon);
  assertEquals(text.db(1).hashExpiry.soonestTime(), soon);
  hash.persist("a");
  assertEquals(hash.db.hashExpiry.count, 0);
  assertEquals(text.db(1).hashExpiry.soonest()?.entry, copy);
  text.store.swap(0, 1);
  assertEquals(text.db(0).hashExpiry.soonestTime(), soon);
  text.db(0).remove(copy);
  assertEquals(text.db(0).hashExpiry.count, 0);
});

Deno.test("a hash with one long value stays packed until it takes a page", () => {
  const hash = new TextHash();
  hash.set("a", "v".repeat(100));
  assertEquals([hash.encoding, hash.storage], [Encoding.HASHTABLE, Storage.BLOCK]);
  for (let i = 0; i < 100; i++) hash.set(`f${i}`, "value ".repeat(20));
  assertEquals([hash.encoding, hash.storage], [Encoding.HASHTABLE, Storage.OBJECT]);
  assertEquals(hash.get("a"), "v".repeat(100));
});

Deno.test("a picked field is one of the hash, and each is picked sometimes", () => {
  const random = new Random(seed());
  const uint32 = () => random.below(2 ** 32);
  for (const longest of [64, 5000]) {
    const hash = new TextHash();
    const names = Array.from({ length: 8 }, (_, i) => `field ${i}`);
    for (const name of names) hash.set(name, "v".repeat(longest));
    const picked = new Set<string>();
    for (let i = 0; i < 500; i++) {
      const { access } = hash;
      access.pointField(access.random(uint32));
      picked.add(latin1(access.bytes, access.offset, access.length));
    }
    assertEquals([...picked].sort(), names);
  }
});

Deno.test("five short fields take no more than 80 bytes beside their key", () => {
  const hash = new TextHash();
  const { arena } = hash.text.store.state;
  const before = arena.usedBytes;
  for (let i = 0; i < 5; i++) hash.set(`field${i}`, `value${i}`);
  assertLess(arena.usedBytes - before, 80);
  assert(hash.db.memoryOf(hash.ref) > 80);
});
