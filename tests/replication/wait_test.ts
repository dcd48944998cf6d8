/**
 * What WAIT counted is on the replica: the primary is killed while it accepts writes, the replica is
 * promoted, and no write is missing that WAIT 1 answered with 1. REDINO_KILLS repeats it.
 */

import { assertEquals } from "@std/assert";
import { startNode, until, untilLinked } from "../support/replication_nodes.ts";
import { connect } from "../support/resp_client.ts";
import { startServerProcess } from "../support/server_process.ts";

const rounds = Number(Deno.env.get("REDINO_KILLS") ?? 2);
const WRITERS = 4;

Deno.test("no write is lost that WAIT has counted when the primary is killed", async () => {
  for (let round = 0; round < rounds; round++) await killPrimary(20 + (round * 37) % 160);
});

/** @param afterMs how long it is written before the kill. */
async function killPrimary(afterMs: number): Promise<void> {
  await using primary = await startServerProcess({ args: ["--repl-diskless-sync-delay", "0"] });
  await using replica = await startNode("ours", { follows: primary.port });
  await untilLinked(replica);
  const counted: string[] = [];
  const writers = Array.from({ length: WRITERS }, (_, id) => write(primary.port, id, counted));
  await until(() => Promise.resolve(counted.length > 20), "some writes");
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  await primary.stop("SIGKILL");
  await Promise.all(writers);
  await replica.client.send("REPLICAOF", "NO", "ONE");
  const replies = await replica.client.pipeline(counted.map((key) => ["EXISTS", key]));
  const missing = counted.filter((_, i) => {
    const reply = replies[i];
    return reply.kind !== "integer" || Number(reply.value) !== 1;
  });
  assertEquals(missing, []);
}

/** Writes until the server is gone, and notes what WAIT has counted. */
async function write(port: number, id: number, counted: string[]): Promise<void> {
  const client = await connect(port);
  try {
    for (let i = 0;; i++) {
      const key = `key:${id}:${i}`;
      const [, waited] = await client.pipeline([["SET", key, i], ["WAIT", 1, 5_000]]);
      if (waited.kind === "integer" && Number(waited.value) >= 1) counted.push(key);
    }
  } catch {
    // The server was killed.
  } finally {
    client.close();
  }
}
