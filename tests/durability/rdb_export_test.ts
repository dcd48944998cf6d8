/**
 * Random data sets as we save them: redis-server loads them with the same DEBUG DIGEST, and
 * redis-check-rdb finds nothing wrong. REDINO_RDB_ROUNDS says how many, REDINO_SEED which.
 */

import { assert, assertEquals } from "@std/assert";
import { Snapshots } from "../../lib/persistence/snapshot/snapshot.ts";
import { Request } from "../../lib/resp/request.ts";
import { datasetDigest } from "../../lib/store/digest.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { needs, startRedis } from "../support/peers.ts";
import { connect } from "../support/resp_client.ts";
import { filling } from "../support/targeted_writes.ts";
import { Workload } from "../support/workload.ts";
import { bytesOf, Draw } from "../support/workload/draw.ts";

const ROUNDS = Number(Deno.env.get("REDINO_RDB_ROUNDS") ?? 30);
const SEED = Number(Deno.env.get("REDINO_SEED") ?? Math.floor(Math.random() * 2 ** 31));

/** Limits that make small collections large ones. */
const SMALL_LIMITS: Readonly<Record<string, string>> = {
  "hash-max-listpack-entries": "3",
  "zset-max-listpack-entries": "3",
  "set-max-intset-entries": "3",
  "list-max-listpack-size": "4",
  "stream-node-max-entries": "3",
};

needs(
  "redis-server",
  `${ROUNDS} random data sets that we saved load alike in redis-server`,
  async () => {
    console.log(`REDINO_SEED=${SEED} REDINO_RDB_ROUNDS=${ROUNDS}`);
    await using server = await startRedis({ debug: true });
    await using client = await connect(server.port);
    for (let round = 0; round < ROUNDS; round++) {
      const seed = SEED + round;
      const redis = randomData(seed);
      const { context } = redis.engine;
      const path = `${server.directory}/dump.rdb`;
      writeDump(redis, path);
      // A small sorted set forgets the sign of -0: both must agree on what is small.
      for (const name of Object.keys(SMALL_LIMITS)) {
        await client.send("CONFIG", "SET", name, context.config.text(name) ?? "");
      }
      assertEquals(check(path), "", `REDINO_SEED=${seed} REDINO_RDB_ROUNDS=1`);
      const loaded = await client.send("DEBUG", "RELOAD", "NOSAVE");
      assert(loaded.kind === "simple", `REDINO_SEED=${seed}: ${JSON.stringify(loaded)}`);
      const digest = await client.send("DEBUG", "DIGEST");
      assert(digest.kind === "simple");
      assertEquals(digest.text, datasetDigest(context.store), `REDINO_SEED=${seed}`);
    }
  },
);

function randomData(seed: number): EngineHarness {
  const draw = new Draw(seed);
  const redis = new EngineHarness({
    seed,
    config: {
      ...(draw.oneIn(2) ? SMALL_LIMITS : {}),
      rdbcompression: draw.oneIn(2) ? "yes" : "no",
      rdbchecksum: draw.oneIn(4) ? "no" : "yes",
      "maxmemory-policy": draw.pick(["noeviction", "allkeys-lru", "volatile-lfu"]),
    },
  });
  redis.clock.jumpTo(Date.now());
  const run = (words: readonly string[]): void => {
    redis.engine.beginTurn();
    redis.engine.execute(redis.session, Request.from(bytesOf(words)));
    redis.engine.endTurn();
    redis.session.reply.length = 0;
    redis.session.parked = false;
  };
  const workload = new Workload(seed);
  for (let left = 250; left > 0; left--) run(workload.next());
  for (let left = 40; left > 0; left--) filling(draw).forEach(run);
  run(["RPUSH", "long list", ...Array.from({ length: 700 }, (_, i) => `element ${i * i}`)]);
  run(["SETRANGE", "long string", String(draw.below(400_000)), "end"]);
  settle(redis);
  return redis;
}

/** Nothing must expire before redis-server has it. */
function settle(redis: EngineHarness): void {
  const { store, host } = redis.engine.context;
  const laterMs = host.clock.unixMs() + 7_200_000;
  for (const db of store.databases) {
    const expiring: number[] = [];
    db.table.forEach((ref) => {
      if (db.expiryOf(ref) !== -1) expiring.push(ref);
    });
    for (const ref of expiring) db.setExpiry(ref, laterMs);
  }
}

function writeDump(redis: EngineHarness, path: string): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  new Snapshots(redis.engine.context).saveNow(
    { format: "rdb", aofPreamble: false, replication: null },
    (chunk) => {
      for (let at = 0; at < chunk.length;) at += file.writeSync(chunk.subarray(at));
    },
  );
}

/** What redis-check-rdb has against a file; nothing where it isn't installed. */
function check(path: string): string {
  try {
    const { success, stdout } = new Deno.Command("redis-check-rdb", { args: [path] }).outputSync();
    return success ? "" : new TextDecoder().decode(stdout);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
