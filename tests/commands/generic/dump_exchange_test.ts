/**
 * DUMP and RESTORE between us and a real redis-server, both ways, for every type in each of its
 * encodings and for the encodings of older servers.
 */

import { assertEquals } from "@std/assert";
import { fromLatin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { ELEMENTS, SAMPLES } from "../../support/payloads.ts";
import { needs, startRedis } from "../../support/peers.ts";
import type { Argument, RespClient } from "../../support/resp_client.ts";
import { connect, show } from "../../support/resp_client.ts";

/** Commands whose replies have an order that all servers share. */
const ORDERED = ["GET", "LRANGE", "ZRANGE", "XRANGE"];
const SCORES = ["-inf", "-2.5e-10", "0", "0.1", "1", "3.1415926535897931", "1e300", "4e18", "inf"];

function numbered(count: number, prefix: string): string[] {
  return Array.from({ length: count }, (_, i) => `${prefix}${i}`);
}

function bytes(texts: readonly string[]): Uint8Array[] {
  return texts.map((text) => fromLatin1(text));
}

/** Commands that make a value under `key`, by title. */
function values(): [title: string, command: Argument[]][] {
  const members = SCORES.flatMap((score, i) => [score, `member ${i}`]);
  const many = numbered(2000, "element ");
  return [
    ...bytes(ELEMENTS).map((text, i): [string, Argument[]] => [
      `string ${i} of ${text.length} bytes`,
      ["SET", "key", text],
    ]),
    ["list of one", ["RPUSH", "key", "one"]],
    ["list of all sorts", ["RPUSH", "key", ...bytes(ELEMENTS)]],
    ["list of many", ["RPUSH", "key", ...many]],
    ["set of small integers", ["SADD", "key", 3, 1, 2, -5]],
    ["set of middle integers", ["SADD", "key", 70_000, -70_000]],
    ["set of large integers", ["SADD", "key", "9223372036854775807", "-9223372036854775808"]],
    ["set of all sorts", ["SADD", "key", ...bytes(ELEMENTS)]],
    ["set of many", ["SADD", "key", ...many]],
    ["set of many integers", ["SADD", "key", ...numbered(1000, "")]],
    ["hash, small", ["HSET", "key", "a", 1, "2", "b", "", ""]],
    ["hash of all sorts", ["HSET", "key", ...bytes(ELEMENTS).flatMap((text) => [text, text])]],
    ["hash of many", ["HSET", "key", ...many.flatMap((text) => [text, text])]],
    ["sorted set, small", ["ZADD", "key", ...members, 7, "7", 8, ""]],
    ["sorted set of a long member", ["ZADD", "key", ...members, 1, "long ".repeat(20)]],
    ["sorted set of many", ["ZADD", "key", ...many.flatMap((text, i) => [i * 0.37, text])]],
  ];
}

async function redisDump(redis: RespClient, key: string): Promise<Uint8Array> {
  return bulk(await redis.send("DUMP", key));
}

function bulk(reply: Awaited<ReturnType<RespClient["send"]>>): Uint8Array {
  if (reply.kind !== "bulk" || reply.bytes === null) throw new Error(`no payload: ${show(reply)}`);
  return reply.bytes;
}

async function facts(redis: RespClient, key: string): Promise<string[]> {
  return [
    show(await redis.send("OBJECT", "ENCODING", key)),
    show(await redis.send("DEBUG", "DIGEST-VALUE", key)),
  ];
}

function harness(): EngineHarness {
  return new EngineHarness({ config: { "enable-debug-command": "yes" } });
}

needs("redis-server", "values go from redis-server to us and back unchanged", async () => {
  await using server = await startRedis({ debug: true });
  await using redis = await connect(server.port);
  for (const [title, command] of values()) {
    await redis.send("FLUSHALL");
    const made = await redis.send(...command);
    assertEquals(made.kind === "error", false, `${title}: ${show(made)}`);
    const ours = harness();
    assertEquals(ours.run("RESTORE", "key", 0, await redisDump(redis, "key")), "OK", title);
    const expected = await facts(redis, "key");
    assertEquals(ours.run("OBJECT", "ENCODING", "key"), expected[0], title);
    assertEquals(`1) ${expected[1].slice(3)}`, ours.run("DEBUG", "DIGEST-VALUE", "key"), title);
    const restored = await redis.send("RESTORE", "back", 0, bulk(ours.reply("DUMP", "key")));
    assertEquals(show(restored), "OK", title);
    assertEquals(await facts(redis, "back"), expected, title);
  }
});

needs("redis-server", "values made here go to redis-server unchanged", async () => {
  await using server = await startRedis({ debug: true });
  await using redis = await connect(server.port);
  for (const compression of ["yes", "no"]) {
    for (const [title, command] of values()) {
      const ours = new EngineHarness({ config: { rdbcompression: compression } });
      ours.run(...command);
      await redis.send("FLUSHALL");
      await redis.send(...command);
      const restored = await redis.send("RESTORE", "ours", 0, bulk(ours.reply("DUMP", "key")));
      assertEquals(show(restored), "OK", title);
      assertEquals(await facts(redis, "ours"), await facts(redis, "key"), title);
    }
  }
});

needs(
  "redis-server",
  "encodings of older servers are read as redis-server reads them",
  async () => {
    await using server = await startRedis({
      debug: true,
      args: ["--sanitize-dump-payload", "yes"],
    });
    await using redis = await connect(server.port);
    for (const { title, bytes, newer, show: [command, ...rest] } of SAMPLES) {
      if (newer === true) continue;
      await redis.send("FLUSHALL");
      assertEquals(show(await redis.send("RESTORE", "key", 0, bytes)), "OK", title);
      const ours = harness();
      assertEquals(ours.run("RESTORE", "key", 0, bytes), "OK", title);
      const expected = await facts(redis, "key");
      assertEquals(ours.run("OBJECT", "ENCODING", "key"), expected[0], title);
      assertEquals(`1) ${expected[1].slice(3)}`, ours.run("DEBUG", "DIGEST-VALUE", "key"), title);
      if (ORDERED.includes(command)) {
        const theirs = show(await redis.send(command, "key", ...rest));
        assertEquals(ours.run(command, "key", ...rest), theirs, title);
      }
    }
  },
);

needs("redis-server", "strings have the very bytes of redis-server's DUMP", async () => {
  await using server = await startRedis();
  await using redis = await connect(server.port);
  await redis.send("CONFIG", "SET", "rdbcompression", "no");
  const ours = new EngineHarness({ config: { rdbcompression: "no" } });
  for (const text of bytes(ELEMENTS)) {
    await redis.send("SET", "key", text);
    ours.run("SET", "key", text);
    assertEquals(bulk(ours.reply("DUMP", "key")), await redisDump(redis, "key"));
  }
});

needs("redis-server", "small collections have the very bytes of redis-server's DUMP", async () => {
  await using server = await startRedis();
  await using redis = await connect(server.port);
  await redis.send("CONFIG", "SET", "rdbcompression", "no");
  const ours = new EngineHarness({ config: { rdbcompression: "no" } });
  const commands = values().map(([, command]) => command)
    .filter(([name, ...rest]) => rest.length < 30 && name !== "SET");
  for (const command of commands) {
    await redis.send("DEL", "key");
    ours.run("DEL", "key");
    await redis.send(...command);
    ours.run(...command);
    assertEquals(bulk(ours.reply("DUMP", "key")), await redisDump(redis, "key"), String(command));
  }
});
