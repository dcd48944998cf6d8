/**
 * What saving, loading and replicating cost, for our server and a redis-server in one run:
 *
 *     deno run -A tests/tools/persistence.ts save|rewrite|load|sync|follow [--keys 1000000] [--writes 20000]
 *
 * save, rewrite: BGSAVE or BGREWRITEAOF of so many keys while so many writes a second go on; load: the
 * time to start with an RDB file and with an append-only file of them; sync: the time until a new
 * redis-server as replica has them, under writes; follow: SET in pipelines of 16 while a replica
 * follows, of the primary's own kind and of the other one, and the processor time of both.
 */

import { parseArgs } from "@std/cli";
import { type ChildServer, startChildServer } from "../support/child_server.ts";
import { connect, type RespClient } from "../support/resp_client.ts";
import { startServerProcess } from "../support/server_process.ts";
import { grouped, median, megabytes, quantile, shown, table } from "./figures.ts";
import { setKeys } from "./load.ts";
import { cpuSeconds, NAMES, residentBytes, type Side, SIDES, withServer } from "./pair.ts";

const VALUE_BYTES = 32;
/** Writes are sent in groups, one each so many milliseconds. */
const WRITE_EVERY_MS = 5;
/** SETs of a round of `follow`, and rounds. */
const WARMING_SETS = 300_000;
const MEASURED_SETS = 400_000;
const ROUNDS = 5;

interface Plan {
  readonly keys: number;
  readonly writes: number;
}

/** Round trips of PING, in milliseconds, while something goes on. */
async function pings(port: number, isOver: () => Promise<boolean> | boolean): Promise<number[]> {
  using client = await connect(port);
  const times: number[] = [];
  while (!await isOver()) {
    const started = performance.now();
    await client.send("PING");
    times.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return times;
}

/** Writes keys that are there already at a steady pace, until told to stop. */
async function writeSteadily(port: number, { keys, writes }: Plan, isOver: () => boolean) {
  using client = await connect(port);
  const perGroup = Math.ceil(writes * WRITE_EVERY_MS / 1000);
  const value = "y".repeat(VALUE_BYTES);
  const started = performance.now();
  for (let group = 0; !isOver(); group++) {
    const commands = Array.from({ length: perGroup }, () => {
      const number = Math.floor(Math.random() * keys);
      return ["SET", `key:${String(number).padStart(12, "0")}`, value];
    });
    await client.pipeline(commands);
    const early = started + (group + 1) * WRITE_EVERY_MS - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
  }
}

async function field(client: RespClient, section: string, name: string): Promise<string> {
  const reply = await client.send("INFO", section);
  if ((reply.kind !== "bulk" && reply.kind !== "verbatim") || reply.bytes === null) return "";
  const text = new TextDecoder().decode(reply.bytes);
  return new RegExp(`^${name}:(.*)\r$`, "m").exec(text)?.[1] ?? "";
}

/** BGSAVE or BGREWRITEAOF under writes. */
async function background(plan: Plan, command: string, progress: string, args: string[]) {
  const rows: string[][] = [];
  for (const side of SIDES) {
    await withServer(side, { args }, async ({ port, pid, directory }) => {
      await setKeys(port, 0, plan.keys, VALUE_BYTES);
      await using client = await connect(port);
      const settled = async () => (await field(client, "persistence", progress)) === "0";
      while (!await settled()) await new Promise((resolve) => setTimeout(resolve, 50));
      let over = false;
      const writing = writeSteadily(port, plan, () => over);
      const end = performance.now() + 4_000;
      const idle = await pings(port, () => performance.now() > end);
      const before = residentBytes(pid);
      const started = performance.now();
      await client.send(command);
      let peak = 0;
      const times = await pings(port, async () => {
        peak = Math.max(peak, residentBytes(pid));
        return await settled();
      });
      const seconds = (performance.now() - started) / 1000;
      over = true;
      await writing;
      rows.push([
        NAMES[side],
        shown(seconds, 1),
        shown(quantile(idle, 0.99)),
        shown(quantile(times, 0.99)),
        shown(Math.max(...times)),
        megabytes(peak - before),
        megabytes(sizeOf(directory)),
      ]);
    });
  }
  const header = ["", "seconds", "p99 before", "p99 during", "worst ms", "memory", "files"];
  console.log(table(header, rows));
}

/** Bytes of all files below a directory. */
function sizeOf(directory: string): number {
  let bytes = 0;
  for (const entry of Deno.readDirSync(directory)) {
    const path = `${directory}/${entry.name}`;
    bytes += entry.isDirectory ? sizeOf(path) : Deno.statSync(path).size;
  }
  return bytes;
}

async function load({ keys }: Plan): Promise<void> {
  const rows: string[][] = [];
  for (const [what, args] of [["RDB", []], ["AOF", ["--appendonly", "yes"]]] as const) {
    // Both load what redis-server has written.
    const directory = await Deno.makeTempDir();
    const filled = await startRedis(directory, [...args]);
    await setKeys(filled.port, 0, keys, VALUE_BYTES);
    {
      using client = await connect(filled.port);
      if (what === "RDB") await client.send("SAVE");
    }
    await filled.stop(what === "RDB" ? "SIGKILL" : "SIGTERM");
    for (const side of SIDES) {
      const started = performance.now();
      const server = side === "ours"
        ? await startServerProcess({ directory, args: [...args] })
        : await startRedis(directory, [...args]);
      const seconds = (performance.now() - started) / 1000;
      rows.push([`${what}, ${NAMES[side]}`, shown(seconds), megabytes(sizeOf(directory))]);
      await server.stop("SIGKILL");
    }
    await Deno.remove(directory, { recursive: true });
  }
  console.log(table(["", "seconds until ready", "files"], rows));
}

async function sync(plan: Plan): Promise<void> {
  const rows: string[][] = [];
  for (const side of SIDES) {
    await withServer(side, { args: ["--repl-diskless-sync-delay", "0"] }, async ({ port, pid }) => {
      await setKeys(port, 0, plan.keys, VALUE_BYTES);
      let over = false;
      const writing = writeSteadily(port, plan, () => over);
      const before = residentBytes(pid);
      const directory = await Deno.makeTempDir();
      const started = performance.now();
      const replica = await startRedis(directory, ["--replicaof", "127.0.0.1", String(port)]);
      await using client = await connect(replica.port);
      let peak = 0;
      const times = await pings(port, async () => {
        peak = Math.max(peak, residentBytes(pid));
        return (await field(client, "replication", "master_link_status")) === "up";
      });
      const seconds = (performance.now() - started) / 1000;
      over = true;
      await writing;
      rows.push([
        NAMES[side],
        shown(seconds, 1),
        shown(quantile(times, 0.99)),
        shown(Math.max(...times)),
        megabytes(peak - before),
      ]);
      await replica.stop("SIGKILL");
      await Deno.remove(directory, { recursive: true });
    });
  }
  console.log(table(["as primary", "seconds", "p99 ms", "worst ms", "memory"], rows));
}

/** What stands behind a figure of {@linkcode follow}. */
interface Following {
  readonly primary: Side;
  /** Null: nobody follows. */
  readonly replica: Side | null;
}

/** Each with its own kind first: their ratio is the figure. The others show whose side costs. */
const FOLLOWING: readonly Following[] = [
  { primary: "ours", replica: "ours" },
  { primary: "theirs", replica: "theirs" },
  { primary: "ours", replica: "theirs" },
  { primary: "theirs", replica: "ours" },
  { primary: "ours", replica: null },
  { primary: "theirs", replica: null },
];

/** What one round has shown: SETs a second, and microseconds of processor time for each of them. */
interface Followed {
  readonly perSecond: number;
  readonly primaryMicros: number;
  readonly replicaMicros: number;
}

async function follow({ keys }: Plan): Promise<void> {
  const rounds: Followed[][] = FOLLOWING.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    const order = [...FOLLOWING.keys()];
    for (const i of round % 2 === 0 ? order : order.reverse()) {
      rounds[i].push(await followed(FOLLOWING[i], keys));
    }
  }
  const rows = rounds.map((followed, i) => {
    const { primary, replica } = FOLLOWING[i];
    return [
      `${NAMES[primary]} → ${replica === null ? "none" : NAMES[replica]}`,
      grouped(median(followed.map(({ perSecond }) => perSecond))),
      shown(median(followed.map(({ primaryMicros }) => primaryMicros))),
      shown(median(followed.map(({ replicaMicros }) => replicaMicros))),
    ];
  });
  console.log(table(["", "SET/s at P=16", "CPU µs, primary", "CPU µs, replica"], rows));
  const ratios = rounds[0].map(({ perSecond }, i) => perSecond / rounds[1][i].perSecond);
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => shown(ratio));
  console.log(`\nratio, each with its own kind: ${shown(median(ratios))} (${least} to ${most})`);
}

/** One round, with servers of its own: any that were idle beside them would take their share. */
async function followed({ primary, replica }: Following, keys: number): Promise<Followed> {
  const args = ["--repl-diskless-sync-delay", "0"];
  let found: Followed = { perSecond: NaN, primaryMicros: NaN, replicaMicros: NaN };
  await withServer(primary, { args }, async (first) => {
    const measure = async (second: ChildServer | null) => {
      // Code that has not run yet is slow.
      await setThroughput(first.port, keys, WARMING_SETS);
      await caughtUp(first, second);
      const before = [first, second].map((one) => one === null ? NaN : cpuSeconds(one.pid));
      const perSecond = await setThroughput(first.port, keys, MEASURED_SETS);
      await caughtUp(first, second);
      const [primaryMicros, replicaMicros] = [first, second].map((one, i) =>
        one === null ? NaN : (cpuSeconds(one.pid) - before[i]) * 1e6 / MEASURED_SETS
      );
      found = { perSecond, primaryMicros, replicaMicros };
    };
    if (replica === null) return await measure(null);
    const follows = ["--replicaof", "127.0.0.1", String(first.port)];
    await withServer(replica, { args: follows }, measure);
  });
  return found;
}

/** Waits until a replica has applied all that its primary has done. */
async function caughtUp(primary: ChildServer, replica: ChildServer | null): Promise<void> {
  if (replica === null) return;
  using first = await connect(primary.port);
  using second = await connect(replica.port);
  const offset = () => field(first, "replication", "master_repl_offset");
  const applied = () => field(second, "replication", "slave_repl_offset");
  while (await offset() !== await applied()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function setThroughput(port: number, keys: number, sets: number): Promise<number> {
  const { stdout } = await new Deno.Command("redis-benchmark", {
    args: [
      ...["-p", String(port), "-c", "50", "-P", "16", "-n", String(sets), "-t", "set"],
      ...["-d", String(VALUE_BYTES), "-r", String(keys), "--csv"],
    ],
    stdin: "null",
  }).output();
  const row = new TextDecoder().decode(stdout).split(/[\r\n]+/).find((line) => /^"SET/.test(line));
  if (row === undefined) throw new Error("redis-benchmark gave no figure");
  return Number(row.split(",")[1].replaceAll('"', ""));
}

function startRedis(directory: string, args: string[]) {
  return startChildServer({
    program: "redis-server",
    directory,
    args: (port) => [
      ...["--port", String(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""],
      ...args,
    ],
  });
}

const runs: Readonly<Record<string, (plan: Plan) => Promise<void>>> = {
  save: (plan) => background(plan, "BGSAVE", "rdb_bgsave_in_progress", []),
  rewrite: (plan) =>
    background(plan, "BGREWRITEAOF", "aof_rewrite_in_progress", [
      ...["--appendonly", "yes", "--auto-aof-rewrite-percentage", "0"],
    ]),
  load,
  sync,
  follow,
};

if (import.meta.main) {
  const given = parseArgs(Deno.args, { string: ["keys", "writes"] });
  const run = runs[String(given._[0])];
  if (run === undefined) {
    console.error("persistence: save, rewrite, load, sync or follow");
    Deno.exit(1);
  }
  const plan = { keys: Number(given.keys ?? 1_000_000), writes: Number(given.writes ?? 20_000) };
  console.log(`${grouped(plan.keys)} keys, ${grouped(plan.writes)} writes a second`);
  await run(plan);
}
