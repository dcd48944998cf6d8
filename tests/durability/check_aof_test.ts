/** `check-aof`: what it says of files that are right, cut, and mended. */

import { assert, assertEquals } from "@std/assert";
import type { ToolHost } from "../../lib/tools/tool_host.ts";
import { checkAof } from "../../lib/tools/check_aof.ts";
import { systemHost } from "../../lib/host/system_host.ts";
import { SimulatedServer } from "../support/crash_run.ts";
import { CapturedLog } from "../support/fake_host.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";

const INCREMENT = "/data/appendonlydir/appendonly.aof.1.incr.aof";

async function written(): Promise<Map<string, Uint8Array<ArrayBuffer>>> {
  const disk = new SimulatedDisk(1);
  disk.place("/data/.keep", new Uint8Array(0));
  const server = new SimulatedServer(disk, 1, { policy: "no", turns: 0 });
  await server.start();
  server.turn(() => server.execute(["SET", "key", "value"]));
  server.turn(() => ["MULTI", "EXEC"].forEach((name) => server.execute([name])));
  server.turn(() => server.execute(["RPUSH", "list", "a", "b"]));
  server.appendOnly.closeAtEnd(true);
  server.end();
  return disk.contents();
}

async function check(files: Map<string, Uint8Array>, ...args: string[]) {
  const disk = new SimulatedDisk(1);
  for (const [path, bytes] of files) disk.place(path, bytes);
  let output = "";
  const write = (bytes: Uint8Array): void => {
    output += new TextDecoder().decode(bytes);
  };
  const host: ToolHost = {
    ...systemHost(() => new CapturedLog()),
    files: disk,
    write,
    writeError: write,
  };
  return { code: await checkAof(args, host), output, files: disk.contents() };
}

Deno.test("check-aof finds whole files valid", async () => {
  const files = await written();
  for (const path of ["/data/appendonlydir", "/data/appendonlydir/appendonly.aof.manifest"]) {
    const { code, output } = await check(files, path);
    assertEquals(code, 0, output);
    assert(output.includes("Start to check BASE AOF (RDB format)."));
    assert(output.endsWith("All AOF files and manifest are valid\n"), output);
  }
});

Deno.test("check-aof says where a file breaks and cuts it when it is told to", async () => {
  const files = await written();
  const whole = files.get(INCREMENT) as Uint8Array;
  const cut = whole.slice(0, whole.length - 20);
  const found = await check(new Map(files).set(INCREMENT, cut), "/data/appendonlydir");
  assertEquals(found.code, 1);
  assert(found.output.includes("Unexpected end of file"), found.output);
  assert(found.output.includes("Use the --fix option to try fixing it."), found.output);
  const fixed = await check(new Map(files).set(INCREMENT, cut), "/data/appendonlydir", "--fix");
  assertEquals(fixed.code, 0, fixed.output);
  assert(fixed.output.includes("Successfully truncated AOF"), fixed.output);
  assertEquals((await check(fixed.files, "/data/appendonlydir")).code, 0);
});

Deno.test("check-aof says what of a file has changed on the disk", async () => {
  const files = await written();
  const flipped = (files.get(INCREMENT) as Uint8Array).slice();
  flipped[flipped.indexOf(118, 100)] ^= 1;
  const { code, output } = await check(new Map(files).set(INCREMENT, flipped), INCREMENT);
  assertEquals(code, 1);
  assert(output.includes("are not those that were written"), output);
});

Deno.test("check-aof without a file says how it is used", async () => {
  const { code, output } = await check(new Map());
  assertEquals(code, 1);
  assert(output.startsWith("Usage: redino check-aof"), output);
});
