/** What primaries and replicas reply, and how they change places. */

import { assert, assertEquals } from "@std/assert";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import { FlakyProxy } from "../support/flaky_proxy.ts";
import { needs } from "../support/peers.ts";
import {
  replicationFields,
  shown,
  startNode,
  until,
  untilEqual,
  untilLinked,
} from "../support/replication_nodes.ts";
import { connect } from "../support/resp_client.ts";

Deno.test("a replica refuses writes and shows its primary's", async () => {
  await using primary = await startNode("ours");
  await using replica = await startNode("ours", { follows: primary.port });
  await untilLinked(replica);
  await primary.client.send("SET", "k", "v");
  await untilEqual([primary, replica]);
  assertEquals(
    shown(await replica.client.send("SET", "k", "other")),
    "READONLY You can't write against a read only replica.",
  );
  assertEquals(shown(await replica.client.send("GET", "k")), "v");
  await replica.client.send("CONFIG", "SET", "replica-read-only", "no");
  assertEquals(shown(await replica.client.send("SET", "own", "x")), "OK");
});

Deno.test("ROLE shows both sides of a link", async () => {
  await using primary = await startNode("ours");
  await using replica = await startNode("ours", { follows: primary.port });
  await untilLinked(replica);
  await primary.client.send("SET", "k", "v");
  await untilEqual([primary, replica]);
  const [name, host, port, state, offset] = itemsOf(await replica.client.send("ROLE")).map(shown);
  assertEquals([name, host, port, state], ["slave", "127.0.0.1", `${primary.port}`, "connected"]);
  await until(async () => {
    const [, , replicas] = itemsOf(await primary.client.send("ROLE"));
    const [first] = itemsOf(replicas);
    const words = first === undefined ? [] : itemsOf(first).map(shown);
    return words.join() === `127.0.0.1,${replica.port},${offset}`;
  }, "the replica's offset");
});

Deno.test("ROLE tells no offset while the primary is gone", async () => {
  const primary = await startNode("ours");
  await using replica = await startNode("ours", { follows: primary.port });
  await untilLinked(replica);
  await primary[Symbol.asyncDispose]();
  await until(async () => {
    const [, , , state, offset] = itemsOf(await replica.client.send("ROLE")).map(shown);
    return state !== "connected" && offset === "-1";
  }, "ROLE without an offset");
});

Deno.test("INFO has the fields of Redis 7.0 about replication in their order", async () => {
  await using primary = await startNode("ours");
  const text = Deno.readTextFileSync("fixtures/info/redis-7.0-info-fields.json");
  const wanted = (JSON.parse(text) as Record<string, string[]>).Replication;
  assertEquals(Object.keys(await replicationFields(primary.client)), wanted);
});

Deno.test("WAIT counts the replicas that have a write", async () => {
  await using primary = await startNode("ours");
  await using replica = await startNode("ours", { follows: primary.port });
  await untilLinked(replica);
  await primary.client.send("SET", "k", "v");
  assertEquals(shown(await primary.client.send("WAIT", "1", "5000")), "1");
  assertEquals(shown(await primary.client.send("WAIT", "2", "50")), "1");
  const refusal = shown(await replica.client.send("WAIT", "1", "50"));
  assert(refusal.startsWith("ERR WAIT cannot be used with replica instances."), refusal);
});

Deno.test("a replica without its primary answers as it is told to", async () => {
  await using replica = await startNode("ours", {
    follows: 1,
    directives: { "replica-serve-stale-data": "no" },
  });
  assertEquals(
    shown(await replica.client.send("GET", "k")),
    "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
  );
  assertEquals(shown(await replica.client.send("PING")).slice(0, 10), "MASTERDOWN");
  assert(shown(await replica.client.send("INFO", "replication")).includes("role:slave"));
  await replica.client.send("CONFIG", "SET", "replica-serve-stale-data", "yes");
  assertEquals(shown(await replica.client.send("PING")), "PONG");
});

Deno.test("writes wait for enough replicas, as min-replicas-to-write says", async () => {
  await using primary = await startNode("ours", { directives: { "min-replicas-to-write": "1" } });
  const refusal = "NOREPLICAS Not enough good replicas to write.";
  assertEquals(shown(await primary.client.send("SET", "k", "v")), refusal);
  assertEquals(shown(await primary.client.send("GET", "k")), "(nil)");
  {
    await using replica = await startNode("ours", { follows: primary.port });
    await untilLinked(replica);
    await until(
      async () => shown(await primary.client.send("SET", "k", "v")) === "OK",
      "the write to be accepted",
    );
  }
  await until(
    async () => shown(await primary.client.send("SET", "k", "v")) === refusal,
    "the write to be refused",
  );
});

Deno.test("keys expire on a replica when its primary says so, and are not shown before", async () => {
  await using primary = await startNode("ours");
  await using replica = await startNode("ours", { follows: primary.port });
  await untilLinked(replica);
  await primary.client.send("DEBUG", "SET-ACTIVE-EXPIRE", "0");
  await primary.client.send("SET", "brief", "x", "PX", "30");
  await until(
    async () => shown(await replica.client.send("DBSIZE")) === "1",
    "the key to arrive",
  );
  await until(
    async () => shown(await replica.client.send("GET", "brief")) === "(nil)",
    "the key's time to be up",
  );
  // It is there until the primary removes it, which a look at it makes it do.
  assertEquals(shown(await replica.client.send("DBSIZE")), "1");
  await primary.client.send("GET", "brief");
  await until(
    async () => shown(await replica.client.send("DBSIZE")) === "0",
    "the key to be removed",
  );
});

Deno.test("FAILOVER makes the replica the primary, and loses nothing", async () => {
  await using a = await startNode("ours");
  await using b = await startNode("ours", { follows: a.port });
  await untilLinked(b);
  const writer = await connect(a.port);
  const written: number[] = [];
  let isWriting = true;
  const writing = (async () => {
    for (let i = 0; isWriting; i++) {
      const reply = await writer.send("SET", `key:${i}`, i);
      if (reply.kind === "error") return;
      written.push(i);
    }
  })();
  await until(() => Promise.resolve(written.length > 50), "some writes");
  assertEquals(shown(await a.client.send("FAILOVER", "TIMEOUT", "5000")), "OK");
  await until(
    async () => (await replicationFields(a.client)).master_link_status === "up",
    "the old primary to follow the new one",
  );
  isWriting = false;
  await writing;
  writer.close();
  assertEquals((await replicationFields(b.client)).role, "master");
  assertEquals((await replicationFields(a.client)).master_failover_state, "no-failover");
  for (const i of written) {
    assertEquals(shown(await b.client.send("GET", `key:${i}`)), String(i));
  }
  await b.client.send("SET", "later", "x");
  await untilEqual([a, b]);
});

Deno.test("FAILOVER refuses what can't be", async () => {
  await using primary = await startNode("ours");
  const { client } = primary;
  assertEquals(shown(await client.send("FAILOVER")), "ERR FAILOVER requires connected replicas.");
  assertEquals(shown(await client.send("FAILOVER", "ABORT")), "ERR No failover in progress.");
  assertEquals(shown(await client.send("FAILOVER", "TO", "a")), "ERR syntax error");
  assertEquals(
    shown(await client.send("FAILOVER", "TIMEOUT", "-1")),
    "ERR FAILOVER timeout must be greater than 0",
  );
});

Deno.test("a replica of a replica goes on when the one between becomes primary", async () => {
  await using a = await startNode("ours");
  await using b = await startNode("ours", { follows: a.port });
  await untilLinked(b);
  await using c = await startNode("ours", { follows: b.port });
  await untilLinked(c);
  await a.client.send("SET", "k", "v");
  await untilEqual([a, b, c]);
  await b.client.send("REPLICAOF", "NO", "ONE");
  await b.client.send("SET", "k2", "v2");
  await untilEqual([b, c]);
  const text = shown(await b.client.send("INFO", "stats"));
  assert(text.includes("sync_full:1\r\n"), text);
});

Deno.test("clients that wait for keys are told when the server becomes a replica", async () => {
  await using primary = await startNode("ours");
  await using other = await startNode("ours");
  using waiting = await connect(other.port);
  const reply = waiting.send("BLPOP", "list", "0");
  await until(
    async () => shown(await other.client.send("INFO", "clients")).includes("blocked_clients:1"),
    "the client to wait",
  );
  await other.client.send("REPLICAOF", "127.0.0.1", primary.port);
  assertEquals(
    shown(await reply),
    "UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)",
  );
});

Deno.test("SHUTDOWN waits for a replica that lacks writes, and can be taken back", async () => {
  await using primary = await startNode("ours", { directives: { "shutdown-timeout": "20" } });
  await using proxy = new FlakyProxy(primary.port);
  await using replica = await startNode("ours", { follows: proxy.port });
  await untilLinked(replica);
  proxy.isStalled = true;
  await primary.client.send("SET", "late", "x");
  using asking = await connect(primary.port);
  const aborted = asking.send("SHUTDOWN", "NOSAVE");
  await until(
    async () => shown(await primary.client.send("INFO", "clients")).includes("blocked_clients:1"),
    "the shutdown to wait",
  );
  const left = /shutdown_in_milliseconds:(\d+)\r/;
  const info = shown(await primary.client.send("INFO", "server"));
  const remainingMs = Number(left.exec(info)?.[1]);
  assert(remainingMs > 0 && remainingMs <= 20_000, info);
  assertEquals(shown(await primary.client.send("SHUTDOWN", "ABORT")), "OK");
  assertEquals(shown(await aborted), "ERR Errors trying to SHUTDOWN. Check logs.");
  assertEquals(
    shown(await primary.client.send("SHUTDOWN", "ABORT")),
    "ERR No shutdown in progress.",
  );
  assert(!left.test(shown(await primary.client.send("INFO", "server"))));
  await asking.write("SHUTDOWN", "NOSAVE");
  await until(
    async () => shown(await primary.client.send("INFO", "clients")).includes("blocked_clients:1"),
    "the shutdown to wait again",
  );
  proxy.isStalled = false;
  await asking.ended();
  const messages = primary.log.messages();
  assert(messages.includes("1 of 1 replicas are in sync when shutting down."), `${messages}`);
  assertEquals(shown(await replica.client.send("GET", "late")), "x");
});

needs("redis-cli", "redis-cli --rdb takes a snapshot", async () => {
  await using primary = await startNode("ours");
  await primary.client.send("SET", "k", "v");
  const file = await Deno.makeTempFile();
  try {
    const { success, stderr } = await new Deno.Command("redis-cli", {
      args: ["-p", String(primary.port), "--rdb", file],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const bytes = await Deno.readFile(file);
    assertEquals(new TextDecoder().decode(bytes.subarray(0, 5)), "REDIS");
  } finally {
    await Deno.remove(file);
  }
});

needs("redis-cli", "redis-cli --functions-rdb takes a snapshot without keys", async () => {
  await using primary = await startNode("ours");
  await primary.client.send("SET", "k", "a-value-to-look-for");
  await primary.client.send(
    "FUNCTION",
    "LOAD",
    "#!lua name=lib\nredis.register_function('f', function() return 1 end)",
  );
  const file = await Deno.makeTempFile();
  try {
    const { success, stderr } = await new Deno.Command("redis-cli", {
      args: ["-p", String(primary.port), "--functions-rdb", file],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const text = new TextDecoder().decode(await Deno.readFile(file));
    assert(text.includes("register_function") && !text.includes("a-value-to-look-for"));
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("a replica that was started anew goes on with the stream where its file ends", async () => {
  await using primary = await startNode("ours");
  const directory = await Deno.makeTempDir();
  try {
    await primary.client.send("SET", "before", "1");
    const directives = { dir: directory, save: "3600 1" };
    {
      await using replica = await startNode("ours", { follows: primary.port, directives });
      await untilLinked(replica);
      await untilEqual([primary, replica]);
      await replica.client.send("SAVE");
    }
    await primary.client.send("SET", "between", "1");
    await using replica = await startNode("ours", { follows: primary.port, directives });
    await untilEqual([primary, replica]);
    const text = shown(await primary.client.send("INFO", "stats"));
    assert(text.includes("sync_full:1\r\n") && text.includes("sync_partial_ok:1\r\n"), text);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("a replica's append-only file holds what came with the snapshot and after it", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await using primary = await startNode("ours");
    await primary.client.send("SET", "before", "1");
    const directives = { dir: directory, appendonly: "yes" };
    {
      await using own = await startNode("ours", { directives });
      await own.client.send("SET", "own", "of its own");
      await own.client.send("REPLICAOF", "127.0.0.1", primary.port);
      await untilLinked(own);
      await primary.client.send("SET", "after", "1");
      await untilEqual([primary, own]);
      await until(
        async () =>
          /aof_rewrite_in_progress:0\r/.test(
            shown(await own.client.send("INFO", "persistence")),
          ),
        "the append-only file to begin anew",
      );
    }
    await using again = await startNode("ours", { directives });
    await untilEqual([primary, again]);
    assertEquals(shown(await again.client.send("EXISTS", "own")), "0");
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

needs("redis-cli", "redis-cli --replica shows the stream", async () => {
  await using primary = await startNode("ours");
  const child = new Deno.Command("redis-cli", {
    args: ["-p", String(primary.port), "--replica"],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  try {
    await until(
      async () => (await replicationFields(primary.client)).connected_slaves === "1",
      "redis-cli to be a replica",
    );
    const reader = child.stdout.getReader();
    let text = "";
    const writing = setInterval(() => void primary.client.send("SET", "seen", "x"), 50);
    try {
      while (!text.includes("seen")) {
        const { value, done } = await reader.read();
        if (done) break;
        text += new TextDecoder().decode(value);
      }
    } finally {
      clearInterval(writing);
    }
    assert(text.includes("seen"), text);
    await reader.cancel();
  } finally {
    child.kill("SIGKILL");
    await child.stderr.cancel();
    await child.status;
  }
});

function itemsOf(reply: Reply): readonly Reply[] {
  if (reply.kind !== "array" || reply.items === null) {
    throw new Error(`no array: ${JSON.stringify(reply)}`);
  }
  return reply.items;
}
