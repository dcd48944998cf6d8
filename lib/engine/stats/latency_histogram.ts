/**
 * How long the runs of one command took, as counts in buckets: LATENCY HISTOGRAM and the
 * percentiles of INFO latencystats are read from it.
 *
 * The buckets are those of an HDR histogram (http://hdrhistogram.org): each doubling of the time is
 * split into equal parts, so that the error is the same share of every value. 32 parts are 3 %,
 * and 6.5 KiB for a command that was run. Adding is one array element, without allocation. [hot]
 */

/** Parts of a doubling, as a power of two. */
const PART_BITS = 5;
const PARTS = 1 << PART_BITS;
/** A second: longer runs count as this long, as in Redis. */
const MAX_NANOSECONDS = 1_000_000_000;
const BUCKETS = bucketOf(MAX_NANOSECONDS) + 1;
/** Where Redis's buckets end. */
const LAST_BOUND = 2 ** 30 - 1;
/** LATENCY HISTOGRAM's first bucket ends at 2 to the power of this, in nanoseconds. */
const FIRST_DOUBLING = 10;

/** All runs up to a time. */
export interface CumulativeCount {
  readonly microseconds: number;
  readonly calls: number;
}

export class LatencyHistogram {
  /** Runs that were counted. */
  calls = 0;
  // Doubles, since a busy command passes 2^32 runs within hours.
  private readonly counts = new Float64Array(BUCKETS);

  /** Counts runs that took this long each. */
  add(calls: number, microseconds: number): void {
    const nanoseconds = microseconds * 1000;
    const whole = nanoseconds >= MAX_NANOSECONDS ? MAX_NANOSECONDS : nanoseconds | 0;
    this.counts[bucketOf(whole < 1 ? 1 : whole)] += calls;
    this.calls += calls;
  }

  /** The time that `percent` of the runs did not exceed, in microseconds; 0 without any run. */
  percentile(percent: number): number {
    if (this.calls === 0) return 0;
    const wanted = Math.max(1, Math.ceil(this.calls * Math.min(100, Math.max(0, percent)) / 100));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.counts[bucket];
      if (seen >= wanted) return lastOf(bucket) / 1000;
    }
    return MAX_NANOSECONDS / 1000;
  }

  /**
   * Runs up to each power of two, those left out where no run was added: what LATENCY HISTOGRAM
   * replies. The times are the ones that Redis prints: of 2^(10+k) ns with the width of a part of its own
   * finer buckets added, in whole microseconds (1, 2, 4, 8, 16, 33, 66, 132, …).
   */
  cumulative(): CumulativeCount[] {
    const found: CumulativeCount[] = [];
    let seen = 0;
    let bucket = 0;
    for (let doubling = FIRST_DOUBLING; seen < this.calls; doubling++) {
      const before = seen;
      const end = bucketOf(2 ** doubling);
      for (; bucket <= end && bucket < BUCKETS; bucket++) seen += this.counts[bucket];
      if (seen === before) continue;
      const bound = Math.min(LAST_BOUND, 2 ** doubling + 2 ** (doubling - 7) - 1);
      found.push({ microseconds: Math.floor(bound / 1000), calls: seen });
    }
    return found;
  }
}

/** The bucket of a whole number of nanoseconds, at least 1. */
function bucketOf(nanoseconds: number): number {
  const exponent = 31 - Math.clz32(nanoseconds);
  if (exponent < PART_BITS) return nanoseconds;
  const shift = exponent - PART_BITS;
  return ((shift + 1) << PART_BITS) + (nanoseconds >>> shift) - PARTS;
}

/** The longest time of a bucket, in nanoseconds. */
function lastOf(bucket: number): number {
  if (bucket < PARTS) return bucket;
  const shift = (bucket >>> PART_BITS) - 1;
  const part = (bucket & (PARTS - 1)) + PARTS;
  return (part + 1) * 2 ** shift - 1;
}
