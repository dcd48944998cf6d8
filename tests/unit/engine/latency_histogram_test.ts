import { assert, assertEquals } from "@std/assert";
import { LatencyHistogram } from "../../../lib/engine/stats/latency_histogram.ts";

Deno.test("a percentile is within a part of the time it stands for", () => {
  for (const microseconds of [0.001, 0.5, 1, 3.7, 100, 12_345, 999_999]) {
    const histogram = new LatencyHistogram();
    histogram.add(1, microseconds);
    const found = histogram.percentile(50);
    assert(found >= microseconds * 0.999, `${found} for ${microseconds}`);
    assert(found <= microseconds * 1.035 + 0.001, `${found} for ${microseconds}`);
  }
});

Deno.test("percentiles are those of a sorted list", () => {
  const histogram = new LatencyHistogram();
  for (let i = 1; i <= 1000; i++) histogram.add(1, i);
  for (const percent of [1, 50, 90, 99, 99.9, 100]) {
    const exact = Math.ceil(1000 * percent / 100);
    const found = histogram.percentile(percent);
    assert(Math.abs(found - exact) <= exact * 0.035, `p${percent}: ${found}, not ${exact}`);
  }
  assertEquals(new LatencyHistogram().percentile(99), 0);
});

Deno.test("cumulative counts have the bounds that redis-server prints", () => {
  const histogram = new LatencyHistogram();
  for (let doubling = 0; doubling < 20; doubling++) histogram.add(1, 2 ** doubling);
  const counts = histogram.cumulative();
  assertEquals(
    counts.slice(0, 11).map(({ microseconds }) => microseconds),
    [1, 2, 4, 8, 16, 33, 66, 132, 264, 528, 1056],
  );
  assertEquals(counts.at(-1)!.calls, 20);
  assertEquals(histogram.calls, 20);
});

Deno.test("calls measured together count each, and longer ones than a second as a second", () => {
  const histogram = new LatencyHistogram();
  histogram.add(1000, 0.3);
  histogram.add(1, 60_000_000);
  assertEquals(histogram.calls, 1001);
  assertEquals(histogram.cumulative(), [
    { microseconds: 1, calls: 1000 },
    { microseconds: 1_073_741, calls: 1001 },
  ]);
  assert(Math.abs(histogram.percentile(100) - 1e6) < 35_000);
});
