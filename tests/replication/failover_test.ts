/** FAILOVER where the replica can't, or will not, take over. */

import { assert, assertEquals } from "@std/assert";
import { FlakyProxy } from "../support/flaky_proxy.ts";
import {
  replicationFields,
  type ReplicationNode,
  shown,
  startNode,
  until,
  untilLinked,
} from "../support/replication_nodes.ts";
import { connect } from "../support/resp_client.ts";

Deno.test("FAILOVER with FORCE wants a target and a time, and does nothing without", async () => {
  await using primary = await startNode("ours");
  await using replica = await startNode("ours", { follows: primary.port });
  await untilLinked(replica);
  const refusal = "ERR FAILOVER with force option requires both a timeout and target HOST and IP.";
  const to = ["TO", "127.0.0.1", String(replica.port)];
  for (const words of [["FORCE"], ["FORCE", "TIMEOUT", "100"], [...to, "FORCE"]]) {
    assertEquals(shown(await primary.client.send("FAILOVER", ...words)), refusal);
  }
  assertEquals(await failoverState(primary), "no-failover");
});

Deno.test("the role stays as it is while a failover waits", async () => {
  await using primary = await startNode("ours");
  await using proxy = new FlakyProxy(primary.port);
  await using replica = await startNode("ours", { follows: proxy.port });
  await untilLinked(replica);
  proxy.isStalled = true;
  await primary.client.send("SET", "late", "x");
  assertEquals(shown(await primary.client.send("FAILOVER", "TIMEOUT", "60000")), "OK");
  assertEquals(await failoverState(primary), "waiting-for-sync");
  for (const words of [["NO", "ONE"], ["127.0.0.1", "1"]]) {
    assertEquals(
      shown(await primary.client.send("REPLICAOF", ...words)),
      "ERR REPLICAOF not allowed while failing over.",
    );
  }
  using newcomer = await connect(primary.port);
  assertEquals(
    shown(await newcomer.send("PSYNC", "?", "-1")),
    "NOMASTERLINK Can't SYNC while failing over",
  );
  assertEquals(shown(await primary.client.send("FAILOVER", "ABORT")), "OK");
  assertEquals(shown(await primary.client.send("SET", "k", "v")), "OK");
});

Deno.test("a target that refuses to take over leaves the role where it was", async () => {
  await using primary = await startNode("ours");
  await using replica = await startNode("ours", { follows: primary.port });
  await untilLinked(replica);
  // The primary will ask without the password.
  await replica.client.send("CONFIG", "SET", "requirepass", "secret");
  assertEquals(shown(await primary.client.send("FAILOVER")), "OK");
  await until(
    async () => await failoverState(primary) === "no-failover",
    "the failover to end",
  );
  assertEquals((await replicationFields(primary.client)).role, "master");
  assertEquals(shown(await primary.client.send("SET", "k", "v")), "OK");
  const messages = primary.log.messages().join("\n");
  assert(messages.includes("Failover target rejected psync request"), messages);
});

async function failoverState(node: ReplicationNode): Promise<string | undefined> {
  return (await replicationFields(node.client)).master_failover_state;
}
