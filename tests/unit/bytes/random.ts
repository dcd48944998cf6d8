/** Seeded random numbers for the tests of this folder (the mulberry32 generator). */

export class Random {
  private state: number;

  /** Prints the seed, so that a failure can be run again. */
  constructor(seed: number) {
    console.log(`seed ${seed}`);
    this.state = seed | 0;
  }

  /** An integer from 0 up to, not including, `limit`. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor(((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296 * limit);
  }

  /** One of the items. */
  pick<T>(items: ArrayLike<T>): T {
    return items[this.below(items.length)];
  }

  /** A text of up to `most` chars of the alphabet. */
  text(alphabet: string, most: number): string {
    let text = "";
    for (let left = this.below(most + 1); left > 0; left--) text += this.pick(alphabet);
    return text;
  }

  /** Any double but NaN, all exponents alike. */
  double(): number {
    const words = new Uint32Array([this.below(2 ** 32), this.below(2 ** 32)]);
    const value = new Float64Array(words.buffer)[0];
    return Number.isNaN(value) ? 0 : value;
  }
}

/** A seed from the environment (REDINO_SEED) to run a failure again, else a new one. */
export function seed(): number {
  const given = Deno.env.get("REDINO_SEED");
  return given === undefined ? crypto.getRandomValues(new Uint32Array(1))[0] : Number(given);
}
