/**
 * Sentinels watch our servers: when the primary is killed they make another one primary, clients that
 * ask them go on, and the old primary comes back as a replica. REDINO_FAILOVERS
 * repeats it, and tries a group with a redis-server among them.
 */

import { assert, assertEquals } from "@std/assert";
import { Redis } from "ioredis";
import { type ChildServer, freePort, startChildServer } from "../support/child_server.ts";
import { needs, startRedis } from "../support/peers.ts";
import { connect } from "../support/resp_client.ts";
import { replicationFields, until } from "../support/replication_nodes.ts";
import { startServerProcess } from "../support/server_process.ts";

const asked = Deno.env.get("REDINO_FAILOVERS");
const rounds = Number(asked ?? 1);

type Kind = "ours" | "redis";

// Sentinels take their time: the mixed group only where more rounds are asked for.
const groups: Kind[][] = [["ours", "ours", "ours"]];
if (asked !== undefined) groups.push(["ours", "redis", "ours"]);

for (const kinds of groups) {
  needs(
    ["redis-sentinel", "redis-server"],
    `three sentinels fail over ${kinds.join(", ")} when the primary is killed`,
    () => failsOver(kinds),
  );
}

async function failsOver(kinds: readonly Kind[]): Promise<void> {
  await using all = new AsyncDisposableStack();
  const servers = new Map<number, { kind: Kind; server: ChildServer }>();
  let primary = freePort();
  for (const [i, kind] of kinds.entries()) {
    const port = i === 0 ? primary : freePort();
    const server = all.use(await start(kind, port, i === 0 ? null : primary));
    servers.set(port, { kind, server });
  }
  const sentinels: number[] = [];
  for (let i = 0; i < 3; i++) {
    const sentinel = all.use(await startSentinel(primary));
    sentinels.push(sentinel.port);
  }
  await until(() => knows(sentinels, 2), "the sentinels to know all servers", 60_000);
  const client = new Redis({
    name: "mymaster",
    sentinels: sentinels.map((port) => ({ host: "127.0.0.1", port })),
    sentinelRetryStrategy: () => 100,
    retryStrategy: () => 50,
  });
  client.on("error", () => {});
  try {
    for (let round = 0; round < rounds; round++) {
      await client.set("round", round);
      // Either of the two others may be chosen.
      assertEquals(await client.call("WAIT", "2", "10000"), 2);
      const { kind, server } = servers.get(primary)!;
      await server.stop("SIGKILL");
      const old = primary;
      await until(
        async () => {
          primary = await primaryOf(sentinels[0]);
          return primary !== old;
        },
        "another primary",
        30_000,
      );
      // What was acknowledged by a replica is there, and the client goes on by itself.
      assertEquals(await client.get("round"), String(round));
      assertEquals(await client.set("after", round), "OK");
      const back = all.use(await start(kind, old, null));
      servers.set(old, { kind, server: back });
      // On a busy machine they may have changed their minds meanwhile.
      await until(
        async () => {
          primary = await primaryOf(sentinels[0]);
          return primary !== old && await follows(old, primary);
        },
        "the old primary to follow the new one",
        60_000,
      );
    }
    assert(await primaryOf(sentinels[2]) === primary);
  } finally {
    client.disconnect();
  }
}

function start(kind: Kind, port: number, primary: number | null): Promise<ChildServer> {
  const replicaof = primary === null ? [] : ["--replicaof", "127.0.0.1", String(primary)];
  const args = ["--repl-diskless-sync-delay", "0", ...replicaof];
  if (kind === "ours") return startServerProcess({ port, args });
  return startRedis({ port, args });
}

async function startSentinel(primary: number): Promise<ChildServer> {
  const directory = await Deno.makeTempDir();
  const file = `${directory}/sentinel.conf`;
  const server = await startChildServer({
    program: "redis-sentinel",
    ready: /Sentinel ID is/,
    args: (port) => {
      Deno.writeTextFileSync(
        file,
        [
          `port ${port}`,
          "bind 127.0.0.1",
          `dir ${directory}`,
          `sentinel monitor mymaster 127.0.0.1 ${primary} 2`,
          "sentinel down-after-milliseconds mymaster 1500",
          "sentinel failover-timeout mymaster 6000",
          "",
        ].join("\n"),
      );
      return [file];
    },
  });
  void server.status.then(() => Deno.remove(directory, { recursive: true })).catch(() => {});
  return server;
}

/** Whether all sentinels know of each other and of so many replicas. */
async function knows(sentinels: readonly number[], replicas: number): Promise<boolean> {
  for (const port of sentinels) {
    const fields = await sentinelFields(port);
    if (Number(fields["num-slaves"]) !== replicas) return false;
    if (Number(fields["num-other-sentinels"]) !== sentinels.length - 1) return false;
  }
  return true;
}

async function primaryOf(sentinel: number): Promise<number> {
  return Number((await sentinelFields(sentinel)).port);
}

async function sentinelFields(port: number): Promise<Record<string, string>> {
  using client = await connect(port);
  const reply = await client.send("SENTINEL", "MASTER", "mymaster");
  if (reply.kind !== "array" || reply.items === null) return {};
  const words = reply.items.map((item) =>
    item.kind === "bulk" && item.bytes !== null ? new TextDecoder().decode(item.bytes) : ""
  );
  return Object.fromEntries(
    words.flatMap((word, i) => i % 2 === 0 ? [[word, words[i + 1]]] : []),
  );
}

async function follows(port: number, primary: number): Promise<boolean> {
  let fields: Record<string, string>;
  try {
    using client = await connect(port);
    fields = await replicationFields(client);
  } catch {
    // A sentinel ends all connections of a server that it makes a replica.
    return false;
  }
  return fields.role === "slave" && fields.master_port === String(primary) &&
    fields.master_link_status === "up";
}
