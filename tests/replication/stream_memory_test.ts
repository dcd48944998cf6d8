/** What INFO and MEMORY STATS tell of the stream that is kept for replicas. */

import { assert, assertEquals } from "@std/assert";
import { startServer } from "../../lib/mod.ts";
import { connect, type RespClient, show } from "../support/resp_client.ts";

const FIELDS = [
  "mem_clients_slaves",
  "mem_replication_backlog",
  "mem_total_replication_buffers",
] as const;

async function figures(client: RespClient): Promise<number[]> {
  const text = show(await client.send("INFO", "memory"));
  return FIELDS.map((field) => Number(new RegExp(`${field}:(\\d+)`).exec(text)?.[1]));
}

Deno.test("what is kept for a slow replica is told apart from the backlog, and goes with it", async () => {
  const backlogBytes = 100_000;
  await using server = await startServer({
    directives: { "repl-backlog-size": String(backlogBytes), "repl-diskless-sync-delay": "0" },
  });
  await using client = await connect(server.port);
  assertEquals(await figures(client), [0, 0, 0]);
  // A replica that takes nothing: what the system's buffers don't hold stays here.
  const replica = await Deno.connect({ port: server.port });
  await replica.write(new TextEncoder().encode("PSYNC ? -1\r\n"));
  const value = "v".repeat(1 << 20);
  let [slow, backlog, total] = await figures(client);
  // It has to have its snapshot first.
  for (let i = 0; i < 200 && slow <= 16 << 20; i++) {
    await client.send("SET", "key", value);
    [slow, backlog, total] = await figures(client);
  }
  assert(slow > 16 << 20, `${slow} bytes for the replica`);
  assertEquals(backlog, backlogBytes);
  assert(total > 16 << 20, `${total} bytes in all`);
  const stats = show(await client.send("MEMORY", "STATS"));
  assert(/"clients\.slaves"\n\d+\) \(integer\) \d{8}/.test(stats), stats);
  await client.send("CLIENT", "KILL", "TYPE", "replica");
  replica.close();
  await client.send("SET", "key", value);
  assertEquals((await figures(client))[0], 0);
});
