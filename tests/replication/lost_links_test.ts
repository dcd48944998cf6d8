/**
 * Links that are cut, stall and carry rubbish, under load: what the backlog has is never asked for as
 * a whole again, and the data end equal. REDINO_CUTS makes it longer.
 */

import { assert, assertEquals } from "@std/assert";
import { FlakyProxy } from "../support/flaky_proxy.ts";
import { needs } from "../support/peers.ts";
import {
  feed,
  type NodeKind,
  replicationFields,
  startNode,
  until,
  untilEqual,
  untilLinked,
} from "../support/replication_nodes.ts";
import { Workload } from "../support/workload.ts";

const cuts = Number(Deno.env.get("REDINO_CUTS") ?? 8);

for (
  const [primary, replica] of [["ours", "ours"], ["redis", "ours"], ["ours", "redis"]] as const
) {
  const name = `${primary} → ${replica}: a link that is cut under load costs no full resync`;
  const test = () => cutLinks(primary, replica);
  if (primary === replica) Deno.test(name, test);
  else needs("redis-server", name, test);
}

async function cutLinks(primaryKind: NodeKind, replicaKind: NodeKind): Promise<void> {
  const seed = Number(Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`seed ${seed}`);
  const directives = { "repl-backlog-size": "64mb" };
  await using primary = await startNode(primaryKind, { directives });
  await using proxy = new FlakyProxy(primary.port);
  await using replica = await startNode(replicaKind, { follows: proxy.port, directives });
  await untilLinked(replica);
  const workload = new Workload(seed);
  // redis-server tries again only once a second.
  const rounds = replicaKind === "redis" ? Math.ceil(cuts / 4) : cuts;
  for (let round = 0; round < rounds; round++) {
    await feed(primary.client, workload, 300, 100);
    if (round % 3 === 1) proxy.delayMs = 2;
    if (round % 3 === 2) proxy.isStalled = true;
    await feed(primary.client, workload, 300, 100);
    proxy.cut();
    await feed(primary.client, workload, 300, 100);
    proxy.isStalled = false;
    proxy.delayMs = 0;
    await untilLinked(replica);
  }
  await untilEqual([primary, replica]);
  assertEquals(await fullSyncs(primary), 1);
}

Deno.test("a replica that was away for too long gets everything again", async () => {
  await using primary = await startNode("ours", { directives: { "repl-backlog-size": "16kb" } });
  await using proxy = new FlakyProxy(primary.port);
  await using replica = await startNode("ours", { follows: proxy.port });
  await untilLinked(replica);
  proxy.isStalled = true;
  proxy.cut();
  for (let i = 0; i < 40; i++) await primary.client.send("SET", `key:${i}`, "x".repeat(16_384));
  proxy.isStalled = false;
  await untilEqual([primary, replica]);
  assertEquals(await fullSyncs(primary), 2);
});

Deno.test("an old primary with writes of its own gives them up for the new one's data", async () => {
  await using a = await startNode("ours");
  await using b = await startNode("ours", { follows: a.port });
  await untilLinked(b);
  await a.client.send("SET", "shared", "1");
  await untilEqual([a, b]);
  // Both take writes: the histories part.
  await b.client.send("REPLICAOF", "NO", "ONE");
  await a.client.send("SET", "lost", "of the old primary");
  await b.client.send("SET", "kept", "of the new primary");
  await a.client.send("REPLICAOF", "127.0.0.1", b.port);
  await untilEqual([a, b]);
  assertEquals(await a.client.send("EXISTS", "lost"), await a.client.send("EXISTS", "nowhere"));
  assertEquals(await fullSyncs(b), 1);
});

Deno.test("an old primary without writes of its own goes on where it was", async () => {
  await using a = await startNode("ours");
  await using b = await startNode("ours", { follows: a.port });
  await untilLinked(b);
  await a.client.send("SET", "shared", "1");
  await untilEqual([a, b]);
  await b.client.send("REPLICAOF", "NO", "ONE");
  await a.client.send("REPLICAOF", "127.0.0.1", b.port);
  await untilLinked(a);
  await b.client.send("SET", "kept", "of the new primary");
  await untilEqual([a, b]);
  assertEquals(await fullSyncs(b), 0);
});

Deno.test("a snapshot that is cut or has flipped bits costs a retry", async () => {
  const seed = Number(Deno.env.get("REDINO_SEED") ?? crypto.getRandomValues(new Uint32Array(1))[0]);
  console.log(`seed ${seed}`);
  await using primary = await startNode("ours");
  await feed(primary.client, new Workload(seed), 1_500);
  await using proxy = new FlakyProxy(primary.port);
  let attempts = 0;
  proxy.mangle = (bytes, at) => {
    // PONG and three times OK; what follows announces the snapshot, or is part of it.
    if (at < 22) return bytes;
    attempts++;
    if (attempts > 6) return bytes;
    if (attempts % 2 === 0) return null;
    bytes[(seed + attempts * 37) % bytes.length] ^= 1 << (attempts % 8);
    return bytes;
  };
  await using replica = await startNode("ours", { follows: proxy.port });
  await until(
    async () => (await replicationFields(replica.client)).master_link_status === "up",
    "the link to be up in the end",
    15_000,
  );
  await untilEqual([primary, replica]);
  assert(attempts > 6);
});

const everyKilobyte = Deno.env.get("REDINO_CUTS") !== undefined;

Deno.test("a snapshot that is cut at each KiB in turn is taken in the end", async () => {
  await using primary = await startNode("ours", { directives: { rdbcompression: "no" } });
  // Retries take ever longer, up to two seconds: a short snapshot unless more is asked for.
  const count = everyKilobyte ? 40 : 4;
  for (let i = 0; i < count; i++) await primary.client.send("SET", `key:${i}`, "x".repeat(1000));
  await using proxy = new FlakyProxy(primary.port);
  let least = 0;
  let cut = 0;
  proxy.mangle = (bytes, at) => {
    if (at + bytes.length < least + 1024 || least >= count * 1024) return bytes;
    least += 1024;
    cut++;
    return null;
  };
  await using replica = await startNode("ours", { follows: proxy.port });
  await until(
    async () => (await replicationFields(replica.client)).master_link_status === "up",
    "the link to be up in the end",
    count * 3_000,
  );
  await untilEqual([primary, replica]);
  assert(cut >= count - 1, String(cut));
});

async function fullSyncs(node: { client: { send(...words: string[]): Promise<unknown> } }) {
  const reply = await node.client.send("INFO", "stats") as { bytes: Uint8Array };
  return Number(/sync_full:(\d+)/.exec(new TextDecoder().decode(reply.bytes))![1]);
}

Deno.test("a primary that says nothing is given up after repl-timeout, and tried again", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const links: Deno.TcpConn[] = [];
  const accepting = (async () => {
    for await (const link of listener) links.push(link);
  })();
  {
    await using replica = await startNode("ours", {
      follows: listener.addr.port,
      directives: { "repl-timeout": "1" },
    });
    const warned = () =>
      replica.log.messages("warning").includes("Timeout connecting to the MASTER...");
    await until(() => Promise.resolve(warned() && links.length > 1), "another try");
  }
  listener.close();
  await accepting;
  for (const link of links) link.close();
});

for (
  const [when, answer, warning] of [
    ["PSYNC is answered", "", "Timeout connecting to the MASTER..."],
    [
      "a snapshot has come",
      `+FULLRESYNC ${"a".repeat(40)} 1\r\n$1000\r\nREDIS`,
      "Timeout receiving bulk data from MASTER...",
    ],
  ]
) {
  Deno.test(`a lower repl-timeout holds for the replica that waits until ${when}`, async () => {
    await using primary = silentPrimary(answer);
    await using replica = await startNode("ours", { follows: primary.port });
    await until(() => Promise.resolve(primary.isAsked()), "PSYNC");
    await replica.client.send("CONFIG", "SET", "repl-timeout", "1");
    await until(
      () => Promise.resolve(replica.log.messages("warning").includes(warning)),
      "the link to be given up",
      10_000,
    );
  });
}

/** A primary that goes through the handshake, answers PSYNC as told, and says nothing more. */
function silentPrimary(
  answer: string,
): AsyncDisposable & { port: number; isAsked(): boolean } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  let asked = false;
  const serve = async (link: Deno.TcpConn): Promise<void> => {
    const bytes = new Uint8Array(4096);
    for (let count = await link.read(bytes); count !== null; count = await link.read(bytes)) {
      const isSync = new TextDecoder().decode(bytes.subarray(0, count)).includes("PSYNC");
      await link.write(new TextEncoder().encode(isSync ? answer : "+OK\r\n"));
      asked ||= isSync;
    }
    link.close();
  };
  const serving: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const link of listener) serving.push(serve(link));
  })();
  return {
    port: listener.addr.port,
    isAsked: () => asked,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      await Promise.all(serving);
    },
  };
}
