/**
 * MurmurHash64A: the hash that HyperLogLog counts with, whose values are part of a format. It has
 * no secret, so nothing that a client could flood may be found by it.
 *
 * Source: Austin Appleby's MurmurHash2 in its 64-bit form (public domain). Words of 64 bits are two
 * of 32 here, the product of which is put together from four of 16 bits and from `Math.imul`.
 */

const M_HIGH = 0xc6a4a793 | 0;
const M_LOW = 0x5bd1e995;

/** A hash as two signed 32-bit halves. */
export interface MurmurHash {
  high: number;
  low: number;
}

/**
 * Hashes `length` bytes from `offset`.
 *
 * @param seed 32 bits.
 * @param result is filled in.
 */
export function murmurHash64(
  data: DataView,
  offset: number,
  length: number,
  seed: number,
  result: MurmurHash,
): void {
  WORD.high = 0;
  WORD.low = length;
  multiply(WORD);
  let high = WORD.high;
  let low = WORD.low ^ seed;
  const end = offset + (length & ~7);
  for (let at = offset; at < end; at += 8) {
    WORD.low = data.getInt32(at, true);
    WORD.high = data.getInt32(at + 4, true);
    multiply(WORD);
    WORD.low ^= WORD.high >>> 15;
    multiply(WORD);
    WORD.low ^= low;
    WORD.high ^= high;
    multiply(WORD);
    low = WORD.low;
    high = WORD.high;
  }
  const rest = length & 7;
  if (rest > 0) {
    for (let i = 0; i < rest; i++) {
      const byte = data.getUint8(end + i);
      if (i < 4) low ^= byte << (i * 8);
      else high ^= byte << (i * 8 - 32);
    }
    WORD.low = low;
    WORD.high = high;
    multiply(WORD);
    low = WORD.low;
    high = WORD.high;
  }
  // Shifting right by 47 leaves 17 bits of the upper half in the lower one.
  WORD.low = low ^ high >>> 15;
  WORD.high = high;
  multiply(WORD);
  result.low = WORD.low ^ WORD.high >>> 15;
  result.high = WORD.high;
}

const WORD: MurmurHash = { high: 0, low: 0 };

/** Multiplies by the constant, modulo 2^64. */
function multiply(word: MurmurHash): void {
  const { low, high } = word;
  const a0 = low & 0xffff;
  const a1 = low >>> 16;
  const b0 = M_LOW & 0xffff;
  const b1 = M_LOW >>> 16;
  const lowest = a0 * b0;
  const middle = a1 * b0 + (lowest >>> 16);
  const other = a0 * b1 + middle % 0x10000;
  const carried = a1 * b1 + Math.floor(middle / 0x10000) + Math.floor(other / 0x10000);
  word.low = Math.imul(low, M_LOW);
  word.high = (carried + Math.imul(high, M_LOW) + Math.imul(low, M_HIGH)) | 0;
}
