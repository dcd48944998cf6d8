/** What INFO tells of a snapshot that is made for replicas. */

import { assertEquals } from "@std/assert";
import { needs } from "../support/peers.ts";
import { type NodeKind, shown, startNode, until } from "../support/replication_nodes.ts";
import { connect } from "../support/resp_client.ts";

for (const kind of ["ours", "redis"] as const) {
  for (const diskless of ["yes", "no"]) {
    const name = `${kind}, diskless ${diskless}: a snapshot for replicas counts as a save in INFO`;
    const test = () => countsAsSave(kind, diskless);
    if (kind === "ours") Deno.test(name, test);
    else needs("redis-server", name, test);
  }
}

async function countsAsSave(kind: NodeKind, diskless: string): Promise<void> {
  await using node = await startNode(kind, { directives: { "repl-diskless-sync": diskless } });
  const { client } = node;
  const figures = async () => {
    const text = shown(await client.send("INFO", "persistence"));
    const of = (name: string) => Number(new RegExp(`^${name}:(.*)\\r$`, "m").exec(text)?.[1]);
    return {
      isRunning: of("rdb_bgsave_in_progress") === 1,
      isTimed: of("rdb_current_bgsave_time_sec") >= 0,
      wasTimed: of("rdb_last_bgsave_time_sec") >= 0,
      saves: of("rdb_saves"),
    };
  };
  await client.send("DEBUG", "POPULATE", 50);
  await client.send("CONFIG", "SET", "rdb-key-save-delay", 20_000);
  assertEquals(await figures(), { isRunning: false, isTimed: false, wasTimed: false, saves: 0 });
  await using replica = await connect(node.port);
  await replica.write("SYNC");
  await until(async () => (await figures()).isRunning, "the snapshot to begin");
  assertEquals(await figures(), { isRunning: true, isTimed: true, wasTimed: false, saves: 1 });
  await client.send("CONFIG", "SET", "rdb-key-save-delay", 0);
  await until(async () => !(await figures()).isRunning, "the snapshot to end");
  assertEquals(await figures(), { isRunning: false, isTimed: false, wasTimed: true, saves: 1 });
}
