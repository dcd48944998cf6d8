/** What may be run after a BGSAVE has failed, by clients and by scripts: as redis-server has it. */

import { assertEquals } from "@std/assert";
import { needs, startRedis } from "../support/peers.ts";
import { connect, show } from "../support/resp_client.ts";
import { startServerProcess } from "../support/server_process.ts";

const COMMANDS: string[][] = [
  ["GET", "x"],
  ["SET", "x", "y"],
  ["PING"],
  ["PUBLISH", "a", "b"],
  ["FLUSHALL"],
  ["EVAL", "return redis.call('set','x',1)", "1", "x"],
  ["EVAL", "return redis.pcall('set','x',1)", "1", "x"],
  ["EVAL", "return redis.call('get','x')", "1", "x"],
  ["EVAL", "return redis.call('ping')", "0"],
  ["EVAL", '#!lua\nreturn redis.call("get","x")', "1", "x"],
  ["EVAL", '#!lua flags=no-writes\nreturn redis.call("get","x")', "1", "x"],
  ["EVAL", '#!lua flags=no-writes\nreturn redis.call("ping")', "0"],
  ["MULTI"],
  ["GET", "x"],
  ["PING"],
  ["EXEC"],
  ["CONFIG", "SET", "stop-writes-on-bgsave-error", "no"],
  ["SET", "x", "1"],
  ["CONFIG", "SET", "stop-writes-on-bgsave-error", "yes"],
  ["SET", "x", "2"],
  ["CONFIG", "SET", "save", ""],
  ["SET", "x", "3"],
];

/** Replies of a server whose data directory has gone. */
async function repliesOf(
  start: (directory: string) => Promise<AsyncDisposable & { readonly port: number }>,
): Promise<string[]> {
  const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
  await using server = await start(directory);
  await using client = await connect(server.port);
  await client.send("SET", "x", "x");
  Deno.removeSync(directory, { recursive: true });
  await client.send("BGSAVE");
  while (!show(await client.send("INFO", "persistence")).includes("bgsave_status:err"));
  const replies: string[] = [];
  for (const command of COMMANDS) {
    replies.push(`${command.join(" ")}: ${show(await client.send(...command))}`);
  }
  return replies;
}

needs("redis-server", "after a failed BGSAVE writes are refused, in scripts as well", async () => {
  const args = ["--save", "3600 1"];
  assertEquals(
    await repliesOf((directory) => startServerProcess({ directory, args })),
    await repliesOf((directory) => startRedis({ directory, args })),
  );
});
