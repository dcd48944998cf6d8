import { dataOf } from "../../../lib/bytes/copy.ts";
import { assert, assertEquals } from "@std/assert";
import { halfSipHash } from "../../../lib/bytes/hash.ts";
import { Random, seed } from "./random.ts";

/** HalfSipHash-1-3 of the bytes 0, 1, 2, … under the key 00 01 … 07, by length (from Linux). */
const VECTORS = [
  0x5814c896,
  0xe7e864ca,
  0xbc4b0e30,
  0x01539939,
  0x7e059ea6,
  0x88e3d89b,
  0xa0080b65,
  0x9d38d9d6,
  0x577999b1,
  0xc839caed,
  0xe4fa32cf,
  0x959246ee,
  0x6b28096c,
  0x66dd9cd6,
  0x16658a7c,
  0xd0257b04,
  0x8b31d501,
  0x2b1cd04b,
];

/** HalfSipHash-2-4 of the same (the authors' reference vectors): these check the model. */
const VECTORS_2_4 = [0x5b9f35a9, 0xb85a4727, 0x03a662fa, 0x04e7fe8a, 0x89466e2a, 0x69b6fac5];

const rotate = (word: number, by: number) => ((word << by) | (word >>> (32 - by))) >>> 0;

/** The algorithm as its authors describe it, with the numbers of rounds left open. */
function model(
  message: Uint8Array,
  key0: number,
  key1: number,
  rounds: number,
  finalRounds: number,
): number {
  const v = [key0, key1, 0x6c796765 ^ key0, 0x74656462 ^ key1].map((word) => word >>> 0);
  const mix = (target: number, source: number, by: number, then: number) => {
    v[target] = (v[target] + v[source]) >>> 0;
    v[source] = (rotate(v[source], by) ^ v[target]) >>> 0;
    if (then > 0) v[target] = rotate(v[target], then);
  };
  const round = () => {
    mix(0, 1, 5, 16);
    mix(2, 3, 8, 0);
    mix(0, 3, 7, 0);
    mix(2, 1, 13, 16);
  };
  const padded = new Uint8Array(Math.floor(message.length / 4) * 4 + 4);
  padded.set(message);
  padded[padded.length - 1] = message.length & 255;
  const words = new DataView(padded.buffer);
  for (let at = 0; at < padded.length; at += 4) {
    v[3] = (v[3] ^ words.getUint32(at, true)) >>> 0;
    for (let i = 0; i < rounds; i++) round();
    v[0] = (v[0] ^ words.getUint32(at, true)) >>> 0;
  }
  v[2] = (v[2] ^ 0xff) >>> 0;
  for (let i = 0; i < finalRounds; i++) round();
  return (v[1] ^ v[3]) >>> 0;
}

Deno.test("halfSipHash gives the published values of HalfSipHash-1-3", () => {
  const bytes = Uint8Array.from({ length: 20 }, (_, at) => at - 2);
  for (let length = 0; length < VECTORS.length; length++) {
    assertEquals(
      halfSipHash(dataOf(bytes), 2, length, 0x03020100, 0x07060504) >>> 0,
      VECTORS[length],
    );
  }
});

Deno.test("halfSipHash agrees with a plain model that gives the values of HalfSipHash-2-4", () => {
  const counting = Uint8Array.from({ length: 8 }, (_, at) => at);
  VECTORS_2_4.forEach((vector, length) => {
    assertEquals(model(counting.subarray(0, length), 0x03020100, 0x07060504, 2, 4), vector);
  });
  const random = new Random(seed());
  for (let i = 0; i < 3000; i++) {
    const bytes = Uint8Array.from({ length: random.below(300) }, () => random.below(256));
    const offset = random.below(bytes.length + 1);
    const length = random.below(bytes.length - offset + 1);
    const [key0, key1] = [random.below(2 ** 32) | 0, random.below(2 ** 32)];
    const expected = model(bytes.subarray(offset, offset + length), key0, key1, 1, 3);
    assertEquals(halfSipHash(dataOf(bytes), offset, length, key0, key1), expected | 0);
  }
});

Deno.test("halfSipHash depends on both halves of the key and spreads counters over slots", () => {
  const bytes = new TextEncoder().encode("key:000000000000");
  const slots = new Uint32Array(256);
  for (let i = 0; i < 25_600; i++) {
    for (let at = 15, rest = i; at > 9; at--, rest = Math.floor(rest / 10)) {
      bytes[at] = 0x30 + rest % 10;
    }
    slots[halfSipHash(dataOf(bytes), 0, 16, 5, 6) & 255]++;
  }
  assert(Math.max(...slots) < 160 && Math.min(...slots) > 50);
  assert(halfSipHash(dataOf(bytes), 0, 16, 5, 6) !== halfSipHash(dataOf(bytes), 0, 16, 4, 6));
  assert(halfSipHash(dataOf(bytes), 0, 16, 5, 6) !== halfSipHash(dataOf(bytes), 0, 16, 5, 7));
});
