/**
 * Hostile payloads for RESTORE: samples of every encoding, mutated, their checksum made right again.
 * Each is taken or refused, never anything else; what was refused has left nothing behind, and what
 * was taken is used, dumped, restored again and deleted.
 * `deno run -A tests/fuzz/restore_fuzz.ts [--count 100000] [--seed N] [--only stream]`
 */

import { parseArgs } from "@std/cli";
import { Crc64 } from "../../lib/bytes/crc64.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { SAMPLES } from "../support/payloads.ts";
import { SeededRandom } from "../support/fake_host.ts";
import type { Argument } from "../support/resp_client.ts";
import { show } from "../support/resp_client.ts";

const FOOTER_BYTES = 10;
const REFUSAL = "(error) ERR Bad data format";

export interface FuzzResult {
  taken: number;
  refused: number;
  /** The longest RESTORE, in milliseconds. */
  slowestMs: number;
  /** The most bytes that a value took for each byte of its payload, of those above 4 KiB. */
  largestRatio: number;
}

/** How each type is used: what reads it, then what changes it. */
const USES: Readonly<Record<string, readonly (readonly Argument[])[]>> = {
  string: [["GET", "key"], ["APPEND", "key", "more"], ["INCR", "key"], ["SETBIT", "key", 9, 1]],
  list: [
    ["LRANGE", "key", 0, -1],
    ["LINDEX", "key", 1],
    ["LPUSH", "key", "new"],
    ["LINSERT", "key", "AFTER", "new", "newer"],
    ["LREM", "key", 0, "a"],
    ["RPOP", "key", 3],
    ["SORT", "key", "ALPHA"],
  ],
  set: [
    ["SMEMBERS", "key"],
    ["SISMEMBER", "key", "a"],
    ["SADD", "key", "new", 5, "12345678901234567890"],
    ["SREM", "key", "a", 0],
    ["SPOP", "key", 3],
    ["SORT", "key", "ALPHA", "DESC"],
  ],
  hash: [
    ["HGETALL", "key"],
    ["HGET", "key", "a"],
    ["HSET", "key", "new", "value", "a", "b"],
    ["HDEL", "key", "new", "0"],
    ["HSCAN", "key", 0],
  ],
  zset: [
    ["ZRANGE", "key", 0, -1, "WITHSCORES"],
    ["ZRANK", "key", "member 1"],
    ["ZADD", "key", 3, "new", 4, "member 2"],
    ["ZRANGEBYSCORE", "key", "-inf", 0],
    ["ZREM", "key", "member 3"],
    ["ZPOPMIN", "key", 2],
  ],
  stream: [
    ["XINFO", "STREAM", "key", "FULL", "COUNT", 0],
    ["XRANGE", "key", "-", "+"],
    ["XREVRANGE", "key", "2000", "1000", "COUNT", 2],
    ["XPENDING", "key", "group", "-", "+", 9, "a"],
    ["XREADGROUP", "GROUP", "group", "b", "STREAMS", "key", ">"],
    ["XREADGROUP", "GROUP", "group", "a", "STREAMS", "key", 0],
    ["XAUTOCLAIM", "key", "group", "new", 0, 0],
    ["XACK", "key", "group", "1000-1", "1000-5"],
    ["XGROUP", "DELCONSUMER", "key", "group", "b"],
    ["XDEL", "key", "1001-0"],
    ["XADD", "key", "*", "name", "value", "size", 5],
    ["XADD", "key", "18446744073709551615-*", "field", "value"],
    ["XTRIM", "key", "MAXLEN", 2],
    ["XTRIM", "key", "MINID", "9223372036854775809"],
    ["XINFO", "STREAM", "key", "FULL", "COUNT", 0],
  ],
};

/**
 * @param only how the titles of the samples begin that are taken.
 * @throws on the first payload that is neither taken nor refused as it should be.
 */
export function fuzzRestore(seed: number, count: number, only = ""): FuzzResult {
  const random = new SeededRandom(seed);
  const samples = SAMPLES.filter(({ title }) => title.startsWith(only));
  if (samples.length === 0) throw new Error(`no sample begins with "${only}"`);
  const subject = new Subject();
  for (let i = 0; i < count; i++) {
    const sample = samples[random.below(samples.length)];
    const payload = mutated(sample.bytes, random);
    try {
      subject.feed(payload);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new Error(`payload ${i} of seed ${seed}, from ${sample.title}: ${detail}`);
    }
  }
  return subject.result;
}

class Subject {
  readonly result: FuzzResult = {
    taken: 0,
    refused: 0,
    slowestMs: 0,
    largestRatio: 0,
  };
  private readonly redis = new EngineHarness({ config: { "enable-debug-command": "yes" } });
  private readonly emptyBytes: number;

  constructor() {
    // What is made once, at first use, is no leak.
    for (const { bytes } of SAMPLES) this.use(bytes, false);
    this.emptyBytes = this.usedBytes();
  }

  feed(payload: Uint8Array): void {
    this.use(payload, true);
    if (this.redis.run("DBSIZE") !== "(integer) 0") throw new Error("something was left behind");
    const left = this.usedBytes() - this.emptyBytes;
    if (left !== 0) throw new Error(`${left} bytes were left behind`);
    const { unexpectedErrors } = this.redis.engine.context.stats;
    if (unexpectedErrors > 0) throw new Error(this.redis.log.messages("warning").at(-1));
  }

  private use(payload: Uint8Array, counts: boolean): void {
    const { redis, result } = this;
    const before = this.usedBytes();
    const started = performance.now();
    const reply = redis.run("RESTORE", "key", 0, payload);
    const elapsedMs = performance.now() - started;
    if (reply !== "OK") {
      if (reply !== REFUSAL) throw new Error(reply);
      if (counts) result.refused++;
      return;
    }
    if (counts) {
      result.taken++;
      result.slowestMs = Math.max(result.slowestMs, elapsedMs);
      const took = this.usedBytes() - before;
      if (took > 4096) result.largestRatio = Math.max(result.largestRatio, took / payload.length);
    }
    // Every field of a hash may be past its time already.
    if (redis.run("EXISTS", "key") === "(integer) 1") this.dumpAgain();
    for (const command of USES[redis.run("TYPE", "key")] ?? []) redis.run(...command);
    redis.run("DEL", "key", "copy");
  }

  /** A value that was restored is one like any other. */
  private dumpAgain(): void {
    const { redis } = this;
    const dump = redis.reply("DUMP", "key");
    if (dump.kind !== "bulk" || dump.bytes === null) throw new Error(`DUMP: ${show(dump)}`);
    const reply = redis.run("RESTORE", "copy", 0, dump.bytes);
    if (reply !== "OK") throw new Error(`its own DUMP was answered by ${reply}`);
    const digests = redis.run("DEBUG", "DIGEST-VALUE", "key", "copy").split("\n");
    if (digests[0].slice(3) !== digests[1].slice(3)) throw new Error("its DUMP is another value");
  }

  private usedBytes(): number {
    const { store } = this.redis.engine.context;
    while (store.lazyFree.tick(1000, this.redis.clock));
    return store.state.arena.usedBytes + store.state.arena.outsideBytes;
  }
}

/** A copy that is wrong in one to four places, with a right checksum. */
function mutated(payload: Uint8Array, random: SeededRandom): Uint8Array {
  let bytes = payload.slice(0, payload.length - FOOTER_BYTES);
  const version = payload.slice(payload.length - FOOTER_BYTES, payload.length - 8);
  for (let times = 1 + random.below(4); times > 0; times--) bytes = mutateOnce(bytes, random);
  const whole = new Uint8Array(bytes.length + FOOTER_BYTES);
  whole.set(bytes);
  whole.set(version, bytes.length);
  const sum = new Crc64();
  sum.update(whole, 0, bytes.length + 2);
  sum.writeTo(whole, bytes.length + 2);
  return whole;
}

const TELLING_BYTES = [0, 1, 2, 0x3f, 0x40, 0x7f, 0x80, 0x81, 0xbf, 0xc0, 0xc3, 0xf0, 0xfe, 0xff];

function mutateOnce(bytes: Uint8Array<ArrayBuffer>, random: SeededRandom): Uint8Array<ArrayBuffer> {
  if (bytes.length === 0) return new Uint8Array([random.below(256)]);
  // Heads and lengths are near the start: half of all changes are made there.
  const reach = random.below(2) === 0 ? Math.min(bytes.length, 24) : bytes.length;
  const at = random.below(reach);
  switch (random.below(8)) {
    case 0:
      bytes[at] ^= 1 << random.below(8);
      return bytes;
    case 1:
      bytes[at] = random.below(256);
      return bytes;
    case 2:
      bytes[at] = TELLING_BYTES[random.below(TELLING_BYTES.length)];
      return bytes;
    case 3:
      for (let i = at; i < Math.min(at + 4, bytes.length); i++) bytes[i] = 0xff;
      return bytes;
    case 4:
      return bytes.slice(0, at);
    case 5:
      return spliced(bytes, at, 0, bytes.slice(at, at + 1 + random.below(40)));
    case 6:
      return spliced(bytes, at, 1 + random.below(8), new Uint8Array(0));
    default:
      bytes[0] = random.below(27);
      return bytes;
  }
}

function spliced(
  bytes: Uint8Array,
  at: number,
  removed: number,
  inserted: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const rest = bytes.slice(at + removed);
  const whole = new Uint8Array(at + inserted.length + rest.length);
  whole.set(bytes.subarray(0, at));
  whole.set(inserted, at);
  whole.set(rest, at + inserted.length);
  return whole;
}

if (import.meta.main) {
  const options = parseArgs(Deno.args, { string: ["count", "seed", "only"] });
  const count = Number(options.count ?? 100_000);
  const seed = Number(options.seed ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`seed ${seed}, ${count} payloads`);
  const before = Deno.memoryUsage().rss;
  const result = fuzzRestore(seed, count, options.only);
  const grown = (Deno.memoryUsage().rss - before) / 2 ** 20;
  console.log(
    `${result.taken} taken, ${result.refused} refused, slowest ${
      result.slowestMs.toFixed(1)
    } ms, ` +
      `at most ${result.largestRatio.toFixed(1)} bytes for one; ${grown.toFixed(0)} MiB more`,
  );
}
