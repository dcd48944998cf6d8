/** MIGRATE between servers of ours, and between one of ours and a redis-server, over real sockets. */

import { assertEquals } from "@std/assert";
import { startServer } from "../../lib/mod.ts";
import { needs, startRedis } from "../support/peers.ts";
import type { Argument, RespClient } from "../support/resp_client.ts";
import { connect, show } from "../support/resp_client.ts";

const HOST = "127.0.0.1";

async function run(client: RespClient, ...args: Argument[]): Promise<string> {
  return show(await client.send(...args));
}

Deno.test("MIGRATE takes a key to another database of another server", async () => {
  await using source = await startServer();
  await using target = await startServer();
  await using client = await connect(source.port);
  await using other = await connect(target.port);
  await run(client, "RPUSH", "list", "a", "b");
  await run(client, "PEXPIRE", "list", 100_000);
  assertEquals(await run(client, "MIGRATE", HOST, target.port, "list", 3, 1000), "OK");
  assertEquals(await run(client, "EXISTS", "list"), "(integer) 0");
  await run(other, "SELECT", 3);
  assertEquals(await run(other, "LRANGE", "list", 0, -1), '1) "a"\n2) "b"');
  const ttl = Number((await run(other, "PTTL", "list")).slice("(integer) ".length));
  assertEquals(ttl > 90_000 && ttl <= 100_000, true, String(ttl));
});

Deno.test("MIGRATE answers what came of it, and commands that follow wait for that", async () => {
  await using source = await startServer();
  await using target = await startServer();
  await using client = await connect(source.port);
  const migrate = (...args: Argument[]) => ["MIGRATE", HOST, target.port, ...args];
  const replies = await client.pipeline([
    ["MSET", "a", 1, "b", 2, "c", 3],
    migrate("missing", 0, 1000),
    migrate("a", 0, 1000),
    ["EXISTS", "a"],
    ["SET", "a", "again"],
    migrate("a", 0, 1000),
    migrate("a", 0, 1000, "COPY", "REPLACE"),
    ["EXISTS", "a"],
    migrate("", 0, 1000, "REPLACE", "KEYS", "a", "missing", "b", "c"),
    ["DBSIZE"],
  ]);
  assertEquals(replies.map(show), [
    "OK",
    "NOKEY",
    "OK",
    "(integer) 0",
    "OK",
    "(error) ERR Target instance replied with error: BUSYKEY Target key name already exists.",
    "OK",
    "(integer) 1",
    "OK",
    "(integer) 0",
  ]);
  await using other = await connect(target.port);
  assertEquals(await run(other, "MGET", "a", "b", "c"), '1) "again"\n2) "2"\n3) "3"');
});

Deno.test("MIGRATE deletes only the keys that have arrived, as one effect", async () => {
  await using source = await startServer();
  await using target = await startServer();
  await using client = await connect(source.port);
  await using other = await connect(target.port);
  await run(client, "MSET", "a", 1, "b", 2, "c", 3);
  await run(other, "SET", "b", "taken");
  const effects: string[] = [];
  source.engine.context.propagation.subscribe({
    effect(_db, request) {
      effects.push(Array.from({ length: request.count }, (_, i) => request.text(i)).join(" "));
    },
  });
  assertEquals(
    await run(client, "MIGRATE", HOST, target.port, "", 0, 1000, "KEYS", "a", "b", "c"),
    "(error) ERR Target instance replied with error: BUSYKEY Target key name already exists.",
  );
  assertEquals(effects, ["DEL a c"]);
  assertEquals(await run(client, "EXISTS", "a", "b", "c"), "(integer) 1");
});

Deno.test("while MIGRATE waits others read, and what they write comes after it", async () => {
  // It takes connections and never says a word.
  using silent = Deno.listen({ hostname: HOST, port: 0 });
  const accepted = silent.accept();
  await using source = await startServer();
  await using client = await connect(source.port);
  await using reader = await connect(source.port);
  await using writer = await connect(source.port);
  await run(client, "SET", "key", "before");
  const migrated = run(client, "MIGRATE", HOST, silent.addr.port, "key", 0, 200);
  using _held = await accepted;
  const order: string[] = [];
  const written = run(writer, "APPEND", "key", " after").then(() => order.push("written"));
  // The end of another pause is not the end of this one.
  assertEquals(await run(reader, "CLIENT", "PAUSE", 10_000, "WRITE"), "OK");
  assertEquals(await run(reader, "CLIENT", "UNPAUSE"), "OK");
  assertEquals(await run(reader, "GET", "key"), '"before"');
  migrated.then(() => order.push("migrated"));
  assertEquals(await migrated, "(error) IOERR error or timeout reading to target instance");
  await written;
  assertEquals(await run(reader, "GET", "key"), '"before after"');
  assertEquals(order.length, 2);
});

Deno.test("a client that leaves while its MIGRATE waits lets the others go on in time", async () => {
  using silent = Deno.listen({ hostname: HOST, port: 0 });
  const accepted = silent.accept();
  await using source = await startServer();
  const client = await connect(source.port);
  await using writer = await connect(source.port);
  await run(client, "SET", "key", "value");
  await client.write("MIGRATE", HOST, silent.addr.port, "key", 0, 100);
  using _held = await accepted;
  client.close();
  assertEquals(await run(writer, "APPEND", "key", "!"), "(integer) 6");
});

Deno.test("MIGRATE keeps its connection for a while, and makes a new one when that is gone", async () => {
  await using source = await startServer({ clock: "frozen" });
  await using target = await startServer();
  await using client = await connect(source.port);
  await using other = await connect(target.port);
  const migrate = async (key: string, ...options: string[]) => {
    await run(client, "SET", key, "v");
    return await run(client, "MIGRATE", HOST, target.port, key, 0, 1000, ...options);
  };
  const figure = async (from: RespClient, name: string) =>
    new RegExp(`${name}:(\\d+)`).exec(await run(from, "INFO"))?.[1];
  assertEquals([await migrate("a"), await migrate("b")], ["OK", "OK"]);
  assertEquals(await figure(client, "migrate_cached_sockets"), "1");
  assertEquals(await figure(other, "total_connections_received"), "2");
  assertEquals(
    await run(other, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"),
    "(integer) 1",
  );
  assertEquals(await migrate("c"), "OK");
  assertEquals(await figure(other, "total_connections_received"), "3");
  await source.clock.advance(10_000);
  assertEquals(await figure(client, "migrate_cached_sockets"), "0");
  assertEquals(await run(other, "DBSIZE"), "(integer) 3");
});

Deno.test("a connection of MIGRATE's is not used again for somebody else's account", async () => {
  await using source = await startServer();
  await using target = await startServer({ directives: { requirepass: "secret" } });
  await using client = await connect(source.port);
  await run(client, "SET", "key", "v");
  const migrate = ["MIGRATE", HOST, target.port, "key", 0, 1000, "COPY", "REPLACE"];
  assertEquals(await run(client, ...migrate, "AUTH", "secret"), "OK");
  assertEquals(
    await run(client, ...migrate),
    "(error) ERR Target instance replied with error: NOAUTH Authentication required.",
  );
});

Deno.test("MIGRATE says where it failed", async () => {
  await using source = await startServer();
  await using client = await connect(source.port);
  await run(client, "SET", "key", "value");
  const gone = Deno.listen({ hostname: HOST, port: 0 });
  const { port } = gone.addr;
  gone.close();
  assertEquals(
    await run(client, "MIGRATE", HOST, port, "key", 0, 1000),
    "(error) IOERR error or timeout writing to target instance",
  );
  assertEquals(
    await run(client, "MIGRATE", "no-such-host.invalid", port, "key", 0, 1000),
    "(error) IOERR error or timeout connecting to the client",
  );
  assertEquals(await run(client, "GET", "key"), '"value"');
});

Deno.test("MIGRATE gives a password, and tells when it is wrong", async () => {
  await using source = await startServer();
  await using target = await startServer({ directives: { requirepass: "secret" } });
  await using client = await connect(source.port);
  await run(client, "MSET", "a", 1, "b", 2);
  const migrate = (...args: Argument[]) =>
    run(client, "MIGRATE", HOST, target.port, "a", 0, 1000, ...args);
  assertEquals(
    await migrate(),
    "(error) ERR Target instance replied with error: NOAUTH Authentication required.",
  );
  assertEquals(
    await migrate("AUTH", "wrong"),
    "(error) ERR Target instance replied with error: WRONGPASS invalid username-password pair " +
      "or user is disabled.",
  );
  assertEquals(await run(client, "EXISTS", "a"), "(integer) 1");
  assertEquals(await migrate("AUTH", "secret"), "OK");
  assertEquals(await migrate("AUTH2", "default", "secret", "KEYS", "b"), SYNTAX_KEYS);
  assertEquals(
    await run(
      client,
      ...["MIGRATE", HOST, target.port, "", 0, 1000, "AUTH2", "default", "secret", "KEYS", "b"],
    ),
    "OK",
  );
});

const SYNTAX_KEYS = "(error) ERR When using MIGRATE KEYS option, the key argument must be set to " +
  "the empty string";

Deno.test("MIGRATE refuses wrong options", async () => {
  await using source = await startServer();
  await using client = await connect(source.port);
  const syntax = "(error) ERR syntax error";
  const noInteger = "(error) ERR value is not an integer or out of range";
  assertEquals(await run(client, "MIGRATE", HOST, 1, "key", 0, 10, "NOSUCH"), syntax);
  assertEquals(await run(client, "MIGRATE", HOST, 1, "key", 0, 10, "AUTH"), syntax);
  assertEquals(await run(client, "MIGRATE", HOST, 1, "key", 0, 10, "AUTH2", "a"), syntax);
  assertEquals(await run(client, "MIGRATE", HOST, 1, "key", "x", 10), noInteger);
  assertEquals(await run(client, "MIGRATE", HOST, 1, "key", 0, "x"), noInteger);
  assertEquals(await run(client, "MIGRATE", HOST, 1, "", 0, 10, "KEYS"), "NOKEY");
});

needs("redis-server", "MIGRATE goes to a redis-server and back", async () => {
  await using redis = await startRedis();
  await using ours = await startServer();
  await using client = await connect(ours.port);
  await using other = await connect(redis.port);
  await run(client, "SET", "string", "value");
  await run(client, "RPUSH", "list", "a", "b", "1");
  await run(client, "SADD", "set", "x");
  await run(client, "HSET", "hash", "f", "v");
  await run(client, "ZADD", "zset", 1.5, "m");
  await run(client, "XADD", "stream", "5-1", "f", "v");
  await run(client, "XGROUP", "CREATE", "stream", "group", 0);
  await run(client, "XREADGROUP", "GROUP", "group", "c", "STREAMS", "stream", ">");
  const keys = ["string", "list", "set", "hash", "zset", "stream"];
  assertEquals(
    await run(client, "MIGRATE", HOST, redis.port, "", 0, 5000, "KEYS", ...keys),
    "OK",
  );
  assertEquals(await run(client, "DBSIZE"), "(integer) 0");
  assertEquals(await run(other, "DBSIZE"), "(integer) 6");
  assertEquals(await run(other, "XACK", "stream", "group", "5-1"), "(integer) 1");
  assertEquals(await run(other, "MIGRATE", HOST, ours.port, "", 0, 5000, "KEYS", ...keys), "OK");
  assertEquals(await run(other, "DBSIZE"), "(integer) 0");
  assertEquals(await run(client, "LRANGE", "list", 0, -1), '1) "a"\n2) "b"\n3) "1"');
  assertEquals(await run(client, "ZSCORE", "zset", "m"), '"1.5"');
  assertEquals(await run(client, "XLEN", "stream"), "(integer) 1");
  assertEquals(await run(client, "XACK", "stream", "group", "5-1"), "(integer) 0");
});
