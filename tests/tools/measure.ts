/**
 * Figures beside throughput, for our server and a redis-server in one run: memory for keys and for
 * connections, the slowest request while the data grows, the time to start.
 *
 *     deno run -A tests/tools/measure.ts memory|fill|idle|startup|headers [options]
 */

import { parseArgs } from "@std/cli";
import { grouped, median, megabytes, quantile, shown, table } from "./figures.ts";
import { openConnections, probe, setKeys } from "./load.ts";
import {
  NAMES,
  peakResidentBytes,
  residentBytes,
  type Side,
  SIDES,
  withPair,
  withServer,
} from "./pair.ts";

const HELP = `Measures Redino beside redis-server.

  memory [--keys 1000000]        resident memory for keys with values of 32 bytes
  fill [--keys 4000000]          the slowest request while the keys grow from none
  idle [--connections 10000]     memory of idle connections; what 50 busy ones do beside them
  startup [--rounds 5]           time until ready, and memory then
  headers [--connections 1000]   memory after requests that announce 2^31-1 arguments of 512 MB
  --noise                        redis-server in the place of Redino: how much the figures scatter
`;

const valueBytes = 32;

interface Options {
  keys: number | undefined;
  connections: number | undefined;
  rounds: number;
  noise: boolean;
}

type Rows = Record<Side, string[]>;

async function memory(options: Options): Promise<void> {
  const keys = options.keys ?? 1_000_000;
  const growth: Partial<Record<Side, number>> = {};
  const rows = await onEach(options, async (side, { port, pid }) => {
    const before = residentBytes(pid);
    await setKeys(port, 0, keys, valueBytes);
    const after = residentBytes(pid);
    growth[side] = after - before;
    return [before, after, peakResidentBytes(pid), after - before].map(megabytes)
      .concat(shown((after - before) / keys, 1));
  });
  print(["", "at start", `${grouped(keys)} keys`, "peak", "growth", "bytes a key"], rows);
  console.log(`\ngrowth, Redino to redis-server: ${shown(growth.ours! / growth.theirs!)}`);
}

async function fill(options: Options): Promise<void> {
  const keys = options.keys ?? 4_000_000;
  const rows = await onEach(options, async (_side, { port, pid }) => {
    const started = performance.now();
    const loading = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", loadPath, ...[port, 0, keys, valueBytes].map(String)],
      stdin: "null",
    }).output().then(({ success }) => {
      if (!success) throw new Error("the load failed");
    });
    const times = await probe(port, loading);
    const seconds = (performance.now() - started) / 1000;
    const worst = times[times.length - 1];
    const bounds = [0, 1, 2, 5, 10, 20, Infinity];
    const counts = bounds.slice(1).map((bound, i) =>
      String(times.filter((time) => time >= bounds[i] && time < bound).length)
    );
    return [
      shown(seconds, 1),
      ...[quantile(times, 0.5), quantile(times, 0.99), quantile(times, 0.999), worst]
        .map((time) => shown(time)),
      ...counts,
      megabytes(residentBytes(pid)),
    ];
  });
  const buckets = ["<1 ms", "<2 ms", "<5 ms", "<10 ms", "<20 ms", "more"];
  const header = ["", "seconds", "p50 ms", "p99 ms", "p99.9 ms", "worst ms", ...buckets, "memory"];
  print(header, rows);
}

async function idle(options: Options): Promise<void> {
  const count = options.connections ?? 10_000;
  const args = ["--maxclients", String(count + 1_000)];
  const ping = new TextEncoder().encode("*1\r\n$4\r\nPING\r\n");
  const rows = await onEach(options, async (_side, { port, pid }) => {
    await busyThroughput(port);
    const alone: number[] = [];
    for (let i = 0; i < options.rounds; i++) alone.push(await busyThroughput(port));
    const before = residentBytes(pid);
    const connections = await openConnections(port, count, ping, 7);
    const after = residentBytes(pid);
    const beside: number[] = [];
    for (let i = 0; i < options.rounds; i++) beside.push(await busyThroughput(port));
    for (const connection of connections) connection.close();
    return [
      megabytes(before),
      megabytes(after),
      shown((after - before) / count / 1024, 2),
      grouped(median(alone)),
      grouped(median(beside)),
      shown(median(beside) / median(alone)),
    ];
  }, args);
  const open = `${grouped(count)} idle`;
  print(["", "none idle", open, "KiB each", "50 busy alone/s", "beside idle/s", "ratio"], rows);
}

async function startup(options: Options): Promise<void> {
  const rows: Partial<Rows> = {};
  for (const side of SIDES) {
    const times: number[] = [];
    const sizes: number[] = [];
    for (let i = 0; i < options.rounds; i++) {
      const started = performance.now();
      await withServer(side, options, (server) => {
        times.push(performance.now() - started);
        sizes.push(residentBytes(server.pid));
        return Promise.resolve();
      });
    }
    rows[side] = [shown(median(times), 0), shown(Math.max(...times), 0), megabytes(median(sizes))];
  }
  print(["", "ready after ms (median)", "slowest", "memory"], rows as Rows);
}

async function headers(options: Options): Promise<void> {
  const count = options.connections ?? 1_000;
  const request = new TextEncoder().encode("*2147483647\r\n$536870912\r\n");
  const rows = await onEach(options, async (_side, { port, pid }) => {
    // The first connections make code run that then stays; they are no part of the growth.
    const first = await openConnections(port, 20, new TextEncoder().encode("PING\r\n"), 7);
    const before = residentBytes(pid);
    const connections = await openConnections(port, count, request, 0);
    // Answered only after the headers before it were read.
    const last = await openConnections(port, 20, new TextEncoder().encode("PING\r\n"), 7);
    const after = residentBytes(pid);
    for (const connection of [...first, ...connections, ...last]) connection.close();
    return [megabytes(before), megabytes(after), megabytes(after - before)]
      .concat(shown((after - before) / count / 1024));
  });
  print(["", "before", `${grouped(count)} clients`, "growth", "KiB each"], rows);
}

/** A row of figures for each server. Only one of them is under load at a time. */
async function onEach(
  options: Options,
  body: (side: Side, server: { port: number; pid: number }) => Promise<string[]>,
  args: string[] = [],
): Promise<Rows> {
  const rows: Partial<Rows> = {};
  await withPair({ noise: options.noise, args }, async (pair) => {
    for (const side of SIDES) rows[side] = await body(side, pair[side]);
  });
  return rows as Rows;
}

/** Requests a second of 50 connections that SET, without pipelines. */
async function busyThroughput(port: number): Promise<number> {
  const { stdout } = await new Deno.Command("redis-benchmark", {
    args: [
      ...["-p", String(port), "-c", "50", "-n", "100000", "-t", "set"],
      ...["-d", String(valueBytes), "-r", "100000", "--csv"],
    ],
    stdin: "null",
  }).output();
  const row = new TextDecoder().decode(stdout).split(/[\r\n]+/)
    .find((line) => line.startsWith('"SET"'));
  if (row === undefined) throw new Error("redis-benchmark gave no figure");
  return Number(row.split(",")[1].replaceAll('"', ""));
}

function print(header: string[], rows: Rows): void {
  console.log(table(header, SIDES.map((side) => [NAMES[side], ...rows[side]])));
}

const loadPath = decodeURIComponent(new URL("load.ts", import.meta.url).pathname)
  // A file URL of Windows has a slash before the drive.
  .replace(/^\/([A-Za-z]:)/, "$1");

const subcommands: Readonly<Record<string, (options: Options) => Promise<void>>> = {
  memory,
  fill,
  idle,
  startup,
  headers,
};

if (import.meta.main) {
  const given = parseArgs(Deno.args, {
    boolean: ["noise", "help"],
    string: ["keys", "connections", "rounds"],
  });
  const run = subcommands[String(given._[0])];
  if (run === undefined || given.help) {
    console.log(HELP);
    Deno.exit(given.help ? 0 : 1);
  }
  await run({
    keys: given.keys === undefined ? undefined : Number(given.keys),
    connections: given.connections === undefined ? undefined : Number(given.connections),
    rounds: Number(given.rounds ?? 5),
    noise: given.noise,
  });
}
