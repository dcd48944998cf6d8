/**
 * What WAIT counted is on the replica: the primary is killed while it accepts writes, the replica is
 * promoted, and no write is missing that WAIT 1 answered with 1. REDINO_KILLS repeats it.
 */

import { assertEquals } from "@std/assert";
import { startNode, until, untilLinked } from "../support/replication_nodes.ts";
import { connect, show } from "../support/resp_client.ts";
import { startServerProcess } from "../support/server_process.ts";

const rounds = Number(Deno.env.get("REDINO_KILLS") ?? 2);
const WRITERS = 4;

Deno.test("no write is lost that WAIT has counted when the primary is killed", async () => {
  for (let round = 0; round < rounds; round++) await killPrimary(20 + (round * 37) % 160);
});

Deno.test("WAITAOF counts a replica when its file has the write on disk, and not before", async () => {
  await using primary = await startNode("ours");
  const directives = { appendonly: "yes", appendfsync: "no" };
  await using replica = await startNode("ours", { follows: primary.port, directives });
  await untilLinked(replica);
  const { client } = primary;
  const write = async (timeoutMs: number) =>
    show((await client.pipeline([["INCR", "n"], ["WAITAOF", 0, 1, timeoutMs]]))[1]);
  assertEquals(await write(50), "1) (integer) 0\n2) (integer) 0");
  await replica.client.send("CONFIG", "SET", "appendfsync", "everysec");
  assertEquals(await write(0), "1) (integer) 0\n2) (integer) 1");
  await replica.client.send("CONFIG", "SET", "appendfsync", "always");
  for (let i = 0; i < 100; i++) assertEquals(await write(0), "1) (integer) 0\n2) (integer) 1");
  await replica.client.send("CONFIG", "SET", "appendonly", "no");
  assertEquals(await write(50), "1) (integer) 0\n2) (integer) 0");
  await replica.client.send("CONFIG", "SET", "appendonly", "yes");
  assertEquals(await write(0), "1) (integer) 0\n2) (integer) 1");
});

Deno.test("a write counts as on disk when the first file that holds it is whole", async () => {
  await using node = await startNode("ours", { directives: { "rdb-key-save-delay": "300000" } });
  const { client } = node;
  await client.send("SET", "k", "v");
  await client.send("CONFIG", "SET", "appendonly", "yes");
  await client.send("SET", "k", "w");
  assertEquals(show(await client.send("WAITAOF", 1, 0, 50)), "1) (integer) 0\n2) (integer) 0");
  assertEquals(show(await client.send("WAITAOF", 1, 0, 0)), "1) (integer) 1\n2) (integer) 0");
  const info = show(await client.send("INFO", "persistence"));
  assertEquals(info.includes("aof_rewrite_in_progress:0"), true);
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
