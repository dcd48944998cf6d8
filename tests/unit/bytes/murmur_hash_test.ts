import { assertEquals } from "@std/assert";
import { dataOf } from "../../../lib/bytes/copy.ts";
import { type MurmurHash, murmurHash64 } from "../../../lib/bytes/murmur_hash.ts";
import { Random, seed } from "./random.ts";

const M = 0xc6a4a7935bd1e995n;

/** The definition, in bigints. */
function expectedHash(bytes: Uint8Array, seed: bigint): bigint {
  const cut = (value: bigint) => BigInt.asUintN(64, value);
  const wordAt = (at: number, count: number) => {
    let word = 0n;
    for (let i = count - 1; i >= 0; i--) word = word << 8n | BigInt(bytes[at + i]);
    return word;
  };
  let hash = cut(seed ^ cut(BigInt(bytes.length) * M));
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) {
    let word = cut(wordAt(at, 8) * M);
    word = cut((word ^ word >> 47n) * M);
    hash = cut((hash ^ word) * M);
  }
  if (at < bytes.length) hash = cut((hash ^ wordAt(at, bytes.length - at)) * M);
  hash = cut((hash ^ hash >> 47n) * M);
  return hash ^ hash >> 47n;
}

Deno.test("MurmurHash64A is the same in halves of 32 bits as in 64 bits", () => {
  const random = new Random(seed());
  const result: MurmurHash = { high: 0, low: 0 };
  for (let round = 0; round < 3_000; round++) {
    const bytes = Uint8Array.from({ length: random.below(60) }, () => random.below(256));
    if (random.below(4) === 0) bytes.fill(255);
    const start = random.below(bytes.length + 1);
    const part = bytes.subarray(start);
    murmurHash64(dataOf(bytes), start, part.length, 0xadc83b19, result);
    const hash = BigInt(result.high >>> 0) << 32n | BigInt(result.low >>> 0);
    assertEquals(hash, expectedHash(part, 0xadc83b19n));
  }
});
