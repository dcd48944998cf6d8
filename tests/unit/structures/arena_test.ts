import {
  assert,
  assertEquals,
  assertLessOrEqual,
  assertNotEquals,
  assertThrows,
} from "@std/assert";
import {
  Arena,
  ArenaFullError,
  REF_IN_SEGMENT,
  REF_UNIT,
  roundedSize,
  SEGMENT_OF_REF,
} from "../../../lib/structures/arena.ts";
import { InvariantError } from "../../../lib/host/invariant.ts";
import { Random, seed } from "../bytes/random.ts";

const MIB = 1 << 20;
const SEGMENT = 64 * MIB;
/** What is filled and checked at each end of an allocation that is too large to fill. */
const EDGE = 4096;

interface Allocation {
  ref: number;
  size: number;
  mark: number;
}

function viewOf(arena: Arena, ref: number): Uint8Array {
  const start = (ref & REF_IN_SEGMENT) << REF_UNIT;
  return arena.bytes[ref >>> SEGMENT_OF_REF].subarray(start, start + arena.capacityOf(ref));
}

/** Fills the whole room of an allocation, not only what was asked for. */
function fill(arena: Arena, { ref, mark }: Allocation): void {
  const view = viewOf(arena, ref);
  if (view.length <= 2 * MIB) view.fill(mark);
  else {
    view.fill(mark, 0, EDGE);
    view.fill(mark, view.length - EDGE);
  }
}

function check(arena: Arena, { ref, size, mark }: Allocation): void {
  const view = viewOf(arena, ref);
  assertEquals(view.length, arena.capacityOf(ref), "the whole allocation lies in its segment");
  assert(view.length >= size);
  const parts = view.length <= 2 * MIB
    ? [view]
    : [view.subarray(0, EDGE), view.subarray(view.length - EDGE)];
  for (const part of parts) assert(part.every((byte) => byte === mark), `size ${size}`);
}

function randomSize(random: Random): number {
  const kind = random.below(100);
  if (kind < 50) return random.below(200);
  if (kind < 70) return random.pick([16, 17, 128, 129, 1024, 1025, 1280, 1281, 32767, 32768]);
  if (kind < 96) return random.below(33_000);
  if (kind < 99) return 32_769 + random.below(300_000);
  return 500_000 + random.below(3 * MIB);
}

Deno.test("allocations keep their bytes and never overlap", () => {
  const random = new Random(seed());
  const arena = new Arena();
  const live: Allocation[] = [];
  let used = 0;
  for (let step = 0; step < 12_000; step++) {
    const wanted = 200 + 1800 * (Math.floor(step / 3000) % 2);
    if (live.length < random.below(wanted * 2)) {
      const size = randomSize(random);
      const allocation = { ref: arena.allocate(size), size, mark: random.below(256) };
      assert(allocation.ref > 0);
      fill(arena, allocation);
      live.push(allocation);
      used += roundedSize(size);
      assertEquals(arena.capacityOf(allocation.ref), roundedSize(size));
    } else if (live.length > 0) {
      const index = random.below(live.length);
      const allocation = live[index];
      live[index] = live[live.length - 1];
      live.pop();
      check(arena, allocation);
      used -= roundedSize(allocation.size);
      arena.free(allocation.ref);
    }
    assertEquals(arena.usedBytes, used);
  }
  for (const allocation of live) {
    check(arena, allocation);
    arena.free(allocation.ref);
  }
  assertEquals(arena.usedBytes, 0);
  assertLessOrEqual(arena.reservedBytes, 2 * SEGMENT);
});

Deno.test("sizes are rounded up by less than a quarter, past the smallest ones", () => {
  for (let size = 1; size <= 40_000; size++) {
    const rounded = roundedSize(size);
    assert(rounded >= size && rounded % 16 === 0, `${size} → ${rounded}`);
    assert(rounded - size < Math.max(16, size / 4), `${size} → ${rounded}`);
  }
});

Deno.test("what was freed is used again", () => {
  const arena = new Arena();
  for (const size of [16, 100, 1000, 32_768, 40_000, 5 * MIB]) {
    const count = Math.min(20_000, Math.floor(30 * MIB / size));
    const allocate = () => Array.from({ length: count }, () => arena.allocate(size));
    const first = allocate();
    const reserved = arena.reservedBytes;
    for (const ref of first) arena.free(ref);
    const again = allocate();
    assertEquals(new Set(again).size, count);
    assertEquals(arena.reservedBytes, reserved, `size ${size}`);
    for (const ref of again) arena.free(ref);
    assertEquals(arena.usedBytes, 0);
  }
});

Deno.test("the first allocation may be larger than a segment", () => {
  for (const size of [33 * MIB, 64 * MIB, 64 * MIB + 1, 200 * MIB]) {
    const arena = new Arena();
    const huge = { ref: arena.allocate(size), size, mark: 7 };
    assertNotEquals(huge.ref, 0, `${size} bytes`);
    fill(arena, huge);
    const small = { ref: arena.allocate(100), size: 100, mark: 9 };
    fill(arena, small);
    check(arena, huge);
    check(arena, small);
    assertEquals(arena.usedBytes, roundedSize(size) + roundedSize(100));
    arena.free(huge.ref);
    check(arena, small);
    arena.free(small.ref);
    assertEquals(arena.usedBytes, 0);
    assertLessOrEqual(arena.reservedBytes, 2 * SEGMENT);
  }
});

Deno.test("segments that are empty are given back, whatever size classes were in them", () => {
  const arena = new Arena();
  const refs: number[] = [];
  for (let size = 16; size <= 32_768; size *= 2) {
    for (let bytes = 0; bytes < 40 * MIB; bytes += size * 64) refs.push(arena.allocate(size * 64));
    for (let i = 0; i < 100; i++) refs.push(arena.allocate(size));
  }
  assert(arena.reservedBytes > 5 * SEGMENT);
  for (const ref of refs) arena.free(ref);
  assertEquals(arena.usedBytes, 0);
  assertLessOrEqual(arena.reservedBytes, 2 * SEGMENT);
});

Deno.test("what comes and goes at the end of a segment does not cost a segment each time", () => {
  const arena = new Arena();
  while (arena.reservedBytes <= SEGMENT) arena.allocate(60_000);
  const last = arena.bytes.length - 1;
  const ref = arena.allocate(20 * MIB);
  const view = arena.bytes[last];
  for (let i = 0; i < 100; i++) {
    arena.free(arena.allocate(45 * MIB / 2));
    assert(arena.bytes[last] === view);
  }
  arena.free(ref);
});

Deno.test("a reset frees everything at once, and the arena goes on", () => {
  const random = new Random(seed());
  const arena = new Arena();
  for (let round = 0; round < 3; round++) {
    const live: Allocation[] = [];
    for (let i = 0; i < 3000; i++) {
      const size = randomSize(random);
      live.push({ ref: arena.allocate(size), size, mark: random.below(256) });
      fill(arena, live[i]);
      if (i % 3 === 0) arena.free(live[i].ref);
    }
    live.forEach((allocation, i) => i % 3 === 0 || check(arena, allocation));
    arena.reset();
    assertEquals(arena.usedBytes, 0);
    assertEquals(arena.reservedBytes, SEGMENT);
  }
});

Deno.test("a reset is refused while others keep records in the arena", () => {
  const arena = new Arena();
  arena.reset();
  assertEquals(arena.isShared, false);
  arena.join();
  assertEquals(arena.isShared, true);
  assertThrows(() => arena.reset(), InvariantError);
  arena.leave();
  arena.reset();
});

Deno.test("an allocation that no memory can hold is refused and changes nothing", () => {
  const arena = new Arena();
  const ref = arena.allocate(10);
  assertThrows(() => arena.allocate(2 ** 31), ArenaFullError);
  assertThrows(() => arena.allocate(2 ** 40), ArenaFullError);
  assertEquals(arena.usedBytes, 16);
  arena.free(ref);
  assertEquals(arena.usedBytes, 0);
});
