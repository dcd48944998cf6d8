/** The client: order of replies, pushes, errors, time limits, and the way to the bare bytes. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { ClientError, ReplyError } from "../../../lib/client/client_error.ts";
import { RedisClient } from "../../../lib/client/redis_client.ts";
import { encodeRequest, encodeRequests } from "../../../lib/client/request_bytes.ts";
import { SystemClock } from "../../../lib/host/clock.ts";
import { DenoNetwork } from "../../../lib/host/network.ts";
import { freePort } from "../../support/child_server.ts";
import { LocalServer } from "../../support/local_server.ts";
import { ScriptedServer } from "../../support/scripted_server.ts";

const host = { network: new DenoNetwork(), clock: new SystemClock() };
const decoder = new TextDecoder();

function to(server: { port: number }, options = {}): Promise<RedisClient> {
  return RedisClient.connect(host, { hostname: "127.0.0.1", port: server.port }, options);
}

Deno.test("requests are arrays of bulk strings, text as UTF-8 and bytes as they are", () => {
  const bytes = encodeRequest(["SET", "é", new Uint8Array([0, 255])]);
  assertEquals([...bytes.subarray(0, 22)].length, 22);
  assertEquals(String.fromCharCode(...bytes), "*3\r\n$3\r\nSET\r\n$2\r\nÃ©\r\n$2\r\n\x00ÿ\r\n");
  assertEquals(
    decoder.decode(encodeRequests([["A"], [1, 2n]])),
    "*1\r\n$1\r\nA\r\n*2\r\n$1\r\n1\r\n$1\r\n2\r\n",
  );
});

Deno.test("replies come in the order of their requests, however many are under way", async () => {
  using server = new LocalServer({ sockets: true });
  using client = await to(server);
  const separate = Promise.all([client.request("SET", "k", "1"), client.request("INCR", "k")]);
  const together = client.pipeline([["INCRBY", "k", 5], ["GET", "k"], ["NOSUCH"]]);
  assertEquals((await separate).map(({ kind }) => kind), ["simple", "integer"]);
  const [sum, got, refused] = await together;
  assertEquals(sum, { kind: "integer", value: 7 });
  assertEquals(got, { kind: "bulk", bytes: new Uint8Array([55]) });
  assertEquals(refused.kind, "error");
});

Deno.test("a refusal is a reply to request() and thrown by command()", async () => {
  using server = new LocalServer({ sockets: true });
  using client = await to(server);
  assertEquals((await client.request("NOSUCH")).kind, "error");
  const error = await assertRejects(() => client.command("NOSUCH"), ReplyError, "unknown command");
  assertEquals(error.code, "ERR");
  assertEquals((await client.command("PING")).kind, "simple");
});

Deno.test("a client logs in, changes the protocol and the database", async () => {
  using server = new LocalServer({ sockets: true, config: { requirepass: "secret" } });
  using client = await to(server);
  await assertRejects(() => client.authenticate({ password: "wrong" }), ReplyError, "WRONGPASS");
  await client.authenticate({ username: "default", password: "secret" });
  assertEquals((await client.hello(3)).kind, "map");
  await client.select(3);
  await assertRejects(() => client.select(99), ReplyError, "out of range");
  using second = await to(server);
  assertEquals((await second.hello(3, { password: "secret" })).kind, "map");
});

Deno.test("replies that come in pieces of one byte are put together", async () => {
  await using server = new ScriptedServer(() => "*2\r\n$4\r\na\r\nb\r\n:12\r\n", 1);
  using client = await to(server);
  const reply = await client.request("X");
  assert(reply.kind === "array" && reply.items !== null);
  assertEquals(reply.items[1], { kind: "integer", value: 12 });
});

Deno.test("pushes go to onPush, unless a message of any kind is waited for", async () => {
  await using server = new ScriptedServer(() => ">1\r\n+first\r\n+OK\r\n>1\r\n+second\r\n");
  using client = await to(server);
  const pushes: unknown[] = [];
  client.onPush = (push) => pushes.push(push.items);
  assertEquals(await client.request("X"), { kind: "simple", text: "OK" });
  assertEquals(pushes, [[{ kind: "simple", text: "first" }]]);
  assertEquals((await client.nextMessage()).kind, "push");
  assertEquals(pushes.length, 1);
});

Deno.test("after a handshake the connection is handed over with the bytes behind it", async () => {
  await using server = new ScriptedServer((request) => {
    return request.includes("REPLCONF")
      ? "+OK\r\n"
      : "\n\n+FULLRESYNC abc 7\r\n$5\r\nREDIS\x00tail";
  }, 3);
  using client = await to(server);
  assertEquals((await client.request("REPLCONF", "capa", "eof")).kind, "simple");
  const stream = client.takeStream();
  await stream.write(encodeRequest(["PSYNC", "?", -1]));
  assertEquals(await stream.readLine(), "");
  assertEquals(await stream.readLine(), "");
  assertEquals(await stream.readLine(), "+FULLRESYNC abc 7");
  assertEquals(await stream.readLine(), "$5");
  const rest = new Uint8Array(10);
  for (let at = 0; at < rest.length;) at += await stream.read(rest.subarray(at)) ?? rest.length;
  assertEquals(decoder.decode(rest), "REDIS\0tail");
  await assertRejects(() => client.request("PING"), ClientError, "handed over");
  stream.close();
});

Deno.test("bytes that came together with the last reply are not lost to the stream", async () => {
  await using server = new ScriptedServer(() => "+CONTINUE\r\n*1\r\n$4\r\nPING\r\n");
  using client = await to(server);
  assertEquals(await client.request("PSYNC", "x", 1), { kind: "simple", text: "CONTINUE" });
  const stream = client.takeStream();
  const bytes = new Uint8Array(64);
  const count = await stream.read(bytes);
  assertEquals(decoder.decode(bytes.subarray(0, count ?? 0)), "*1\r\n$4\r\nPING\r\n");
  stream.close();
});

Deno.test("a reply that takes too long ends the client, and all who wait", async () => {
  await using server = new ScriptedServer(() => "");
  using client = await to(server, { timeoutMs: 30 });
  const both = [client.request("A"), client.request("B")];
  for (const waiting of both) {
    const error = await assertRejects(() => waiting, ClientError);
    assertEquals(error.kind, "timeout");
  }
  assertEquals(client.ended?.kind, "timeout");
});

Deno.test("a stream that says nothing for too long is closed", async () => {
  await using server = new ScriptedServer(() => "");
  using client = await to(server);
  const stream = client.takeStream();
  const error = await assertRejects(() => stream.readLine(30), ClientError);
  assertEquals(error.kind, "timeout");
});

Deno.test("errors of the connection say what happened", async () => {
  const refused = await assertRejects(() => to({ port: freePort() }), ClientError);
  assertEquals([refused.kind, refused.message], ["connecting", "Connection refused"]);
  await using ending = new ScriptedServer(() => null);
  using left = await to(ending);
  for (const waiting of [left.request("X"), left.request("Y")]) {
    const lost = await assertRejects(() => waiting, ClientError);
    assertEquals([lost.kind, lost.message], ["lost", "Server closed the connection"]);
  }
  await using babbling = new ScriptedServer(() => "hello\r\n");
  using confused = await to(babbling);
  assertEquals((await assertRejects(() => confused.request("X"), ClientError)).kind, "format");
  await using silent = new ScriptedServer(() => "");
  const client = await to(silent);
  const waiting = client.request("X");
  client.close();
  assertEquals((await assertRejects(() => waiting, ClientError)).kind, "closed");
});

Deno.test({
  name: "a client connects over a Unix socket",
  ignore: Deno.build.os === "windows",
  async fn() {
    const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
    const path = `${directory}/s`;
    const listener = Deno.listen({ transport: "unix", path });
    const serving = (async () => {
      const connection = await listener.accept();
      await connection.read(new Uint8Array(100));
      await connection.write(new TextEncoder().encode("+PONG\r\n"));
      connection.close();
    })();
    using client = await RedisClient.connect(host, { path });
    assertEquals(await client.request("PING"), { kind: "simple", text: "PONG" });
    await serving;
    listener.close();
    Deno.removeSync(directory, { recursive: true });
    const missing = await assertRejects(() => RedisClient.connect(host, { path }), ClientError);
    assertEquals(missing.message, "No such file or directory");
  },
});
