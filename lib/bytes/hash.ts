/**
 * [hot] HalfSipHash-1-3: the keyed 32-bit hash behind every table whose keys a client chooses.
 *
 * A client that can predict which slot a key falls in can make one slot hold everything, so the
 * hash has a secret key. HalfSipHash is SipHash on four 32-bit words; JavaScript's bitwise
 * operators work on exactly such words, which keeps the whole state in registers. One round a
 * word and three at the end is the variant meant for hash tables, where nobody sees the output.
 *
 * Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), and the authors'
 * reference implementation for the half-width constants and rotations (5, 8, 16, 7, 13, 16).
 * A round, as it is written out below:
 *
 *     v0 += v1   v1 <<<= 5   v1 ^= v0   v0 <<<= 16
 *     v2 += v3   v3 <<<= 8   v3 ^= v2
 *     v0 += v3   v3 <<<= 7   v3 ^= v0
 *     v2 += v1   v1 <<<= 13  v1 ^= v2   v2 <<<= 16
 */

/**
 * Hashes `length` bytes from `offset` under the 64-bit key (`key0`, `key1`), its low and its high
 * 32 bits. Returns a signed 32-bit integer: take `>>> 0` for the unsigned one.
 */
export function halfSipHash(
  data: DataView,
  offset: number,
  length: number,
  key0: number,
  key1: number,
): number {
  let v0 = key0 | 0;
  let v1 = key1 | 0;
  let v2 = 0x6c796765 ^ key0;
  let v3 = 0x74656462 ^ key1;
  let at = offset | 0;
  const wordsEnd = at + (length & ~3);
  for (; at < wordsEnd; at += 4) {
    const word = data.getInt32(at, true);
    v3 ^= word;
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
    v0 ^= word;
  }

  // The last word holds the bytes left over and the length modulo 256.
  let last = length << 24;
  const rest = length & 3;
  if (rest > 0) {
    last |= data.getUint8(at);
    if (rest > 1) last |= data.getUint8(at + 1) << 8;
    if (rest > 2) last |= data.getUint8(at + 2) << 16;
  }
  v3 ^= last;
  v0 = (v0 + v1) | 0;
  v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
  v0 = (v0 << 16) | (v0 >>> 16);
  v2 = (v2 + v3) | 0;
  v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
  v0 = (v0 + v3) | 0;
  v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
  v2 = (v2 + v1) | 0;
  v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
  v2 = (v2 << 16) | (v2 >>> 16);
  v0 ^= last;

  v2 ^= 0xff;
  for (let round = 0; round < 3; round++) {
    v0 = (v0 + v1) | 0;
    v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
    v0 = (v0 << 16) | (v0 >>> 16);
    v2 = (v2 + v3) | 0;
    v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
    v2 = (v2 << 16) | (v2 >>> 16);
  }
  return v1 ^ v3;
}
