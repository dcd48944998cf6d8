/** check-rdb and rdb --json: what they say of every fixture, and of files that are wrong. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { datasetDigest } from "../../../lib/store/digest.ts";
import { EngineHarness } from "../../support/engine_harness.ts";
import { needs, startRedis } from "../../support/peers.ts";
import { loadFile, RdbFileBuilder } from "../../support/rdb_file.ts";
import { fixtures } from "../../support/rdb_fixtures.ts";
import { connect } from "../../support/resp_client.ts";
import { runTool } from "../../support/tool_runner.ts";

const directory = decodeURIComponent(
  new URL("../../../fixtures/rdb/", import.meta.url).pathname,
).replace(/^\/([A-Za-z]:)/, "$1");

Deno.test("the fixtures are those that tests/support/rdb_fixtures.ts makes", () => {
  for (const { name, bytes } of fixtures()) {
    assertEquals(Deno.readFileSync(`${directory}${name}.rdb`), bytes, name);
  }
});

Deno.test("rdb --json shows every type in every encoding", async () => {
  for (const { name } of fixtures()) {
    const { code, output, errors } = await runTool(["rdb", `${directory}${name}.rdb`, "--json"]);
    assertEquals([code, errors], [0, ""], name);
    assertEquals(output, Deno.readTextFileSync(`${directory}${name}.jsonl`), name);
    for (const line of output.trim().split("\n")) JSON.parse(line);
  }
});

Deno.test("all keys of the fixtures load", () => {
  for (const { name, bytes } of fixtures()) {
    const redis = new EngineHarness();
    const report = loadFile(redis, bytes);
    const lines = Deno.readTextFileSync(`${directory}${name}.jsonl`).trim().split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const keys = lines.filter((line) => "key" in line && line.type !== "module");
    assertEquals(report.keysLoaded, keys.length, name);
    for (const { db, key, type, expires_at_ms } of keys) {
      redis.run("SELECT", String(db));
      assertEquals(redis.run("TYPE", String(key)), type);
      assertEquals(redis.run("PEXPIRETIME", String(key)), `(integer) ${expires_at_ms ?? -1}`);
    }
  }
});

needs("redis-server", "redis-server 7.0 loads the same out of the fixtures", async () => {
  await using redis = await startRedis({ debug: true });
  await using client = await connect(redis.port);
  for (const { name, bytes, isOld } of fixtures()) {
    if (!isOld) continue;
    Deno.writeFileSync(`${redis.directory}/dump.rdb`, bytes);
    const reloaded = await client.send("DEBUG", "RELOAD", "NOSAVE");
    assertEquals(reloaded, { kind: "simple", text: "OK" }, name);
    const ours = new EngineHarness();
    ours.clock.jumpTo(Date.now());
    loadFile(ours, bytes);
    const text = datasetDigest(ours.engine.context.store);
    assertEquals(await client.send("DEBUG", "DIGEST"), { kind: "simple", text }, name);
  }
});

needs("redis-server", "check-rdb says what redis-check-rdb says", async () => {
  const path = Deno.makeTempFileSync();
  const whole = fixtures().find(({ name }) => name === "between_keys")!.bytes;
  const wrong = [
    whole.subarray(0, 4),
    whole.subarray(0, whole.length - 3),
    whole.subarray(0, whole.length - 30),
    new RdbFileBuilder("REDIS0099").end(),
    new RdbFileBuilder().string("k", "v").opcode(100).end(),
    new RdbFileBuilder().string("k", "v").end("wrong"),
    new RdbFileBuilder("HELLO0010").end(),
  ];
  const all = [...fixtures().filter(({ isOld }) => isOld).map(({ bytes }) => bytes), ...wrong];
  try {
    for (const [number, bytes] of all.entries()) {
      Deno.writeFileSync(path, bytes);
      const ours = await runTool(["check-rdb", path]);
      const theirs = await new Deno.Command("redis-check-rdb", { args: [path] }).output();
      assertEquals(ours.output, new TextDecoder().decode(theirs.stdout), `file ${number}`);
      assertEquals(ours.code, theirs.code, `file ${number}`);
    }
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("check-rdb names the key and the encoding that is wrong", async () => {
  const path = Deno.makeTempFileSync();
  try {
    const file = new RdbFileBuilder().string("fine", "v").key("bad", 16, (writer) => {
      writer.stringOf(new Uint8Array([9, 0, 0, 0, 1, 0, 1, 1, 254]));
    });
    Deno.writeFileSync(path, file.end());
    const { code, output } = await runTool(["check-rdb", path]);
    assertEquals(code, 1);
    assertStringIncludes(output, "--- RDB ERROR DETECTED ---");
    assertMatch(
      output,
      /\[offset \d+\] Internal error in RDB reading offset \d+ -> Hash listpack integrity check failed: a/,
    );
    assertStringIncludes(output, "[additional info] While doing: read-object-value");
    assertStringIncludes(output, "[additional info] Reading key 'bad'");
    assertStringIncludes(output, "[additional info] Reading type 16 (hash-listpack)");
    assertStringIncludes(output, "[info] 2 keys read");
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("rdb --json gives what it could read, then says where it ended", async () => {
  const path = Deno.makeTempFileSync();
  try {
    const file = new RdbFileBuilder().string("k", "v\xff").string("other", "w").end();
    Deno.writeFileSync(path, file.subarray(0, file.length - 11));
    const { code, output, errors } = await runTool(["rdb", path, "--json"]);
    assertEquals(code, 1);
    const [first] = output.split("\n");
    assertEquals(first, '{"db":0,"key":"k","type":"string","value":{"base64":"dv8="}}');
    assertMatch(errors, /byte \d+: \d+ bytes are wanted where the input ends/);
  } finally {
    Deno.removeSync(path);
  }
});

Deno.test("tools that are called wrongly say how they are called", async () => {
  for (const args of [["rdb"], ["rdb", "x"], ["check-rdb"], ["check-rdb", "a", "b"]]) {
    const { code, errors } = await runTool(args);
    assertEquals(code, 1);
    assert(errors.startsWith("Usage: "), errors);
  }
  for (const args of [["rdb", "/nowhere/x.rdb", "--json"], ["check-rdb", "/nowhere/x.rdb"]]) {
    const { code, errors } = await runTool(args);
    assertEquals(code, 1);
    assertStringIncludes(errors, "Cannot open file /nowhere/x.rdb: No such file");
  }
});
