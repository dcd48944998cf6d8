/**
 * What saving, loading and replicating cost, for our server and a redis-server in one run:
 *
 *     deno run -A tests/tools/persistence.ts save|rewrite|load|sync|follow [--keys 1000000] [--writes 20000]
 *
 * save, rewrite: BGSAVE or BGREWRITEAOF of so many keys while so many writes a second go on; load: the
 * time to start with an RDB file and with an append-only file of them; sync: the time until a new
 * redis-server as replica has them, under writes; follow: SET in pipelines of 16 while a redis-server
 * follows as replica.
 */

import { parseArgs } from "@std/cli";
import { startChildServer } from "../support/child_server.ts";
import { connect, type RespClient } from "../support/resp_client.ts";
import { startServerProcess } from "../support/server_process.ts";
import { grouped, median, megabytes, quantile, shown, table } from "./figures.ts";
import { setKeys } from "./load.ts";
import { NAMES, residentBytes, type Side, SIDES, withPair, withServer } from "./pair.ts";

const VALUE_BYTES = 32;
/** Writes are sent in groups, one each so many milliseconds. */
const WRITE_EVERY_MS = 5;

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

async function follow({ keys }: Plan): Promise<void> {
  const rounds: Record<Side, number[]> = { ours: [], theirs: [] };
  const args = ["--repl-diskless-sync-delay", "0"];
  await withPair({ args }, async (pair) => {
    const replicas = [];
    for (const side of SIDES) {
      const directory = await Deno.makeTempDir();
      const primary = ["--replicaof", "127.0.0.1", String(pair[side].port)];
      replicas.push({ directory, server: await startRedis(directory, primary) });
    }
    // The first round is no figure: code that has not run yet is slow.
    for (let round = 0; round < 6; round++) {
      for (const side of round % 2 === 0 ? SIDES : [...SIDES].reverse()) {
        const perSecond = await setThroughput(pair[side].port, keys);
        if (round > 0) rounds[side].push(perSecond);
      }
    }
    for (const { directory, server } of replicas) {
      await server.stop("SIGKILL");
      await Deno.remove(directory, { recursive: true });
    }
  });
  const ratios = rounds.ours.map((ours, i) => ours / rounds.theirs[i]);
  const rows = SIDES.map((side) => [NAMES[side], grouped(median(rounds[side]))]);
  console.log(table(["with one replica", "SET/s at P=16"], rows));
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => shown(ratio));
  console.log(`\nratio: ${shown(median(ratios))} (${least} to ${most})`);
}

async function setThroughput(port: number, keys: number): Promise<number> {
  const { stdout } = await new Deno.Command("redis-benchmark", {
    args: [
      ...["-p", String(port), "-c", "50", "-P", "16", "-n", "400000", "-t", "set"],
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
