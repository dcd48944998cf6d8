/** Loading RDB files into the store: what every item does, what is refused, and how it is told. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { fromLatin1, latin1 } from "../../../lib/bytes/byte_string.ts";
import { LoadError, SnapshotLoader } from "../../../lib/persistence/snapshot/loader.ts";
import { Opcode, RdbType } from "../../../lib/rdb/opcodes.ts";
import { inputOf } from "../../../lib/rdb/rdb_input.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { payload, zipmap } from "../../support/old_encodings.ts";
import { loadFile, RdbFileBuilder } from "../../support/rdb_file.ts";

/** The harness's time in Unix milliseconds. */
const NOW = 1_700_000_000_000;

Deno.test("keys come into their databases, with what the file says of itself", () => {
  const redis = new EngineHarness();
  const report = loadFile(
    redis,
    new RdbFileBuilder("REDIS0011").aux("redis-ver", "7.2.4").aux("repl-id", "abc")
      .aux("repl-offset", "42").select(0).resize(2, 0).lengths(Opcode.SLOT_INFO, 3, 2, 0)
      .string("a", "1").string("b", "text").select(9).string("a", "nine").end(),
  );
  assertEquals(report.version, 11);
  assertEquals(report.keysLoaded, 3);
  assertEquals(report.aux.get("repl-id"), "abc");
  assertEquals(report.aux.get("repl-offset"), "42");
  assertEquals(redis.run("GET", "a"), '"1"');
  assertEquals(redis.run("OBJECT", "ENCODING", "a"), '"int"');
  redis.run("SELECT", 9);
  assertEquals(redis.run("GET", "a"), '"nine"');
  assertEquals(redis.effects, []);
  assertEquals(redis.events, []);
  const notices = redis.log.messages("notice");
  assert(notices.includes("Loading RDB produced by version 7.2.4"));
  assert(notices.includes("Done loading RDB, keys loaded: 3, keys expired: 0."));
  assertStringIncludes(redis.run("INFO", "persistence"), "rdb_last_load_keys_loaded:3");
});

Deno.test("keys past their time are dropped on a primary and kept for others", () => {
  const bytes = new RdbFileBuilder().expiresAtMs(BigInt(NOW - 1)).string("gone", "v")
    .expiresAtSeconds(NOW / 1000 + 10).string("seconds", "v")
    .expiresAtMs(BigInt(NOW + 5)).string("ms", "v")
    .expiresAtMs(-1n).string("ever", "v").string("plain", "v").end();
  const primary = new EngineHarness();
  const report = loadFile(primary, bytes);
  assertEquals([report.keysLoaded, report.keysExpired], [4, 1]);
  assertEquals(primary.run("EXISTS", "gone"), "(integer) 0");
  assertEquals(primary.run("PEXPIRETIME", "seconds"), `(integer) ${NOW + 10_000}`);
  assertEquals(primary.run("PEXPIRETIME", "ms"), `(integer) ${NOW + 5}`);
  assertEquals(primary.run("TTL", "ever"), "(integer) -1");
  assertEquals(primary.run("TTL", "plain"), "(integer) -1");
  const replica = new EngineHarness();
  assertEquals(loadFile(replica, bytes, { dropsExpired: false }).keysLoaded, 5);
  assertEquals(replica.run("DBSIZE"), "(integer) 5");
});

Deno.test("fields past their time are dropped, and a hash with no others", () => {
  const hash = (times: readonly number[]) =>
    payload(RdbType.HASH_METADATA_PRE_GA, (writer) => {
      writer.lengthOf(times.length);
      times.forEach((time, i) => {
        writer.lengthOf(time);
        writer.stringOf(fromLatin1(`f${i}`));
        writer.stringOf(fromLatin1("v"));
      });
    });
  const redis = new EngineHarness();
  const bytes = new RdbFileBuilder("REDIS0012").payload("some", hash([NOW - 10, 0, NOW + 10]))
    .payload("none", hash([NOW - 10, NOW - 20])).end();
  assertEquals(loadFile(redis, bytes).keysLoaded, 1);
  assertEquals(redis.run("HLEN", "some"), "(integer) 2");
  assertEquals(redis.run("EXISTS", "none"), "(integer) 0");
  redis.clock.advance(11);
  redis.engine.beginTurn();
  redis.engine.expiry.tick(1000, redis.clock);
  redis.engine.endTurn();
  assertEquals(redis.run("HKEYS", "some"), '1) "f1"');
});

Deno.test("nothing expires while a file is loaded", () => {
  const redis = new EngineHarness();
  const bytes = new RdbFileBuilder().expiresAtMs(BigInt(NOW + 1)).string("short", "v").end();
  const { context } = redis.engine;
  context.loading.begin(bytes.length);
  const loader = new SnapshotLoader(context, inputOf(bytes), { dropsExpired: true });
  while (loader.slice(Infinity));
  redis.clock.advance(10);
  redis.engine.beginTurn();
  redis.engine.expiry.tick(1000, redis.clock);
  redis.engine.endTurn();
  assertEquals(context.store.keyCount, 1);
  context.loading.end();
  assertEquals(redis.run("EXISTS", "short"), "(integer) 0");
});

Deno.test("idle times and frequencies go where the policy in force uses them", () => {
  const bytes = new RdbFileBuilder().lengths(Opcode.IDLE, 100).string("idle", "v")
    .opcode(Opcode.FREQ).raw(new Uint8Array([200])).string("often", "v").end();
  const lru = new EngineHarness();
  loadFile(lru, bytes);
  assertEquals(lru.run("OBJECT", "IDLETIME", "idle"), "(integer) 100");
  assertEquals(lru.run("OBJECT", "IDLETIME", "often"), "(integer) 0");
  const lfu = new EngineHarness({ config: { "maxmemory-policy": "allkeys-lfu" } });
  loadFile(lfu, bytes);
  assertEquals(lfu.run("OBJECT", "FREQ", "often"), "(integer) 200");
});

Deno.test("libraries of functions are handed over, and what is wrong with them ends it", () => {
  const bytes = new RdbFileBuilder().opcode(Opcode.FUNCTION_2).text("#!lua name=l\n").end();
  const taken: string[] = [];
  const report = loadFile(new EngineHarness(), bytes, {
    takeFunction: (code) => taken.push(latin1(code)),
  });
  assertEquals([taken, report.functionsLoaded], [["#!lua name=l\n"], 1]);
  const redis = new EngineHarness();
  assertEquals(loadFile(redis, bytes).functionsLoaded, 0);
  assertEquals(redis.log.messages("warning").length, 1);
  assertThrows(
    () =>
      loadFile(redis, bytes, {
        takeFunction: () => {
          throw new Error("bad library");
        },
      }),
    LoadError,
    "bad library",
  );
  const old = new RdbFileBuilder().opcode(Opcode.FUNCTION_PRE_GA).text("x").end();
  assertThrows(() => loadFile(redis, old), LoadError, "Pre-release function format");
});

Deno.test("what modules keep is passed over, and named", () => {
  // "ReJSON-RL" in 6 bits a character, encoding 1.
  const id = 0x45e25238df912c01n;
  const parts = (file: RdbFileBuilder) => {
    file.lengths(1, 5).lengths(2, 6).opcode(4).raw(new Uint8Array(8)).opcode(3)
      .raw(new Uint8Array(4)).opcode(5).text("s").opcode(0);
  };
  const file = new RdbFileBuilder().opcode(Opcode.MODULE_AUX);
  file.writer.bigLengthOf(id);
  parts(file.lengths(2, 1));
  file.opcode(RdbType.MODULE_2).text("json");
  file.writer.bigLengthOf(id);
  parts(file);
  const redis = new EngineHarness();
  const report = loadFile(redis, file.string("after", "v").end());
  assertEquals([report.keysLoaded, report.moduleKeysSkipped], [1, 1]);
  const [aux, value] = redis.log.messages("warning");
  assertStringIncludes(aux, "module 'ReJSON-RL'");
  assertStringIncludes(value, "Key 'json' is left out");
  assertStringIncludes(value, "module type 'ReJSON-RL'");
  const old = new RdbFileBuilder().opcode(RdbType.MODULE_PRE_GA).text("json").end();
  assertThrows(() => loadFile(redis, old), LoadError, "values of modules can't be loaded");
});

Deno.test("empty collections are passed over", () => {
  const redis = new EngineHarness();
  const bytes = new RdbFileBuilder().key("list", RdbType.LIST_QUICKLIST_2, (w) => w.lengthOf(0))
    .key("set", RdbType.SET, (w) => w.lengthOf(0))
    .key("hash", RdbType.HASH_ZIPMAP, (w) => w.stringOf(zipmap([]))).string("k", "v").end();
  const report = loadFile(redis, bytes);
  assertEquals([report.keysLoaded, report.emptyKeysSkipped], [1, 3]);
  assert(
    redis.log.messages().includes(
      "Done loading RDB, keys loaded: 1, keys expired: 0, empty keys skipped: 3.",
    ),
  );
});

Deno.test("a key that comes twice ends loading, or takes the place of the first", () => {
  const bytes = new RdbFileBuilder().string("k", "old").key("k", RdbType.LIST, (writer) => {
    writer.lengthOf(1);
    writer.stringOf(fromLatin1("new"));
  }).end();
  const redis = new EngineHarness();
  assertThrows(() => loadFile(redis, bytes), LoadError, "duplicated key 'k' in DB 0");
  const merging = new EngineHarness();
  loadFile(merging, bytes, { replacesKeys: true });
  assertEquals(merging.run("LRANGE", "k", 0, -1), '1) "new"');
  assertEquals(merging.run("DBSIZE"), "(integer) 1");
});

Deno.test("files of other versions, kinds and databases are refused", () => {
  const refuse = (bytes: Uint8Array, why: string) => {
    const redis = new EngineHarness();
    assertThrows(() => loadFile(redis, bytes), LoadError, why);
  };
  refuse(fromLatin1("GARBAGE00"), "Wrong signature");
  refuse(new RdbFileBuilder("REDIS0000").end(), "Can't handle RDB format version 0");
  refuse(new RdbFileBuilder("REDIS0013").end(), "Can't handle RDB format version 13");
  refuse(new RdbFileBuilder("VALKEY012").end(), "Can't handle RDB format version 12");
  refuse(new RdbFileBuilder().select(16).end(), "more than 16 databases");
  refuse(new RdbFileBuilder().opcode(100).end(), "Invalid object type: 100");
  refuse(new RdbFileBuilder().opcode(Opcode.SLOT_IMPORT).end(), "Invalid object type: 243");
  refuse(new RdbFileBuilder().string("k", "v").end("wrong"), "Wrong RDB checksum");
  refuse(fromLatin1(""), "9 bytes are wanted");
});

Deno.test("checksums are left out by version, by a zero and by rdbchecksum no", () => {
  for (const version of ["REDIS0001", "REDIS0004"]) {
    const bytes = new RdbFileBuilder(version).string("k", "v").end("none");
    assertEquals(loadFile(new EngineHarness(), bytes).keysLoaded, 1);
  }
  const zero = new RdbFileBuilder().string("k", "v").end("zero");
  assertEquals(loadFile(new EngineHarness(), zero).keysLoaded, 1);
  const wrong = new RdbFileBuilder().string("k", "v").end("wrong");
  const careless = new EngineHarness({ config: { rdbchecksum: "no" } });
  assertEquals(loadFile(careless, wrong).keysLoaded, 1);
});

Deno.test("Valkey's files are read, with its hashes and slots", () => {
  const bytes = new RdbFileBuilder("VALKEY080").aux("valkey-ver", "9.0.0")
    .lengths(Opcode.SLOT_INFO, 1, 1, 0).opcode(Opcode.SLOT_IMPORT).text("job").lengths(1, 5, 9)
    .key("h", 22, (writer) => {
      writer.lengthOf(2);
      writer.stringOf(fromLatin1("f"));
      writer.stringOf(fromLatin1("v"));
      writer.milliseconds(-1n);
      writer.stringOf(fromLatin1("t"));
      writer.stringOf(fromLatin1("w"));
      writer.milliseconds(BigInt(NOW + 1000));
    }).end();
  const redis = new EngineHarness();
  assertEquals(loadFile(redis, bytes).keysLoaded, 1);
  assertEquals(redis.run("HMGET", "h", "f", "t"), '1) "v"\n2) "w"');
  assertEquals(
    redis.run("HPEXPIRETIME", "h", "FIELDS", 2, "f", "t"),
    `1) (integer) -1\n2) (integer) ${NOW + 1000}`,
  );
});

Deno.test("what follows the end is left for others, who are told where it begins", () => {
  const file = new RdbFileBuilder().string("k", "v").end();
  const both = new Uint8Array(file.length + 20);
  both.set(file);
  assertEquals(loadFile(new EngineHarness(), both).endOffset, file.length);
});

Deno.test("an error says where, in which key, and how large the file is", () => {
  const redis = new EngineHarness();
  const file = new RdbFileBuilder().string("k", "v").string("key\n", "a longer value").end();
  const cut = file.subarray(0, file.length - 12);
  const error = assertThrows(() => loadFile(redis, cut), LoadError);
  assert(error instanceof LoadError);
  assertStringIncludes(error.message, `RDB at byte 21 of ${cut.length}`);
  assertStringIncludes(error.message, "key 'key?' of database 0");
  assertEquals(
    redis.log.messages("warning")[0],
    "Short read or OOM loading DB. Unrecoverable error, aborting now.",
  );
});

Deno.test("clients are refused and INFO tells how far it is while a file is loaded", () => {
  const redis = new EngineHarness();
  const { context } = redis.engine;
  const builder = new RdbFileBuilder().aux("used-mem", "123456");
  for (let i = 0; i < 5000; i++) builder.string(`key:${i}`, "x".repeat(30));
  const bytes = builder.end();
  context.loading.begin(bytes.length);
  const loader = new SnapshotLoader(context, inputOf(bytes), { dropsExpired: true });
  assert(loader.slice(0), "a slice without time is one look");
  redis.clock.advance(1000);
  assertEquals(
    redis.run("GET", "key:1"),
    "(error) LOADING Redis is loading the dataset in memory",
  );
  const info = redis.run("INFO", "persistence");
  for (const field of ["loading:1", "async_loading:0", `loading_total_bytes:${bytes.length}`]) {
    assertStringIncludes(info, field);
  }
  assertStringIncludes(info, "loading_rdb_used_mem:123456");
  const loaded = Number(/loading_loaded_bytes:(\d+)/.exec(info)?.[1]);
  assert(loaded > 8000 && loaded < bytes.length, `${loaded} bytes loaded`);
  assertStringIncludes(info, `loading_loaded_perc:${(loaded / bytes.length * 100).toFixed(2)}`);
  assertStringIncludes(info, "loading_eta_seconds:");
  while (loader.slice(0));
  context.loading.end();
  assertEquals(redis.run("DBSIZE"), "(integer) 5000");
  assert(!redis.run("INFO", "persistence").includes("loading_total_bytes"));
});

Deno.test("progress is told every few seconds", () => {
  const redis = new EngineHarness();
  const { context } = redis.engine;
  const builder = new RdbFileBuilder();
  for (let i = 0; i < 2000; i++) builder.string(`key:${i}`, "x".repeat(30));
  const bytes = builder.end();
  context.loading.begin(bytes.length);
  const loader = new SnapshotLoader(context, inputOf(bytes), { dropsExpired: true });
  while (loader.slice(0)) redis.clock.advance(2600);
  const lines = redis.log.messages("notice").filter((line) => line.startsWith("Loading the"));
  assert(lines.length >= 2, lines.join("\n"));
  assertStringIncludes(lines[0], `of ${bytes.length} bytes`);
});
