/** The generator against its published numbers, and the fairness of its picks. */

import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { SeededRandom, SystemRandom } from "../../../lib/host/random.ts";

Deno.test("xoshiro128** gives its published numbers from the state 1 2 3 4", () => {
  const random = new SeededRandom(new Uint32Array([1, 2, 3, 4]));
  const drawn = [random.uint32(), random.uint32(), random.uint32(), random.uint32()];
  assertEquals(drawn, [11520, 0, 5927040, 70819200]);
});

Deno.test("the same seed gives the same picks, another seed gives others", () => {
  const picks = (seed: number) => {
    const random = new SeededRandom(seed);
    return Array.from({ length: 20 }, () => random.below(1_000_000));
  };
  assertEquals(picks(7), picks(7));
  assertNotEquals(picks(7), picks(8));
  assertNotEquals(picks(7), picks(7 + 2 ** 32));
});

Deno.test("below() stays under its limit and reaches every number about as often", () => {
  const random = new SeededRandom(1);
  const counts = new Array<number>(7).fill(0);
  for (let i = 0; i < 70_000; i++) counts[random.below(7)]++;
  for (const count of counts) assert(count > 9_500 && count < 10_500, `counts: ${counts}`);
  assertEquals(random.below(1), 0);
});

Deno.test("below() takes limits up to 2^53", () => {
  const random = new SeededRandom(2);
  let beyond32Bits = 0;
  for (let i = 0; i < 1_000; i++) {
    const drawn = random.below(2 ** 53);
    assert(Number.isSafeInteger(drawn) && drawn >= 0);
    if (drawn >= 2 ** 32) beyond32Bits++;
  }
  assert(beyond32Bits > 990);
});

Deno.test("bytes() fills arrays of any length", () => {
  for (const random of [new SystemRandom(), new SeededRandom(3)]) {
    assertEquals(random.bytes(0).length, 0);
    const bytes = random.bytes(200_003);
    assertEquals(bytes.length, 200_003);
    assert(bytes.subarray(200_000 - 64).some((byte) => byte !== 0));
    assertNotEquals(random.bytes(20), random.bytes(20));
  }
});
