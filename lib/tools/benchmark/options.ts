/** The command line of `benchmark`: redis-benchmark's options. */

import { parseServerUri } from "../server_uri.ts";

export interface BenchmarkOptions {
  hostname: string;
  port: number;
  socket: string | null;
  password: string | null;
  username: string | null;
  db: number;
  protocol: 2 | 3;
  clients: number;
  requests: number;
  dataBytes: number;
  keepAlive: boolean;
  /** 0: the placeholders of the commands stay as they are. */
  keyspace: number;
  pipeline: number;
  quiet: boolean;
  csv: boolean;
  loop: boolean;
  idle: boolean;
  /** Null: all of them. */
  tests: string[] | null;
  /** Digits behind the point of milliseconds. */
  precision: number;
  seed: number | null;
  lastFromInput: boolean;
  command: string[];
}

export type ParsedBenchmark =
  | { readonly action: "run"; readonly options: BenchmarkOptions }
  | { readonly action: "help" | "version" }
  | { readonly action: "fail"; readonly message: string };

type Setting = (options: BenchmarkOptions, value: string) => string | void;

const FLAGS: ReadonlyMap<string, (options: BenchmarkOptions) => void> = new Map<
  string,
  (options: BenchmarkOptions) => void
>([
  ["-3", (options) => options.protocol = 3],
  ["-q", (options) => options.quiet = true],
  ["--csv", (options) => options.csv = true],
  ["-l", (options) => options.loop = true],
  ["-I", (options) => options.idle = true],
  ["-x", (options) => options.lastFromInput = true],
]);

const SETTINGS: ReadonlyMap<string, Setting> = new Map<string, Setting>([
  ["-h", (options, value) => void (options.hostname = value)],
  ["-p", (options, value) => number(value, 0, 65535, (port) => options.port = port)],
  ["-s", (options, value) => void (options.socket = value)],
  ["-a", (options, value) => void (options.password = value)],
  ["--user", (options, value) => void (options.username = value)],
  ["-u", setUri],
  ["--dbnum", (options, value) => number(value, 0, 2 ** 31, (db) => options.db = db)],
  ["-c", (options, value) => number(value, 1, 100_000, (count) => options.clients = count)],
  ["-n", (options, value) => number(value, 1, 2 ** 53, (count) => options.requests = count)],
  ["-d", (options, value) => number(value, 1, 2 ** 30, (size) => options.dataBytes = size)],
  ["-k", (options, value) => void (options.keepAlive = value !== "0")],
  ["-r", (options, value) => number(value, 0, 1e12, (count) => options.keyspace = count)],
  ["-P", (options, value) => number(value, 1, 1e6, (count) => options.pipeline = count)],
  ["-t", (options, value) => void (options.tests = value.toLowerCase().split(","))],
  ["--precision", (options, value) => number(value, 0, 3, (count) => options.precision = count)],
  ["--seed", (options, value) => number(value, 0, 2 ** 53, (seed) => options.seed = seed)],
]);

export function parseBenchmark(args: readonly string[], password?: string): ParsedBenchmark {
  const options = defaults();
  if (password !== undefined) options.password = password;
  let at = 0;
  for (; at < args.length; at++) {
    const name = args[at];
    const isLast = at === args.length - 1;
    if (name === "--help" || (name === "-h" && isLast)) return { action: "help" };
    if (name === "--version" || name === "-v") return { action: "version" };
    const flag = FLAGS.get(name);
    const setting = SETTINGS.get(name);
    if (flag !== undefined) flag(options);
    else if (setting !== undefined && !isLast) {
      const wrong = setting(options, args[++at]);
      if (typeof wrong === "string") return { action: "fail", message: `${name}: ${wrong}` };
    } else if (name.startsWith("-")) {
      return {
        action: "fail",
        message: `Invalid option "${name}" or option argument missing`,
      };
    } else break;
  }
  options.command = args.slice(at);
  return { action: "run", options };
}

function defaults(): BenchmarkOptions {
  return {
    hostname: "127.0.0.1",
    port: 6379,
    socket: null,
    password: null,
    username: null,
    db: 0,
    protocol: 2,
    clients: 50,
    requests: 100_000,
    dataBytes: 3,
    keepAlive: true,
    keyspace: 0,
    pipeline: 1,
    quiet: false,
    csv: false,
    loop: false,
    idle: false,
    tests: null,
    precision: 3,
    seed: null,
    lastFromInput: false,
    command: [],
  };
}

function number(
  value: string,
  least: number,
  most: number,
  set: (value: number) => void,
): string | void {
  const parsed = Number(value);
  if (!Number.isInteger(parsed) || parsed < least || parsed > most) {
    return `a whole number from ${least} to ${most} is needed, not "${value}"`;
  }
  set(parsed);
}

function setUri(options: BenchmarkOptions, value: string): string | void {
  const server = parseServerUri(value);
  if (typeof server === "string") return server;
  options.hostname = server.hostname;
  options.port = server.port;
  options.username = server.username ?? options.username;
  options.password = server.password ?? options.password;
  options.db = server.db ?? options.db;
}
