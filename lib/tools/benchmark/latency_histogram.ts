/**
 * Latencies counted by how long they took, with three significant digits, in the manner of an HDR
 * histogram: counting takes a few instructions and no allocation whatever the range, and any
 * percentile can be told afterwards. Values are whole microseconds. [hot]
 *
 * Up to 2^11 each value has a bucket of its own; each doubling beyond has 2^10 buckets of equal width,
 * so that none is wider than a thousandth of its values. (https://hdrhistogram.org)
 */

const EXACT_BITS = 11;
const HALF = 1 << (EXACT_BITS - 1);
/** Past half a minute a request counts as half a minute. */
const LONGEST_US = 30_000_000;

export class LatencyHistogram {
  count = 0;
  minUs = 0;
  maxUs = 0;
  private sumUs = 0;
  private readonly counts = new Float64Array(indexOf(LONGEST_US) + 1);

  /** Counts a latency as often as there were requests in the pipeline. */
  add(us: number, times = 1): void {
    const value = us > LONGEST_US ? LONGEST_US : us < 0 ? 0 : us | 0;
    if (this.count === 0 || value < this.minUs) this.minUs = value;
    if (value > this.maxUs) this.maxUs = value;
    this.count += times;
    this.sumUs += value * times;
    this.counts[indexOf(value)] += times;
  }

  /** Adds all that another one has counted. */
  merge(other: LatencyHistogram): void {
    if (other.count === 0) return;
    if (this.count === 0 || other.minUs < this.minUs) this.minUs = other.minUs;
    this.maxUs = Math.max(this.maxUs, other.maxUs);
    this.count += other.count;
    this.sumUs += other.sumUs;
    for (let i = 0; i < this.counts.length; i++) this.counts[i] += other.counts[i];
  }

  reset(): void {
    this.count =
      this.minUs =
      this.maxUs =
      this.sumUs =
        0;
    this.counts.fill(0);
  }

  get meanUs(): number {
    return this.sumUs / this.count;
  }

  /** The least value that `percent` of 100 of all values do not exceed (the end of its bucket). */
  percentile(percent: number): number {
    const wanted = Math.max(1, Math.ceil(percent * this.count / 100 - 1e-6));
    let seen = 0;
    for (let i = 0; i < this.counts.length; i++) {
      seen += this.counts[i];
      if (seen >= wanted) return Math.min(lastOf(i), this.maxUs);
    }
    return this.maxUs;
  }

  /** How many values do not exceed `us`, to the width of a bucket. */
  countUpTo(us: number): number {
    const end = indexOf(Math.min(us, LONGEST_US));
    let seen = 0;
    for (let i = 0; i <= end; i++) seen += this.counts[i];
    return seen;
  }
}

function indexOf(value: number): number {
  if (value < HALF * 2) return value;
  const shift = 32 - EXACT_BITS - Math.clz32(value);
  return shift * HALF + (value >> shift);
}

/** The largest value of a bucket. */
function lastOf(index: number): number {
  if (index < HALF * 2) return index;
  const shift = Math.floor(index / HALF) - 1;
  return ((index - shift * HALF) + 1) * 2 ** shift - 1;
}
