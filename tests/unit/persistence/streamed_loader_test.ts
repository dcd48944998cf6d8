/** Loading snapshots while they come: wherever the bytes are cut, the same data as from a file. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { LoadError } from "../../../lib/persistence/snapshot/loader.ts";
import { StreamedLoader } from "../../../lib/persistence/snapshot/streamed_loader.ts";
import { RdbType } from "../../../lib/rdb/opcodes.ts";
import { fromLatin1 } from "../../../lib/bytes/byte_string.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { loadFile, RdbFileBuilder } from "../../support/rdb_file.ts";
import { fixtures } from "../../support/rdb_fixtures.ts";

const OPTIONS = { dropsExpired: false, takeFunction: () => {} };

Deno.test("a snapshot that comes in pieces of any size is what it is as a file", () => {
  const redis = harness();
  for (const { name, bytes } of fixtures()) {
    const report = loadFile(redis, bytes, OPTIONS);
    const digest = redis.run("DEBUG", "DIGEST");
    for (const [size, total] of [[1, bytes.length], [7, Infinity], [100, bytes.length]]) {
      redis.run("FLUSHALL");
      const loader = new StreamedLoader(redis.engine.context, total, OPTIONS);
      for (let at = 0; at < bytes.length; at += size) loader.take(bytes.subarray(at, at + size));
      const title = `${name} in pieces of ${size}`;
      assertEquals(loader.finish(), report, title);
      assertEquals(redis.run("DEBUG", "DIGEST"), digest, title);
    }
    redis.run("FLUSHALL");
  }
});

Deno.test("a snapshot that ends early is refused, and leaves nothing in memory", () => {
  const bytes = sample().end();
  const { context } = harness().engine;
  // What is kept by others is not given back as a whole, where nothing could be amiss.
  context.store.state.arena.join();
  let usedBytes = 0;
  for (let length = 0; length < bytes.length; length += 211) {
    const loader = new StreamedLoader(context, Infinity, OPTIONS);
    for (let at = 0; at < length; at += 64) {
      loader.take(bytes.subarray(at, Math.min(length, at + 64)));
    }
    assertThrows(() => loader.finish(), LoadError);
    context.store.clear();
    while (context.store.lazyFree.help());
    if (length === 0) usedBytes = context.store.usedBytes;
    assertEquals(context.store.usedBytes, usedBytes, `cut at ${length}`);
  }
});

Deno.test("a snapshot with a wrong checksum, or with bytes behind its end, is refused", () => {
  const context = () => harness().engine.context;
  const wrong = new StreamedLoader(context(), Infinity, OPTIONS);
  assertThrows(() => wrong.take(sample().end("wrong")), LoadError, "RDB CRC error");
  const long = new StreamedLoader(context(), Infinity, OPTIONS);
  assertThrows(
    () => long.take(behind()),
    LoadError,
    "2 bytes follow the end",
  );
});

Deno.test("a length beyond the snapshot's own is refused as soon as it is read", () => {
  const bytes = new RdbFileBuilder().select(0).opcode(RdbType.STRING).text("k")
    .raw(new Uint8Array([0x80, 0x7f, 0xff, 0xff, 0xff])).raw(new Uint8Array(100)).end();
  const loader = new StreamedLoader(harness().engine.context, bytes.length, OPTIONS);
  assertThrows(() => loader.take(bytes.subarray(0, 40)), LoadError);
});

Deno.test("of a snapshot without a length INFO guesses how much has come, and never says all", () => {
  const redis = harness();
  const { context } = redis.engine;
  context.loading.begin(0);
  const loader = new StreamedLoader(context, Infinity, OPTIONS);
  loader.take(new RdbFileBuilder().aux("used-mem", "1000").writer.view().slice());
  const { loadedBytes } = context.loading;
  const info = redis.run("INFO", "persistence");
  assertStringIncludes(info, "loading_total_bytes:0\\r");
  assertStringIncludes(info, `loading_loaded_perc:${(loadedBytes / 10).toFixed(2)}\\r`);
  loader.take(new RdbFileBuilder("").select(0).string("k", "x".repeat(2000)).writer.view().slice());
  assertStringIncludes(redis.run("INFO", "persistence"), "loading_loaded_perc:99.99");
  assertStringIncludes(redis.run("INFO", "persistence"), "rdb_last_load_keys_loaded:1");
});

function sample(): RdbFileBuilder {
  const elements = Array.from({ length: 300 }, (_, i) => fromLatin1(`element ${i}`));
  return new RdbFileBuilder().aux("redis-ver", "7.0.15").select(0).resize(3, 1)
    .expiresAtMs(4_000_000_000_000n).string("text", "x".repeat(500))
    .key("set", RdbType.SET, (writer) => {
      writer.lengthOf(elements.length);
      for (const element of elements) writer.stringOf(element);
    })
    .key("list", RdbType.LIST, (writer) => {
      writer.lengthOf(elements.length);
      for (const element of elements) writer.stringOf(element);
    });
}

function behind(): Uint8Array {
  const whole = sample().end();
  const longer = new Uint8Array(whole.length + 2);
  longer.set(whole);
  return longer;
}

function harness(): EngineHarness {
  return new EngineHarness({ config: { "enable-debug-command": "yes" } });
}
