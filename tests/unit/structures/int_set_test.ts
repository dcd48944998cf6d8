import { assert, assertEquals, assertLess } from "@std/assert";
import { Arena } from "../../../lib/structures/arena.ts";
import { IntSet } from "../../../lib/structures/int_set.ts";
import { Random, seed } from "../bytes/random.ts";

/** A set used by bigints. */
class BigSet {
  readonly integers: IntSet;
  block: number;

  constructor(readonly arena = new Arena()) {
    this.integers = new IntSet(arena);
    this.block = this.integers.create();
  }

  search(value: bigint): number {
    return this.integers.search(this.block, ...halves(value));
  }

  add(value: bigint): boolean {
    const place = this.search(value);
    if (place >= 0) return false;
    this.block = this.integers.insert(this.block, ~place, ...halves(value));
    return true;
  }

  remove(value: bigint): boolean {
    const place = this.search(value);
    if (place < 0) return false;
    this.block = this.integers.remove(this.block, place);
    return true;
  }

  get values(): bigint[] {
    return Array.from({ length: this.integers.count(this.block) }, (_, index) => {
      this.integers.load(this.block, index);
      return BigInt(this.integers.high) << 32n | BigInt(this.integers.low >>> 0);
    });
  }
}

function halves(value: bigint): [number, number] {
  return [Number(BigInt.asIntN(64, value) >> 32n), Number(BigInt.asIntN(32, value))];
}

function ascending(values: Iterable<bigint>): bigint[] {
  return [...values].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
}

for (const bits of [8, 16, 24, 32, 40, 64]) {
  Deno.test(`integers of up to ${bits} bits are kept in order, each once`, () => {
    const random = new Random(seed());
    const set = new BigSet();
    const model = new Set<bigint>();
    const used: bigint[] = [];
    for (let round = 0; round < 3_000; round++) {
      const bitsNow = BigInt(1 + random.below(bits));
      const drawn = BigInt(random.below(2 ** 32)) << 32n | BigInt(random.below(2 ** 32));
      const value = random.below(2) === 0 && used.length > 0
        ? random.pick(used)
        : BigInt.asIntN(Number(bitsNow), drawn);
      used.push(value);
      if (random.below(3) > 0) {
        assertEquals(set.add(value), !model.has(value));
        model.add(value);
      } else {
        assertEquals(set.remove(value), model.delete(value));
      }
      if (round % 100 === 0) assertEquals(set.values, ascending(model));
    }
    assertEquals(set.values, ascending(model));
    for (const value of used) assertEquals(set.search(value) >= 0, model.has(value));
    for (const value of used) if (model.delete(value)) assert(set.remove(value));
    assertEquals(set.values, []);
    set.arena.free(set.block);
    assertEquals(set.arena.usedBytes, 0);
  });
}

Deno.test("a wider integer at either end widens all, and each stays what it is", () => {
  const edges = [15n, 16n, 31n, 32n, 53n, 63n].flatMap((bits) => {
    const edge = 2n ** bits;
    return [-edge - 1n, -edge, -edge + 1n, edge - 1n, edge, edge + 1n];
  }).filter((value) => BigInt.asIntN(64, value) === value);
  const arena = new Arena();
  for (const first of edges) {
    for (const second of edges) {
      const set = new BigSet(arena);
      set.add(0n);
      set.add(first);
      set.add(second);
      assertEquals(set.values, ascending(new Set([0n, first, second])));
    }
  }
});

Deno.test("a block takes no more than its integers need, and shrinks with them", () => {
  const set = new BigSet();
  for (let i = 0; i < 512; i++) set.add(BigInt(i));
  assertLess(set.arena.capacityOf(set.block), 512 * 2 * 1.3);
  for (let i = 0; i < 500; i++) set.remove(BigInt(i));
  assertLess(set.arena.capacityOf(set.block), 100);
});
