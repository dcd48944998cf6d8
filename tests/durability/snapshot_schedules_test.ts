/**
 * A snapshot is the state of its instant, whatever runs while it is written: seeded random commands of
 * all groups, expiry, eviction, the rehashing and freeing of the cron, and a walk in tiny slices. The
 * snapshot is loaded into a second engine and compared with what was noted at the cut.
 *
 * REDINO_SCHEDULES=20000 runs more of them, REDINO_SEED=… begins with another one.
 */

import { assert, assertEquals } from "@std/assert";
import { SnapshotLoader } from "../../lib/persistence/snapshot/loader.ts";
import { Snapshots } from "../../lib/persistence/snapshot/snapshot.ts";
import type { Snapshot, SnapshotResult } from "../../lib/persistence/snapshot/snapshot.ts";
import { inputOf } from "../../lib/rdb/rdb_input.ts";
import { Request } from "../../lib/resp/request.ts";
import { Parsed, RequestParser } from "../../lib/resp/request_parser.ts";
import type { Database } from "../../lib/store/database.ts";
import {
  epochBits,
  META_WORD,
  readWord,
  TYPE_NAMES,
  typeOf,
  VALUE_META,
  writeWord,
} from "../../lib/values/entry.ts";
import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { dataOf } from "../../lib/bytes/copy.ts";
import { filling, TARGET_KEYS, writeTo } from "../support/targeted_writes.ts";
import { dataState, differences } from "../support/data_state.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { Workload } from "../support/workload.ts";
import { bytesOf, Draw } from "../support/workload/draw.ts";

const SCHEDULES = Number(Deno.env.get("REDINO_SCHEDULES") ?? 100);
const SEED = Number(Deno.env.get("REDINO_SEED") ?? Math.floor(Math.random() * 2 ** 31));

Deno.test("a snapshot written amid random commands is the state at its instant", () => {
  console.log(`REDINO_SEED=${SEED} REDINO_SCHEDULES=${SCHEDULES}`);
  for (let done = 0, seed = SEED; done < SCHEDULES; done += IN_A_ROW, seed++) {
    const lines = new Schedules(seed).run();
    assertEquals(lines, [], `REDINO_SEED=${seed} REDINO_SCHEDULES=${IN_A_ROW}`);
  }
});

Deno.test("a snapshot that is not told of changes is found to be wrong", () => {
  const lines = runWithFault(({ engine }) => {
    engine.context.keyspace.preserver = { preserve: () => {}, keepsDetached: () => false };
  });
  assert(lines.length > 0, `REDINO_SEED=${SEED}`);
});

Deno.test("an entry that is stamped without being saved is found", () => {
  const lines = runWithFault(({ engine }) => {
    const { keyspace, store } = engine.context;
    const { preserver } = keyspace;
    let unsaved = 0;
    keyspace.preserver = {
      preserve: (db: Database, ref: number) => {
        const word = readWord(db.arena, ref, META_WORD);
        const stamped = word & VALUE_META | epochBits(store.state.epoch);
        if (word === stamped || ++unsaved % 4 !== 0) return preserver?.preserve(db, ref);
        writeWord(db.arena, ref, META_WORD, stamped);
      },
      keepsDetached: (db: Database) => preserver?.keepsDetached(db) ?? false,
    };
  });
  assert(lines.length > 0, `REDINO_SEED=${SEED}`);
});

/** What is wrong with a planted fault; a walk that comes to freed memory may find it by throwing. */
function runWithFault(plantFault: (redis: EngineHarness) => void): string[] {
  try {
    return new Schedules(SEED).run(plantFault);
  } catch (error) {
    return [String(error)];
  }
}

/** Schedules that one server goes through, its data and epochs going on from one to the next. */
const IN_A_ROW = 10;

class Schedules {
  private readonly draw: Draw;
  private readonly workload: Workload;
  private readonly redis: EngineHarness;
  private readonly other: EngineHarness;
  private readonly snapshots: Snapshots;
  private readonly pace = { sliceMs: 0, stepsPerLook: 1 };
  private task: (() => void) | null = null;
  private chunks: Uint8Array[] = [];
  private result: SnapshotResult | null = null;
  private format: "rdb" | "commands" = "rdb";

  constructor(seed: number) {
    this.draw = new Draw(seed);
    this.workload = new Workload(seed);
    this.redis = new EngineHarness({
      seed,
      config: this.draw.oneIn(4)
        ? {
          maxmemory: "2mb",
          "maxmemory-policy": this.draw.pick(["allkeys-random", "allkeys-lfu"]),
        }
        : {},
    });
    this.other = new EngineHarness({ seed });
    // Tasks run one at a time, when the schedule says so.
    this.redis.clock.schedule = (_delayMs, task) => {
      this.task = task;
      return { cancel: () => this.task = null };
    };
    this.snapshots = new Snapshots(this.redis.engine.context, this.pace);
  }

  /** Where a snapshot differs from what was there at its cut. */
  run(plantFault: (redis: EngineHarness) => void = () => {}): string[] {
    for (let left = IN_A_ROW; left > 0; left--) {
      const lines = this.schedule(plantFault);
      if (lines.length > 0) return lines;
    }
    return [];
  }

  private schedule(plantFault: (redis: EngineHarness) => void): string[] {
    const { redis, draw } = this;
    this.format = draw.oneIn(5) ? "commands" : "rdb";
    this.fill();
    this.pace.stepsPerLook = 1 + draw.below(3);
    redis.engine.beginTurn();
    redis.engine.endTurn();
    const cutMs = redis.clock.unixMs();
    const expected = dataState(redis.engine.context.store, this.format === "rdb");
    const snapshot = this.begin();
    plantFault(redis);
    const commandsPerSlice = 1 + draw.below(4);
    const isAborted = draw.oneIn(10);
    for (let slices = 0; this.result === null; slices++) {
      if (slices > 100_000) return ["the walk does not come to its end"];
      for (let left = draw.below(commandsPerSlice + 1); left > 0; left--) this.write();
      if (draw.oneIn(30)) redis.clock.advance(draw.below(1000));
      this.cron();
      const { task } = this;
      this.task = null;
      task?.();
      if (isAborted && slices === 20) snapshot.abort("by the test");
    }
    return isAborted ? [] : differences(expected, this.loaded(cutMs));
  }

  private begin(): Snapshot {
    this.chunks = [];
    this.result = null;
    return this.snapshots.begin({
      format: this.format,
      aofPreamble: true,
      replication: null,
      sink: { write: (chunk) => void this.chunks.push(chunk) },
      onDone: (result) => this.result = result,
    });
  }

  private fill(): void {
    const { draw } = this;
    this.execute(["SELECT", String(draw.below(3))]);
    for (let left = 30 + draw.below(60); left > 0; left--) {
      for (const command of filling(draw)) this.execute(command);
      if (draw.oneIn(10)) this.execute(["SELECT", String(draw.below(3))]);
    }
    for (let left = draw.below(60); left > 0; left--) this.execute(this.workload.next());
    this.addLarge();
  }

  private write(): void {
    const { draw, workload, redis } = this;
    if (draw.oneIn(100)) this.execute(["SELECT", String(draw.below(3))]);
    if (draw.oneIn(3)) {
      const words = workload.next();
      // Emptying everything is drawn more often than is good for finding anything else.
      if (!/^FLUSH/i.test(words[0]) || draw.oneIn(4)) this.execute(words);
      return;
    }
    const key = draw.pick(TARGET_KEYS);
    const bytes = fromLatin1(key);
    const db = redis.session.db;
    const ref = db.peek(dataOf(bytes), 0, bytes.length);
    if (ref !== 0) this.execute(writeTo(draw, key, TYPE_NAMES[typeOf(db.arena, ref)]));
    else if (draw.oneIn(4)) { for (const command of filling(draw)) this.execute(command); }
  }

  /** Values that are written in several steps. */
  private addLarge(): void {
    const { draw } = this;
    for (let left = draw.below(3); left > 0; left--) {
      const key = draw.pick(TARGET_KEYS);
      this.execute(["DEL", key]);
      const count = 300 + draw.below(900);
      const members = Array.from({ length: count }, (_, i) => `m${i}`);
      const makers: (() => string[])[] = [
        () => ["RPUSH", key, ...members],
        () => ["SADD", key, ...members],
        () => ["ZADD", key, ...members.flatMap((member, i) => [String(i % 50), member])],
        () => ["HSET", key, ...members.flatMap((member, i) => [member, String(i)])],
        () => ["SETRANGE", key, String(300_000), "end"],
        () => ["SETRANGE", key, String(draw.oneIn(8) ? 1_100_000 : 270_000), "end"],
      ];
      this.execute(draw.pick(makers)());
      if (draw.oneIn(4)) this.execute(["HPEXPIRE", key, "500", "FIELDS", "1", "m7"]);
    }
    if (!draw.oneIn(6)) return;
    const stream = draw.pick(TARGET_KEYS);
    this.execute(["DEL", stream]);
    for (let i = 1; i <= 400; i++) this.execute(["XADD", stream, `${i}-1`, "f", `v${i}`]);
    this.execute(["XGROUP", "CREATE", stream, "g", "0"]);
    this.execute(["XREADGROUP", "GROUP", "g", "c1", "COUNT", "9", "STREAMS", stream, ">"]);
  }

  private execute(words: readonly string[]): void {
    const { engine, session } = this.redis;
    engine.beginTurn();
    engine.execute(session, Request.from(bytesOf(words)));
    engine.endTurn();
    session.reply.length = 0;
    session.parked = false;
    this.redis.effects.length = 0;
    this.redis.events.length = 0;
  }

  /** What the cron of a server does, now and then. */
  private cron(): void {
    const { draw, redis } = this;
    const { store, expiry } = redis.engine.context;
    if (!draw.oneIn(3)) return;
    redis.engine.beginTurn();
    for (const db of store.databases) db.table.rehash(draw.below(4));
    if (draw.oneIn(2)) expiry.tick(1, redis.clock);
    if (draw.oneIn(2)) store.lazyFree.tick(0, redis.clock);
    redis.engine.endTurn();
  }

  /** What the snapshot holds, as seen at the time of the cut. */
  private loaded(cutMs: number): Map<string, string> {
    const { result, other } = this;
    if (result?.status !== "done") return new Map([["", JSON.stringify(result)]]);
    const { context } = other.engine;
    other.clock.jumpTo(cutMs);
    context.store.clear();
    context.loading.begin(0);
    if (this.format === "rdb") {
      const loader = new SnapshotLoader(context, inputOf(joined(this.chunks)), {
        dropsExpired: false,
      });
      while (loader.slice(Infinity));
    } else replay(other, joined(this.chunks));
    context.loading.end();
    context.store.state.setNow(cutMs);
    return dataState(context.store, this.format === "rdb");
  }
}

/** Runs the commands of a snapshot that is written as commands. */
function replay(redis: EngineHarness, bytes: Uint8Array): void {
  redis.session.isTrusted = true;
  const parser = new RequestParser({ maxBulkBytes: 1 << 30 });
  parser.feed(bytes);
  while (parser.next() === Parsed.REQUEST) {
    redis.session.reply.length = 0;
    redis.engine.beginTurn();
    redis.engine.execute(redis.session, parser.request);
    redis.engine.endTurn();
    const { buffer, length } = redis.session.reply;
    if (buffer[0] === 45) throw new Error(new TextDecoder().decode(buffer.subarray(0, length)));
  }
  redis.session.reply.length = 0;
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
