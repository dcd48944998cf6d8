/**
 * Random data sets as redis-server saves them: loaded here they have its digest. REDINO_RDB_ROUNDS says
 * how many, REDINO_SEED which.
 */

import { assert, assertEquals, AssertionError } from "@std/assert";
import { latin1 } from "../../lib/bytes/byte_string.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import { datasetDigest, valueDigest } from "../../lib/store/digest.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { needs, startRedis } from "../support/peers.ts";
import { loadFile } from "../support/rdb_file.ts";
import { connect, type RespClient } from "../support/resp_client.ts";
import { Workload } from "../support/workload.ts";
import { bytesOf } from "../support/workload/draw.ts";

const rounds = Number(Deno.env.get("REDINO_RDB_ROUNDS") ?? 30);
const COMMANDS_EACH = 400;

/** Limits that make small collections large ones, and nodes that are compressed. */
const SMALL_LIMITS = {
  "hash-max-listpack-entries": "3",
  "zset-max-listpack-entries": "3",
  "set-max-intset-entries": "3",
  "list-max-listpack-size": "4",
  "list-compress-depth": "1",
  "stream-node-max-entries": "3",
};
const USUAL_LIMITS = {
  "hash-max-listpack-entries": "128",
  "zset-max-listpack-entries": "128",
  "set-max-intset-entries": "512",
  "list-max-listpack-size": "-2",
  "list-compress-depth": "0",
  "stream-node-max-entries": "100",
};

/**
 * Nothing must expire between the saving and the two digests; and a score of -0 becomes 0, since a
 * sorted set keeps its sign or not depending on how large it was when the score came.
 */
const SETTLE = `for db = 0, 15 do redis.call('SELECT', db)
  for _, key in ipairs(redis.call('KEYS', '*')) do
    local left = redis.call('PTTL', key)
    if left >= 0 and left < 3600000 then redis.call('PEXPIRE', key, 7200000) end
    if redis.call('TYPE', key).ok == 'zset' then
      local set = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
      for i = 1, #set, 2 do
        if set[i + 1] == '-0' then
          redis.call('ZREM', key, set[i])
          redis.call('ZADD', key, 0, set[i])
        end
      end
    end
  end
end return redis.status_reply('OK')`;

needs("redis-server", `${rounds} random data sets that redis-server saved load alike`, async () => {
  const seed = Number(Deno.env.get("REDINO_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`seed ${seed}`);
  await using redis = await startRedis({ debug: true });
  let keys = 0;
  for (let round = 0; round < rounds; round++) {
    // What the commands before have done to their session is forgotten with it.
    await using client = await connect(redis.port);
    await ok(client, "FLUSHALL");
    const limits = round % 2 === 0 ? USUAL_LIMITS : SMALL_LIMITS;
    await ok(client, "CONFIG", "SET", ...Object.entries(limits).flat());
    await fill(client, seed + round);
    await using judge = await connect(redis.port);
    await ok(judge, "EVAL", SETTLE, "0");
    await ok(judge, "SAVE");
    const theirs = await judge.send("DEBUG", "DIGEST");
    const harness = new EngineHarness({ config: limits });
    harness.clock.jumpTo(Date.now());
    const report = loadFile(harness, Deno.readFileSync(`${redis.directory}/dump.rdb`));
    if (datasetDigest(harness.engine.context.store) !== text(theirs)) {
      throw new AssertionError(
        `seed ${seed}, round ${round}: ${await firstDifference(harness, judge)}`,
      );
    }
    keys += report.keysLoaded;
  }
  assert(keys > rounds * 5, `${keys} keys in ${rounds} data sets`);
});

async function fill(client: RespClient, seed: number): Promise<void> {
  const workload = new Workload(seed, WRITES);
  const commands = Array.from({ length: COMMANDS_EACH }, () => bytesOf(workload.next()));
  await client.pipeline(commands);
  await client.pipeline([["DISCARD"], ["RESET"]]);
}

/** What makes keys of every type. */
const WRITES = [
  ...["SET", "APPEND", "SETRANGE", "INCR", "INCRBYFLOAT", "MSET", "SETBIT", "PFADD"],
  ...["LPUSH", "RPUSH", "LINSERT", "LREM", "LSET", "LTRIM", "LMOVE"],
  ...["SADD", "SREM", "SMOVE", "SUNIONSTORE", "SINTERSTORE", "HSET", "HDEL", "HINCRBY"],
  ...["ZADD", "ZREM", "ZINCRBY", "ZUNIONSTORE", "GEOADD", "XADD", "XDEL", "XTRIM", "XGROUP|CREATE"],
  ...["XREADGROUP", "XACK", "XSETID", "XGROUP|CREATECONSUMER", "XAUTOCLAIM"],
  ...["EXPIRE", "PEXPIREAT", "RENAME", "COPY", "SELECT", "DEL", "PERSIST"],
];

/** The first key whose value differs, by database. */
async function firstDifference(ours: EngineHarness, theirs: RespClient): Promise<string> {
  for (const db of ours.engine.context.store.databases) {
    await theirs.send("SELECT", db.index);
    const refs: number[] = [];
    db.table.forEach((ref) => refs.push(ref));
    for (const ref of refs) {
      const key = db.keyOf(ref).slice();
      const digest = await theirs.send("DEBUG", "DIGEST-VALUE", key);
      const their = digest.kind === "array" ? text(digest.items![0]) : digest.kind;
      if (their !== valueDigest(db, ref)) {
        return `key ${JSON.stringify(latin1(key))} of ${db.index}`;
      }
    }
  }
  return "keys are missing, or differ in more than their values";
}

function text(reply: Reply): string {
  return reply.kind === "simple" || reply.kind === "error" ? reply.text : reply.kind;
}

async function ok(client: RespClient, ...words: readonly string[]): Promise<void> {
  const reply = await client.send(...words);
  const text = reply.kind === "error" || reply.kind === "simple"
    ? reply.text
    : latin1(new Uint8Array());
  assertEquals(text, "OK", words[0]);
}
