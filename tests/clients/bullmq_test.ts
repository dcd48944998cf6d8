/** Jobs of BullMQ, whose every step is a script: queues, workers, limits and flows. */

import { assert, assertEquals } from "@std/assert";
import { FlowProducer, type Job, Queue, QueueEvents, UnrecoverableError, Worker } from "bullmq";
import { type EmbeddedServer, startServer } from "../../lib/mod.ts";
import { until } from "./waiting.ts";

type Handler = (job: Job) => Promise<unknown>;

/** One queue of a server with what a test opens for it, which is closed at its end. */
class Bench {
  readonly connection: { host: string; port: number; maxRetriesPerRequest: null };
  private readonly opened: { close(): Promise<unknown> }[] = [];

  private constructor(private readonly server: EmbeddedServer) {
    this.connection = { host: "127.0.0.1", port: server.port, maxRetriesPerRequest: null };
  }

  static async open(): Promise<Bench> {
    return new Bench(await startServer());
  }

  queue(name = "work"): Queue {
    return this.kept(new Queue(name, { connection: this.connection }));
  }

  worker(handler: Handler, options: object = {}, name = "work"): Worker {
    const { connection } = this;
    const worker = new Worker(name, handler, { connection, drainDelay: 1, ...options });
    worker.on("error", (error) => {
      throw error;
    });
    return this.kept(worker);
  }

  kept<T extends { close(): Promise<unknown> }>(part: T): T {
    this.opened.push(part);
    return part;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.opened.reverse().map((part) => part.close()));
    await this.server[Symbol.asyncDispose]();
  }
}

Deno.test("bullmq runs jobs in their order, keeps results, and tells who listens", async () => {
  await using bench = await Bench.open();
  const queue = bench.queue();
  const events = bench.kept(new QueueEvents("work", { connection: bench.connection }));
  await events.waitUntilReady();
  const progress: unknown[] = [];
  events.on("progress", ({ data }) => progress.push(data));
  const jobs = await queue.addBulk(
    Array.from({ length: 8 }, (_, i) => ({ name: "double", data: { n: i, text: "ü\0" } })),
  );
  assertEquals(await queue.getWaitingCount(), 8);
  const order: number[] = [];
  bench.worker(async (job) => {
    order.push(job.data.n);
    await job.updateProgress(job.data.n);
    await job.log("seen");
    return { doubled: job.data.n * 2, text: job.data.text };
  });
  const results = await Promise.all(jobs.map((job) => job.waitUntilFinished(events)));
  assertEquals(results[7], { doubled: 14, text: "ü\0" });
  assertEquals(order, Array.from({ length: 8 }, (_, i) => i));
  await until(() => progress.length === 8);
  assertEquals((await queue.getJobLogs(jobs[3].id as string)).logs, ["seen"]);
  assertEquals(await queue.getJobCounts("completed", "wait", "active", "failed"), {
    completed: 8,
    wait: 0,
    active: 0,
    failed: 0,
  });
});

Deno.test("bullmq takes jobs by their priority, and delays others", async () => {
  await using bench = await Bench.open();
  const queue = bench.queue();
  const order: string[] = [];
  await queue.add("delayed", {}, { delay: 250 });
  assertEquals(await queue.getDelayedCount(), 1);
  for (const priority of [5, 1, 2097151, 3, 1]) {
    await queue.add(`priority ${priority}`, {}, { priority });
  }
  await queue.add("plain", {});
  await queue.add("last in", {}, { lifo: true });
  assertEquals((await queue.getCountsPerPriority([1, 3, 4]))["1"], 2);
  const moved = (await queue.getPrioritized()).find((job) => job.name === "priority 2097151");
  await moved?.changePriority({ priority: 2 });
  bench.worker((job) => Promise.resolve(order.push(job.name)));
  await until(() => order.length === 8);
  assertEquals(order.filter((name) => name !== "delayed"), [
    "last in",
    "plain",
    "priority 1",
    "priority 1",
    "priority 2097151",
    "priority 3",
    "priority 5",
  ]);
});

Deno.test("bullmq tries failed jobs again, and keeps why they failed", async () => {
  await using bench = await Bench.open();
  const queue = bench.queue();
  const tried: Record<string, number> = {};
  const worker = bench.worker((job) => {
    tried[job.name] = (tried[job.name] ?? 0) + 1;
    if (job.name === "hopeless") throw new UnrecoverableError("never");
    if (tried[job.name] < 3) throw new Error(`try ${tried[job.name]}`);
    return Promise.resolve("done");
  });
  await worker.waitUntilReady();
  const options = { attempts: 3, backoff: { type: "exponential", delay: 5 } };
  const patient = await queue.add("patient", {}, options);
  const hopeless = await queue.add("hopeless", {}, options);
  const short = await queue.add("short", {}, { attempts: 2 });
  await until(async () => await patient.isCompleted() && await short.isFailed());
  assertEquals(tried, { patient: 3, hopeless: 1, short: 2 });
  assertEquals(await hopeless.isFailed(), true);
  assertEquals((await queue.getJob(short.id as string))?.failedReason, "try 2");
  tried.short = 2;
  await (await queue.getJob(short.id as string))?.retry();
  await until(() => short.isCompleted());
});

Deno.test("bullmq limits how many jobs start in a time, for all workers together", async () => {
  await using bench = await Bench.open();
  const queue = bench.queue();
  const started: number[] = [];
  const limiter = { max: 2, duration: 80 };
  for (let i = 0; i < 2; i++) {
    bench.worker(() => Promise.resolve(started.push(performance.now())), { limiter });
  }
  await queue.addBulk(Array.from({ length: 6 }, (_, i) => ({ name: "job", data: i })));
  await until(() => started.length === 6);
  // Three groups of two: two whole windows lie between the first and the last.
  assert(started[5] - started[0] >= 140, `all within ${started[5] - started[0]} ms`);
  assertEquals(await queue.getRateLimitTtl() <= 80, true);
});

Deno.test("bullmq flows run children first and hand their results up", async () => {
  await using bench = await Bench.open();
  const flows = bench.kept(new FlowProducer({ connection: bench.connection }));
  const queue = bench.queue("parents");
  bench.worker((job) => Promise.resolve(job.data * 10), { concurrency: 2 }, "children");
  bench.worker(
    async (job) => {
      const values = await job.getChildrenValues<number>();
      return Object.values(values).reduce((sum, value) => sum + value, 0);
    },
    {},
    "parents",
  );
  const child = (data: number) => ({ name: "child", queueName: "children", data });
  const tree = await flows.add({
    name: "root",
    queueName: "parents",
    data: {},
    children: [
      child(1),
      { name: "middle", queueName: "parents", data: {}, children: [child(2), child(3)] },
    ],
  });
  await until(() => tree.job.isCompleted());
  assertEquals((await queue.getJob(tree.job.id as string))?.returnvalue, 60);
  const children = await tree.job.getDependenciesCount();
  assertEquals([children.processed, children.unprocessed], [2, 0]);
});

Deno.test("bullmq repeats, pauses, drops duplicates, drains and obliterates", async () => {
  await using bench = await Bench.open();
  const queue = bench.queue();
  let runs = 0;
  bench.worker(() => Promise.resolve(runs++));
  await queue.upsertJobScheduler("often", { every: 20 }, { name: "tick" });
  await until(() => runs >= 3);
  assertEquals((await queue.getJobSchedulers()).map(({ key }) => key), ["often"]);
  assertEquals(await queue.removeJobScheduler("often"), true);
  await queue.pause();
  assertEquals(await queue.isPaused(), true);
  const first = await queue.add("one", {}, { deduplication: { id: "same" } });
  const second = await queue.add("two", {}, { deduplication: { id: "same" } });
  assertEquals(first.id, second.id);
  assertEquals((await queue.add("own", {}, { jobId: "mine" })).id, "mine");
  assertEquals(await queue.getJobCountByTypes("waiting"), 2);
  await queue.remove("mine");
  await queue.drain();
  assertEquals(await queue.getJobCountByTypes("waiting"), 0);
  await queue.obliterate();
  assertEquals(await queue.getJobCountByTypes("completed", "waiting"), 0);
});

Deno.test("bullmq gives a job whose worker died to another", async () => {
  await using bench = await Bench.open();
  const queue = bench.queue();
  const options = { lockDuration: 60, stalledInterval: 60, skipLockRenewal: true };
  let starts = 0;
  const held: (() => void)[] = [];
  const handler = async () => {
    if (++starts === 1) await new Promise<void>((resolve) => held.push(resolve));
    return starts;
  };
  const first = new Worker("work", handler, { connection: bench.connection, ...options });
  first.on("error", () => {});
  const job = await queue.add("job", {});
  await until(() => starts === 1);
  bench.worker(handler, options);
  await until(() => job.isCompleted());
  assertEquals(starts, 2);
  assertEquals((await queue.getJob(job.id as string))?.stalledCounter, 1);
  held.forEach((letGo) => letGo());
  await first.close(true);
});
