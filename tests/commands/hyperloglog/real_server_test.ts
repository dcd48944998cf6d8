/** Our counters beside those of a real redis-server: the same bytes, and each goes on with the other's. */

import { assertEquals } from "@std/assert";
import { SeededRandom } from "../../../lib/host/random.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { needs, startRedis } from "../../support/peers.ts";
import { connect, type RespClient, show } from "../../support/resp_client.ts";

async function bytesThere(redis: RespClient, key: string): Promise<Uint8Array> {
  const reply = await redis.send("GET", key);
  if (reply.kind !== "bulk" || reply.bytes === null) throw new Error(reply.kind);
  return reply.bytes;
}

function bytesHere(redis: EngineHarness, key: string): Uint8Array {
  const reply = redis.reply("GET", key);
  if (reply.kind !== "bulk" || reply.bytes === null) throw new Error(reply.kind);
  return reply.bytes;
}

for (const limit of ["0", "60", "3000", "16000"]) {
  needs("redis-server", `counters have redis-server's bytes, sparse up to ${limit}`, async () => {
    const seed = Date.now() % 1_000_000;
    console.log(`seed ${seed}`);
    const random = new SeededRandom(seed);
    await using server = await startRedis({ args: ["--hll-sparse-max-bytes", limit] });
    await using theirs = await connect(server.port);
    const ours = new EngineHarness({ config: { "hll-sparse-max-bytes": limit } });
    const both = async (...words: string[]) => {
      assertEquals(ours.run(...words), show(await theirs.send(...words)), words.join(" "));
    };
    let added = 0;
    for (let round = 0; added < 12_000; round++) {
      const count = 1 + random.below(added < 500 ? 5 : 300);
      const elements = Array.from({ length: count }, () => `${seed}:${random.below(30_000)}`);
      added += count;
      await both("PFADD", "h", ...elements);
      if (round % 3 === 0) await both("PFCOUNT", "h");
      if (round % 5 === 0) await both("PFMERGE", "m", "h", "m", "other");
      if (round % 7 === 0) await both("PFADD", "other", ...elements.slice(0, 20));
      if (round % 11 === 0) await both("PFCOUNT", "other", "h");
      if (round % 4 > 0) continue;
      for (const key of ["h", "m"]) {
        assertEquals(bytesHere(ours, key), await bytesThere(theirs, key));
      }
      await both("PFDEBUG", "ENCODING", "h");
    }
  });
}

needs("redis-server", "each server goes on with the other's counters", async () => {
  await using server = await startRedis();
  await using theirs = await connect(server.port);
  const ours = new EngineHarness();
  const element = (prefix: string) => (_: unknown, i: number) => `${prefix}${i}`;
  for (const count of [3, 300, 5_000]) {
    await theirs.send("PFADD", "there", ...Array.from({ length: count }, element("t")));
    ours.run("PFADD", "here", ...Array.from({ length: count }, element("h")));
    ours.run("SET", "there", await bytesThere(theirs, "there"));
    await theirs.send("SET", "here", bytesHere(ours, "here"));
    for (
      const words of [["PFMERGE", "both", "here", "there"], ["PFCOUNT", "both"], [
        "PFCOUNT",
        "here",
        "there",
      ]]
    ) {
      assertEquals(ours.run(...words), show(await theirs.send(...words)), words.join(" "));
    }
    assertEquals(bytesHere(ours, "both"), await bytesThere(theirs, "both"));
  }
});
