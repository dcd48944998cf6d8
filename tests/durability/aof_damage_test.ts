/** Append-only files that are cut, flipped, padded or incomplete: loaded to the last whole command, or refused. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { breathe, type CrashOptions, digestAfter, SimulatedServer } from "../support/crash_run.ts";
import type { Unit } from "../support/crash_run.ts";
import { SeededRandom } from "../../lib/host/random.ts";
import { SimulatedDisk } from "../support/simulated_disk.ts";

const SHORT_UNITS = 5;
/** More of them make a longer file whose bits are flipped: 300 make some 16 KiB. */
const flippedUnits = Number(Deno.env.get("REDINO_FLIPPED_UNITS") ?? SHORT_UNITS);
const OPTIONS: CrashOptions = { policy: "everysec", turns: 0 };
const INCREMENT = "/data/appendonlydir/appendonly.aof.1.incr.aof";
const MANIFEST = "/data/appendonlydir/appendonly.aof.manifest";

interface Written {
  readonly files: Map<string, Uint8Array<ArrayBuffer>>;
  readonly units: readonly Unit[];
  /** Size of the last increment after each unit. */
  readonly ends: readonly number[];
}

const UNITS: readonly Unit[] = [
  [["SET", "string", "value"]],
  [["RPUSH", "list", "a", "b", "c"]],
  [["SADD", "set", "1", "2", "x"]],
  [["MULTI"], ["ZADD", "zset", "1.5", "member"], ["HSET", "hash", "field", "value"], ["EXEC"]],
  [["XADD", "stream", "5-1", "field", "value"]],
  [["SELECT", "2"], ["SET", "other", "x".repeat(300), "EX", "1000000"]],
  [["INCRBYFLOAT", "float", "1.25"]],
  [["SELECT", "0"], ["SPOP", "set"]],
  [["MULTI"], ["DEL", "string"], ["APPEND", "list2", "y"], ["EXEC"]],
  [["PEXPIRE", "zset", "100000"]],
];

/** Runs units, each in a turn of its own, and ends in order. */
async function write(
  units: readonly Unit[],
  keepsLines = true,
  rewriteAfter = -1,
): Promise<Written> {
  const disk = new SimulatedDisk(1);
  disk.place("/data/.keep", new Uint8Array(0));
  const server = new SimulatedServer(disk, 1, OPTIONS);
  await server.start();
  const ends: number[] = [];
  for (const [index, unit] of units.entries()) {
    server.turn(() => unit.forEach((command) => server.execute(command)));
    ends.push(server.appendOnly.writer.file?.size ?? 0);
    if (index !== rewriteAfter) continue;
    server.turn(() => server.execute(["BGREWRITEAOF"]));
    await breathe();
    disk.finishSyncs();
    await breathe();
    // The base is not written yet: both increments count.
  }
  server.appendOnly.closeAtEnd(true);
  const files = disk.contents();
  server.end();
  if (!keepsLines) files.set(INCREMENT, withoutLines(files.get(INCREMENT) as Uint8Array));
  return { files, units, ends };
}

/** As Redis would have written it. */
function withoutLines(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const plain = text.replace(/^#.*\r\n/gm, "");
  return Uint8Array.from(plain, (char) => char.charCodeAt(0));
}

function diskWith(files: Map<string, Uint8Array>, changed: Record<string, Uint8Array | null> = {}) {
  const disk = new SimulatedDisk(1);
  for (const [path, bytes] of files) if (changed[path] !== null) disk.place(path, bytes);
  for (const [path, bytes] of Object.entries(changed)) if (bytes !== null) disk.place(path, bytes);
  return disk;
}

async function load(
  disk: SimulatedDisk,
  config: Readonly<Record<string, string>> = {},
): Promise<SimulatedServer> {
  const server = new SimulatedServer(disk, 2, { ...OPTIONS, config });
  try {
    await server.start();
  } catch (error) {
    server.end();
    throw error;
  }
  return server;
}

/** The digest of what is loaded, and what the log says of it. */
async function loaded(disk: SimulatedDisk): Promise<{ digest: string; log: string }> {
  const server = await load(disk);
  const { digest } = server;
  server.end();
  return { digest, log: server.log.messages("warning").join("\n") };
}

/** Digests of the data after each number of units. */
function digests(units: readonly Unit[]): string[] {
  return Array.from({ length: units.length + 1 }, (_, count) => digestAfter(units.slice(0, count)));
}

/** The engine draws what SPOP takes, so that is loaded rather than run again. */
async function digestsOf({ files, ends }: Written): Promise<string[]> {
  const whole = files.get(INCREMENT) as Uint8Array;
  const found: string[] = [];
  for (const end of [0, ...ends]) {
    const cut = diskWith(files, { [INCREMENT]: whole.slice(0, end) });
    found.push((await loaded(cut)).digest);
  }
  return found;
}

Deno.test("an append-only file that is cut at any byte has all whole units and goes on", async () => {
  for (const keepsLines of [true, false]) {
    const written = await write(UNITS);
    const known = await digestsOf(written);
    const whole = written.files.get(INCREMENT) as Uint8Array;
    const file = keepsLines ? whole : withoutLines(whole);
    let least = 0;
    for (let cut = 0; cut <= file.length; cut++) {
      const disk = diskWith(written.files, { [INCREMENT]: file.slice(0, cut) });
      const server = await load(disk);
      const index = known.indexOf(server.digest);
      assert(index >= least, `cut at ${cut}: ${server.log.messages().join("\n")}`);
      least = index;
      if (keepsLines) {
        const whole = written.ends.filter((end) => end <= cut).length;
        assert(index >= whole, `cut at ${cut}: ${index} units of ${whole}`);
      }
      if (cut % 16 > 0) {
        server.end();
        continue;
      }
      server.turn(() => server.execute(["SET", "after", "cut"]));
      server.appendOnly.closeAtEnd(true);
      const { digest } = server;
      server.end();
      disk.killProcess();
      assertEquals((await loaded(disk)).digest, digest, `appended after a cut at ${cut}`);
    }
    assertEquals(least, UNITS.length);
  }
});

Deno.test("with aof-load-truncated no a file that is cut is refused", async () => {
  const { files, ends } = await write(UNITS);
  const whole = files.get(INCREMENT) as Uint8Array;
  const disk = diskWith(files, { [INCREMENT]: whole.slice(0, ends[4] - 20) });
  const before = disk.contents();
  await assertRejects(
    () => load(disk, { "aof-load-truncated": "no" }),
    Error,
    "Unexpected end of file",
  );
  assertEquals(disk.contents().get(INCREMENT), before.get(INCREMENT));
});

Deno.test("every flipped bit of an append-only file is noticed or changes nothing", async () => {
  const random = new SeededRandom(5);
  const units = Array.from(
    { length: flippedUnits },
    (_, i): Unit => [["SET", `k${i}`, String(random.uint32())]],
  );
  const written = await write(units);
  const whole = written.files.get(INCREMENT) as Uint8Array;
  const right = digests(units)[units.length];
  let refused = 0;
  let cut = 0;
  for (let bit = 0; bit < whole.length * 8; bit++) {
    const flipped = whole.slice();
    flipped[bit >> 3] ^= 1 << (bit & 7);
    const disk = diskWith(written.files, { [INCREMENT]: flipped });
    let found;
    try {
      found = await loaded(disk);
    } catch {
      refused++;
      continue;
    }
    if (found.log.includes("Truncating the AOF")) cut++;
    else assertEquals(found.digest, right, `bit ${bit & 7} of byte ${bit >> 3} is not noticed`);
  }
  const figures = `${refused} refused, ${cut} cut`;
  // The file tells once that it was synced: a longer one has more behind that place, which is cut.
  if (flippedUnits <= SHORT_UNITS) assert(refused > whole.length, figures);
  assert(refused > 0 && refused + cut > whole.length * 4, figures);
});

Deno.test("every flipped bit of a manifest is noticed or changes nothing", async () => {
  const written = await write(UNITS, true, 5);
  const manifest = written.files.get(MANIFEST) as Uint8Array;
  const right = (await loaded(diskWith(written.files))).digest;
  for (let bit = 0; bit < manifest.length * 8; bit++) {
    const flipped = manifest.slice();
    flipped[bit >> 3] ^= 1 << (bit & 7);
    let found;
    try {
      found = await loaded(diskWith(written.files, { [MANIFEST]: flipped }));
    } catch {
      continue;
    }
    const text = new TextDecoder().decode(flipped);
    assertEquals(
      found.digest,
      right,
      `bit ${bit & 7} of byte ${bit >> 3} is not noticed: ${text}`,
    );
  }
});

Deno.test("zeros and rubbish at the end are cut off and kept beside the file", async () => {
  const random = new SeededRandom(9);
  for (const keepsLines of [true, false]) {
    const written = await write(UNITS, keepsLines);
    const whole = written.files.get(INCREMENT) as Uint8Array;
    const right = (await loaded(diskWith(written.files))).digest;
    for (const length of [1, 3, 100, 511, 512, 4096, 65536]) {
      for (const isZero of [true, false]) {
        const tail = isZero ? new Uint8Array(length) : random.bytes(length);
        // What looks like a command or a line by chance is not what is meant here.
        tail[0] = 0;
        const padded = new Uint8Array(whole.length + length);
        padded.set(whole);
        padded.set(tail, whole.length);
        const disk = diskWith(written.files, { [INCREMENT]: padded });
        const found = await loaded(disk);
        assertEquals(found.digest, right, `${length} bytes, zeros: ${isZero}`);
        const kept = disk.contents().get(`${INCREMENT}.cut-at-${whole.length}`);
        assertEquals(kept, tail);
        assert(found.log.includes(`at offset ${whole.length}`), found.log);
      }
    }
  }
});

Deno.test("rubbish with a command behind it is not cut off, wherever that begins", async () => {
  const command = "*2\r\n$4\r\nINCR\r\n$1\r\na\r\n";
  for (const rubbish of ["!!!", "!!!\n", "*x\r\n", "*2\r\n$4\r\nINCR\r\n!!!"]) {
    const disk = new SimulatedDisk(1);
    const bytes = new TextEncoder().encode(`${command}${rubbish}${command}`);
    disk.place("/data/appendonly.aof", bytes);
    await assertRejects(() => load(disk), Error, "Bad file format", rubbish);
    assertEquals(disk.contents().get("/data/appendonlydir/appendonly.aof"), bytes);
  }
});

Deno.test("commands that are missing at the end of a file before the last are noticed", async () => {
  const written = await write(UNITS, true, 5);
  const first = written.files.get(INCREMENT) as Uint8Array;
  const second = INCREMENT.replace(".1.", ".2.");
  assert(written.files.has(second), [...written.files.keys()].join(" "));
  for (const end of [0, ...written.ends.slice(0, 6)]) {
    const disk = diskWith(written.files, { [INCREMENT]: first.slice(0, end) });
    if (end === first.length) await loaded(disk);
    else await assertRejects(() => load(disk), Error, "", `cut at ${end}`);
  }
  await assertRejects(
    () => load(diskWith(written.files, { [second]: null })),
    Error,
    "length. stat",
  );
  await assertRejects(
    () => load(diskWith(written.files, { [INCREMENT]: null })),
    Error,
    "length. stat",
  );
});

Deno.test("one directory serves one process at a time", async () => {
  const { files } = await write(UNITS);
  const disk = diskWith(files);
  const server = await load(disk);
  const before = disk.contents();
  await assertRejects(() => load(disk), Error, "Another server uses the append-only file");
  assertEquals(disk.contents(), before);
  server.end();
});
