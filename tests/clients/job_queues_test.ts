/** Jobs of older queues than BullMQ: bull, bee-queue and node-resque. */

import { assert, assertEquals } from "@std/assert";
import BeeQueue from "bee-queue";
import Bull from "bull";
import { type Jobs, Queue, Scheduler, Worker } from "node-resque";
import { startServer } from "../../lib/mod.ts";
import { until } from "./waiting.ts";

Deno.test("bull runs jobs by priority, late, again after a failure, and never too many", async () => {
  await using server = await startServer();
  const queue = new Bull("work", server.url, { limiter: { max: 4, duration: 50 } });
  try {
    const order: string[] = [];
    const tries: Record<string, number> = {};
    await queue.add({ name: "late" }, { delay: 40 });
    for (const priority of [3, 1, 2]) await queue.add({ name: `p${priority}` }, { priority });
    const failing = await queue.add({ name: "failing" }, { attempts: 3, backoff: 1, priority: 4 });
    const lost = await queue.add({ name: "lost" }, { attempts: 1, priority: 5 });
    assertEquals((await queue.getJobCounts()).waiting, 5);
    queue.process(2, async (job: Bull.Job<{ name: string }>) => {
      const { name } = job.data;
      order.push(name);
      tries[name] = (tries[name] ?? 0) + 1;
      await job.progress(50);
      if (name === "lost" || (name === "failing" && tries[name] < 3)) throw new Error(name);
      return name.length;
    });
    await until(async () => {
      const counts = await queue.getJobCounts();
      return counts.completed === 5 && counts.failed === 1;
    });
    assertEquals(order.filter((name) => name !== "late").slice(0, 3), ["p1", "p2", "p3"]);
    assertEquals([tries.failing, tries.lost, tries.late], [3, 1, 1]);
    assertEquals(await (await queue.getJob(failing.id))?.finished(), "failing".length);
    assertEquals((await queue.getJob(lost.id))?.failedReason, "lost");
    await queue.pause();
    await queue.add({ name: "paused" });
    assertEquals(await queue.getPausedCount(), 1);
    await queue.empty();
    await queue.clean(0, "completed");
    assertEquals((await queue.getJobCounts()).completed, 0);
    await queue.obliterate({ force: true });
  } finally {
    await queue.close();
  }
});

Deno.test("bull repeats jobs and moves those of a dead worker back", async () => {
  await using server = await startServer();
  const settings = { stalledInterval: 300, lockDuration: 300, lockRenewTime: 10_000 };
  const first = new Bull("work", server.url, { settings });
  const second = new Bull("work", server.url, { settings });
  try {
    let starts = 0;
    const held: (() => void)[] = [];
    const handler = async () => {
      if (++starts === 1) await new Promise<void>((resolve) => held.push(resolve));
    };
    first.on("error", () => {});
    first.process(handler);
    const job = await first.add({});
    await until(() => starts === 1);
    second.process(handler);
    await until(() => job.isCompleted());
    assertEquals(starts, 2);
    held[0]();
    let ticks = 0;
    second.process("tick", () => Promise.resolve(ticks++));
    await second.add("tick", {}, { repeat: { every: 15, limit: 3 } });
    await until(() => ticks === 3);
  } finally {
    await Promise.all([first.close(true), second.close(true)]);
  }
});

Deno.test("bee-queue runs jobs, delays some, and tells who made them", async () => {
  await using server = await startServer();
  const settings = {
    redis: { host: "127.0.0.1", port: server.port },
    activateDelayedJobs: true,
    nearTermWindow: 5,
    delayedDebounce: 1,
  };
  const worker = new BeeQueue<{ n: number }>("work", settings);
  const maker = new BeeQueue<{ n: number }>("work", { ...settings, isWorker: false });
  try {
    await Promise.all([worker.ready(), maker.ready()]);
    const results: number[] = [];
    const failures: string[] = [];
    let tries = 0;
    worker.process(3, (job: BeeQueue.Job<{ n: number }>): Promise<number> => {
      if (job.data.n < 0) return Promise.reject(new Error(`try ${++tries}`));
      job.reportProgress({ at: job.data.n });
      return Promise.resolve(job.data.n * 2);
    });
    const jobs = Array.from({ length: 10 }, (_, n) => maker.createJob({ n }));
    for (const job of jobs) job.on("succeeded", (result: number) => results.push(result));
    assertEquals((await maker.saveAll(jobs)).size, 0);
    const failing = maker.createJob({ n: -1 }).retries(2);
    failing.on("failed", (error) => failures.push(error.message));
    await failing.save();
    const late = maker.createJob({ n: 50 }).delayUntil(Date.now() + 300);
    late.on("succeeded", (result: number) => results.push(result));
    await late.save();
    assertEquals((await maker.checkHealth()).delayed, 1);
    await until(() => results.length === 11 && failures.length === 1);
    assertEquals(results.sort((a, b) => a - b), [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 100]);
    assertEquals(failures, ["try 3"]);
    const health = await maker.checkHealth();
    assertEquals([health.succeeded, health.failed, health.waiting], [11, 1, 0]);
    assertEquals(await worker.checkStalledJobs(), 0);
    await maker.removeJob(jobs[0].id);
    assertEquals((await maker.getJobs("succeeded", { size: 100 })).length, 10);
    await maker.destroy();
    assertEquals(server.send("KEYS", "bq:work:*"), []);
  } finally {
    await Promise.all([worker.close(0), maker.close(0)]);
  }
});

Deno.test("node-resque works queues down, later jobs through its scheduler", async () => {
  await using server = await startServer();
  const connection = { pkg: "ioredis", host: "127.0.0.1", port: server.port, database: 0 };
  const done: string[] = [];
  const jobs: Jobs = {
    add: {
      perform: (a: number, b: number) => Promise.resolve(done.push(`${a}+${b}`)),
      plugins: ["QueueLock"],
      pluginOptions: {},
    },
    fail: { perform: () => Promise.reject(new Error("as asked")) },
  };
  const queue = new Queue({ connection }, jobs);
  const worker = new Worker({ connection, queues: ["math"], timeout: 5 }, jobs);
  const scheduler = new Scheduler({ connection, timeout: 5 });
  await Promise.all([queue.connect(), worker.connect(), scheduler.connect()]);
  try {
    assertEquals(await queue.enqueue("math", "add", [1, 2]), true);
    assertEquals(await queue.enqueue("math", "add", [1, 2]), false, "the same job twice");
    await queue.enqueue("math", "add", [3, 4]);
    await queue.enqueue("math", "fail");
    await queue.enqueueIn(1000, "math", "add", [5, 6]);
    assertEquals([await queue.length("math"), (await queue.timestamps()).length], [3, 1]);
    assert((await queue.scheduledAt("math", "add", [5, 6])).length === 1);
    await Promise.all([worker.start(), scheduler.start()]);
    await until(() => done.length === 3);
    await until(async () => await queue.failedCount() === 1);
    assertEquals(done, ["1+2", "3+4", "5+6"]);
    assertEquals((await queue.failed(0, 9))[0].error, "as asked");
    assertEquals((await queue.stats())["processed"], "3");
    assertEquals(await queue.leader(), scheduler.name);
  } finally {
    await scheduler.end();
    await worker.end();
    await queue.end();
  }
});
