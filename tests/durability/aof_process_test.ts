/**
 * Append-only files of real processes: killed under load, and exchanged with redis-server.
 *
 * REDINO_KILLS and REDINO_DATA_SETS ask for more rounds than a normal run has.
 */

import { assert, assertEquals } from "@std/assert";
import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { SeededRandom } from "../../lib/host/random.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import { breathe, SimulatedServer } from "../support/crash_run.ts";
import { needs, startRedis } from "../support/peers.ts";
import { connect } from "../support/resp_client.ts";
import { startServerProcess } from "../support/server_process.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";
import { Workload } from "../support/workload.ts";
import { seed as newSeed } from "../unit/bytes/random.ts";

const kills = Number(Deno.env.get("REDINO_KILLS") ?? 5);
const dataSets = Number(Deno.env.get("REDINO_DATA_SETS") ?? 30);
const WRITERS = 16;
const DEPTH = 8;

for (const policy of ["always", "everysec"]) {
  Deno.test(`kill -9 under ${WRITERS} writers loses nothing that was acknowledged or seen with ${policy}`, async () => {
    const random = new SeededRandom(newSeed());
    const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
    const args = ["--appendonly", "yes", "--appendfsync", policy];
    try {
      for (let round = 0; round < Math.ceil(kills / 2); round++) {
        const server = await startServerProcess({ directory, args });
        const acknowledged = new Array<number>(WRITERS).fill(0);
        const seen = new Array<number>(WRITERS).fill(0);
        const most = 200 + random.below(2000);
        let total = 0;
        const clients = await Promise.all(acknowledged.map(() => connect(server.port)));
        const reader = await connect(server.port);
        const work = clients.map(async (client, writer) => {
          for (;;) {
            const commands = Array.from({ length: DEPTH }, () => ["INCR", `w:${writer}`]);
            const replies = await client.pipeline(commands);
            for (const reply of replies) acknowledged[writer] = Number(valueOf(reply));
            total += DEPTH;
            if (total >= most) server.kill("SIGKILL");
          }
        });
        work.push((async () => {
          for (;;) {
            const writer = random.below(WRITERS);
            const value = Number(valueOf(await reader.send("GET", `w:${writer}`)) ?? 0);
            seen[writer] = Math.max(seen[writer], value);
          }
        })());
        await Promise.allSettled(work);
        await server.status;
        for (const client of [...clients, reader]) client.close();
        await using again = await startServerProcess({ directory, args });
        await using client = await connect(again.port);
        for (let writer = 0; writer < WRITERS; writer++) {
          const value = Number(valueOf(await client.send("GET", `w:${writer}`)) ?? 0);
          assert(value >= acknowledged[writer], `${value} of ${acknowledged[writer]} acknowledged`);
          assert(value >= seen[writer], `${value} of ${seen[writer]} seen`);
        }
        assert(acknowledged.some((value) => value > 0));
      }
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}

needs("redis-server", `${dataSets} random data sets are exchanged with redis-server`, async () => {
  const first = newSeed();
  console.log(`seed ${first}`);
  for (let i = 0; i < dataSets; i++) {
    const seed = first + i;
    const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
    try {
      const ours = await writtenByUs(seed, directory);
      const theirs = await continuedByThem(seed, directory, ours);
      assertEquals(await loadedByUs(directory), theirs, `seed ${seed}: what redis-server wrote`);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  }
});

/** Writes a random data set, rewritten in the middle, and returns its digest. */
async function writtenByUs(seed: number, directory: string): Promise<string> {
  const disk = new SimulatedDisk(1);
  disk.place("/data/.keep", new Uint8Array(0));
  const config = { "aof-use-rdb-preamble": seed % 2 === 0 ? "yes" : "no" };
  const options = { policy: "no", turns: 0, config } as const;
  const server = new SimulatedServer(disk, seed, options, Date.now());
  await server.start();
  const workload = new Workload(seed);
  for (let i = 0; i < 300; i++) {
    server.turn(() => server.execute(workload.next().map(fromLatin1)));
    if (i !== 150) continue;
    server.turn(() => server.execute(["BGREWRITEAOF"]));
    await breathe();
    for (let step = 0; step < 20; step++) {
      disk.finishSyncs();
      await breathe();
      server.clock.advance(2);
    }
  }
  server.turn(() => settle(server));
  server.appendOnly.closeAtEnd(true);
  const { digest } = server;
  server.end();
  Deno.mkdirSync(`${directory}/appendonlydir`);
  for (const [path, bytes] of disk.contents()) {
    if (path.startsWith("/data/appendonlydir/")) {
      Deno.writeFileSync(directory + path.slice("/data".length), bytes);
    }
  }
  return digest;
}

/** Has redis-server load the files, compares, lets it write more and rewrite; its digest then. */
async function continuedByThem(seed: number, directory: string, ours: string): Promise<string> {
  const args = ["--appendonly", "yes"];
  await using redis = await startRedis({ debug: true, directory, args });
  await using judge = await connect(redis.port);
  const digest = String(valueOf(await judge.send("DEBUG", "DIGEST")));
  assertEquals(digest, ours, `seed ${seed}: what we wrote`);
  await using client = await connect(redis.port);
  const workload = new Workload(seed + 1);
  for (let i = 0; i < 100; i++) {
    const command = workload.next();
    if (/^(?:subscribe|psubscribe|ssubscribe|client|hello|reset|quit|monitor)$/i.test(command[0])) {
      continue;
    }
    await client.send(...command.map(fromLatin1));
  }
  await judge.send("EVAL", SETTLE, "0");
  const after = String(valueOf(await judge.send("DEBUG", "DIGEST")));
  await redis.stop();
  return after;
}

async function loadedByUs(directory: string): Promise<string> {
  const disk = new SimulatedDisk(1);
  for (const entry of Deno.readDirSync(`${directory}/appendonlydir`)) {
    const bytes = Deno.readFileSync(`${directory}/appendonlydir/${entry.name}`);
    disk.place(`/data/appendonlydir/${entry.name}`, bytes);
  }
  const server = new SimulatedServer(disk, 1, { policy: "no", turns: 0 }, Date.now());
  await server.start();
  const { digest } = server;
  server.end();
  return digest;
}

/** No key may expire between two digests; and small and large sets keep the sign of -0 differently. */
const SETTLE = `for db = 0, 15 do redis.call('SELECT', db)
  for _, key in ipairs(redis.call('KEYS', '*')) do
    redis.call('PERSIST', key)
    if redis.call('TYPE', key).ok == 'zset' then redis.call('DEL', key) end
  end
end return 1`;

function settle(server: SimulatedServer): void {
  const { store } = server.engine.context;
  for (const db of store.databases) {
    server.execute(["SELECT", String(db.index)]);
    const keys: Uint8Array[] = [];
    db.table.forEach((ref) => keys.push(db.keyOf(ref).slice()));
    for (const key of keys) server.execute(["PERSIST", key]);
  }
}

/** The text or number of a reply; null for none. */
function valueOf(reply: Reply): string | number | bigint | null {
  switch (reply.kind) {
    case "error":
      throw new Error(reply.text);
    case "simple":
      return reply.text;
    case "integer":
      return reply.value;
    case "bulk":
      return reply.bytes === null ? null : new TextDecoder().decode(reply.bytes);
    default:
      return null;
  }
}
