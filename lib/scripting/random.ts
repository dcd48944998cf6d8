/**
 * The numbers of `math.random`: those of drand48, a linear congruential generator of 48 bits that
 * POSIX describes, so that scripts draw what they draw in Redis. Scripts go on where the one before
 * stopped, but for one that called `math.randomseed`: its numbers are its own.
 */

const MULTIPLIER = 0x5deece66dn;
const INCREMENT = 11n;
const MASK = (1n << 48n) - 1n;
/** Where the generator is before any seed. */
const FIRST_STATE = 0x1234abcd330en;
/** What POSIX puts below the 32 bits of a seed. */
const SEED_LOW = 0x330en;
const LIMIT = 2 ** 31 - 1;

export class DrandRandom {
  private common = FIRST_STATE;
  /** The state of a script that has seeded; null for all others. */
  private own: bigint | null = null;

  /** A new script begins. */
  begin(): void {
    this.own = null;
  }

  /** @param value its low 32 bits count. */
  seed(value: number): void {
    const bits = BigInt.asUintN(32, BigInt(Number.isFinite(value) ? Math.trunc(value) : 0));
    this.own = bits << 16n | SEED_LOW;
  }

  /** From 0 up to, but not including, 1. */
  next(): number {
    const state = (this.own ?? this.common) * MULTIPLIER + INCREMENT & MASK;
    if (this.own === null) this.common = state;
    else this.own = state;
    return Number(state >> 17n) % LIMIT / LIMIT;
  }
}
