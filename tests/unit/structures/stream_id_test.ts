import { assertEquals } from "@std/assert";
import { StreamId } from "../../../lib/structures/stream_id.ts";
import { Random, seed } from "../bytes/random.ts";

const EDGES = [0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n - 1n, 2n ** 53n + 1n, 2n ** 63n];
const NUMBERS = [...EDGES, 2n ** 63n - 1n, 2n ** 64n - 2n, 2n ** 64n - 1n];

Deno.test("an id is exact to the ends of 64 bits", () => {
  for (const ms of NUMBERS) {
    for (const seq of NUMBERS) {
      const id = StreamId.of(ms, seq);
      assertEquals([id.ms, id.seq], [ms, seq]);
      assertEquals(id.toString(), `${ms}-${seq}`);
      assertEquals(id.isZero, ms === 0n && seq === 0n);
      assertEquals(id.isMax, ms === 2n ** 64n - 1n && seq === ms);
    }
  }
});

Deno.test("the next id and the one before are those of a 128-bit number", () => {
  for (const ms of NUMBERS) {
    for (const seq of NUMBERS) {
      const id = StreamId.of(ms, seq);
      const whole = ms << 64n | seq;
      assertEquals(id.increment(), whole !== 2n ** 128n - 1n);
      assertEquals(id.ms << 64n | id.seq, BigInt.asUintN(128, whole + 1n));
      id.set(StreamId.of(ms, seq));
      assertEquals(id.decrement(), whole !== 0n);
      assertEquals(id.ms << 64n | id.seq, BigInt.asUintN(128, whole - 1n));
    }
  }
});

Deno.test("ids are ordered by their first number, then by the second", () => {
  const random = new Random(seed());
  for (let i = 0; i < 2_000; i++) {
    const [a, b, c, d] = Array.from({ length: 4 }, () => NUMBERS[random.below(NUMBERS.length)]);
    const order = StreamId.of(a, b).compare(StreamId.of(c, d));
    const [left, right] = [a << 64n | b, c << 64n | d];
    assertEquals(Math.sign(order), left < right ? -1 : left > right ? 1 : 0);
  }
});

Deno.test("a signed number is added to either part, modulo 2^64", () => {
  const numbers = [
    0n,
    1n,
    -1n,
    2n ** 32n,
    -(2n ** 32n),
    2n ** 63n - 1n,
    -(2n ** 63n),
    7n - 2n ** 33n,
  ];
  for (const start of [0n, 5n, 2n ** 32n - 1n, 2n ** 63n, 2n ** 64n - 1n]) {
    for (const number of numbers) {
      const high = Number(number >> 32n);
      const low = Number(BigInt.asIntN(32, number));
      const sum = BigInt.asUintN(64, start + number);
      const id = StreamId.of(start, start);
      id.addMilliseconds(high, low);
      assertEquals([id.ms, id.seq], [sum, start]);
      id.addSequence(high, low);
      assertEquals([id.ms, id.seq], [sum, sum]);
    }
  }
});
