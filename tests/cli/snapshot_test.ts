/** `--rdb`: a server's data as a file, whether it sends the length first or a mark at the end. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { checkRdb } from "../../lib/tools/check_rdb.ts";
import { runCli } from "../../lib/tools/cli/cli.ts";
import { needs, startRedis } from "../support/peers.ts";
import { connect } from "../support/resp_client.ts";
import { ScriptedServer } from "../support/scripted_server.ts";
import { runTool } from "../support/tool_run.ts";

for (const diskless of ["yes", "no"]) {
  needs("redis-server", `--rdb fetches a whole RDB file, diskless ${diskless}`, async () => {
    const args = ["--repl-diskless-sync", diskless, "--repl-diskless-sync-delay", "0"];
    await using redis = await startRedis({ args });
    await using client = await connect(redis.port);
    await client.send("SET", "k", "v".repeat(200_000));
    const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
    const path = `${directory}/copy.rdb`;
    const fetched = await runTool(runCli, ["-p", String(redis.port), "--rdb", path]);
    assertEquals([fetched.code, fetched.out], [0, ""], fetched.err);
    assertStringIncludes(fetched.err, "Transfer finished with success.");
    const checked = await runTool(checkRdb, [path]);
    assertEquals(checked.code, 0, checked.out);
    assertStringIncludes(checked.out, "1 keys read");
    Deno.removeSync(directory, { recursive: true });
  });
}

Deno.test("a mark that comes in pieces ends the snapshot, and is not part of it", async () => {
  const mark = "0123456789".repeat(4);
  // What looks like the beginning of a mark is data as long as the rest does not follow.
  const body = `REDIS0010${mark.slice(0, 30)}data${mark.slice(0, 39)}`;
  for (const pieceBytes of [1, 7, 64]) {
    await using server = new ScriptedServer((request) => {
      return request.includes("SYNC") ? `\n\n$EOF:${mark}\r\n${body}${mark}` : "+OK\r\n";
    }, pieceBytes);
    const { code, out } = await runTool(runCli, ["-p", String(server.port), "--rdb", "-"]);
    assertEquals([code, out], [0, body], `${pieceBytes}`);
  }
});

Deno.test("a server that refuses, or leaves too early, makes --rdb fail", async () => {
  await using refusing = new ScriptedServer(() => "-NOMASTERLINK Can't SYNC\r\n");
  const refused = await runTool(runCli, ["-p", String(refusing.port), "--rdb", "-"]);
  assertEquals(refused, { code: 1, out: "", err: "SYNC failed: NOMASTERLINK Can't SYNC\n" });
  await using leaving = new ScriptedServer((request) => {
    if (!request.includes("SYNC")) return "+OK\r\n";
    return { last: "$100\r\nREDIS" };
  });
  const cut = await runTool(runCli, ["-p", String(leaving.port), "--rdb", "-"]);
  assertEquals([cut.code, cut.err.includes("Server closed the connection")], [1, true], cut.err);
});
