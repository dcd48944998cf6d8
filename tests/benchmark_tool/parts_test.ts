/** The parts of the benchmark that count: histogram, reply counter, request templates. */

import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../lib/host/random.ts";
import { ReplyDecoder } from "../../lib/resp/reply_decoder.ts";
import { LatencyHistogram } from "../../lib/tools/benchmark/latency_histogram.ts";
import { ReplyCounter } from "../../lib/tools/benchmark/reply_counter.ts";
import { RequestTemplate } from "../../lib/tools/benchmark/request_template.ts";
import { binaryText } from "../support/tool_run.ts";

const seed = Number(Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
const encoder = new TextEncoder();

Deno.test("percentiles are those of the sorted values, to a thousandth", () => {
  console.log(`seed ${seed}`);
  const random = new SeededRandom(seed);
  for (const range of [10, 3_000, 1_000_000, 29_000_000]) {
    const histogram = new LatencyHistogram();
    const values = Array.from({ length: 5_000 }, () => random.below(range));
    for (const value of values) histogram.add(value);
    values.sort((a, b) => a - b);
    assertEquals([histogram.minUs, histogram.maxUs], [values[0], values[values.length - 1]]);
    const sum = values.reduce((total, value) => total + value, 0);
    assertEquals(Math.round(histogram.meanUs), Math.round(sum / values.length));
    for (const percent of [0, 1, 50, 75, 95, 99, 99.9, 100]) {
      const at = Math.max(1, Math.ceil(percent * values.length / 100 - 1e-6)) - 1;
      const exact = values[at];
      const told = histogram.percentile(percent);
      assert(
        told >= exact && told <= exact * 1.001 + 1,
        `${percent}% of ${range}: ${told}, ${exact}`,
      );
      const upTo = values.filter((value) => value <= told).length;
      assertEquals(histogram.countUpTo(told), upTo, `${percent}% of ${range}`);
    }
  }
});

Deno.test("histograms add up, and values out of range count at its ends", () => {
  const one = new LatencyHistogram();
  const other = new LatencyHistogram();
  one.add(5);
  other.add(-1);
  other.add(1e12);
  one.merge(other);
  one.merge(new LatencyHistogram());
  assertEquals([one.count, one.minUs, one.maxUs], [3, 0, 30_000_000]);
  other.reset();
  assertEquals([other.count, other.maxUs, other.countUpTo(1e9)], [0, 0, 0]);
});

/** Replies with nearly everything that can be nested. */
const REPLIES = [
  "+OK\r\n",
  ":12\r\n",
  "$-1\r\n",
  "$0\r\n\r\n",
  "$5\r\na\r\nb+\r\n",
  "*-1\r\n",
  "*0\r\n",
  "*2\r\n$1\r\na\r\n*2\r\n:1\r\n*0\r\n",
  "%2\r\n+a\r\n%1\r\n:1\r\n~0\r\n+b\r\n~2\r\n#t\r\n_\r\n",
  "%0\r\n",
  ",1.5\r\n",
  "(12345678901234567890\r\n",
  "=7\r\ntxt:a\nb\r\n",
  "|1\r\n+ttl\r\n:3\r\n*1\r\n+x\r\n",
];

Deno.test("replies are counted as the decoder sees them, wherever a read cuts them", () => {
  const bytes = encoder.encode(REPLIES.join(""));
  const decoder = new ReplyDecoder();
  decoder.feed(bytes);
  let decoded = 0;
  while (decoder.next() !== undefined) decoded++;
  assertEquals(decoded, REPLIES.length);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const counter = new ReplyCounter();
    const before = counter.count(bytes, cut);
    const after = counter.count(bytes.subarray(cut), bytes.length - cut);
    assertEquals(before + after, REPLIES.length, `cut at ${cut}`);
  }
  const slow = new ReplyCounter();
  let counted = 0;
  for (const byte of bytes) counted += slow.count(Uint8Array.of(byte), 1);
  assertEquals(counted, REPLIES.length);
});

Deno.test("each prefix of a reply counts as none, and the whole as one", () => {
  for (const reply of REPLIES) {
    const bytes = encoder.encode(reply);
    for (let end = 0; end < bytes.length; end++) {
      assertEquals(new ReplyCounter().count(bytes, end), 0, `${reply} up to ${end}`);
    }
    assertEquals(new ReplyCounter().count(bytes, bytes.length), 1, reply);
  }
});

Deno.test("errors are noticed, also inside other replies", () => {
  const counter = new ReplyCounter();
  const bytes = encoder.encode("*2\r\n-ERR inner\r\n:1\r\n-ERR outer\r\n+OK\r\n");
  assertEquals(counter.count(bytes, bytes.length), 3);
  assertEquals([counter.errors, counter.firstError], [2, "ERR inner"]);
});

Deno.test("pushes answer no request", () => {
  const counter = new ReplyCounter();
  const bytes = encoder.encode(">2\r\n+invalidate\r\n*1\r\n+k\r\n+OK\r\n");
  assertEquals(counter.count(bytes, bytes.length), 1);
});

Deno.test("each place of a request gets numbers of its own, within the keyspace", () => {
  const template = RequestTemplate.of(["SET", "key:__rand_int__", "__rand_int__"], 2, 30);
  const random = new SeededRandom(seed);
  const seen = new Set<string>();
  for (let round = 0; round < 200; round++) {
    template.randomize(random);
    const text = binaryText(template.bytes);
    const numbers = [...text.matchAll(/\d{12}/g)].map(([digits]) => digits);
    assertEquals(numbers.length, 4);
    for (const digits of numbers) {
      assert(Number(digits) < 30, digits);
      seen.add(digits);
    }
    assertEquals(text.replaceAll(/\d{12}/g, "N").length, text.length - 4 * 11);
  }
  assertEquals(seen.size, 30);
  const plain = RequestTemplate.of(["GET", "key:__rand_int__"], 1, 0);
  plain.randomize(random);
  assert(binaryText(plain.bytes).includes("__rand_int__"));
});
