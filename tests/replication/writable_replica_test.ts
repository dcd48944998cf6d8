/** Replicas that clients write to (`replica-read-only no`), and keys there that are past their time. */

import { assert, assertEquals } from "@std/assert";
import { latin1 } from "../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../support/engine_harness.ts";
import { shown, startNode, until, untilLinked } from "../support/replication_nodes.ts";

const MAKERS = [
  "SET k 5",
  "RPUSH k a b",
  "SADD k 1 2",
  "SADD k x y",
  "HSET k f 1",
  "ZADD k 1 a",
  "XADD k * f v",
  "PFADD k a",
];

const WRITERS = [
  "SET k v",
  "SET k v NX",
  "SETNX k v",
  "APPEND k x",
  "INCR k",
  "MSET k v",
  "MSETNX k v",
  "SETBIT k 3 1",
  "BITOP NOT k string",
  "RPUSH k a",
  "LMOVE list k LEFT LEFT",
  "SADD k x",
  "SMOVE set k a",
  "SUNIONSTORE k set",
  "HSET k f v",
  "HINCRBY k f 1",
  "ZADD k 1 b",
  "ZUNIONSTORE k 1 zset",
  "XADD k * a b",
  "XGROUP CREATE k g $ MKSTREAM",
  "PFADD k b",
  "RENAME string k",
  "COPY string k",
  "MOVE k 1",
  "SORT list STORE k",
  "GEOADD k 1 1 a",
  "EVAL return(redis.call('set',KEYS[1],'x')) 1 k",
  "DEL k",
];

Deno.test("what is written on a replica takes the place of what is past its time there", () => {
  for (const maker of MAKERS) {
    for (const writer of WRITERS) {
      const redis = new EngineHarness();
      const { store } = redis.engine.context;
      for (const line of ["SET string 1", "RPUSH list 3 1", "SADD set a", "ZADD zset 1 a", maker]) {
        redis.run(...line.split(" "));
      }
      redis.run("PEXPIRE", "k", "10");
      store.state.leavesExpiry = true;
      store.state.isWritableReplica = true;
      redis.clock.advance(50);
      redis.run(...writer.split(" "));
      const keys: string[] = [];
      store.databases[0].table.forEach((ref) =>
        void keys.push(latin1(store.databases[0].keyOf(ref)))
      );
      assertEquals(keys.length, new Set(keys).size, `${maker}, then ${writer}: ${keys}`);
      const time = redis.run("PTTL", "k");
      assert(
        time === "(integer) -1" || time === "(integer) -2",
        `${maker}, then ${writer}: ${time}`,
      );
    }
  }
});

Deno.test("reads on a writable replica leave what is past its time, and DEBUG OBJECT shows it", () => {
  const redis = new EngineHarness({ config: { "enable-debug-command": "yes" } });
  const { state } = redis.engine.context.store;
  redis.run("PFADD", "k", "a", "b");
  redis.run("PEXPIRE", "k", "10");
  state.leavesExpiry = true;
  state.isWritableReplica = true;
  redis.clock.advance(50);
  assertEquals(redis.run("GET", "k"), "(nil)");
  assertEquals(redis.run("EXISTS", "k"), "(integer) 0");
  assertEquals(redis.run("PFCOUNT", "k"), "(integer) 0");
  assertEquals(redis.run("DBSIZE"), "(integer) 1");
  assert(redis.run("DEBUG", "OBJECT", "k").startsWith("Value at:"));
  // As in redis-server: the key is there to be deleted.
  assertEquals(redis.run("DEL", "k"), "(integer) 1");
});

Deno.test("a writable replica removes the keys that its own clients let expire, and no others", async () => {
  await using primary = await startNode("ours");
  await using replica = await startNode("ours", {
    follows: primary.port,
    directives: { "replica-read-only": "no" },
  });
  await untilLinked(replica);
  await primary.client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  await primary.client.send("SET", "brief", "x", "PX", "30");
  const { client } = replica;
  await client.send("SELECT", "5");
  await client.send("SET", "later", "x", "PX", "1000000");
  await client.send("SET", "lasting", "x", "PX", "500");
  await client.send("PERSIST", "lasting");
  await client.send("SET", "own", "x", "PX", "500");
  await client.send("COPY", "own", "copy");
  await client.send("RENAME", "own", "renamed");
  const dbSize = async () => shown(await client.send("DBSIZE"));
  await until(async () => await dbSize() === "2", "the keys of its own to be removed");
  const count = async (name: string) =>
    new RegExp(`${name}:(\\d+)`).exec(shown(await client.send("INFO", "stats")))?.[1];
  await until(
    async () => await count("slave_expires_tracked_keys") === "1",
    "what has no expiry any more to be forgotten",
  );
  assertEquals(await count("expired_keys"), "2");
  assertEquals(await dbSize(), "2");
  await client.send("SELECT", "0");
  await until(
    async () => shown(await client.send("GET", "brief")) === "(nil)",
    "its time to be up",
  );
  assertEquals(await dbSize(), "1");
});
