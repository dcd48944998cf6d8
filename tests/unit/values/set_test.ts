import { assert, assertEquals, assertGreater, assertLess } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { dataOf } from "../../../lib/bytes/copy.ts";
import { SeededRandom } from "../../../lib/host/random.ts";
import { StoreState } from "../../../lib/store/store_state.ts";
import { Encoding, Storage } from "../../../lib/values/entry.ts";
import { SetAccess, type SetHome } from "../../../lib/values/set/set.ts";
import { Random, seed } from "../bytes/random.ts";

/** A home whose only set is held by no entry. */
class Home implements SetHome {
  private readonly state = new StoreState(new SeededRandom(1));
  readonly arena = this.state.arena;
  readonly objects = this.state.objects;
  readonly limits = this.state.limits;
  valueWordOf = (): number => 0;
  moveValue(): void {}
  newTable = this.state.newTable.bind(this.state);
  discard(object: Parameters<SetHome["discard"]>[0]): void {
    while (object.drain(10));
  }
}

class TextSet {
  constructor(readonly home = new Home(), readonly set = new SetAccess().create(home)) {}

  add(text: string): boolean {
    return this.set.add(...rangeOf(text));
  }

  remove(text: string): boolean {
    return this.set.remove(...rangeOf(text));
  }

  has(text: string): boolean {
    return this.set.find(...rangeOf(text)) >= 0;
  }

  get texts(): string[] {
    const texts: string[] = [];
    const { set } = this;
    for (let handle = set.first(); handle >= 0; handle = set.next(handle)) {
      texts.push(latin1(set.point(handle).copyMember()));
    }
    return texts.sort();
  }
}

function rangeOf(text: string): [DataView, number, number] {
  return [dataOf(fromLatin1(text)), 0, text.length];
}

const KINDS: Record<string, (random: Random) => string> = {
  "small integers": (random) => String(random.below(200) - 100),
  "many integers": (random) => String(random.below(2_000)),
  "short texts": (random) => random.text("ab\0\xff", 4),
  "many texts": (random) => `member ${random.below(3_000)}`,
  "integers and texts": (random) => random.below(300) === 0 ? "x" : String(random.below(400)),
  "long texts": (random) => "x".repeat(random.below(random.below(50) === 0 ? 100 : 60)),
};

for (const [kind, draw] of Object.entries(KINDS)) {
  Deno.test(`a set of ${kind} holds each member once, whatever its form`, () => {
    const random = new Random(seed());
    const ours = new TextSet();
    const model = new Set<string>();
    for (let round = 0; round < 6_000; round++) {
      const member = draw(random);
      if (random.below(5) > 1) {
        assertEquals(ours.add(member), !model.has(member));
        model.add(member);
      } else assertEquals(ours.remove(member), model.delete(member));
      assertEquals(ours.set.size, model.size);
      const other = draw(random);
      assertEquals(ours.has(other), model.has(other), other);
      if (round % 500 === 0) assertEquals(ours.texts, [...model].sort());
    }
    assertEquals(ours.texts, [...model].sort());
    ours.set.release();
    assertEquals(ours.home.arena.usedBytes, 0);
    assertEquals(ours.home.arena.outsideBytes, 0);
  });
}

Deno.test("a set changes its form at the limits, and not back", () => {
  const forms = (set: SetAccess) => [set.encoding, set.storage];
  const integers = new TextSet();
  for (let i = 0; i < 512; i++) integers.add(String(i));
  assertEquals(forms(integers.set), [Encoding.INTSET, Storage.BLOCK]);
  integers.add("512");
  assertEquals(forms(integers.set), [Encoding.HASHTABLE, Storage.OBJECT]);
  for (let i = 0; i < 512; i++) integers.remove(String(i));
  assertEquals(forms(integers.set), [Encoding.HASHTABLE, Storage.OBJECT]);
  const texts = new TextSet();
  texts.add("1");
  for (let i = 0; i < 127; i++) texts.add(`t${i}`);
  assertEquals(forms(texts.set), [Encoding.HASHTABLE, Storage.BLOCK]);
  assert(!texts.add("t1"));
  texts.add("one more");
  assertEquals(forms(texts.set), [Encoding.HASHTABLE, Storage.OBJECT]);
  const long = new TextSet();
  long.add("x".repeat(64));
  assertEquals(forms(long.set), [Encoding.HASHTABLE, Storage.BLOCK]);
  long.add("x".repeat(65));
  assertEquals(forms(long.set), [Encoding.HASHTABLE, Storage.OBJECT]);
  const few = new TextSet();
  few.home.limits.setIntegers = 3;
  for (const member of ["1", "2", "3", "4"]) few.add(member);
  assertEquals(forms(few.set), [Encoding.HASHTABLE, Storage.BLOCK]);
  assertEquals(few.texts, ["1", "2", "3", "4"]);
});

Deno.test("members are found in other sets of any form", () => {
  const members: Record<string, (i: number) => string> = {
    integers: (i) => String(i),
    packed: (i) => i === 0 ? "x" : String(i),
    table: (i) => i === 0 ? "x".repeat(100) : String(i),
  };
  const home = new Home();
  const sets = Object.values(members).map((member) => {
    const set = new TextSet(home, new SetAccess().create(home));
    for (let i = 0; i < 100; i += 2) set.add(member(i));
    return set;
  });
  for (const a of sets) {
    for (const b of sets) {
      const both = a.texts.filter((text) => b.has(text));
      const found: string[] = [];
      for (let at = a.set.first(); at >= 0; at = a.set.next(at)) {
        a.set.point(at);
        if (b.set.hasMemberOf(a.set)) found.push(latin1(a.set.copyMember()));
      }
      assertEquals(found.sort(), both.sort());
      assertGreater(found.length, 48);
    }
  }
});

Deno.test("a table is copied whole, counts its memory and is given back in slices", () => {
  const home = new Home();
  const ours = new TextSet(home);
  for (let i = 0; i < 5_000; i++) ours.add(`member:${i}`);
  const object = home.objects.get(ours.set.value);
  const used = home.arena.usedBytes + home.arena.outsideBytes;
  assertLess(Math.abs(object.memoryBytes - used), 1_000);
  const copy = object.copy();
  for (let i = 0; i < 5_000; i += 2) ours.remove(`member:${i}`);
  assertEquals(copy.size, 5_000);
  assertEquals(object.size, 2_500);
  let slices = 1;
  while (copy.drain(100)) slices++;
  assertGreater(slices, 20);
  ours.set.release();
  assertEquals(home.arena.usedBytes, 0);
});

Deno.test("random members come about as often as each other", () => {
  const random = new SeededRandom(seed());
  for (const count of [50, 100, 1_000]) {
    const ours = new TextSet();
    for (let i = 0; i < count; i++) ours.add(count === 50 ? String(i) : `m${i}`);
    // Sparse, as after many removals.
    for (let i = 0; i < count / 2; i++) ours.remove(count === 50 ? String(i) : `m${i}`);
    const times = new Map<number, number>();
    const draws = count * 100;
    for (let i = 0; i < draws; i++) {
      const handle = ours.set.random(random);
      times.set(handle, (times.get(handle) ?? 0) + 1);
    }
    assertEquals(times.size, count / 2);
    for (const seen of times.values()) {
      assertGreater(seen, 200 / 3);
      assertLess(seen, 200 * 3);
    }
  }
});
