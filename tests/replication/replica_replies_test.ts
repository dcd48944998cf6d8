/** A replica's connection carries the stream and nothing else: who gets a reply there is cut off. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { latin1 } from "../../lib/bytes/byte_string.ts";
import { needs } from "../support/peers.ts";
import { type NodeKind, shown, startNode, until } from "../support/replication_nodes.ts";
import { connect, encodeCommand } from "../support/resp_client.ts";

const CUT_OFF = [
  ["PING"],
  ["GET", "key"],
  ["XINFO", "HELP"],
  ["SLOWLOG", "GET"],
  ["NOSUCH"],
  ["MULTI"],
  ["QUIT"],
  ["RESET"],
  ["CLIENT", "REPLY", "ON"],
  ["REPLCONF", "listening-port", "1"],
  ["SUBSCRIBE", "channel"],
];
const LEFT_ALONE = [
  ["REPLCONF", "ACK", "0"],
  ["REPLCONF", "GETACK", "*"],
  ["SYNC"],
  ["PSYNC", "?", "-1"],
  ["CLIENT", "REPLY", "OFF"],
];

for (const kind of ["ours", "redis"] as const) {
  const name = `${kind}: a replica is cut off when a command of its has a reply`;
  if (kind === "ours") Deno.test(name, () => cutsOff(kind));
  else needs("redis-server", name, () => cutsOff(kind));
}

async function cutsOff(kind: NodeKind): Promise<void> {
  await using node = await startNode(kind, { directives: { "repl-diskless-sync-delay": "60" } });
  for (const words of CUT_OFF) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: node.port });
    await connection.write(encodeCommand(["SYNC"]));
    await connection.write(encodeCommand(words));
    assertEquals(await untilEnd(connection), "", words.join(" "));
    if (kind === "redis") continue;
    const name = words[0] === "NOSUCH"
      ? "<unknown>"
      : /^(XINFO|SLOWLOG|CLIENT)$/.test(words[0])
      ? words.slice(0, 2).join("|").toLowerCase()
      : words[0].toLowerCase();
    const start = `Replica generated a reply to command '${name}', disconnecting it: id=`;
    await until(
      () => Promise.resolve(node.log.messages().some((line) => line.startsWith(start))),
      start,
    );
  }
  for (const words of LEFT_ALONE) {
    await using replica = await connect(node.port);
    await replica.write("SYNC");
    await replica.write(...words);
    await until(async () => {
      const list = shown(await node.client.send("CLIENT", "LIST", "TYPE", "replica"));
      return list.includes(`cmd=${words[0].toLowerCase()}`) || list.includes("cmd=client|reply");
    }, words.join(" "));
  }
  assertStringIncludes(shown(await node.client.send("PING")), "PONG");
}

Deno.test("an error that a replica would have been replied is logged as one of the stream", async () => {
  await using node = await startNode("ours");
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: node.port });
  await connection.write(encodeCommand(["SYNC"]));
  await connection.write(encodeCommand(["GET", "key"]));
  await untilEnd(connection);
  const line = "== CRITICAL == This master is sending an error to its replica: " +
    "'ERR Replica can't interact with the keyspace' after processing the command 'get'";
  assert(node.log.messages("warning").includes(line));
  const stats = shown(await node.client.send("INFO", "stats"));
  assertStringIncludes(stats, "unexpected_error_replies:1");
});

Deno.test("PSYNC with what is no offset is refused, and the log tells who asked", async () => {
  await using node = await startNode("ours");
  assertEquals(
    shown(await node.client.send("PSYNC", "replicationid", "offset_str")),
    "ERR value is not an integer or out of range",
  );
  const told = /^Replica 127\.0\.0\.1:\d+ asks for synchronization but with a wrong offset$/;
  assert(node.log.messages("warning").some((line) => told.test(line)));
  assertEquals(shown(await node.client.send("PING")), "PONG");
});

/** What the other side sends until it ends the connection, but for line breaks. */
async function untilEnd(connection: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65_536);
  let text = "";
  for (;;) {
    const timer = setTimeout(() => connection.close(), 5000);
    const count = await connection.read(buffer).catch(() => null);
    clearTimeout(timer);
    if (count === null) break;
    text += latin1(buffer.subarray(0, count));
  }
  try {
    connection.close();
  } catch {
    return "nothing for five seconds";
  }
  return text.trim();
}
