/** The manifest's text, and what is made of faulty ones: the verdicts of redis-server. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { SimulatedServer } from "../support/crash_run.ts";
import { startChildServer } from "../support/child_server.ts";
import { needs } from "../support/peers.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";
import {
  formatManifest,
  ManifestError,
  parseManifest,
} from "../../lib/persistence/aof/manifest.ts";

const COMMANDS = "*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n*3\r\n$3\r\nSET\r\n$2\r\nk1\r\n$2\r\nv1\r\n";
const B = "appendonly.aof.1.base.aof";
const I = "appendonly.aof.1.incr.aof";

Deno.test("a manifest is written as Redis writes it and read back", () => {
  const manifest = {
    base: { name: "appendonly.aof.2.base.rdb", seq: 2 },
    increments: [{ name: 'a "b" c', seq: 3 }],
    history: [{ name: "appendonly.aof.1.incr.aof", seq: 1 }],
  };
  const text = "file appendonly.aof.2.base.rdb seq 2 type b\n" +
    "file appendonly.aof.1.incr.aof seq 1 type h\n" +
    'file "a \\"b\\" c" seq 3 type i\n';
  assertEquals(formatManifest(manifest), text);
  assertEquals(parseManifest(text), manifest);
});

Deno.test("a manifest with two lines that became one is refused", () => {
  const text = `file ${B} seq 1 type b\vfile ${I} seq 1 type i\n`;
  assertThrows(() => parseManifest(text), ManifestError, "Invalid AOF manifest file format");
});

/** Name → manifest (null: none) and the files beside it; `!` before a name: an empty file. */
const CASES: Readonly<Record<string, readonly [string | null, ...string[]]>> = {
  "no manifest": [null],
  "an empty one": ["", I],
  "a file that is missing": [`file ${I} seq 1 type i\n`],
  "one increment": [`file ${I} seq 1 type i\n`, I],
  "no line end": [`file ${I} seq 1 type i`, I],
  "a comment": [`#hello\nfile ${I} seq 1 type i\n`, I],
  "pairs of other words": [`file ${I} seq 1 type i foo bar\n`, I],
  "an odd number of words": [`file ${I} seq 1 type\n`, I],
  "a blank line": [`file ${I} seq 1 type i\n\n`, I],
  "blanks around": [` \tfile   ${I} seq 1  type i  \r\n`, I],
  "number 0": [`file ${I} seq 0 type i\n`, I],
  "a negative number": [`file ${I} seq -1 type i\n`, I],
  "no number": [`file ${I} seq x type i\n`, I],
  "an unknown type": [`file ${I} seq 1 type x\n`, I],
  "a long type": [`file ${I} seq 1 type incr\n`, I],
  "two bases": ["file a seq 1 type b\nfile b seq 2 type b\n", "a", "b"],
  "falling numbers": ["file a seq 2 type i\nfile b seq 1 type i\n", "a", "b"],
  "equal numbers": ["file a seq 1 type i\nfile b seq 1 type i\n", "a", "b"],
  "gaps between numbers": ["file a seq 1 type i\nfile b seq 10 type i\n", "a", "b"],
  "a path": ["file ../a seq 1 type i\n", "a"],
  "words in capitals": [`FILE ${I} SEQ 1 TYPE i\n`, I],
  "an empty increment": [`file ${I} seq 1 type i\n`, `!${I}`],
  "an empty base": [`file ${B} seq 1 type b\nfile ${I} seq 1 type i\n`, `!${B}`, I],
  "a base of commands": [`file ${B} seq 1 type b\nfile ${I} seq 1 type i\n`, B, I],
  "only a base": [`file ${B} seq 1 type b\n`, B],
  "only history": ["file h seq 1 type h\n", "h"],
  "history that is missing": [`file h seq 1 type h\nfile ${I} seq 2 type i\n`, I],
  "increments before the base": [`file ${I} seq 1 type i\nfile ${B} seq 1 type b\n`, B, I],
  "quotes that do not end": [`file "${I} seq 1 type i\n`, I],
  "a quoted name": [`file "${I}" seq 1 type i\n`, I],
  "a line that is too long": [`file ${"a".repeat(1100)} seq 1 type i\n`],
};

needs("redis-server", "faulty manifests have the verdicts of redis-server", async () => {
  for (const [name, [manifest, ...files]] of Object.entries(CASES)) {
    const directory = Deno.makeTempDirSync({ prefix: "redino-test-" });
    const disk = new SimulatedDisk(1);
    disk.place("/data/.keep", new Uint8Array(0));
    Deno.mkdirSync(`${directory}/appendonlydir`);
    const place = (path: string, text: string): void => {
      const bytes = new TextEncoder().encode(text);
      Deno.writeFileSync(`${directory}/appendonlydir/${path}`, bytes);
      disk.place(`/data/appendonlydir/${path}`, bytes);
    };
    if (manifest !== null) place("appendonly.aof.manifest", manifest);
    for (const file of files) place(file.replace("!", ""), file.startsWith("!") ? "" : COMMANDS);
    try {
      const theirs = await verdictOfRedis(directory);
      const ours = await verdictOfOurs(disk);
      assertEquals(ours.starts, theirs.starts, `${name}: ${ours.log}\n${theirs.log}`);
      // The reason that Redis gives, where it gives one, is given here.
      const reason = /FATAL[^|]*\|+(?:.*\|)?([^|]+)\|*$/.exec(theirs.log)?.[1].trim();
      if (reason !== undefined && !reason.startsWith(">>>")) {
        assert(ours.log.includes(reason), `${name}: ${ours.log}\n${theirs.log}`);
      }
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  }
});

async function verdictOfRedis(directory: string): Promise<{ starts: boolean; log: string }> {
  try {
    await using server = await startChildServer({
      program: "redis-server",
      directory,
      args: (port) => [
        ...["--port", String(port), "--dir", directory, "--save", "", "--appendonly", "yes"],
      ],
    });
    return { starts: true, log: server.lines.join("\n") };
  } catch (error) {
    const lines = String(error instanceof Error ? error.message : error).split("\n");
    const log = lines.map((line) => line.replace(/^\d+:[MC] .*?\.\d+ . /, "")).join("|");
    return { starts: false, log };
  }
}

async function verdictOfOurs(disk: SimulatedDisk): Promise<{ starts: boolean; log: string }> {
  const server = new SimulatedServer(disk, 1, { policy: "no", turns: 0 });
  let starts = true;
  try {
    await server.start();
  } catch {
    starts = false;
  }
  server.end();
  return { starts, log: server.log.messages().join("|") };
}
