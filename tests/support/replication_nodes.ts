/** Servers that follow each other, ours and redis-server's, for tests of replication. */

import { type Server, startServer } from "../../lib/mod.ts";
import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import { CapturedLog } from "./fake_host.ts";
import { startRedis } from "./peers.ts";
import { connect, encodeCommand, type RespClient } from "./resp_client.ts";
import { Workload } from "./workload.ts";
import { bytesOf } from "./workload/draw.ts";

export type NodeKind = "ours" | "redis";

export interface ReplicationNode {
  readonly kind: NodeKind;
  readonly port: number;
  readonly client: RespClient;
  /** Of one of ours. */
  readonly server: Server | null;
  readonly log: CapturedLog;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface NodeOptions {
  /** Port of the primary. */
  readonly follows?: number;
  readonly directives?: Readonly<Record<string, string>>;
  /** A port that is to be taken, for a server that comes back. */
  readonly port?: number;
}

/** Starts a server that syncs its replicas without delay. */
export async function startNode(
  kind: NodeKind,
  options: NodeOptions = {},
): Promise<ReplicationNode> {
  const log = new CapturedLog();
  const directives: Record<string, string> = {
    "repl-diskless-sync-delay": "0",
    "enable-debug-command": "yes",
    ...(options.follows === undefined ? {} : { replicaof: `127.0.0.1 ${options.follows}` }),
    ...options.directives,
  };
  if (kind === "ours") {
    const directory = await Deno.makeTempDir();
    const server = await startServer({
      ...(options.port === undefined ? {} : { port: options.port }),
      directives: { dir: directory, ...directives },
      host: { log },
    });
    const client = await connect(server.port);
    return {
      kind,
      port: server.port,
      client,
      server,
      log,
      [Symbol.asyncDispose]: async () => {
        client.close();
        await server.close();
        await Deno.remove(directory, { recursive: true });
      },
    };
  }
  const args = Object.entries(directives).flatMap(([name, value]) => [
    `--${name}`,
    ...value.split(" "),
  ]);
  const redis = await startRedis({ args });
  const client = await connect(redis.port);
  return {
    kind,
    port: redis.port,
    client,
    server: null,
    log,
    [Symbol.asyncDispose]: async () => {
      client.close();
      await redis.close();
    },
  };
}

/** Fields of INFO's section about replication. */
export async function replicationFields(client: RespClient): Promise<Record<string, string>> {
  const text = textOf(await client.send("INFO", "replication"));
  const lines = text.split("\r\n").filter((line) => line.includes(":"));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1)]),
  );
}

/** Waits until a replica's link to its primary is up. */
export async function untilLinked(node: ReplicationNode): Promise<void> {
  await until(
    async () => (await replicationFields(node.client)).master_link_status === "up",
    "the link to the primary to be up",
  );
}

/** Waits until all have the data of the first. */
export async function untilEqual(nodes: readonly ReplicationNode[]): Promise<void> {
  await until(async () => {
    const digests = await Promise.all(nodes.map(async ({ client }) => {
      return textOf(await client.send("DEBUG", "DIGEST"));
    }));
    return digests.every((digest) => digest === digests[0]);
  }, "all servers to have the same data");
}

/** Asks again and again, for five seconds at most unless said otherwise. */
export async function until(
  isSo: () => Promise<boolean>,
  what: string,
  timeoutMs = 5_000,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!await isSo()) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Random commands of all groups, now and then several in a transaction. */
export async function feed(
  client: RespClient,
  workload: Workload,
  count: number,
  batchSize = 200,
): Promise<void> {
  for (let done = 0; done < count; done += batchSize) {
    const commands: string[][] = [];
    while (commands.length < Math.min(batchSize, count - done)) {
      const command = workload.next();
      if (!staysOnPrimary(command)) commands.push(command);
    }
    if (done % (batchSize * 3) === 0) {
      commands.splice(batchSize >> 2, 0, ["MULTI"]);
      commands.splice(batchSize >> 1, 0, ["EXEC"]);
    }
    const replies = client.rawReplies(commands.length);
    const frames = commands.map((words) => latin1(encodeCommand(bytesOf(words)))).join("");
    await client.raw(fromLatin1(frames));
    await replies;
  }
}

/**
 * Whether redis-server 7.0 keeps what a command changed from its replicas: a BITFIELD that makes a
 * string longer and then fails to set anything in it.
 */
function staysOnPrimary([name, ...words]: readonly string[]): boolean {
  return /^bitfield$/i.test(name) && words.some((word) => /^fail$/i.test(word));
}

/** A reply as tests compare it. */
export function shown(reply: Reply): string {
  switch (reply.kind) {
    case "bulk":
    case "verbatim":
      return reply.bytes === null ? "(nil)" : new TextDecoder().decode(reply.bytes);
    case "simple":
    case "error":
      return reply.text;
    case "integer":
      return String(reply.value);
    case "null":
      return "(nil)";
    default:
      return JSON.stringify(reply);
  }
}

function textOf(reply: Reply): string {
  if ((reply.kind === "bulk" || reply.kind === "verbatim") && reply.bytes !== null) {
    return latin1(reply.bytes);
  }
  if (reply.kind === "simple") return reply.text;
  throw new Error(`no text: ${JSON.stringify(reply)}`);
}
