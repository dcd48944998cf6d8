/**
 * A snapshot is the state of its instant, whatever runs while it is written: seeded random commands of
 * all groups, expiry, eviction, the rehashing and freeing of the cron, and a walk in tiny slices. The
 * snapshot is loaded into a second engine and compared with what was noted at the cut.
 *
 * The commands come from several clients, which may have to wait until a huge value is saved; huge is
 * what has some hundred elements here.
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
import type { Session } from "../../lib/engine/session.ts";
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
import type { SilentLink } from "../support/silent_link.ts";
import { Workload } from "../support/workload.ts";
import { bytesOf, Draw } from "../support/workload/draw.ts";

const SCHEDULES = Number(Deno.env.get("REDINO_SCHEDULES") ?? 100);
/** Of so many schedules one has a huge value that is freed too early. */
const MOST_SEEDS = 20;
const SEED = Number(Deno.env.get("REDINO_SEED") ?? Math.floor(Math.random() * 2 ** 31));

Deno.test("a snapshot written amid random commands is the state at its instant", () => {
  console.log(`REDINO_SEED=${SEED} REDINO_SCHEDULES=${SCHEDULES}`);
  for (let done = 0, seed = SEED; done < SCHEDULES; done += IN_A_ROW, seed++) {
    const lines = new Schedules(seed).run();
    assertEquals(lines, [], `REDINO_SEED=${seed} REDINO_SCHEDULES=${IN_A_ROW}`);
  }
  assert(commandsDelayed > 0 || SCHEDULES < 100, "commands had to wait");
});

Deno.test("a snapshot that is not told of changes is found to be wrong", () => {
  const lines = runWithFault(({ engine }) => {
    engine.context.keyspace.preserver = {
      preserve: () => {},
      keepsDetached: () => false,
      keepsRemoved: () => false,
      postponesChange: () => false,
    };
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
      keepsRemoved: (db: Database, ref: number) => preserver?.keepsRemoved(db, ref) ?? false,
      postponesChange: () => false,
    };
  });
  assert(lines.length > 0, `REDINO_SEED=${SEED}`);
});

Deno.test("a huge value that is freed before it was saved is found", () => {
  // Not each schedule frees one, and what has been walked already is not missed.
  let found = 0;
  for (let seed = SEED; found === 0; seed++) {
    assert(seed < SEED + MOST_SEEDS, `REDINO_SEED=${SEED}`);
    found = runWithFault((redis) => {
      const { keyspace } = redis.engine.context;
      const { preserver } = keyspace;
      if (preserver === null) return;
      const keepsRemoved = preserver.keepsRemoved.bind(preserver);
      preserver.keepsRemoved = (db: Database, ref: number) => {
        const isKept = keepsRemoved(db, ref);
        // As if it were overwritten by what is allocated next.
        if (isKept) db.objectOf(ref).drain(Infinity);
        return isKept;
      };
    }, seed).length;
  }
});

/** What is wrong with a planted fault; a walk that comes to freed memory may find it by throwing. */
function runWithFault(plantFault: (redis: EngineHarness) => void, seed = SEED): string[] {
  try {
    return new Schedules(seed).run(plantFault);
  } catch (error) {
    return [String(error)];
  }
}

/** Schedules that one server goes through, its data and epochs going on from one to the next. */
const IN_A_ROW = 10;
/** Clients, of which each may be kept waiting. */
const CLIENTS = 3;
/** Values beyond this are huge. */
const HUGE = { elements: 400, bytes: 280_000, asideBytes: 2000, mostAsideBytes: 20_000 };

class Schedules {
  private readonly draw: Draw;
  private readonly workload: Workload;
  private readonly redis: EngineHarness;
  private readonly other: EngineHarness;
  private readonly snapshots: Snapshots;
  private readonly pace = { sliceMs: 0, stepsPerLook: 1 };
  /** The walk's, and those of clients that wait for a time. */
  private readonly tasks: Set<() => void> = new Set();
  private chunks: Uint8Array[] = [];
  private result: SnapshotResult | null = null;
  private format: "rdb" | "commands" = "rdb";
  private readonly clients: Client[];
  /** Keys of values that are written in several steps. */
  private large: string[] = [];

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
      this.tasks.add(task);
      return { cancel: () => this.tasks.delete(task) };
    };
    this.snapshots = new Snapshots(this.redis.engine.context, this.pace, HUGE);
    this.clients = Array.from({ length: CLIENTS }, () => new Client(this.redis));
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
      this.runTask();
      if (isAborted && slices === 20) snapshot.abort("by the test");
      for (const client of this.clients) client.goOn();
    }
    const left = this.leftBehind();
    return isAborted ? left : [...left, ...differences(expected, this.loaded(cutMs))];
  }

  /** Runs the task that has waited longest. */
  private runTask(): void {
    for (const task of this.tasks) {
      this.tasks.delete(task);
      return task();
    }
  }

  /** What should be over with the snapshot. */
  private leftBehind(): string[] {
    const { delayedWriters, memory, store } = this.redis.engine.context;
    const waiting = this.clients.filter((client) => client.waits).length;
    const figures = [delayedWriters.count, waiting, memory.keptBytes];
    const lines = figures.some((figure) => figure !== 0) ? [`left behind: ${figures}`] : [];
    while (store.lazyFree.tick(1, this.redis.clock));
    if (store.state.arena.isShared) lines.push("the arena is still shared");
    return lines;
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
    const { draw } = this;
    const client = draw.pick(this.clients);
    if (draw.oneIn(200)) client.leave();
    if (client.waits) return;
    if (draw.oneIn(100)) client.send(["SELECT", String(draw.below(3))]);
    if (!draw.oneIn(10)) return client.send(...this.change(client));
    const changes = [this.change(client), this.change(client), this.change(client)];
    client.send(["MULTI"], ...changes.flat(), ["EXEC"]);
  }

  private change(client: Client): string[][] {
    const { draw, workload } = this;
    if (draw.oneIn(3)) {
      const words = workload.next();
      // Emptying everything is drawn more often than is good for finding anything else.
      return !/^FLUSH/i.test(words[0]) || draw.oneIn(4) ? [words] : [];
    }
    const key = draw.pick(draw.oneIn(3) && this.large.length > 0 ? this.large : TARGET_KEYS);
    const bytes = fromLatin1(key);
    const { db } = client;
    const ref = db.peek(dataOf(bytes), 0, bytes.length);
    if (ref !== 0) return [writeTo(draw, key, TYPE_NAMES[typeOf(db.arena, ref)])];
    return draw.oneIn(4) ? filling(draw) : [];
  }

  /** Values that are written in several steps. */
  private addLarge(): void {
    const { draw } = this;
    this.large = [];
    for (let left = draw.below(5); left > 0; left--) {
      const key = draw.pick(TARGET_KEYS);
      this.large.push(key);
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
      if (draw.oneIn(4)) this.execute(["PEXPIRE", key, String(100 + draw.below(500))]);
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

/** Commands that had to wait in all schedules so far. */
let commandsDelayed = 0;

/** A client that may be kept waiting, and then goes on. */
class Client {
  private session: Session;
  private requests: Request[] = [];
  private resumes = false;

  constructor(private readonly redis: EngineHarness) {
    this.session = this.open();
  }

  get db(): Database {
    return this.session.db;
  }

  get waits(): boolean {
    return this.session.parked;
  }

  send(...commands: string[][]): void {
    this.requests.push(...commands.map((words) => Request.from(bytesOf(words))));
    this.run();
  }

  /** Goes on when it was told to. */
  goOn(): void {
    if (!this.resumes) return;
    this.resumes = false;
    this.session.parked = false;
    this.run();
  }

  /** The connection is closed, and another one made. */
  leave(): void {
    this.redis.engine.context.sessions.close(this.session);
    this.requests = [];
    this.resumes = false;
    this.session = this.open();
  }

  private run(): void {
    const { engine, effects, events } = this.redis;
    const { session } = this;
    while (this.requests.length > 0) {
      engine.beginTurn();
      engine.execute(session, this.requests[0]);
      engine.endTurn();
      // Commands that block have nobody here to answer them.
      if (engine.context.waiting.has(session)) {
        engine.context.waiting.unblock(session, null);
        session.parked = false;
      }
      if (session.parked) {
        commandsDelayed++;
        break;
      }
      this.requests.shift();
    }
    session.reply.length = 0;
    effects.length = 0;
    events.length = 0;
  }

  private open(): Session {
    const session = this.redis.newClient();
    const link = session.link as SilentLink;
    link.resume = (again) => this.resumes = again;
    return session;
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
