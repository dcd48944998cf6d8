/**
 * Files that real servers of many versions wrote, from redis-rdb-tools (`a`) and librdb (`b`). They are
 * not ours to keep: REDINO_RDB_SAMPLES names the directory that holds them.
 */

import { assert, assertEquals } from "@std/assert";
import { latin1 } from "../../lib/bytes/byte_string.ts";
import { type Reply } from "../../lib/resp/reply_decoder.ts";
import { datasetDigest } from "../../lib/store/digest.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { needs, startRedis } from "../support/peers.ts";
import { loadFile } from "../support/rdb_file.ts";
import { connect } from "../support/resp_client.ts";

const directory = Deno.env.get("REDINO_RDB_SAMPLES") ?? "";
const isThere = directory !== "" && existsDirectory(directory);
if (!isThere) console.log("ignored: RDB samples: REDINO_RDB_SAMPLES names no directory");

/** Redis 7.0 keeps a score of -0 that a ziplist has as text, and no other one in a small set. */
const WITH_MINUS_ZERO = "zset_zl_v6.rdb";
/** What redis-server 7.0 ends itself over, as it has no modules. */
const WITH_MODULES = new Set(["redis_40_with_module.rdb", "redis_60_with_module_aux.rdb"]);

Deno.test({
  name: "samples with expected contents load with these",
  ignore: !isThere,
  fn() {
    let compared = 0;
    for (const name of filesIn("b")) {
      const expected = expectedOf(`${directory}/b/${name.slice(0, -4)}`);
      if (expected === null) continue;
      const redis = loaded(`${directory}/b/${name}`);
      expected.forEach((keys, db) => {
        redis.run("SELECT", db);
        const { __aux__: _aux, ...values } = keys;
        assertEquals(redis.run("DBSIZE"), `(integer) ${Object.keys(values).length}`, name);
        for (const [key, value] of Object.entries(values)) {
          assertEquals(contents(redis, key), normal(value, redis.run("TYPE", key)), name);
          compared++;
        }
      });
    }
    assert(compared >= 75, `${compared} keys compared`);
  },
});

Deno.test({
  name: "samples of redis-rdb-tools hold what their names say",
  ignore: !isThere,
  fn() {
    const open = (name: string, nowMs?: number) => loaded(`${directory}/a/${name}.rdb`, nowMs);
    assertEquals(open("empty_database").run("DBSIZE"), "(integer) 0");
    assertEquals(open("keys_with_expiry").run("DBSIZE"), "(integer) 0");
    const before = open("keys_with_expiry", 1_671_963_072_000);
    assertEquals(before.run("PEXPIRETIME", "expires_ms_precision"), "(integer) 1671963072573");
    const several = open("multiple_databases");
    assertEquals(several.run("GET", "key_in_zeroth_database"), '"zero"');
    several.run("SELECT", 2);
    assertEquals(several.run("GET", "key_in_second_database"), '"second"');
    assertEquals(open("dictionary").run("HLEN", "force_dictionary"), "(integer) 1000");
    assertEquals(open("linkedlist").run("LLEN", "force_linkedlist"), "(integer) 1000");
    assertEquals(open("regular_sorted_set").run("ZCARD", "force_sorted_set"), "(integer) 500");
    const scores = open("rdb_version_8_with_64b_length_and_scores");
    assertEquals(scores.run("ZCARD", "bigset"), "(integer) 1000");
    assertEquals(scores.run("ZCOUNT", "bigset", 1.618, 1.618), "(integer) 999");
    const integers = open("ziplist_with_integers");
    assertEquals(
      integers.run("LRANGE", "ziplist_with_integers", -2, -1),
      '1) "4194304"\n2) "9223372036854775807"',
    );
    assertEquals(
      open("zipmap_with_big_values").run("HSTRLEN", "zipmap_with_big_values", "20kbytes"),
      "(integer) 20000",
    );
    assertEquals(open("redis_40_with_module").run("GET", "simplekey"), '"someval"');
    const streams = open("redis_50_with_streams");
    assertEquals(streams.run("DBSIZE"), "(integer) 14");
    assertEquals(streams.run("TYPE", "mystream"), "stream");
  },
});

if (isThere) {
  needs("redis-server", "samples load as redis-server loads them", async () => {
    await using redis = await startRedis({ debug: true });
    await using client = await connect(redis.port);
    let compared = 0;
    for (const part of ["a", "b"]) {
      for (const name of filesIn(part)) {
        const path = `${directory}/${part}/${name}`;
        const version = Number(latin1(Deno.readFileSync(path).subarray(5, 9)));
        if (version > 10 || WITH_MODULES.has(name) || name === WITH_MINUS_ZERO) continue;
        Deno.copyFileSync(path, `${redis.directory}/dump.rdb`);
        Deno.chmodSync(`${redis.directory}/dump.rdb`, 0o644);
        assertEquals(text(await client.send("DEBUG", "RELOAD", "NOSAVE")), "OK", name);
        const theirs = text(await client.send("DEBUG", "DIGEST"));
        assertEquals(datasetDigest(loaded(path).engine.context.store), theirs, name);
        compared++;
      }
    }
    assert(compared >= 30, `${compared} files compared`);
  });
}

function loaded(path: string, nowMs = Date.now()): EngineHarness {
  const redis = new EngineHarness();
  redis.clock.jumpTo(nowMs);
  loadFile(redis, Deno.readFileSync(path));
  return redis;
}

function filesIn(part: string): string[] {
  return [...Deno.readDirSync(`${directory}/${part}`)].map(({ name }) => name)
    .filter((name) => name.endsWith(".rdb")).sort();
}

/** Keys with values by number of the database; null when nothing is said of them. */
function expectedOf(path: string): Record<string, unknown>[] | null {
  for (const end of ["_data.json", ".json"]) {
    if (!existsFile(path + end)) continue;
    const json = Deno.readTextFileSync(path + end).trim().replace(/,$/, "");
    return JSON.parse(json.startsWith("[") ? json : `[{${json}}]`) as Record<string, unknown>[];
  }
  return null;
}

/** A value as strings: a list in its order, all else sorted. */
function contents(redis: EngineHarness, key: string): string[] {
  const type = redis.run("TYPE", key);
  const command = {
    string: ["GET", key],
    list: ["LRANGE", key, "0", "-1"],
    set: ["SMEMBERS", key],
    hash: ["HGETALL", key],
    zset: ["ZRANGE", key, "0", "-1", "WITHSCORES"],
  }[type] ?? [];
  const reply = redis.reply(...command);
  const items = reply.kind === "array" ? (reply.items ?? []).map(text) : [text(reply)];
  return ordered(items, type);
}

function normal(value: unknown, type: string): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return ordered(value.map(String), type);
  const pairs = Object.entries(value as Record<string, string>);
  return ordered(pairs.flatMap(([field, text]) => [field, score(text, type)]), type);
}

function score(text: string, type: string): string {
  return type === "zset" && !text.includes("inf") ? String(Number(text)) : text;
}

function ordered(items: readonly string[], type: string): string[] {
  if (type === "list" || type === "string" || type === "set") {
    return type === "set" ? [...items].sort() : [...items];
  }
  const pairs: string[] = [];
  for (let i = 0; i < items.length; i += 2) {
    pairs.push(`${items[i]} → ${score(items[i + 1], type)}`);
  }
  return pairs.sort();
}

function text(reply: Reply): string {
  if (reply.kind === "bulk") return latin1(reply.bytes ?? new Uint8Array(0));
  return reply.kind === "simple" || reply.kind === "error" ? reply.text : reply.kind;
}

function existsDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function existsFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
