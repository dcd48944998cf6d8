/** Streams with consumer groups as ioredis and node-redis use them. */

import { assertEquals } from "@std/assert";
import { Redis } from "ioredis";
import { createClient } from "redis";
import { startServerProcess } from "../support/server_process.ts";

for (const protocol of [2, 3] as const) {
  Deno.test(`ioredis works with streams and groups in RESP${protocol}`, async () => {
    await using server = await startServerProcess();
    const redis = new Redis({ port: server.port, host: "127.0.0.1", protocol });
    try {
      assertEquals(await redis.xadd("log", "1-1", "user", "ann", "did", "come"), "1-1");
      assertEquals(await redis.xadd("log", "MAXLEN", "~", 1000, "1-2", "user", "bob"), "1-2");
      assertEquals(await redis.xlen("log"), 2);
      const first = ["1-1", ["user", "ann", "did", "come"]];
      const second = ["1-2", ["user", "bob"]];
      assertEquals<unknown>(await redis.xrange("log", "-", "+"), [first, second]);
      assertEquals<unknown>(await redis.xrevrange("log", "+", "-", "COUNT", 1), [second]);
      assertEquals(await redis.xgroup("CREATE", "log", "workers", "0"), "OK");
      const read = (id: string) =>
        redis.xreadgroup("GROUP", "workers", "ann", "COUNT", 1, "STREAMS", "log", id);
      assertEquals<unknown>(entriesOf(await read(">")), [first]);
      assertEquals<unknown>(entriesOf(await read(">")), [second]);
      assertEquals(await redis.xack("log", "workers", "1-1"), 1);
      assertEquals<unknown>(entriesOf(await read("0")), [second]);
      const claimed = await redis.xautoclaim("log", "workers", "bob", 0, "0");
      assertEquals<unknown>(claimed, ["0-0", [second], []]);
      assertEquals<unknown>(await redis.xpending("log", "workers"), [
        1,
        "1-2",
        "1-2",
        [["bob", "1"]],
      ]);
    } finally {
      redis.disconnect();
    }
  });

  Deno.test(`node-redis works with streams and groups in RESP${protocol}`, async () => {
    await using server = await startServerProcess();
    const url = `redis://127.0.0.1:${server.port}`;
    const client = createClient({ url, RESP: protocol });
    await client.connect();
    try {
      assertEquals(await client.xAdd("log", "1-1", { user: "ann", did: "come" }), "1-1");
      assertEquals(await client.xAdd("log", "1-2", { user: "bob" }), "1-2");
      const all = await client.xRange("log", "-", "+");
      assertEquals((all ?? []).map(({ id, message }) => [id, { ...message }]), [
        ["1-1", { user: "ann", did: "come" }],
        ["1-2", { user: "bob" }],
      ]);
      assertEquals(await client.xGroupCreate("log", "workers", "0"), "OK");
      const streams = { key: "log", id: ">" };
      const fresh = await client.xReadGroup("workers", "ann", streams, { COUNT: 10 });
      assertEquals(JSON.stringify(fresh).match(/1-[12]/g), ["1-1", "1-2"]);
      assertEquals(await client.xReadGroup("workers", "ann", streams), null);
      assertEquals(await client.xAck("log", "workers", ["1-1"]), 1);
      const pending = await client.xPending("log", "workers");
      assertEquals([pending.pending, pending.firstId, pending.lastId], [1, "1-2", "1-2"]);
      const claimed = await client.xClaim("log", "workers", "bob", 0, "1-2");
      assertEquals(claimed.map((entry) => entry?.id), ["1-2"]);
      const [group] = await client.xInfoGroups("log");
      assertEquals([group.name, group.consumers, group.pending], ["workers", 2, 1]);
    } finally {
      client.destroy();
    }
  });
}

/** The entries of the only stream in a reply, which is a map in RESP3. */
function entriesOf(reply: unknown): unknown {
  const text = JSON.stringify(reply);
  const streams: unknown = JSON.parse(text);
  if (!Array.isArray(streams)) return (streams as Record<string, unknown>).log;
  return Array.isArray(streams[0]) ? streams[0][1] : streams[1];
}
