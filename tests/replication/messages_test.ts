/** What is published at a primary is for those too who listen at its replicas. */

import { assertEquals } from "@std/assert";
import { Target } from "../../lib/engine/propagation.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { needs } from "../support/peers.ts";
import { type NodeKind, startNode, untilEqual, untilLinked } from "../support/replication_nodes.ts";
import { connect, show } from "../support/resp_client.ts";

const CHAINS: readonly (readonly NodeKind[])[] = [
  ["ours", "ours", "ours"],
  ["redis", "ours"],
  ["ours", "redis"],
];

for (const chain of CHAINS) {
  const name = `${chain.join(" → ")}: who listens at the end is told what is published in front`;
  const test = () => reachesTheEnd(chain);
  if (chain.includes("redis")) needs("redis-server", name, test);
  else Deno.test(name, test);
}

async function reachesTheEnd(chain: readonly NodeKind[]): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const nodes = [];
  for (const kind of chain) {
    const before = nodes.at(-1);
    const node = await startNode(kind, before === undefined ? {} : { follows: before.port });
    nodes.push(stack.use(node));
    if (before !== undefined) await untilLinked(node);
  }
  const listener = stack.use(await connect(nodes[nodes.length - 1].port));
  await listener.send("HELLO", "3");
  for (const command of [["SUBSCRIBE", "c"], ["PSUBSCRIBE", "p*"], ["SSUBSCRIBE", "s"]]) {
    await listener.write(...command);
    await listener.nextPush();
  }
  const { client } = nodes[0];
  for (
    const command of [
      ["PUBLISH", "c", "1"],
      ["SELECT", "3"],
      ["SPUBLISH", "s", "2"],
      ["MULTI"],
      ["SET", "k", "v"],
      ["PUBLISH", "pattern", "3"],
      ["EXEC"],
      ["EVAL", "redis.call('publish', 'c', '4') redis.call('publish', 'c', '5')", "0"],
    ]
  ) await client.send(...command);
  const received = [];
  for (let i = 0; i < 5; i++) received.push(wordsOf(show(await listener.nextPush())));
  assertEquals(received, [
    "message c 1",
    "smessage s 2",
    "pmessage p* pattern 3",
    "message c 4",
    "message c 5",
  ]);
  await untilEqual(nodes);
}

/** The elements of an array, as redis-cli shows it. */
function wordsOf(shown: string): string {
  return shown.split("\n").map((line) => line.replace(/^\d> "(.*)"$/, "$1")).join(" ");
}

Deno.test("messages are units like effects, for replicas only", () => {
  const { redis, replicas, files } = listened();
  redis.run("PUBLISH", "c", "alone");
  redis.run("SELECT", "2");
  redis.run("MULTI");
  redis.run("PUBLISH", "c", "first");
  redis.run("SELECT", "1");
  redis.run("SET", "k", "v");
  redis.run("EXEC");
  assertEquals(replicas, ["0 PUBLISH c", "2 begin", "2 PUBLISH c", "1 SET k", "end"]);
  assertEquals(files, ["2 begin", "1 SET k", "end"]);
});

Deno.test("redis.set_repl says whether files, replicas, both or none are told", () => {
  const { redis, replicas, files } = listened();
  for (const target of ["AOF", "REPLICA", "ALL", "NONE"]) {
    const script = `redis.set_repl(redis.REPL_${target}) redis.call('SET', '${target}', 'x') ` +
      "redis.call('PUBLISH', KEYS[1], 'm')";
    redis.run("EVAL", script, "1", target);
  }
  assertEquals(files.filter((line) => line.includes("SET")), ["0 SET AOF", "0 SET ALL"]);
  assertEquals(replicas.filter((line) => line.includes("SET")), ["0 SET REPLICA", "0 SET ALL"]);
  const published = replicas.filter((line) => line.includes("PUBLISH"));
  assertEquals(published, ["0 PUBLISH REPLICA", "0 PUBLISH ALL"]);
});

/** An engine, and what its replicas and its files are told. */
function listened(): { redis: EngineHarness; replicas: string[]; files: string[] } {
  const redis = new EngineHarness();
  const [replicas, files]: string[][] = [[], []];
  for (const [seen, target] of [[replicas, Target.REPLICAS], [files, Target.FILES]] as const) {
    redis.engine.context.propagation.subscribe({
      target,
      effect: (db, request) => seen.push(`${db} ${request.text(0)} ${request.text(1)}`),
      beginUnit: (db) => seen.push(`${db} begin`),
      endUnit: () => seen.push("end"),
    });
  }
  return { redis, replicas, files };
}
