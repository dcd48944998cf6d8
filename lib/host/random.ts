/**
 * Randomness as everything else sees it. Picks that serve requests (RANDOMKEY, SPOP, eviction
 * samples) come from a small fast generator, xoshiro128** (Blackman and Vigna, 2018,
 * https://prng.di.unimi.it); a test seeds it and gets the same picks again. Secrets and identities
 * (run ids, ACL GENPASS) come from the operating system through `bytes()`.
 */

/** The randomness that is handed to everything that needs it. */
export interface Random {
  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number;
  /** A whole number from 0 to `limit` - 1, each as likely; `limit` from 1 to 2^53. */
  below(limit: number): number;
  /** `length` random bytes in a new array. */
  bytes(length: number): Uint8Array<ArrayBuffer>;
}

const twoTo32 = 2 ** 32;
const twoTo53 = 2 ** 53;

/** The generator by itself: the same seed gives the same numbers. Not for secrets. */
export class SeededRandom implements Random {
  private a = 0;
  private b = 0;
  private c = 0;
  private d = 0;

  /** `seed` is a whole number, or four words of 32 bits that become the state as they are. */
  constructor(seed: number | Uint32Array) {
    if (typeof seed === "number") {
      // One word is spread over the four by a mixing step, as the authors advise (here splitmix32).
      const words = new Uint32Array(4);
      let state = (seed ^ Math.floor(seed / twoTo32)) | 0;
      for (let i = 0; i < 4; i++) {
        state = (state + 0x9e3779b9) | 0;
        let word = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
        word = Math.imul(word ^ (word >>> 15), 0x735a2d97);
        words[i] = word ^ (word >>> 15);
      }
      this.setState(words);
    } else {
      this.setState(seed);
    }
  }

  uint32(): number {
    const product = Math.imul(this.b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.b << 9;
    this.c ^= this.a;
    this.d ^= this.b;
    this.b ^= this.c;
    this.a ^= this.d;
    this.c ^= shifted;
    this.d = (this.d << 11) | (this.d >>> 21);
    return result;
  }

  below(limit: number): number {
    if (limit <= twoTo32) {
      // Numbers past the last full round of `limit` are drawn again, so that none is likelier.
      const end = twoTo32 - (twoTo32 % limit);
      let drawn = this.uint32();
      while (drawn >= end) drawn = this.uint32();
      return drawn % limit;
    }
    const end = twoTo53 - (twoTo53 % limit);
    let drawn = this.uint53();
    while (drawn >= end) drawn = this.uint53();
    return drawn % limit;
  }

  bytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    let word = 0;
    for (let i = 0; i < length; i++) {
      if (i % 4 === 0) word = this.uint32();
      bytes[i] = word;
      word >>>= 8;
    }
    return bytes;
  }

  private uint53(): number {
    const high = this.uint32() >>> 11;
    return high * twoTo32 + this.uint32();
  }

  private setState(words: Uint32Array): void {
    this.a = words[0] | 0;
    this.b = words[1] | 0;
    this.c = words[2] | 0;
    this.d = words[3] | 0;
    // The state of zeros is the one that never changes.
    if ((this.a | this.b | this.c | this.d) === 0) this.a = 1;
  }
}

/** The generator seeded by the operating system, which also gives `bytes()`. */
export class SystemRandom extends SeededRandom {
  constructor() {
    super(crypto.getRandomValues(new Uint32Array(4)));
  }

  override bytes(length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    // The runtime hands out at most 65,536 bytes at a time.
    for (let start = 0; start < length; start += 65_536) {
      crypto.getRandomValues(bytes.subarray(start, start + 65_536));
    }
    return bytes;
  }
}
