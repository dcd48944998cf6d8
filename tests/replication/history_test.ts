/** What replicas can go on with after roles, links and processes have changed. */

import { assert, assertEquals } from "@std/assert";
import { FlakyProxy } from "../support/flaky_proxy.ts";
import {
  replicationFields,
  type ReplicationNode,
  shown,
  startNode,
  until,
  untilEqual,
  untilLinked,
} from "../support/replication_nodes.ts";

/** So many looks at a server take it through several rounds of its cron. */
const LOOKS = 25;

Deno.test("a replica that becomes a primary, and has no replicas yet, keeps its history", async () => {
  await using old = await startNode("ours");
  await using other = await startNode("ours", { follows: old.port });
  await using primary = await startNode("ours", { follows: old.port });
  await untilLinked(other);
  await untilLinked(primary);
  await old.client.send("SET", "k", "v");
  await untilEqual([old, other, primary]);
  await primary.client.send("REPLICAOF", "NO", "ONE");
  await severalLooks(primary);
  await other.client.send("REPLICAOF", "127.0.0.1", primary.port);
  await untilLinked(other);
  assertEquals(await syncs(primary), "full 0, partial 1");
});

Deno.test("a primary that starts anew goes on with its replicas, which lose what has expired", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const directives = { dir: directory, save: "3600 1" };
    const first = await startNode("ours", { directives });
    const { port } = first;
    await using replica = await startNode("ours", { follows: port });
    await untilLinked(replica);
    await first.client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
    for (const db of ["3", "0"]) {
      await first.client.send("SELECT", db);
      for (let i = 0; i < 20; i++) await first.client.send("SET", `brief:${i}`, "x", "PX", "1");
      await first.client.send("SET", "lasting", "x");
    }
    await first.client.send("HSET", "hash", "stays", "1", "goes", "2");
    await first.client.send("HPEXPIRE", "hash", "1", "FIELDS", "1", "goes");
    await untilEqual([first, replica]);
    await first.client.send("SAVE");
    await first[Symbol.asyncDispose]();
    assertEquals(shown(await replica.client.send("DBSIZE")), "22");
    await using primary = await startNode("ours", { directives, port });
    await untilLinked(replica);
    await until(
      async () => shown(await replica.client.send("DBSIZE")) === "2",
      "the removal of what has expired",
    );
    await until(
      async () => shown(await replica.client.send("HLEN", "hash")) === "1",
      "the removal of the field",
    );
    await untilEqual([primary, replica]);
    assertEquals(await syncs(primary), "full 0, partial 1");
    const text = shown(await primary.client.send("INFO", "persistence"));
    assert(text.includes("rdb_last_load_keys_expired:40\r\n"), text);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("the stream gets no PING before its period has passed", async () => {
  const directives = { "repl-ping-replica-period": "3600" };
  await using primary = await startNode("ours", { directives });
  await using replica = await startNode("ours", { follows: primary.port });
  await untilLinked(replica);
  await severalLooks(primary);
  assertEquals((await replicationFields(primary.client)).master_repl_offset, "0");
});

Deno.test("a primary is a client of its replica: listed, counted, and linked again when killed", async () => {
  await using primary = await startNode("ours");
  await using replica = await startNode("ours", { follows: primary.port });
  await untilLinked(replica);
  const address = `127.0.0.1:${primary.port}`;
  const listed = async (type: string) =>
    shown(await replica.client.send("CLIENT", "LIST", "TYPE", type));
  const line = await listed("master");
  assert(line.includes(` addr=${address} `) && line.includes(" flags=M "), line);
  assert(line.includes(" user=(superuser) "), line);
  assert(!(await listed("normal")).includes(address));
  assertEquals(await connected(replica), "2");
  assertEquals(await connected(primary), "1");
  const { client } = replica;
  assertEquals(shown(await client.send("CLIENT", "KILL", "USER", "default")), "0");
  let partial = 0;
  for (const filter of [["TYPE", "master"], ["ADDR", address]]) {
    assertEquals(shown(await client.send("CLIENT", "KILL", ...filter)), "1");
    partial++;
    await until(
      async () => await syncs(primary) === `full 1, partial ${partial}`,
      "the link to be made again",
    );
    await untilLinked(replica);
  }
  await primary.client.send("INCR", "counter");
  await untilEqual([primary, replica]);
});

Deno.test("a snapshot for replicas counts as a background save", async () => {
  await using primary = await startNode("ours");
  const { client } = primary;
  for (let i = 0; i < 10; i++) await client.send("SET", `key:${i}`, "x");
  await client.send("CONFIG", "SET", "rdb-key-save-delay", "10000000");
  await using replica = await startNode("ours", { follows: primary.port });
  const isSaving = async () =>
    shown(await client.send("INFO", "persistence")).includes("rdb_bgsave_in_progress:1\r\n");
  await until(isSaving, "the snapshot to begin");
  assertEquals(shown(await client.send("BGSAVE")), "ERR Background save already in progress");
  const { slave0 } = await replicationFields(client);
  assert(slave0.includes(",state=wait_bgsave,"), slave0);
  await client.send("CONFIG", "SET", "rdb-key-save-delay", "0");
  await untilLinked(replica);
  await until(async () => !await isSaving(), "the snapshot to end");
});

Deno.test("a replica is not cut off for what the backlog would send it again", async () => {
  await using primary = await startNode("ours", {
    directives: { "client-output-buffer-limit": "replica 1mb 0 0", "repl-backlog-size": "64mb" },
  });
  await using proxy = new FlakyProxy(primary.port);
  await using replica = await startNode("ours", { follows: proxy.port });
  await untilLinked(replica);
  proxy.isStalled = true;
  const megabyte = "x".repeat(1 << 20);
  for (let i = 0; i < 12; i++) await primary.client.send("SET", `key:${i}`, megabyte);
  await severalLooks(primary);
  proxy.isStalled = false;
  await untilEqual([primary, replica]);
  assertEquals(await syncs(primary), "full 1, partial 0");
});

Deno.test("a replica that goes to another primary of the same history keeps its own replicas", async () => {
  await using primary = await startNode("ours");
  await using other = await startNode("ours", { follows: primary.port });
  await using between = await startNode("ours", { follows: primary.port });
  await untilLinked(other);
  await untilLinked(between);
  await using last = await startNode("ours", { follows: between.port });
  await untilLinked(last);
  await primary.client.send("SET", "k", "v");
  await untilEqual([primary, other, between, last]);
  await between.client.send("REPLICAOF", "127.0.0.1", other.port);
  await untilLinked(between);
  await primary.client.send("SET", "k", "w");
  await untilEqual([primary, other, between, last]);
  assertEquals(await syncs(between), "full 1, partial 0");
  assertEquals(await syncs(other), "full 0, partial 1");
});

Deno.test("CONFIG RESETSTAT begins to count synchronisations, their bytes and saves anew", async () => {
  await using primary = await startNode("ours", { directives: { appendonly: "yes" } });
  await using replica = await startNode("ours", { follows: primary.port });
  await untilLinked(replica);
  const { client } = primary;
  await client.send("SAVE");
  await client.send("BGREWRITEAOF");
  const fields = ["sync_full", "total_net_repl_output_bytes", "rdb_saves", "aof_rewrites"];
  const counts = async () => {
    const text = shown(await client.send("INFO"));
    return fields.map((name) => Number(new RegExp(`${name}:(\\d+)`).exec(text)?.[1]));
  };
  await until(async () => (await counts()).every((count) => count > 0), "all to be counted");
  await client.send("CONFIG", "RESETSTAT");
  assertEquals(await counts(), [0, 0, 0, 0]);
});

/** Looks at a server until its cron has surely run. */
async function severalLooks(node: ReplicationNode): Promise<void> {
  let looks = 0;
  await until(async () => {
    await node.client.send("PING");
    return ++looks === LOOKS;
  }, "some time to pass");
}

async function syncs(node: ReplicationNode): Promise<string> {
  const text = shown(await node.client.send("INFO", "stats"));
  const count = (name: string) => new RegExp(`${name}:(\\d+)`).exec(text)?.[1];
  return `full ${count("sync_full")}, partial ${count("sync_partial_ok")}`;
}

async function connected(node: ReplicationNode): Promise<string | undefined> {
  const text = shown(await node.client.send("INFO", "clients"));
  return /connected_clients:(\d+)/.exec(text)?.[1];
}
