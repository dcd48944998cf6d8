/** `repl-diskless-load`: what a replica has, and says, while a primary's snapshot comes. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Opcode } from "../../lib/rdb/opcodes.ts";
import { STREAM_PAYLOADS } from "../support/stream_payloads.ts";
import { needs } from "../support/peers.ts";
import { RdbFileBuilder } from "../support/rdb_file.ts";
import {
  feed,
  type NodeKind,
  replicationFields,
  type ReplicationNode,
  shown,
  startNode,
  until,
  untilEqual,
  untilLinked,
} from "../support/replication_nodes.ts";
import { connect } from "../support/resp_client.ts";
import { type PromisedReplica, ScriptedPrimary } from "../support/scripted_primary.ts";
import { Workload } from "../support/workload.ts";

const ID = "0123456789abcdef0123456789abcdef01234567";
const OTHER_ID = "89abcdef0123456789abcdef0123456701234567";
const MARK = "m".repeat(40);
const SWAPDB = { "repl-diskless-load": "swapdb", "replica-read-only": "no" };

Deno.test("swapdb: data of another history come beside ours, and clients are told to wait", async () => {
  await using primary = new ScriptedPrimary(() => `+FULLRESYNC ${ID} 100`);
  await using replica = await startNode("ours", { directives: SWAPDB });
  await loadFunction(replica, "old");
  await ask(replica, "SET", "key", "old");
  await ask(replica, "REPLICAOF", "127.0.0.1", primary.port);
  const lost = await primary.next();
  const { id } = await history(replica);
  await sendHalf(lost);
  await untilLoading(replica, "loading");
  assertEquals(await loadingFields(replica), { loading: "1", async_loading: "0" });
  assertStringIncludes(await ask(replica, "GET", "key"), "LOADING");
  lost.close();
  const whole = await primary.next();
  assertEquals(await loadingFields(replica), { loading: "0", async_loading: "0" });
  assertEquals(await ask(replica, "GET", "key"), "old");
  assertEquals(await ask(replica, "FCALL", "f", "0"), "old");
  assertEquals(whole.asked[0], id, "the history of what is still there can be gone on with");
  await sendHalf(whole);
  await sendRest(whole);
  await untilLinked(replica);
  assertEquals(await ask(replica, "GET", "key"), "new");
  assertEquals(await ask(replica, "FCALL", "f", "0"), "new");
  assertEquals(await ask(replica, "DBSIZE"), "2");
  assertEquals(await history(replica), { id: ID, offset: "100" });
  const log = replica.log.messages();
  for (
    const line of [
      "MASTER <-> REPLICA sync: receiving streamed RDB from master with EOF to parser",
      "MASTER <-> REPLICA sync: Loading DB in memory",
      "MASTER <-> REPLICA sync: Discarding temporary DB in background",
      "MASTER <-> REPLICA sync: Swapping active DB with loaded DB",
      "MASTER <-> REPLICA sync: Discarding old DB in background",
      "MASTER <-> REPLICA sync: Finished with success",
    ]
  ) assert(log.includes(line), line);
  assert(!log.includes("MASTER <-> REPLICA sync: Flushing old data"));
  assert(log.some((line) => line.includes("Internal error in RDB")));
});

Deno.test("swapdb: while a later state of the same history comes, the old one is served", async () => {
  await using primary = new ScriptedPrimary(() => `+FULLRESYNC ${ID} 100`);
  await using replica = await follower(primary);
  await loadFunction(replica, "old");
  await ask(replica, "SET", "key", "old");
  assertEquals(await ask(replica, "EXISTS", "past its time"), "0");
  const again = await primary.next();
  await sendHalf(again);
  await untilLoading(replica, "async_loading");
  assertEquals(await loadingFields(replica), { loading: "0", async_loading: "1" });
  assertEquals(await ask(replica, "GET", "key"), "old");
  assertEquals(await ask(replica, "EXISTS", "past its time"), "1", "nothing expires meanwhile");
  assertEquals(await ask(replica, "FCALL", "f", "0"), "old");
  assertEquals(await ask(replica, "SET", "written", "meanwhile"), "OK");
  for (
    const refused of [
      ["BGSAVE"],
      ["SAVE"],
      ["BGREWRITEAOF"],
      ["REPLICAOF", "NO", "ONE"],
      ["SYNC"],
      ["CONFIG", "SET", "appendonly", "no"],
    ]
  ) assertStringIncludes(await ask(replica, ...refused), "LOADING");
  again.close();
  const last = await primary.next();
  assertEquals(await loadingFields(replica), { loading: "0", async_loading: "0" });
  assertEquals(await ask(replica, "GET", "key"), "old");
  await sendHalf(last);
  await sendRest(last);
  await untilLinked(replica);
  assertEquals(await ask(replica, "GET", "key"), "new");
  assertEquals(await ask(replica, "FCALL", "f", "0"), "new");
  assertEquals(await ask(replica, "EXISTS", "written", "past its time"), "0");
});

Deno.test("swapdb: who watches, tracks or waits hears of the exchange", async () => {
  await using primary = new ScriptedPrimary(() => `+FULLRESYNC ${ID} 100`);
  await using replica = await follower(primary);
  await using watcher = await connect(replica.port);
  await using tracker = await connect(replica.port, { resp: 3 });
  await using waiter = await connect(replica.port);
  const again = await primary.next();
  await watcher.send("WATCH", "key");
  await tracker.send("CLIENT", "TRACKING", "ON");
  await tracker.send("GET", "key");
  const waited = waiter.send("XREAD", "BLOCK", 0, "STREAMS", "stream", "0-0");
  await sendHalf(again);
  await untilLoading(replica, "async_loading");
  await watcher.send("MULTI");
  await watcher.send("PING");
  await sendRest(again);
  assertEquals((await tracker.nextPush()).kind, "push");
  assertEquals((await waited).kind, "array");
  assertEquals(await watcher.send("EXEC"), { kind: "array", items: null });
});

Deno.test("swapdb: functions that can't be loaded leave all as it was", async () => {
  await using primary = new ScriptedPrimary(() => `+FULLRESYNC ${OTHER_ID} 100`);
  await using replica = await startNode("ours", { directives: SWAPDB });
  await loadFunction(replica, "old");
  await ask(replica, "SET", "key", "old");
  await ask(replica, "REPLICAOF", "127.0.0.1", primary.port);
  const wrong = await primary.next();
  const file = new RdbFileBuilder().opcode(Opcode.FUNCTION_2).text("#!lua name=l\nnonsense(")
    .select(0).string("key", "new").end();
  await wrong.send(`$${file.length}\r\n`);
  await wrong.send(file);
  await primary.next();
  assertEquals(await ask(replica, "GET", "key"), "old");
  assertEquals(await ask(replica, "FCALL", "f", "0"), "old");
});

Deno.test("on-empty-db: an empty replica loads what comes at once, another takes it to disk", async () => {
  await using primary = new ScriptedPrimary(() => `+FULLRESYNC ${ID} 100`);
  const directives = { "repl-diskless-load": "on-empty-db" };
  await using replica = await startNode("ours", { follows: primary.port, directives });
  const lost = await primary.next();
  await sendHalf(lost);
  await untilLoading(replica, "loading");
  lost.close();
  const whole = await primary.next();
  assertEquals(await ask(replica, "DBSIZE"), "0");
  await sendHalf(whole);
  await sendRest(whole);
  await untilLinked(replica);
  assertEquals(await ask(replica, "GET", "key"), "new");
  whole.close();
  const third = await primary.next();
  await sendHalf(third);
  await until(async () => {
    return Number((await replicationFields(replica.client)).master_sync_read_bytes) > 0;
  }, "bytes of the snapshot");
  assertEquals(await loadingFields(replica), { loading: "0", async_loading: "0" });
  assertEquals(await ask(replica, "GET", "key"), "new");
});

Deno.test("swapdb: replicas of a replica stay until its data are other ones", async () => {
  await using primary = new ScriptedPrimary(() => `+FULLRESYNC ${ID} 100`);
  await using replica = await follower(primary);
  const again = await primary.next();
  await using second = await startNode("ours");
  assertStringIncludes(
    await ask(second, "REPLICAOF", "127.0.0.1", replica.port),
    "OK",
  );
  await sendHalf(again);
  await untilLoading(replica, "async_loading");
  await sendRest(again);
  await untilLinked(replica);
  await untilLinked(second);
  assertEquals(await ask(second, "GET", "key"), "new");
});

for (const primaryKind of ["ours", "redis"] as const) {
  for (const diskless of ["yes", "no"]) {
    const name = `${primaryKind}, diskless ${diskless}: swapdb ends with the primary's data`;
    const test = () => endsEqual(primaryKind, diskless);
    if (primaryKind === "ours") Deno.test(name, test);
    else needs("redis-server", name, test);
  }
}

async function endsEqual(primaryKind: NodeKind, diskless: string): Promise<void> {
  const directives = { "repl-diskless-sync": diskless };
  await using primary = await startNode(primaryKind, { directives });
  await using replica = await startNode("ours", { directives: SWAPDB });
  await feed(replica.client, new Workload(7), 400);
  await feed(primary.client, new Workload(8), 2000);
  await primary.client.send("SET", "long", "x".repeat(3_000_000));
  await ask(replica, "REPLICAOF", "127.0.0.1", primary.port);
  await untilLinked(replica);
  await untilEqual([primary, replica]);
  await feed(primary.client, new Workload(9), 400);
  await untilEqual([primary, replica]);
}

/** A replica that has had one snapshot, and was cut off then. */
async function follower(primary: ScriptedPrimary): Promise<ReplicationNode> {
  const replica = await startNode("ours", { follows: primary.port, directives: SWAPDB });
  const first = await primary.next();
  const file = new RdbFileBuilder().select(0).string("key", "first")
    .expiresAtMs(1n).string("past its time", "v").end();
  await first.send(`$${file.length}\r\n`);
  await first.send(file);
  await untilLinked(replica);
  first.close();
  return replica;
}

function snapshot(): { head: Uint8Array; rest: Uint8Array } {
  const file = new RdbFileBuilder().aux("redis-ver", "7.0.15").opcode(Opcode.FUNCTION_2)
    .text(library("new")).select(0).resize(2, 0).string("key", "new");
  const headLength = file.writer.length;
  const stream = STREAM_PAYLOADS[0].bytes;
  const bytes = file.payload("stream", stream).end();
  return { head: bytes.subarray(0, headLength), rest: bytes.subarray(headLength) };
}

async function sendHalf(replica: PromisedReplica): Promise<void> {
  await replica.send(`$EOF:${MARK}\r\n`);
  const { head } = snapshot();
  await replica.send(head);
}

async function sendRest(replica: PromisedReplica): Promise<void> {
  await replica.send(snapshot().rest);
  await replica.send(MARK);
}

function library(reply: string): string {
  return `#!lua name=l\nredis.register_function('f', function() return '${reply}' end)`;
}

function loadFunction(node: ReplicationNode, reply: string): Promise<string> {
  return ask(node, "FUNCTION", "LOAD", library(reply));
}

async function ask(node: ReplicationNode, ...words: (string | number)[]): Promise<string> {
  return shown(await node.client.send(...words));
}

async function loadingFields(node: ReplicationNode): Promise<Record<string, string>> {
  const text = await ask(node, "INFO", "persistence");
  const of = (name: string) => new RegExp(`^${name}:(.*)\r$`, "m").exec(text)?.[1] ?? "";
  return { loading: of("loading"), async_loading: of("async_loading") };
}

async function untilLoading(node: ReplicationNode, name: string): Promise<void> {
  await until(async () => (await loadingFields(node))[name] === "1", name);
}

async function history(node: ReplicationNode): Promise<{ id: string; offset: string }> {
  const { master_replid, master_repl_offset } = await replicationFields(node.client);
  return { id: master_replid, offset: master_repl_offset };
}
