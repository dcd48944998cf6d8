/**
 * Seeded schedules of commands that wait, of what they wait for, of clients that go away, are killed or
 * unblocked, and of time that passes, on several connections: each command gets exactly one reply or a
 * close, the replies are redis-server's, and so is the order in which the waiting are served (by what
 * each is given, and by the keyspace events). REDINO_SEED repeats a schedule,
 * REDINO_BLOCKING_SCHEDULES asks for more of them.
 */

import { ScheduleComparison, type ScheduleStep } from "../support/blocking_schedules.ts";
import { needs, startRedis } from "../support/peers.ts";
import { BLOCKING_CASES } from "../support/workload/blocking_cases.ts";
import { blockingSchedule, CONNECTIONS } from "../support/workload/blocking_steps.ts";
import { Draw } from "../support/workload/draw.ts";

const SCHEDULES = Number(Deno.env.get("REDINO_BLOCKING_SCHEDULES") ?? 100);

needs("redis-server", "those who wait are served as by redis-server", async () => {
  await using redis = await startRedis();
  const seed = Number(
    Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
  );
  console.log(`seed ${seed}`);
  using comparison = await ScheduleComparison.with(redis.port);
  for (let i = 0; i < SCHEDULES; i++) {
    const draw = new Draw(seed + i);
    const protocols = Array.from(
      { length: CONNECTIONS },
      (_, connection): 2 | 3 => connection === CONNECTIONS - 1 || draw.oneIn(2) ? 2 : 3,
    );
    const difference = await comparison.run(protocols, blockingSchedule(draw));
    if (difference === null) continue;
    throw new Error(`REDINO_SEED=${seed + i} REDINO_BLOCKING_SCHEDULES=1\n${difference}`);
  }
});

for (const protocol of [2, 3] as const) {
  needs(
    "redis-server",
    `written schedules go as with redis-server in RESP${protocol}`,
    async () => {
      await using redis = await startRedis();
      using comparison = await ScheduleComparison.with(redis.port);
      for (const [name, script] of Object.entries(BLOCKING_CASES)) {
        const protocols = Array.from({ length: CONNECTIONS }, () => protocol);
        const flush: ScheduleStep = { kind: "send", connection: 0, commands: [["FLUSHALL"]] };
        const difference = await comparison.run(protocols, [flush, ...stepsIn(script)]);
        if (difference !== null) throw new Error(`${name}\n${difference}`);
      }
    },
  );
}

function stepsIn(script: string): ScheduleStep[] {
  return script.trim().split("\n").map((line) => ({
    kind: "send",
    connection: Number(line[0]),
    commands: line.slice(3).split(" | ").map((words) => words.split(" ")),
  }));
}
