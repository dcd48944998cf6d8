/**
 * The clients that people use, against our server: ioredis and node-redis as they come, and redis-cli
 * with the same script against a redis-server, whose output must be the same.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Redis } from "ioredis";
import { createClient, RESP_TYPES } from "redis";
import { needs, startRedis } from "../support/peers.ts";
import { startServerProcess } from "../support/server_process.ts";

const binary = new Uint8Array([0, 255, 13, 10, 128]);

for (const protocol of [2, 3] as const) {
  Deno.test(`ioredis works in RESP${protocol}`, async () => {
    await using server = await startServerProcess();
    const redis = new Redis({ port: server.port, host: "127.0.0.1", protocol, db: 1 });
    try {
      assertEquals(await redis.set("key", "value"), "OK");
      assertEquals(await redis.get("key"), "value");
      assertEquals(await redis.get("missing"), null);
      assertEquals(await redis.set("key", "other", "NX"), null);
      assertEquals(await redis.set("key", "other", "EX", 100, "GET"), "value");
      assert(await redis.ttl("key") > 90);
      await redis.set("binary", globalThis.Buffer.from(binary));
      assertEquals(new Uint8Array((await redis.getBuffer("binary"))!), binary);
      assertEquals(await redis.incrby("counter", 41), 41);
      assertEquals(await redis.incrbyfloat("float", 0.5), "0.5");
      assertEquals(await redis.mset({ a: "1", b: "2" }), "OK");
      assertEquals(await redis.mget("a", "missing", "b"), ["1", null, "2"]);
      const replies = await redis.pipeline().incr("counter").get("key").incr("key").exec();
      assertEquals(replies?.slice(0, 2), [[null, 42], [null, "other"]]);
      assertEquals(
        String(replies?.[2][0]),
        "ReplyError: ERR value is not an integer or out of range",
      );
      await assertRejects(() => redis.call("NOSUCH", "x"), Error, "ERR unknown command 'NOSUCH'");
      assertEquals((await redis.keys("*")).sort(), ["a", "b", "binary", "counter", "float", "key"]);
      const scanned = new Set<string>();
      for await (const keys of redis.scanStream({ count: 2 })) {
        for (const key of keys as string[]) scanned.add(key);
      }
      assertEquals(scanned.size, 6);
      assertEquals(await redis.exists("a", "b", "missing"), 2);
      assertEquals(await redis.del("a", "b"), 2);
      assertEquals(await redis.quit(), "OK");
    } finally {
      redis.disconnect();
    }
  });

  Deno.test(`node-redis works in RESP${protocol}`, async () => {
    await using server = await startServerProcess();
    const client = createClient({
      url: `redis://127.0.0.1:${server.port}/2`,
      name: "tester",
      RESP: protocol,
    });
    const failures: unknown[] = [];
    client.on("error", (error: unknown) => failures.push(error));
    await client.connect();
    try {
      assertEquals(await client.ping(), "PONG");
      assertEquals(await client.clientGetName(), "tester");
      assertEquals(
        await client.set("key", "value", { expiration: { type: "EX", value: 100 } }),
        "OK",
      );
      assertEquals(await client.get("key"), "value");
      assertEquals(await client.get("missing"), null);
      assert(await client.ttl("key") > 90);
      await client.set("binary", globalThis.Buffer.from(binary));
      const buffers = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: globalThis.Buffer });
      assertEquals(new Uint8Array((await buffers.get("binary"))!), binary);
      assertEquals(await client.incrBy("counter", 41), 41);
      assertEquals(await client.incrByFloat("float", 0.5), "0.5");
      // Commands of one turn go out in one write.
      const together = await Promise.all([client.incr("counter"), client.get("key")]);
      assertEquals(together, [42, "value"]);
      assertEquals(await client.mGet(["key", "missing"]), ["value", null]);
      await assertRejects(() => client.incr("key"), Error, "not an integer or out of range");
      await assertRejects(() => client.sendCommand(["NOSUCH"]), Error, "unknown command 'NOSUCH'");
      const scanned = new Set<string>();
      for await (const keys of client.scanIterator({ COUNT: 2 })) {
        for (const key of keys) scanned.add(key);
      }
      assertEquals([...scanned].sort(), ["binary", "counter", "float", "key"]);
      assertEquals(await client.dbSize(), 4);
      const settings: Record<string, string> = await client.configGet("maxmemory");
      assertEquals({ ...settings }, { maxmemory: "0" });
      assert((await client.info("server")).includes("redis_version:7.2.4"));
      assertEquals(failures, []);
    } finally {
      client.destroy();
    }
  });
}

const script = `set key "a\\x00b\\r\\n"
get key
get missing
set other value EX 100000 GET
incr other
incr counter
mget key missing counter
nosuch a b
get
strlen key
exists key other
object encoding key
config get maxmemory
client getname
command count x
select 3
dbsize
type key
echo ""
ping hello
`;

needs(["redis-server", "redis-cli"], "redis-cli shows what it shows of redis-server", async () => {
  await using server = await startServerProcess();
  await using redis = await startRedis();
  const modes = [[], ["-3"], ["--no-raw"], ["--no-raw", "-3"], ["--csv"], ["--json"], ["-2"]];
  for (const mode of modes) {
    const ours = await redisCli(server.port, mode, script);
    const theirs = await redisCli(redis.port, mode, script);
    assertEquals(ours, theirs, mode.join(" "));
    assert(theirs.output.includes("hello"));
  }
});

needs(
  ["redis-server", "redis-cli"],
  "redis-cli's own modes work as with redis-server",
  async () => {
    await using server = await startServerProcess();
    await using redis = await startRedis();
    const inserts = Array.from({ length: 2_000 }, (_, i) => {
      return `*3\r\n$3\r\nSET\r\n$8\r\nkey:${String(i).padStart(4, "0")}\r\n$5\r\nvalue\r\n`;
    }).join("");
    const modes: [args: string[], input: string][] = [
      [["--pipe"], inserts],
      [["dbsize"], ""],
      [["-x", "set", "fromstdin"], "all of this"],
      [["get", "fromstdin"], ""],
      [["-n", "2", "set", "elsewhere", "1"], ""],
      [["-n", "2", "keys", "*"], ""],
      [["--quoted-input", "set", '"\\x00\\xff"', '"\\xfe"'], ""],
      [["--quoted-input", "get", '"\\x00\\xff"'], ""],
      [["-r", "3", "incr", "counter"], ""],
      [["-e", "incr", "fromstdin"], ""],
      [["-a", "wrong", "--no-auth-warning", "ping"], ""],
    ];
    for (const [args, input] of modes) {
      const ours = await redisCli(server.port, args, input);
      assertEquals(ours, await redisCli(redis.port, args, input), args.join(" "));
    }
    for (const args of [["--scan"], ["--scan", "--pattern", "key:00?1"]]) {
      const ours = await redisCli(server.port, args, "");
      const theirs = await redisCli(redis.port, args, "");
      assertEquals(ours.output.split("\n").sort(), theirs.output.split("\n").sort());
    }
  },
);

needs(["redis-server", "redis-cli"], "redis-cli's help comes from COMMAND DOCS", async () => {
  await using server = await startServerProcess();
  await using redis = await startRedis();
  for (const words of ["set", "getrange", "object encoding", "config set", "client kill"]) {
    const ours = await redisCli(server.port, [], `help ${words}\n`);
    const theirs = await redisCli(redis.port, [], `help ${words}\n`);
    // Only the summary is in words of its own.
    assertEquals(withoutSummary(ours.output), withoutSummary(theirs.output), words);
    assert(/summary:\S* \S/.test(ours.output), ours.output);
  }
});

function withoutSummary(help: string): string[] {
  const lines = help.split("\n");
  const rest = lines.filter((line) => !line.includes("summary:"));
  assertEquals(rest.length, lines.length - 1, help);
  return rest;
}

async function redisCli(
  port: number,
  args: string[],
  input: string,
): Promise<{ code: number; output: string }> {
  const child = new Deno.Command("redis-cli", {
    args: ["-p", String(port), ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    // Not the settings and the history of whoever runs the tests.
    env: { REDISCLI_RCFILE: "/dev/null", REDISCLI_HISTFILE: "/dev/null" },
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  // Messages name the port.
  return { code, output: output.replaceAll(String(port), "PORT") };
}
