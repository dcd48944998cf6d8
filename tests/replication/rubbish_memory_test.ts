/**
 * A primary that sends rubbish costs a replica no memory: snapshots that are cut or have flipped bits
 * in them leave nothing behind, neither in the arena nor in what is counted beside it.
 *
 * REDINO_CUTS sets the number of transfers, REDINO_SEED where they break.
 */

import { assert, assertEquals } from "@std/assert";
import { FlakyProxy } from "../support/flaky_proxy.ts";
import {
  feed,
  type ReplicationNode,
  startNode,
  until,
  untilEqual,
  untilLinked,
} from "../support/replication_nodes.ts";
import { Workload } from "../support/workload.ts";
import { Draw } from "../support/workload/draw.ts";

const TRANSFERS = Number(Deno.env.get("REDINO_CUTS") ?? 100);
const SEED = Number(Deno.env.get("REDINO_SEED") ?? Math.floor(Math.random() * 2 ** 31));

/** What a link that has failed, or a transfer that was taken, says in the log. */
const OUTCOME =
  /Failed trying|Unexpected reply|Error condition|master lost|Protocol error|with success/;
/** Longer than any transfer takes; where a length was made larger nothing more would come. */
const PATIENCE_MS = 10_000;

Deno.test("transfers that break leave no memory behind", async () => {
  console.log(`REDINO_SEED=${SEED} REDINO_CUTS=${TRANSFERS}`);
  const draw = new Draw(SEED);
  await using primary = await startNode("ours");
  await fill(primary);
  await using proxy = new FlakyProxy(primary.port);
  await using replica = await startNode("ours");
  const { context } = replica.server!.engine;
  const { arena } = context.store.state;
  // As while a snapshot runs: nothing is given back with the arena as a whole, so that a single value
  // that is not freed shows.
  arena.join();
  let snapshotBytes = 0;
  proxy.mangle = (bytes, at) => {
    snapshotBytes = Math.max(snapshotBytes, at + bytes.length);
    return bytes;
  };
  await transfer(replica, proxy.port);
  assert(context.store.keyCount >= 6, "a whole snapshot is loaded");
  const before = await levels(replica);
  let broken = 0;
  for (let round = 0; round < TRANSFERS; round++) {
    // Behind PONG and three times OK.
    const place = 22 + draw.below(snapshotBytes - 22);
    const isCut = draw.oneIn(2);
    const bit = 1 << draw.below(8);
    proxy.mangle = (bytes, at) => {
      if (place < at || place >= at + bytes.length) return bytes;
      broken++;
      if (isCut) {
        // Once the rest of the piece is on its way.
        setTimeout(() => proxy.cut(), 1);
        return bytes.slice(0, place - at);
      }
      bytes[place - at] ^= bit;
      return bytes;
    };
    await transfer(replica, proxy.port);
  }
  assert(broken >= TRANSFERS / 2, String(broken));
  const after = await levels(replica);
  for (const [name, level] of Object.entries(before)) {
    const most = level * 1.02 + 4096;
    assert(after[name] <= most, `${name}: ${level} before, ${after[name]} after`);
  }
  arena.leave();
  proxy.mangle = (bytes) => bytes;
  await replica.client.send("REPLICAOF", "127.0.0.1", proxy.port);
  await untilLinked(replica);
  await untilEqual([primary, replica]);
});

/** Values of all types, small and large. */
async function fill({ client }: ReplicationNode): Promise<void> {
  await feed(client, new Workload(SEED), 1_500);
  const names = Array.from({ length: 2_000 }, (_, i) => `member:${i}`);
  await client.send("RPUSH", "large:list", ...names);
  await client.send("SADD", "large:set", ...names);
  await client.send("HSET", "large:hash", ...names.flatMap((name) => [name, name]));
  await client.send("ZADD", "large:zset", ...names.flatMap((name, i) => [i, name]));
  await client.send("HPEXPIREAT", "large:hash", 2_000_000_000_000, "FIELDS", 1, "member:1");
  for (let i = 0; i < 500; i++) await client.send("XADD", "large:stream", "*", "field", `${i}`);
  await client.send("SETRANGE", "large:string", 300_000, "end");
}

/** One try to follow, whatever comes of it. */
async function transfer({ client, log }: ReplicationNode, port: number): Promise<void> {
  const from = log.lines.length;
  await client.send("REPLICAOF", "127.0.0.1", port);
  const deadline = performance.now() + PATIENCE_MS;
  const isOver = () => log.lines.slice(from).some(({ message }) => OUTCOME.test(message));
  while (!isOver() && performance.now() < deadline) await pause(2);
  await client.send("REPLICAOF", "NO", "ONE");
}

/** Bytes that are in use when there are no data. */
async function levels({ client, server }: ReplicationNode): Promise<Record<string, number>> {
  const { context } = server!.engine;
  const { store, memory } = context;
  await client.send("FLUSHALL");
  await until(() => Promise.resolve(store.lazyFree.pendingObjects === 0), "all to be freed");
  assertEquals(store.keyCount, 0);
  return {
    arena: store.state.arena.usedBytes,
    outside: store.state.arena.outsideBytes,
    reserved: store.state.arena.reservedBytes,
    used: memory.usedBytes,
    kept: memory.keptBytes,
  };
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
