/** `benchmark`: the chosen tests one after the other against a server, and what they measured. */

import { fromLatin1, latin1, utf8 } from "../../bytes/byte_string.ts";
import { ClientError, ReplyError } from "../../client/client_error.ts";
import { RedisClient } from "../../client/redis_client.ts";
import { encodeRequest } from "../../client/request_bytes.ts";
import { REDINO_VERSION, REDIS_VERSION } from "../../config/version.ts";
import { type Console, DenoConsole } from "../../host/console.ts";
import type { Connection } from "../../host/network.ts";
import { SeededRandom } from "../../host/random.ts";
import { fieldsOf, textOf } from "../reply_fields.ts";
import { readAll } from "../standard_input.ts";
import { print, printError, type ToolHost } from "../tool_host.ts";
import { BENCHMARK_HELP } from "./help_text.ts";
import { Load } from "./load.ts";
import { type BenchmarkOptions, parseBenchmark } from "./options.ts";
import { CSV_HEADER, csvLine, fullReport, progressLine, quietLine, type Setup } from "./report.ts";
import { RequestTemplate } from "./request_template.ts";
import { chosenWorkloads } from "./workloads.ts";

const PROGRESS_MS = 250;
/** Connections that are made at the same time. */
const CONNECTING = 100;

/** A tool's host with the terminal that it works on. */
export interface BenchmarkHost extends ToolHost {
  readonly console: Console;
}

/** The subcommand. */
export function benchmark(args: readonly string[], host: ToolHost): Promise<number> {
  return runBenchmark(args, { ...host, console: new DenoConsole() });
}

/** Returns the exit code: 1 for a wrong command line, and when the server refuses or is gone. */
export async function runBenchmark(
  args: readonly string[],
  host: BenchmarkHost,
): Promise<number> {
  const parsed = parseBenchmark(args, host.console.variable("REDISCLI_AUTH"));
  switch (parsed.action) {
    case "help":
      host.write(utf8(BENCHMARK_HELP));
      return 0;
    case "version":
      print(host, `redino benchmark ${REDINO_VERSION} (Redis ${REDIS_VERSION})`);
      return 0;
    case "fail":
      printError(host, `${parsed.message}\nSee redino benchmark --help.`);
      return 1;
  }
  const { options } = parsed;
  try {
    await new Benchmark(host, options).run();
    return 0;
  } catch (error) {
    if (error instanceof ReplyError) {
      printError(host, `Error from server: ${error.message}`);
      return 1;
    }
    if (!(error instanceof ClientError)) throw error;
    const address = options.socket ?? `${options.hostname}:${options.port}`;
    printError(
      host,
      error.kind === "connecting"
        ? `Could not connect to Redis at ${address}: ${error.message}`
        : `Error: ${error.message}`,
    );
    return 1;
  }
}

interface Test {
  readonly title: string;
  readonly template: RequestTemplate;
  readonly dataBytes: number;
}

class Benchmark {
  private readonly random: SeededRandom;
  private server: Setup["server"] = null;

  constructor(private readonly host: BenchmarkHost, private readonly options: BenchmarkOptions) {
    this.random = new SeededRandom(options.seed ?? host.random.uint32());
  }

  async run(): Promise<void> {
    const { options, host } = this;
    if (options.idle) return await this.idle();
    await this.readConfiguration();
    const tests = await this.tests();
    if (options.csv) host.write(utf8(CSV_HEADER));
    do {
      for (const test of tests) await this.measure(test);
    } while (options.loop);
  }

  private async tests(): Promise<Test[]> {
    const { options } = this;
    const { pipeline, keyspace } = options;
    if (options.command.length > 0) {
      const args: Uint8Array[] = options.command.map(utf8);
      const title = options.command.join(" ");
      if (options.lastFromInput) args.push(await readAll(this.host.console));
      const template = RequestTemplate.of(args, pipeline, keyspace);
      return [{ title, template, dataBytes: template.bytes.length / pipeline }];
    }
    const data = "x".repeat(options.dataBytes);
    return chosenWorkloads(options.tests).map(({ title, request }) => {
      const made = request(data);
      const bytes = made instanceof Uint8Array ? made : encodeRequest(made.map((arg) => {
        // A score must be a number whether or not keys are random.
        return arg === "__score__" ? (keyspace > 0 ? "__rand_int__" : "0") : arg;
      }));
      const template = new RequestTemplate(bytes, pipeline, keyspace);
      return { title, template, dataBytes: options.dataBytes };
    });
  }

  private async measure(test: Test): Promise<void> {
    const { host, options } = this;
    const connections = await this.connections(options.clients);
    const load = new Load({
      connections,
      template: test.template,
      requests: options.requests,
      clock: host.clock,
      random: this.random,
      reconnect: options.keepAlive ? null : () => this.connection(),
    });
    const progress = new Progress(host, load, test.title, !options.csv);
    try {
      await load.run();
    } finally {
      progress.end();
      if (options.keepAlive) { for (const connection of connections) connection.close(); }
    }
    load.takeRecent();
    const { precision } = options;
    const result = {
      title: test.title,
      seconds: load.elapsedSeconds,
      histogram: load.histogram,
    };
    let text: string;
    if (options.csv) text = csvLine(result);
    else if (options.quiet) text = quietLine(result, precision);
    else {
      text = fullReport(result, { ...options, dataBytes: test.dataBytes, server: this.server });
    }
    host.write(utf8(text));
  }

  /** Connections that do nothing, until the program is ended. */
  private async idle(): Promise<void> {
    const { clients } = this.options;
    print(
      this.host,
      `Creating ${clients} idle connections and waiting forever (Ctrl+C when done)`,
    );
    const connections = await this.connections(clients);
    const buffer = new Uint8Array(1024);
    await Promise.race(connections.map(async (connection) => {
      while (await connection.read(buffer) !== null);
      throw new ClientError("lost", "Server closed the connection");
    }));
  }

  private async connections(count: number): Promise<Connection[]> {
    const connections: Connection[] = [];
    while (connections.length < count) {
      const more = Math.min(CONNECTING, count - connections.length);
      connections.push(
        ...await Promise.all(Array.from({ length: more }, () => this.connection())),
      );
    }
    return connections;
  }

  /** A connection that is logged in, in its database and protocol. */
  private async connection(): Promise<Connection> {
    const { options, host } = this;
    const address = options.socket === null
      ? { hostname: options.hostname, port: options.port }
      : { path: options.socket };
    const client = await RedisClient.connect(host, address);
    const { username, password } = options;
    if (password !== null) {
      await client.authenticate(username === null ? { password } : { username, password });
    }
    if (options.db !== 0) await client.select(options.db);
    if (options.protocol === 3) await client.hello(3);
    return client.takeStream().connection;
  }

  private async readConfiguration(): Promise<void> {
    const stream = await this.connection();
    using client = new RedisClient(stream, this.host.clock);
    const save = await client.request("CONFIG", "GET", "save");
    const appendonly = await client.request("CONFIG", "GET", "appendonly");
    if (save.kind === "error" || appendonly.kind === "error") {
      printError(this.host, "WARNING: Could not fetch server CONFIG");
      return;
    }
    const value = (name: string, reply: typeof save) => {
      return latin1(fromLatin1(textOf(fieldsOf(reply).get(name))));
    };
    this.server = {
      save: value("save", save),
      appendonly: value("appendonly", appendonly),
    };
  }
}

/** A line that is written over itself four times a second. */
class Progress {
  private timer;
  private lastMs: number;
  private width = 0;

  constructor(
    private readonly host: BenchmarkHost,
    private readonly load: Load,
    private readonly title: string,
    private readonly shown: boolean,
  ) {
    this.lastMs = host.clock.monotonicMs();
    this.timer = host.clock.schedule(PROGRESS_MS, () => this.tick());
  }

  end(): void {
    this.timer.cancel();
    if (this.width > 0) this.host.write(utf8(`\r${" ".repeat(this.width)}\r`));
  }

  private tick(): void {
    const { clock } = this.host;
    const nowMs = clock.monotonicMs();
    const { count, meanUs } = this.load.takeRecent();
    if (this.shown) {
      const { histogram, elapsedSeconds } = this.load;
      const line = progressLine(
        this.title,
        { rps: count / ((nowMs - this.lastMs) / 1000), meanUs },
        { rps: histogram.count / elapsedSeconds, meanUs: histogram.meanUs },
      );
      this.host.write(utf8(`\r${line.padEnd(this.width)}`));
      this.width = Math.max(this.width, line.length);
    }
    this.lastMs = nowMs;
    this.timer = clock.schedule(PROGRESS_MS, () => this.tick());
  }
}
