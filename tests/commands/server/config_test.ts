/** CONFIG: reading, changing and writing the configuration. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { latin1 } from "../../../lib/bytes/byte_string.ts";
import { ROWS } from "../../../lib/config/parameters.ts";
import { EngineHarness } from "../../support/engine_harness.ts";

Deno.test("CONFIG SET takes back what CONFIG GET says, for every parameter", () => {
  const redis = new EngineHarness({ config: { "enable-protected-configs": "yes" } });
  let tried = 0;
  for (const [name, row] of ROWS) {
    const text = value(redis, name);
    assert(text !== null, `CONFIG GET ${name}`);
    if (row.immutable) continue;
    assertEquals(redis.run("CONFIG", "SET", name, text), "OK", name);
    assertEquals(value(redis, name), text, name);
    tried++;
  }
  assert(tried > 100);
});

Deno.test("CONFIG GET takes patterns and names in any case, and a parameter comes once", () => {
  const redis = new EngineHarness();
  assertEquals(redis.run("CONFIG", "GET", "maxmemory"), '1) "maxmemory"\n2) "0"');
  assertEquals(redis.run("CONFIG", "GET", "maxmemory", "MAXMEMOR?"), '1) "maxmemory"\n2) "0"');
  assertEquals(redis.run("CONFIG", "GET", "nothing*"), "(empty array)");
  const three = new EngineHarness({ protocol: 3 });
  assertEquals(three.run("CONFIG", "GET", "maxmemory"), '1# "maxmemory" => "0"');
});

Deno.test("CONFIG SET of several pairs changes all or nothing", () => {
  const redis = new EngineHarness();
  assertEquals(
    redis.run("CONFIG", "SET", "maxmemory", "10mb", "hz", "x"),
    "(error) ERR CONFIG SET failed (possibly related to argument 'hz') - " +
      "argument couldn't be parsed into an integer",
  );
  assertEquals(value(redis, "maxmemory"), "0");
  assertEquals(redis.run("CONFIG", "SET", "maxmemory", "10mb", "hz", "20"), "OK");
  assertEquals(value(redis, "maxmemory"), "10485760");
  assertEquals(value(redis, "hz"), "20");
});

Deno.test("values may be any bytes", () => {
  const redis = new EngineHarness();
  const secret = new Uint8Array([0xff, 0x20, 0xc3]);
  assertEquals(redis.run("CONFIG", "SET", "masterauth", secret), "OK");
  assertEquals(value(redis, "masterauth"), latin1(secret));
});

Deno.test("CONFIG REWRITE brings the file up to date", () => {
  const redis = new EngineHarness();
  assertEquals(
    redis.run("CONFIG", "REWRITE"),
    "(error) ERR The server is running without a config file",
  );
  redis.engine.context.configFile = "/redis.conf";
  write(redis, "/redis.conf", "# mine\nmaxmemory 5mb\nhz 10\n");
  redis.run("CONFIG", "SET", "maxmemory", "7mb");
  assertEquals(redis.run("CONFIG", "REWRITE"), "OK");
  const text = redis.files.readText("/redis.conf");
  assert(text.startsWith("# mine\nmaxmemory 7mb\nhz 10\n"), text);
  assertEquals(redis.files.list("/"), ["redis.conf"]);
});

Deno.test("CONFIG REWRITE makes a file that is not there, and reports what fails", () => {
  const redis = new EngineHarness();
  redis.engine.context.configFile = "/new.conf";
  redis.run("CONFIG", "SET", "hz", "33");
  assertEquals(redis.run("CONFIG", "REWRITE"), "OK");
  assertStringIncludes(redis.files.readText("/new.conf"), "hz 33\n");
  redis.engine.context.configFile = "/no/such/directory/redis.conf";
  const reply = redis.run("CONFIG", "REWRITE");
  assert(reply.startsWith("(error) ERR Rewriting config file: "), reply);
});

Deno.test("DEBUG CONFIG-REWRITE-FORCE-ALL writes what has its default as well", () => {
  const redis = new EngineHarness({ config: { "enable-debug-command": "yes" } });
  assertStringIncludes(
    redis.run("DEBUG", "CONFIG-REWRITE-FORCE-ALL"),
    "(error) ERR CONFIG-REWRITE-FORCE-ALL failed: ",
  );
  redis.engine.context.configFile = "/redis.conf";
  assertEquals(redis.run("DEBUG", "CONFIG-REWRITE-FORCE-ALL"), "OK");
  assertStringIncludes(redis.files.readText("/redis.conf"), "lfu-log-factor 10\n");
});

Deno.test("CONFIG RESETSTAT sets the counters back, itself being the first to count again", () => {
  const redis = new EngineHarness();
  redis.run("SET", "a", "1");
  redis.run("GET", "a");
  redis.run("GET", "b");
  redis.run("GET");
  assertEquals(redis.run("CONFIG", "RESETSTAT"), "OK");
  const { stats, store, commands } = redis.engine.context;
  assertEquals(stats.commandsProcessed, 1);
  assertEquals(stats.errorReplies, 0);
  assertEquals(stats.errorCodes.size, 0);
  assertEquals([store.state.hits, store.state.misses], [0, 0]);
  assertEquals(commands.byName("get")!.stats.calls, 0);
  assertEquals(commands.byName("get")!.stats.histogram, null);
  assertEquals(commands.byName("config|resetstat")!.stats.calls, 1);
  assertEquals(stats.dirty, 1);
});

Deno.test("protected parameters can be set from this machine when that is allowed", () => {
  const local = new EngineHarness({ config: { "enable-protected-configs": "local" } });
  assertEquals(local.run("CONFIG", "SET", "dbfilename", "x.rdb"), "OK");
  const none = new EngineHarness();
  assertEquals(
    none.run("CONFIG", "SET", "dbfilename", "x.rdb"),
    "(error) ERR CONFIG SET failed (possibly related to argument 'dbfilename') - " +
      "can't set protected config",
  );
});

/** The text that CONFIG GET replies for a name; null when it knows none. */
function value(redis: EngineHarness, name: string): string | null {
  const reply = redis.reply("CONFIG", "GET", name);
  assert(reply.kind === "array" && reply.items !== null);
  const item = reply.items[1];
  return item !== undefined && item.kind === "bulk" && item.bytes !== null
    ? latin1(item.bytes)
    : null;
}

function write(redis: EngineHarness, path: string, text: string): void {
  const file = redis.files.open(path, { write: true, create: true });
  file.writeSync(new TextEncoder().encode(text));
  file.close();
}
