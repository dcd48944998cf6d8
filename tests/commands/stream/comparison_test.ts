/** Streams after random workloads, seen through XINFO STREAM FULL, against those of redis-server. */

import { assert, assertEquals } from "@std/assert";
import { EngineSubject, SocketSubject } from "../../support/differential.ts";
import { needs, startRedis } from "../../support/peers.ts";
import { Workload } from "../../support/workload.ts";
import { plainKeys } from "../../support/workload/draw.ts";
import { sameButTimes, STREAM_RULES } from "../../support/workload/stream.ts";

const names = [...Object.keys(STREAM_RULES), "COPY", "RENAME"];

for (const protocol of [2, 3] as const) {
  needs("redis-server", `XINFO STREAM FULL is redis-server's in RESP${protocol}`, async () => {
    await using redis = await startRedis({ debug: true });
    const theirs = await SocketSubject.connect(redis.port, protocol);
    const ours = new EngineSubject(protocol);
    const seed = Number(
      Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
    );
    console.log(`seed ${seed}`);
    // Small blocks, so that streams have many; what is trimmed with ~ hangs on where they end.
    const limits = [
      ["CONFIG", "SET", "stream-node-max-entries", "5"],
      ["CONFIG", "SET", "stream-node-max-bytes", "256"],
    ];
    const workload = new Workload(seed, names);
    const looks = plainKeys.flatMap((key) => [
      ["XINFO", "STREAM", key, "FULL", "COUNT", "0"],
      ["DEBUG", "DIGEST-VALUE", key],
    ]);
    let streams = 0;
    try {
      for (let round = 0; round < 6; round++) {
        await Promise.all([ours.reset(), theirs.reset()]);
        await Promise.all([ours.run(limits), theirs.run(limits)]);
        const commands = Array.from({ length: 1_500 }, () => workload.next());
        await Promise.all([ours.run(commands), theirs.run(commands)]);
        const [mine, other] = await Promise.all([ours.run(looks), theirs.run(looks)]);
        for (const [i, reply] of mine.entries()) {
          const same = reply === other[i] || sameButTimes(reply, other[i]);
          assert(same, `${looks[i].join(" ")}:\n${reply}\n${other[i]}`);
          if (!reply.startsWith("-") && looks[i][0] === "XINFO") streams++;
        }
      }
    } finally {
      ours.close();
      theirs.close();
    }
    assert(streams > 20, `only ${streams} streams to compare`);
  });
}

needs("redis-server", "blocks and radix nodes of a long stream are redis-server's", async () => {
  await using redis = await startRedis({ debug: true });
  const theirs = await SocketSubject.connect(redis.port, 2);
  const ours = new EngineSubject(2);
  const add = (i: number) => {
    const id = `${1_700_000_000_000 + (i * i) % 7 + i * 37}-${i % 3}`;
    return ["XADD", "s", id, "name", `value ${i}`, "number", String(i * i * i)];
  };
  const commands = [
    ...Array.from({ length: 5_000 }, (_, i) => add(i)),
    ...[["XTRIM", "s", "MAXLEN", "~", "3210"], ["XINFO", "STREAM", "s"]],
    ...[["XTRIM", "s", "MAXLEN", "2222"], ["XINFO", "STREAM", "s"]],
    ...[["XTRIM", "s", "MINID", "~", "1700000150000"], ["XINFO", "STREAM", "s"]],
    ["DEBUG", "DIGEST-VALUE", "s"],
  ];
  try {
    assertEquals(await ours.run(commands), await theirs.run(commands));
  } finally {
    ours.close();
    theirs.close();
  }
});
