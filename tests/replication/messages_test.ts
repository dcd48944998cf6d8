/** What is published at a primary is for those too who listen at its replicas. */

import { assertEquals } from "@std/assert";
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

Deno.test("messages are units like effects, and no effects for who wants none", () => {
  const redis = new EngineHarness();
  const seen: string[] = [];
  redis.engine.context.propagation.subscribe({
    effect: (db, request) => seen.push(`${db} ${request.text(0)}`),
    message: (db, request) => seen.push(`${db} ${request.text(0)} ${request.text(2)}`),
    beginUnit: (db) => seen.push(`${db} begin`),
    endUnit: () => seen.push("end"),
  });
  redis.run("PUBLISH", "c", "alone");
  redis.run("SELECT", "2");
  redis.run("MULTI");
  redis.run("PUBLISH", "c", "first");
  redis.run("SELECT", "1");
  redis.run("SET", "k", "v");
  redis.run("EXEC");
  redis.run("EVAL", "redis.set_repl(redis.REPL_NONE) redis.call('publish', 'c', 'silent')", "0");
  assertEquals(seen, ["0 PUBLISH alone", "2 begin", "2 PUBLISH first", "1 SET", "end"]);
});
