/**
 * DUMP and RESTORE of streams between us and a real redis-server: what XINFO STREAM FULL shows is
 * equal, with all times, and so are the bytes of DUMP.
 */

import { assert, assertEquals } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import type { Reply } from "../../../lib/resp/reply_decoder.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { ELEMENTS } from "../../support/payloads.ts";
import { needs, startRedis } from "../../support/peers.ts";
import { type Argument, connect, type RespClient, show } from "../../support/resp_client.ts";
import { STREAM_PAYLOADS } from "../../support/stream_payloads.ts";
import { Workload } from "../../support/workload.ts";
import { bytesOf, plainKeys } from "../../support/workload/draw.ts";
import { STREAM_RULES } from "../../support/workload/stream.ts";

const FULL = ["XINFO", "STREAM", "key", "FULL", "COUNT", 0] as const;
const DIGEST = ["DEBUG", "DIGEST-VALUE", "key"] as const;
const MAX = "18446744073709551615";

/** Commands that make a stream under `key`, by title. */
const STREAMS: Readonly<Record<string, readonly (readonly Argument[])[]>> = {
  "without entries": [["XGROUP", "CREATE", "key", "g", "$", "MKSTREAM"]],
  "of all sorts": bytesOf(ELEMENTS).map((text, i) => ["XADD", "key", `${i + 1}-*`, text, text]),
  "of many": Array.from({ length: 1_000 }, (_, i) => ["XADD", "key", i + 1, "a", i, "b", -i]),
  "of other fields": Array.from({ length: 30 }, (_, i) => [
    ...["XADD", "key", `5-${i * i + 1}`],
    ...Array.from({ length: i % 4 * 2 + 2 }, (_, field) => `${field}`),
  ]),
  "of a long entry": [["XADD", "key", 1, "field", "long ".repeat(20_000)]],
  "with the last ids": [
    ["XADD", "key", "0-1", "f", "v"],
    ["XADD", "key", `${MAX}-1`, "f", "v"],
    ["XADD", "key", `${MAX}-${MAX}`, "f", "v"],
  ],
  "with deleted entries": [
    ...Array.from({ length: 250 }, (_, i) => ["XADD", "key", i + 1, "f", i]),
    ["XDEL", "key", 1, 2, 77, 250],
    ["XTRIM", "key", "MAXLEN", 120],
  ],
  "of which all is deleted": [["XADD", "key", 7, "f", "v"], ["XDEL", "key", 7]],
  "that goes on before what was deleted": [
    ...[5, 10].map((id) => ["XADD", "key", id, "f", "v"]),
    ["XDEL", "key", 10],
    ["XSETID", "key", 7],
    ["XADD", "key", 8, "f", "v"],
  ],
  "whose last block has no entry left": [
    ...[1, 2, 3].map((id) => ["XADD", "key", id, "f", "v"]),
    ["XDEL", "key", 3],
    ["XTRIM", "key", "MINID", 3],
  ],
  "with a set id": [
    ["XADD", "key", 7, "f", "v"],
    ["XSETID", "key", `${MAX}-5`, "ENTRIESADDED", "9223372036854775807", "MAXDELETEDID", "99-1"],
  ],
  "with groups": [
    ...Array.from({ length: 300 }, (_, i) => ["XADD", "key", `${i + 1}-5`, "f", i]),
    ...[["g", 0], ["12", "$"], ["", "7-7"], ["\xff\0", 0]].map((
      [name, id],
    ) => ["XGROUP", "CREATE", "key", name, id, "ENTRIESREAD", 9]),
    ["XREADGROUP", "GROUP", "g", "a", "COUNT", 100, "STREAMS", "key", ">"],
    ["XREADGROUP", "GROUP", "g", "7", "COUNT", 110, "STREAMS", "key", ">"],
    ["XREADGROUP", "GROUP", "", "a", "COUNT", 3, "STREAMS", "key", ">"],
    ["XGROUP", "CREATECONSUMER", "key", "g", "idle"],
    ["XACK", "key", "g", "3-5", "101-5"],
    ["XDEL", "key", "4-5", "5-5"],
    ["XCLAIM", "key", "g", "b", 0, "6-5", "102-5", "TIME", 12345, "RETRYCOUNT", "5000000000"],
    ["XCLAIM", "key", "g", "b", 0, "250-5", "FORCE", "RETRYCOUNT", "9223372036854775807"],
    ["XGROUP", "DELCONSUMER", "key", "g", "7"],
  ],
};

needs("redis-server", "streams go from redis-server to us and back unchanged", async () => {
  await using server = await startRedis({ debug: true });
  await using redis = await connect(server.port);
  for (const compression of ["no", "yes"]) {
    await redis.send("CONFIG", "SET", "rdbcompression", compression);
    for (const [title, commands] of Object.entries(STREAMS)) {
      await redis.send("FLUSHALL");
      await runAll(redis, commands, title);
      const theirs = await looks(redis);
      const ours = harness({ rdbcompression: compression });
      const payload = bulk(await redis.send("DUMP", "key"));
      assertEquals(ours.run("RESTORE", "key", 0, payload), "OK", title);
      assertEquals(ourLooks(ours), theirs, title);
      const back = bulk(ours.reply("DUMP", "key"));
      if (compression === "no") assertEquals(back, payload, title);
      assertEquals(show(await redis.send("RESTORE", "key", 0, back, "REPLACE")), "OK", title);
      assertEquals(await looks(redis), theirs, title);
    }
  }
});

needs("redis-server", "streams made here go to redis-server unchanged", async () => {
  await using server = await startRedis({
    debug: true,
    args: ["--sanitize-dump-payload", "yes"],
  });
  await using redis = await connect(server.port);
  for (const [title, commands] of Object.entries(STREAMS)) {
    const ours = harness({});
    for (const command of commands) {
      const reply = ours.reply(...command);
      assert(reply.kind !== "error", `${title}, ${command[0]}: ${show(reply)}`);
    }
    await redis.send("FLUSHALL");
    const payload = bulk(ours.reply("DUMP", "key"));
    assertEquals(show(await redis.send("RESTORE", "key", 0, payload)), "OK", title);
    assertEquals(await looks(redis), ourLooks(ours), title);
  }
});

needs("redis-server", "streams of older servers are to us what they are to 7.0", async () => {
  await using server = await startRedis({
    debug: true,
    args: ["--sanitize-dump-payload", "yes"],
  });
  await using redis = await connect(server.port);
  for (const { title, bytes, newer } of STREAM_PAYLOADS) {
    if (newer === true) continue;
    const ours = harness({});
    assertEquals(ours.run("RESTORE", "key", 0, bytes), "OK", title);
    assertEquals(show(await redis.send("RESTORE", "key", 0, bytes, "REPLACE")), "OK", title);
    assertEquals(ourLooks(ours), await looks(redis), title);
  }
});

needs("redis-server", "streams after random workloads are exchanged unchanged", async () => {
  await using server = await startRedis({ debug: true });
  await using redis = await connect(server.port);
  const seed = Number(
    Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
  );
  console.log(`seed ${seed}`);
  // Small blocks, so that streams have many.
  await redis.send("CONFIG", "SET", "stream-node-max-entries", 5);
  await redis.send("CONFIG", "SET", "rdbcompression", "no");
  const workload = new Workload(seed, Object.keys(STREAM_RULES));
  let streams = 0;
  for (let round = 0; round < 8; round++) {
    await redis.send("FLUSHALL");
    for (let i = 0; i < 600; i++) await redis.send(...bytesOf(workload.next()));
    for (const name of plainKeys) {
      if (show(await redis.send("RENAME", name, "key")) !== "OK") continue;
      const payload = bulk(await redis.send("DUMP", "key"));
      const ours = harness({ rdbcompression: "no" });
      assertEquals(ours.run("RESTORE", "key", 0, payload), "OK");
      assertEquals(ourLooks(ours), await looks(redis));
      assertEquals(bulk(ours.reply("DUMP", "key")), payload);
      ours.run("COPY", "key", "copy");
      assertEquals(bulk(ours.reply("DUMP", "copy")), payload);
      streams++;
    }
  }
  assert(streams > 20, `only ${streams} streams`);
});

function harness(config: Readonly<Record<string, string>>): EngineHarness {
  return new EngineHarness({ config: { "enable-debug-command": "yes", ...config } });
}

async function runAll(
  redis: RespClient,
  commands: readonly (readonly Argument[])[],
  title: string,
): Promise<void> {
  for (const command of commands) {
    const reply = await redis.send(...command);
    assert(reply.kind !== "error", `${title}, ${command[0]}: ${show(reply)}`);
  }
}

async function looks(redis: RespClient): Promise<string[]> {
  const digest = await redis.send(...DIGEST);
  return [show(without72(await redis.send(...FULL))), show(digest).replace("1) ", "")];
}

function ourLooks(redis: EngineHarness): string[] {
  return [show(without72(redis.reply(...FULL))), redis.run(...DIGEST).replace("1) ", "")];
}

/** An array without what redis-server shows from 7.2 on: a consumer's `active-time`. */
function without72(reply: Reply): Reply {
  if (reply.kind !== "array" || reply.items === null) return reply;
  const isNew = (item: Reply | undefined) =>
    item?.kind === "bulk" && item.bytes !== null && latin1(item.bytes) === "active-time";
  const items = reply.items.filter((item, i, all) => !isNew(item) && !isNew(all[i - 1]));
  return { kind: "array", items: items.map(without72) };
}

function bulk(reply: Reply): Uint8Array {
  if (reply.kind !== "bulk" || reply.bytes === null) throw new Error(`no payload: ${show(reply)}`);
  return reply.bytes;
}
