/** Seeded schedules of transactions on three connections, against a real redis-server. */

import { assertEquals } from "@std/assert";
import { needs, startRedis } from "../../support/peers.ts";
import { connect } from "../../support/resp_client.ts";
import { compareSchedule, type Step } from "../../support/several_connections.ts";
import { Draw } from "../../support/workload/draw.ts";

const SCHEDULES = Number(Deno.env.get("REDINO_SCHEDULES") ?? 150);
const STEPS = 60;

needs("redis-server", "random transactions are redis-server's", async () => {
  await using redis = await startRedis({ debug: true });
  await using control = await connect(redis.port);
  await control.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  const first = Number(
    Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
  );
  console.log(`seed ${first}`);
  for (let i = 0; i < SCHEDULES; i++) {
    await control.send("FLUSHALL");
    const draw = new Draw(first + i);
    const steps = Array.from({ length: STEPS }, () => step(draw));
    const protocols = [2, draw.oneIn(2) ? 2 : 3, 3] as const;
    assertEquals(
      await compareSchedule(redis.port, protocols, steps),
      null,
      `REDINO_SEED=${first + i} REDINO_SCHEDULES=1`,
    );
  }
});

needs("redis-server", "a watched key that expires is redis-server's", async () => {
  await using redis = await startRedis({ debug: true });
  const wait = ["DEBUG", "SLEEP", "0.06"];
  const scripts: string[][][] = [
    [["SET", "k", "1", "PX", "50"], ["WATCH", "k"], wait, ["MULTI"], ["PING"], ["EXEC"]],
    [["SET", "k", "1", "PX", "50"], wait, ["WATCH", "k"], ["GET", "k"], ["MULTI"], ["EXEC"]],
    [["SET", "k", "1", "PX", "50"], wait, ["WATCH", "k"], ["SET", "k", "2"], ["MULTI"], ["EXEC"]],
  ];
  for (const script of scripts) {
    const steps = script.map((words) => ({ connection: 0, words }));
    assertEquals(await compareSchedule(redis.port, [2], steps), null);
  }
});

const KEYS = ["a", "b", "c"];

function step(draw: Draw): Step {
  const key = () => draw.pick(KEYS);
  const connection = draw.below(3);
  const choices: (() => string[])[] = [
    () => ["MULTI"],
    () => ["MULTI"],
    () => ["EXEC"],
    () => ["EXEC"],
    () => ["EXEC"],
    () => draw.oneIn(3) ? ["DISCARD"] : ["PING"],
    () => ["WATCH", key()],
    () => ["WATCH", key(), key()],
    () => draw.oneIn(3) ? ["UNWATCH"] : ["GET", key()],
    () => ["SET", key(), String(draw.below(9))],
    () => ["SET", key(), "v", "PXAT", "1"],
    () => ["SET", key(), "v", "EX", "1000"],
    () => ["GET", key()],
    () => ["DEL", key(), key()],
    () => ["INCR", key()],
    () => ["APPEND", key(), "x"],
    () => ["PERSIST", key()],
    () => ["EXPIRE", key(), draw.pick(["1000", "-1"])],
    () => ["RENAME", key(), key()],
    () => ["COPY", key(), key(), ...(draw.oneIn(2) ? ["REPLACE"] : [])],
    () => ["MOVE", key(), "1"],
    () => ["RPUSH", key(), "x"],
    () => ["LPOP", key()],
    () => ["MGET", ...KEYS],
    () => ["GETEX", key(), "PERSIST"],
    () => ["SELECT", draw.pick(["0", "1"])],
    () => ["SELECT", draw.pick(["0", "1"])],
    () => ["SWAPDB", draw.pick(["0", "1"]), draw.pick(["0", "1"])],
    () => ["SWAPDB", "1", "0"],
    () => draw.oneIn(2) ? ["FLUSHALL"] : ["FLUSHDB"],
    () => draw.oneIn(4) ? draw.pick([["GET"], ["NOSUCH"], ["EXEC", "x"]]) : ["PING"],
    () => draw.oneIn(6) && connection === 0 ? ["RESET"] : ["TOUCH", key()],
    () => draw.oneIn(3) ? ["SUBSCRIBE"] : ["EXISTS", key()],
  ];
  return { connection, words: draw.pick(choices)() };
}
