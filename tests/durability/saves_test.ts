/**
 * SAVE, BGSAVE and what goes with them: when they are refused, wait, are given up or tried again, what
 * INFO and the log tell, and that a crash at any operation leaves the old file or the new one.
 */

import { assert, assertEquals } from "@std/assert";
import type { Context } from "../../lib/engine/context.ts";
import { BackgroundJobs } from "../../lib/persistence/background_job.ts";
import { loadSnapshotSync } from "../../lib/persistence/snapshot/loader.ts";
import { Saves } from "../../lib/persistence/snapshot/schedule.ts";
import { Snapshots } from "../../lib/persistence/snapshot/snapshot.ts";
import { dataState } from "../support/data_state.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { needs, startRedis } from "../support/peers.ts";
import { connect, show } from "../support/resp_client.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";

const SEEDS = Number(Deno.env.get("REDINO_CRASH_SEEDS") ?? 3);
const DUMP = "/data/dump.rdb";

/** An engine that saves to a simulated disk. */
class Saving {
  readonly disk: SimulatedDisk;
  readonly redis: EngineHarness;
  readonly context: Context;
  readonly jobs = new BackgroundJobs();
  readonly snapshots: Snapshots;
  readonly saves: Saves;

  constructor(config: Readonly<Record<string, string>> = {}, seed = 1) {
    this.disk = new SimulatedDisk(seed);
    this.disk.mkdir("/data");
    this.disk.syncDirectory("/");
    this.redis = new EngineHarness({ config: { dir: "/data", ...config } });
    const { context } = this.redis.engine;
    // The engine's own, with another disk.
    this.context = { ...context, host: { ...context.host, files: this.disk } };
    this.snapshots = new Snapshots(this.context);
    this.saves = new Saves(this.context, this.snapshots, this.jobs);
    context.persistence = this.saves;
  }

  /** Lets time pass, the disk finish and everything run that waits for it. */
  async pass(ms = 1): Promise<void> {
    for (let left = 4; left > 0; left--) {
      this.redis.clock.advance(left === 4 ? ms : 0);
      this.disk.finishSyncs();
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }

  info(field: string, section = "persistence"): string {
    const text = String(this.redis.run("INFO", section));
    return new RegExp(`${field}:([^\\r\\\\]*)`).exec(text)?.[1] ?? "none";
  }

  /** What the file holds. */
  saved(): Map<string, string> {
    const other = new EngineHarness();
    const { context } = other.engine;
    const reader = { ...context, host: { ...context.host, files: this.disk } };
    loadSnapshotSync(reader, DUMP, { dropsExpired: false });
    return dataState(context.store);
  }

  get log(): string[] {
    return this.redis.log.messages();
  }
}

Deno.test("SAVE writes the file, and changes count from there", () => {
  const { redis, ...saving } = new Saving();
  redis.run("SET", "a", "1");
  redis.clock.advance(5000);
  assertEquals(redis.run("SAVE"), "OK");
  assertEquals(redis.run("LASTSAVE"), "(integer) 1700000005");
  assertEquals(redis.engine.context.stats.dirty, 0);
  assertEquals([...saving.disk.contents().keys()], [DUMP]);
  assertEquals(redis.log.messages(), ["DB saved on disk"]);
});

Deno.test("BGSAVE holds the data of its start and counts the changes since", async () => {
  const saving = new Saving();
  const { redis } = saving;
  redis.run("SET", "a", "1");
  assertEquals(redis.run("BGSAVE"), "Background saving started");
  const expected = dataState(redis.engine.context.store);
  assertEquals(redis.run("SET", "a", "2"), "OK");
  assertEquals(redis.run("BGSAVE"), "(error) ERR Background save already in progress");
  assertEquals(redis.run("SAVE"), "(error) ERR Background save already in progress");
  assertEquals(saving.info("rdb_bgsave_in_progress"), "1");
  await saving.pass();
  assertEquals(saving.info("rdb_bgsave_in_progress"), "0");
  assertEquals(saving.info("rdb_changes_since_last_save"), "1");
  assertEquals(saving.info("rdb_last_bgsave_status"), "ok");
  assertEquals(saving.info("rdb_saves"), "1");
  assertEquals(saving.saved(), expected);
  assertEquals(saving.log, [
    "Background saving started",
    "DB saved on disk",
    "Background saving terminated with success",
  ]);
});

Deno.test("BGSAVE beside another job is refused, or waits with SCHEDULE", async () => {
  const saving = new Saving();
  const { redis } = saving;
  saving.jobs.begin("rewrite");
  assertEquals(
    redis.run("BGSAVE"),
    "(error) ERR Another child process is active (AOF?): can't BGSAVE right now. Use BGSAVE " +
      "SCHEDULE in order to schedule a BGSAVE whenever possible.",
  );
  assertEquals(redis.run("BGSAVE", "SCHEDULE"), "Background saving scheduled");
  saving.saves.tick();
  assertEquals(saving.info("rdb_bgsave_in_progress"), "0");
  saving.jobs.end();
  saving.saves.tick();
  assertEquals(saving.info("rdb_bgsave_in_progress"), "1");
  await saving.pass();
  assertEquals(saving.info("rdb_saves"), "1");
  assertEquals(saving.info("total_forks", "stats"), "2", "a rewrite and a save");
});

Deno.test("BGSAVE within EXEC waits until it is over", async () => {
  const saving = new Saving();
  saving.redis.run("MULTI");
  saving.redis.run("BGSAVE");
  assertEquals(saving.redis.run("EXEC"), "1) Background saving scheduled");
  saving.saves.tick();
  await saving.pass();
  assertEquals(saving.info("rdb_saves"), "1");
});

Deno.test("a save point is met when there are enough changes and its time is past", async () => {
  const saving = new Saving({ save: "60 2" });
  const { redis } = saving;
  redis.run("SET", "a", "1");
  redis.clock.advance(61_000);
  saving.saves.tick();
  assertEquals(saving.info("rdb_saves"), "0");
  redis.run("SET", "a", "2");
  saving.saves.tick();
  await saving.pass();
  assertEquals(saving.info("rdb_saves"), "1");
  assertEquals(saving.log[0], "2 changes in 60 seconds. Saving...");
  redis.run("MSET", "a", "1", "b", "2");
  redis.clock.advance(60_000);
  saving.saves.tick();
  assertEquals(saving.info("rdb_saves"), "1", "sixty seconds are not yet past");
});

Deno.test("after a failed BGSAVE writes are refused, and it is tried again after five seconds", async () => {
  const saving = new Saving({ save: "10 1" });
  const { redis, disk } = saving;
  redis.run("SET", "a", "1");
  disk.freeBytes = 20;
  redis.run("BGSAVE");
  await saving.pass();
  assertEquals(saving.info("rdb_last_bgsave_status"), "err");
  assertEquals([...disk.contents().keys()], [], "what was begun is gone");
  const refusal = redis.run("SET", "a", "2");
  assert(refusal.startsWith("(error) MISCONF Redis is configured to save RDB snapshots"), refusal);
  assert(redis.run("PING").startsWith("(error) MISCONF"));
  assertEquals(redis.run("GET", "a"), '"1"');
  assertEquals(redis.run("CONFIG", "SET", "stop-writes-on-bgsave-error", "no"), "OK");
  assertEquals(redis.run("SET", "a", "3"), "OK");
  redis.run("CONFIG", "SET", "stop-writes-on-bgsave-error", "yes");
  assert(redis.run("SET", "a", "4").startsWith("(error) MISCONF"));
  disk.freeBytes = Infinity;
  redis.clock.advance(5000);
  saving.saves.tick();
  assertEquals(saving.info("rdb_saves"), "1", "not before five seconds are past");
  redis.clock.advance(7000);
  saving.saves.tick();
  await saving.pass();
  assertEquals(saving.info("rdb_last_bgsave_status"), "ok");
  assertEquals(redis.run("SET", "a", "5"), "OK");
});

Deno.test("FLUSHALL gives a BGSAVE up and saves the empty data where save points are", async () => {
  for (const whileSyncing of [false, true]) {
    const saving = new Saving({ save: "3600 1" });
    const { redis } = saving;
    redis.run("SET", "a", "1");
    redis.run("BGSAVE");
    // All is written then, and the disk is waited for.
    if (whileSyncing) redis.clock.advance(10);
    redis.run("FLUSHALL");
    assertEquals(saving.info("rdb_bgsave_in_progress"), "0");
    await saving.pass();
    assertEquals(saving.saved().size, 0);
    assertEquals([...saving.disk.contents().keys()], [DUMP]);
    assertEquals(saving.info("rdb_last_bgsave_status"), "ok");
    assertEquals(saving.info("rdb_changes_since_last_save"), "0");
  }
});

Deno.test("FLUSHALL counts as changes what it could not save", () => {
  const saving = new Saving({ save: "3600 1" });
  saving.redis.run("MSET", "a", "1", "b", "2");
  saving.disk.freeBytes = 0;
  saving.redis.run("FLUSHALL");
  assertEquals(saving.info("rdb_changes_since_last_save"), "4");
});

/** What may change nothing, and what changes several keys. */
const CHANGES = `
SET a 1
SET a 1
DEL nokey
MSET b 1 c 2
EXPIRE a 1000
EXPIRE nokey 1000
SADD s x y z
SADD s x
SUNIONSTORE s nokey
SWAPDB 0 0
SWAPDB 0 1
FLUSHDB
SWAPDB 0 1
FLUSHDB
FLUSHDB ASYNC
MSET b 1 c 2
FLUSHALL
FLUSHALL ASYNC
MULTI
SET a 1
FLUSHALL
SET b 1
EXEC
EVAL return{redis.call('flushall'),redis.call('set','x',1)} 0
SAVE
DEBUG POPULATE 3
`.trim().split("\n");

for (const save of ["", "3600 100000"]) {
  needs(
    "redis-server",
    `changes since the last save are counted as redis-server does, ${
      save === "" ? "without" : "with"
    } save points`,
    async () => {
      await using server = await startRedis({ debug: true, args: ["--save", save] });
      await using client = await connect(server.port);
      const saving = new Saving({ save, "enable-debug-command": "yes" });
      const { redis } = saving;
      for (const line of CHANGES) {
        const words = line.split(" ");
        redis.run(...words);
        await client.send(...words);
        if (redis.session.queue !== null) continue;
        const text = show(await client.send("INFO", "persistence"));
        const theirs = /rdb_changes_since_last_save:(\d+)/.exec(text)?.[1];
        assertEquals(saving.info("rdb_changes_since_last_save"), theirs, line);
      }
    },
  );
}

Deno.test("SHUTDOWN saves where save points are, and refuses where it can't", () => {
  const options = { save: undefined, now: false, force: false };
  const saving = new Saving({ save: "3600 1" });
  saving.redis.run("SET", "a", "1");
  assert(saving.saves.saveAtEnd({ ...options, save: false }));
  assertEquals(saving.disk.contents().size, 0);
  saving.disk.freeBytes = 0;
  assertEquals(saving.saves.saveAtEnd(options), false);
  assertEquals(saving.log.at(-1), "Error trying to save the DB, can't exit.");
  assert(saving.saves.saveAtEnd({ ...options, force: true }));
  assertEquals(saving.log.at(-1), "Error trying to save the DB. Exit anyway.");
  saving.disk.freeBytes = Infinity;
  assert(saving.saves.saveAtEnd(options));
  assertEquals(saving.saved().size, 1);
  const unsaved = new Saving({ save: "" });
  assert(unsaved.saves.saveAtEnd(options));
  assertEquals(unsaved.disk.contents().size, 0);
  assert(unsaved.saves.saveAtEnd({ ...options, save: true }));
  assertEquals(unsaved.disk.contents().size, 1);
});

Deno.test("a crash at any operation of a save leaves the old file or the new one", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    for (const inBackground of [false, true]) {
      let survived = 0;
      for (let stopAt = 1, isOver = false; !isOver; stopAt++) {
        isOver = await crashAt(stopAt, seed, inBackground);
        survived++;
      }
      assert(survived > 4, "a save has several operations");
    }
  }
});

Deno.test("a disk that only says that it has synced is found to lose data", async () => {
  let lost = 0;
  for (let seed = 1; seed <= 20 && lost === 0; seed++) {
    try {
      for (let stopAt = 1; !await crashAt(stopAt, seed, true, true);) stopAt++;
    } catch {
      lost++;
    }
  }
  assert(lost > 0);
});

/** Whether the save came to its end before the power went. */
async function crashAt(
  stopAt: number,
  seed: number,
  inBackground: boolean,
  lies = false,
): Promise<boolean> {
  const saving = new Saving({ "rdb-save-incremental-fsync": "yes" }, seed * 1000 + stopAt);
  const { redis, disk, context } = saving;
  redis.run("SET", "old", "x".repeat(700));
  redis.run("SAVE");
  const old = dataState(context.store);
  redis.run("DEL", "old");
  for (let i = 0; i < 60; i++) redis.run("SET", `new:${i}`, `${i}`.repeat(90));
  const wanted = dataState(context.store);
  disk.lies = lies;
  disk.stopAt = disk.operations + stopAt;
  redis.run(inBackground ? "BGSAVE" : "SAVE");
  if (inBackground) await saving.pass();
  const isOver = disk.operations < disk.stopAt;
  if (!isOver) {
    disk.stopAt = Infinity;
    disk.restart();
  }
  const saved = saving.saved();
  const isOld = JSON.stringify([...saved]) === JSON.stringify([...old]);
  const isNew = saved.size === wanted.size &&
    [...wanted].every(([key, at]) => saved.get(key) === at);
  assert(isOld || isNew, `stopped at operation ${stopAt} of seed ${seed}, ${saved.size} keys`);
  if (isOver) assert(isNew);
  return isOver;
}
