/** What a replica does with a command of its primary's that fails on it. */

import { assertEquals } from "@std/assert";
import {
  replicationFields,
  shown,
  startNode,
  until,
  untilEqual,
  untilLinked,
} from "../support/replication_nodes.ts";

Deno.test("a command that fails on the replica is logged and counted, and the stream goes on", async () => {
  await using primary = await startNode("ours");
  await using replica = await startNode("ours", { follows: primary.port });
  await untilLinked(replica);
  assertEquals(shown(await primary.client.send("DEBUG", "REPLICATE", "nosuch", "a\r\nb")), "OK");
  await primary.client.send("DEBUG", "REPLICATE", "SET", "only", "there");
  await until(
    async () => shown(await replica.client.send("GET", "only")) === "there",
    "the stream to go on",
  );
  const critical = replica.log.messages("warning").filter((line) => line.includes("CRITICAL"));
  assertEquals(critical.length, 1);
  assertEquals(critical[0].includes("unknown command 'nosuch'"), true, critical[0]);
  const stats = shown(await replica.client.send("INFO", "stats"));
  assertEquals(/unexpected_error_replies:(\d+)/.exec(stats)?.[1], "1");
  const [ours, theirs] = [
    await replicationFields(replica.client),
    await replicationFields(
      primary.client,
    ),
  ];
  assertEquals(ours.slave_repl_offset, theirs.master_repl_offset);
  await primary.client.send("SET", "only", "there");
  await untilEqual([primary, replica]);
});

Deno.test("propagation-error-behavior ends a replica that clients can't write to", async () => {
  for (const [readOnly, ends] of [["no", false], ["yes", true]] as const) {
    await using primary = await startNode("ours");
    await using replica = await startNode("ours", {
      follows: primary.port,
      directives: {
        "propagation-error-behavior": "panic-on-replicas",
        "replica-read-only": readOnly,
      },
    });
    await untilLinked(replica);
    await primary.client.send("DEBUG", "REPLICATE", "nosuch");
    if (ends) await replica.client.ended();
    else {
      await until(
        () => Promise.resolve(replica.log.messages().some((line) => line.includes("CRITICAL"))),
        "the failure",
      );
      assertEquals(shown(await replica.client.send("PING")), "PONG");
    }
  }
});
