/** What a benchmark prints: progress while it runs, then redis-benchmark's summaries. */

import type { LatencyHistogram } from "./latency_histogram.ts";

export interface Result {
  readonly title: string;
  readonly seconds: number;
  readonly histogram: LatencyHistogram;
}

export interface Setup {
  readonly clients: number;
  readonly dataBytes: number;
  readonly keepAlive: boolean;
  /** The server's own `save` and `appendonly`; null when it does not tell. */
  readonly server: { readonly save: string; readonly appendonly: string } | null;
  readonly precision: number;
}

export const CSV_HEADER = '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms",' +
  '"p95_latency_ms","p99_latency_ms","max_latency_ms"\n';

export function csvLine({ title, seconds, histogram }: Result): string {
  const figures = [(histogram.count / seconds).toFixed(2), ...latencies(histogram, 3)];
  return `"${title.replaceAll('"', '\\"')}",${figures.map((figure) => `"${figure}"`).join(",")}\n`;
}

export function quietLine({ title, seconds, histogram }: Result, precision: number): string {
  const p50 = (histogram.percentile(50) / 1000).toFixed(precision);
  return `${title}: ${
    (histogram.count / seconds).toFixed(2)
  } requests per second, p50=${p50} msec\n`;
}

export function fullReport(result: Result, setup: Setup): string {
  const { title, seconds, histogram } = result;
  const { precision } = setup;
  let text = `====== ${title} ======\n`;
  text += `  ${histogram.count} requests completed in ${seconds.toFixed(2)} seconds\n`;
  text += `  ${setup.clients} parallel clients\n`;
  text += `  ${setup.dataBytes} bytes payload\n`;
  text += `  keep alive: ${setup.keepAlive ? 1 : 0}\n`;
  if (setup.server !== null) {
    text += `  host configuration "save": ${setup.server.save}\n`;
    text += `  host configuration "appendonly": ${setup.server.appendonly}\n`;
  }
  text += "  multi-thread: no\n\n";
  text += "Latency by percentile distribution:\n" + percentileLines(histogram, precision) + "\n";
  text += "Cumulative distribution of latencies:\n" + cumulativeLines(histogram, precision) + "\n";
  text += "Summary:\n";
  text += `  throughput summary: ${(histogram.count / seconds).toFixed(2)} requests per second\n`;
  text += "  latency summary (msec):\n";
  const names = ["avg", "min", "p50", "p95", "p99", "max"];
  text += `    ${names.map((name) => name.padStart(9)).join(" ")}\n`;
  const figures = latencies(histogram, precision);
  text += `    ${figures.map((figure) => figure.padStart(9)).join(" ")}\n`;
  return text;
}

/** One line while a test runs: in the last moments, and since its start. */
export function progressLine(
  title: string,
  recent: { readonly rps: number; readonly meanUs: number },
  overall: { readonly rps: number; readonly meanUs: number },
): string {
  const ms = (us: number) => (us / 1000).toFixed(3).replace("NaN", "-nan");
  return `${title}: rps=${recent.rps.toFixed(1)} (overall: ${overall.rps.toFixed(1)}) ` +
    `avg_msec=${ms(recent.meanUs)} (overall: ${ms(overall.meanUs)})`;
}

/** avg, min, p50, p95, p99, max in milliseconds. */
function latencies(histogram: LatencyHistogram, precision: number): string[] {
  return [
    histogram.meanUs,
    histogram.minUs,
    histogram.percentile(50),
    histogram.percentile(95),
    histogram.percentile(99),
    histogram.maxUs,
  ].map((us) => (us / 1000).toFixed(precision));
}

/** Each line halves what is left to 100 %. */
function percentileLines(histogram: LatencyHistogram, precision: number): string {
  let text = "";
  const line = (percent: number, us: number) => {
    const count = us >= histogram.maxUs ? histogram.count : histogram.countUpTo(us);
    text += `${percent.toFixed(3)}% <= ${(us / 1000).toFixed(precision)} milliseconds ` +
      `(cumulative count ${count})\n`;
    return count;
  };
  let left = 100;
  let count = line(0, histogram.percentile(0));
  while (count < histogram.count && left > 1e-9) {
    left /= 2;
    count = line(100 - left, histogram.percentile(100 - left));
  }
  line(100, histogram.maxUs);
  return text;
}

/** Steps of a tenth of a millisecond up to two, then of one; lines that add nothing are left out. */
function cumulativeLines(histogram: LatencyHistogram, precision: number): string {
  let text = "";
  let previous = -1;
  for (let us = 100; previous < histogram.count; us += us < 2000 ? 100 : 1000) {
    const count = us >= histogram.maxUs ? histogram.count : histogram.countUpTo(us);
    if (count === previous) continue;
    previous = count;
    const percent = (100 * count / histogram.count).toFixed(3);
    text += `${percent}% <= ${(us / 1000).toFixed(precision)} milliseconds ` +
      `(cumulative count ${count})\n`;
  }
  return text;
}
