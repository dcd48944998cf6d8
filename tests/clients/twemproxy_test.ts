/** Twemproxy in front of several of our servers: keys are spread over them, for all that it supports. */

import { assert, assertEquals } from "@std/assert";
import { startServer } from "../../lib/mod.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import { freePort } from "../support/child_server.ts";
import { needs } from "../support/peers.ts";
import { connect, type RespClient } from "../support/resp_client.ts";

const SERVERS = 3;
const KEYS = 60;

needs("nutcracker", "twemproxy spreads keys over our servers and reads them back", async () => {
  await using all = new AsyncDisposableStack();
  const servers = [];
  for (let i = 0; i < SERVERS; i++) servers.push(all.use(await startServer()));
  const proxy = await startProxy(servers.map(({ port }) => port));
  all.defer(() => proxy.close());
  using client = await connectWhenReady(proxy.port);
  for (let i = 0; i < KEYS; i++) {
    assertEquals(text(await client.send("SET", `key:${i}`, `value:${i}`)), "OK");
  }
  const keys = Array.from({ length: KEYS }, (_, i) => `key:${i}`);
  const values = await client.send("MGET", ...keys);
  assert(values.kind === "array" && values.items !== null);
  assertEquals(values.items.map(text), keys.map((_, i) => `value:${i}`));
  // Every server has its share.
  for (const { port } of servers) {
    using direct = await connect(port);
    const size = text(await direct.send("DBSIZE"));
    assert(Number(size) > 0, size);
  }
  assertEquals(text(await client.send("DEL", "key:0", "key:1", "key:2", "nothing")), "3");
  await exerciseTypes(client);
});

async function exerciseTypes(client: RespClient): Promise<void> {
  const expectations: readonly (readonly [readonly string[], string])[] = [
    [["INCRBY", "counter", "5"], "5"],
    [["APPEND", "text", "abc"], "3"],
    [["RPUSH", "list", "a", "b", "c"], "3"],
    [["LPOP", "list"], "a"],
    [["HSET", "hash", "f", "v"], "1"],
    [["HGET", "hash", "f"], "v"],
    [["SADD", "set", "m", "n"], "2"],
    [["SCARD", "set"], "2"],
    [["ZADD", "sorted", "1", "m", "2", "n"], "2"],
    [["ZSCORE", "sorted", "n"], "2"],
    [["EXPIRE", "sorted", "100"], "1"],
    [["TTL", "sorted"], "100"],
    [["PFADD", "visitors", "a", "b"], "1"],
    [["TYPE", "hash"], "hash"],
    [["GETRANGE", "text", "0", "1"], "ab"],
  ];
  for (const [command, expected] of expectations) {
    assertEquals(text(await client.send(...command)), expected, command.join(" "));
  }
}

async function startProxy(ports: readonly number[]) {
  const directory = await Deno.makeTempDir();
  const port = freePort();
  const lines = [
    "pool:",
    `  listen: 127.0.0.1:${port}`,
    "  hash: md5",
    "  distribution: modula",
    "  redis: true",
    "  servers:",
    ...ports.map((server) => `    - 127.0.0.1:${server}:1`),
    "",
  ];
  const file = `${directory}/nutcracker.yml`;
  await Deno.writeTextFile(file, lines.join("\n"));
  const child = new Deno.Command("nutcracker", {
    args: ["-c", file, "-s", String(freePort()), "-o", `${directory}/log`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  return {
    port,
    close: async () => {
      child.kill("SIGKILL");
      await child.status;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

async function connectWhenReady(port: number): Promise<RespClient> {
  for (let attempt = 0;; attempt++) {
    try {
      return await connect(port);
    } catch (error) {
      if (attempt === 200) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function text(reply: Reply): string {
  if (reply.kind === "integer") return String(reply.value);
  if (reply.kind === "bulk" && reply.bytes !== null) return new TextDecoder().decode(reply.bytes);
  return reply.kind === "simple" ? reply.text : JSON.stringify(reply);
}
