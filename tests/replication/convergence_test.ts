/**
 * Random commands of all groups on a primary, and all servers that follow it end with the same data,
 * whoever is ours and whoever redis-server. REDINO_SEED repeats a run, REDINO_REPLICATED makes it
 * longer, REDINO_RUNS repeats it with other seeds.
 */

import { needs } from "../support/peers.ts";
import {
  feed,
  type NodeKind,
  type ReplicationNode,
  startNode,
  untilEqual,
  untilLinked,
} from "../support/replication_nodes.ts";
import { Workload } from "../support/workload.ts";

const commandCount = Number(Deno.env.get("REDINO_REPLICATED") ?? 3_000);
const runs = Number(Deno.env.get("REDINO_RUNS") ?? 5);

const CHAINS: readonly (readonly NodeKind[])[] = [
  ["redis", "ours"],
  ["ours", "redis"],
  ["ours", "ours"],
  ["ours", "ours", "redis"],
];

for (const chain of CHAINS) {
  const name = `${chain.join(" → ")}: random commands leave the same data everywhere`;
  const test = () => converges(chain);
  if (chain.includes("redis")) needs("redis-server", name, test);
  else Deno.test(name, test);
}

async function converges(chain: readonly NodeKind[]): Promise<void> {
  const first = Number(
    Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0],
  );
  for (let seed = first; seed < first + runs; seed++) {
    console.log(`seed ${seed}`);
    await using nodes = new AsyncDisposableStack();
    const all: ReplicationNode[] = [];
    const workload = new Workload(seed);
    for (const kind of chain) {
      const follows = all.at(-1)?.port;
      const node = nodes.use(await startNode(kind, follows === undefined ? {} : { follows }));
      all.push(node);
      // Some data are there before, and come with the snapshot.
      if (all.length === 1) await feed(node.client, workload, commandCount / 4);
      else await untilLinked(node);
    }
    await feed(all[0].client, workload, commandCount);
    await untilEqual(all);
  }
}
