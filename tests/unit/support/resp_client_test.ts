/** The test client and its rendering of replies, held against the real programs. */

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { needs, startRedis } from "../../support/peers.ts";
import { connect, encodeCommand, show } from "../../support/resp_client.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("a command is an array of bulk strings, lengths in bytes", () => {
  assertEquals(
    text(encodeCommand(["SET", "é", 12, new Uint8Array([13])])),
    "*4\r\n$3\r\nSET\r\n$2\r\né\r\n$2\r\n12\r\n$1\r\n\r\r\n",
  );
});

needs("redis-server", "the client keeps replies, exact bytes and pushes apart", async () => {
  await using redis = await startRedis({ debug: true });
  await using client = await connect(redis.port, { resp: 3 });
  assertEquals(show(await client.send("SET", "a", "1")), "OK");
  const replies = await client.pipeline([["INCR", "a"], ["GET", "a"], ["GET", "none"], ["NO"]]);
  assertEquals(replies.slice(0, 3).map(show), ["(integer) 2", '"2"', "(nil)"]);
  assertMatch(show(replies[3]), /^\(error\) ERR unknown command 'NO'/);
  await client.write("SUBSCRIBE", "news");
  assertEquals(show(await client.nextPush()), '1> "subscribe"\n2> "news"\n3> (integer) 1');
  await client.raw("PING\r\nGET a\r\n");
  assertEquals((await client.rawReplies(2)).map(text), ["+PONG\r\n", "$1\r\n2\r\n"]);
  const large = "x".repeat(300_000);
  await client.send("SET", "large", large);
  await client.write("GET", "large");
  assertEquals((await client.rawReplies(1)).map(text), [`$300000\r\n${large}\r\n`]);
});

needs("redis-server", "a wait ends when the server closes the connection", async () => {
  await using redis = await startRedis();
  await using client = await connect(redis.port);
  assertEquals(show(await client.send("QUIT")), "OK");
  await client.ended();
  await assertRejects(() => client.nextReply(), Error, "closed the connection");
});

needs(["redis-server", "redis-cli"], "replies are shown as redis-cli shows them", async () => {
  await using redis = await startRedis({ debug: true });
  await using plain = await connect(redis.port);
  await using rich = await connect(redis.port, { resp: 3 });
  await plain.pipeline([
    ["RPUSH", "list", ..."abcdefghijkl"],
    ["SET", "odd", new Uint8Array([0, 7, 8, 9, 10, 13, 27, 34, 92, 127, 195, 169])],
    ["HSET", "hash", "field", "value"],
    ["SADD", "set", "member"],
    ["ZADD", "zset", 1.5, "one", 2, "two"],
    ["XADD", "stream", "1-1", "a", "1", "b", "2"],
  ]);
  const commands = [
    ["LRANGE", "list", "0", "-1"],
    ["LRANGE", "none", "0", "-1"],
    ["GET", "odd"],
    ["GET", "none"],
    ["LLEN", "list"],
    ["LPUSH", "odd", "x"],
    ["HGETALL", "hash"],
    ["HGETALL", "none"],
    ["SMEMBERS", "set"],
    ["SMEMBERS", "none"],
    ["ZRANGE", "zset", "0", "-1", "WITHSCORES"],
    ["XRANGE", "stream", "-", "+"],
    ["XINFO", "STREAM", "stream"],
    ["XINFO", "STREAM", "stream", "FULL"],
    ["COMMAND", "DOCS", "SET"],
    ["DEBUG", "PROTOCOL", "double"],
    ["DEBUG", "PROTOCOL", "true"],
    ["DEBUG", "PROTOCOL", "map"],
    ["DEBUG", "PROTOCOL", "verbatim"],
  ];
  for (const command of commands) {
    for (const [client, version] of [[plain, "-2"], [rich, "-3"]] as const) {
      const { stdout } = await new Deno.Command("redis-cli", {
        args: ["-p", String(redis.port), "--no-raw", version, ...command],
      }).output();
      const shown = show(await client.send(...command));
      assertEquals(shown, text(stdout).trimEnd(), `${version} ${command.join(" ")}`);
    }
  }
});
