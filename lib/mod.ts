/**
 * Redino for programs and tests: a server in your own process.
 *
 * Clients connect to it as to any other, and the program that started it has more in its hand than
 * any client: the {@linkcode EmbeddedServer.clock | time}, {@linkcode EmbeddedServer.checkpoint |
 * states of the data} to go back to, {@linkcode EmbeddedServer.faults | faults}, and a look at what
 * was {@linkcode EmbeddedServer.record | called} and what was
 * {@linkcode EmbeddedServer.assertClean | left behind}.
 *
 * ```ts
 * import { Redis } from "ioredis";
 *
 * await using server = await startServer();
 * const client = new Redis(server.url);
 * await client.set("greeting", "hello", "PX", 60_000);
 *
 * server.clock.freeze();
 * await server.clock.advance(60_000);
 * if (await client.get("greeting") !== null) throw new Error("it should have expired");
 * client.disconnect();
 * ```
 *
 * A state that each test begins with, however much the one before has changed:
 *
 * ```ts
 * await using server = await startServer({ seed: 42 });
 * server.send("HSET", "user:1", "name", "Ada", "visits", 1);
 * server.checkpoint("before");
 *
 * for (const test of ["first", "second"]) {
 *   server.rollbackTo("before");
 *   server.send("HINCRBY", "user:1", "visits", 10);
 *   server.send("SET", `made by ${test}`, "x");
 *   if (server.send("HGET", "user:1", "visits") !== "11") throw new Error(test);
 *   if (server.send("DBSIZE") !== 2) throw new Error(test);
 * }
 * ```
 *
 * @module
 */

import { Config } from "./config/config.ts";
import { ConfigError } from "./config/config_error.ts";
import type { Log } from "./host/log.ts";
import { MovableClock } from "./host/movable_clock.ts";
import { SeededRandom } from "./host/random.ts";
import { systemHost } from "./host/system_host.ts";
import { EmbeddedServer, NotCleanError } from "./server/embedded_server.ts";
import type { ServerHost } from "./server/server.ts";
import { Server, StartError } from "./server/server.ts";

export { ReplyError } from "./client/client_error.ts";
export type { Checkpoint } from "./engine/checkpoints.ts";
export type { Fault, FaultOptions } from "./engine/faults.ts";
export type { CleanOptions } from "./engine/leftovers.ts";
export type { CommandRecorder, RecordedCommand, RecordOptions } from "./server/command_recorder.ts";
export type { ReplyValue, ServerClock, ServerFaults } from "./server/embedded_server.ts";
export { EmbeddedServer, NotCleanError, Server, StartError };
export type { ServerHost };

/** How a server in your own process is set up. */
export interface StartOptions {
  /** TCP port on the loopback addresses; 0, the default, picks a free one. */
  readonly port?: number;
  /** Directives as in redis.conf, e.g. `{ maxmemory: "64mb", requirepass: "secret" }`. */
  readonly directives?: Readonly<Record<string, string>>;
  /**
   * A whole number that all random picks follow from (SPOP, RANDOMKEY, the order of hashes and sets,
   * evictions, ids of the server): the same seed and the same commands give the same replies. Not
   * for servers that hold secrets or are open to others.
   */
  readonly seed?: number;
  /** Whether the time runs, as it does unless told otherwise, or stands from the start. */
  readonly clock?: "real" | "frozen";
  /** What the server takes the date to be when it starts; the system's unless given. */
  readonly date?: Date | number | string;
  /** Parts of the host to replace, e.g. a log to read. */
  readonly host?: Partial<ServerHost>;
}

/** Directives that say where data lie. */
const DATA_DIRECTIVES: readonly string[] = ["dir", "dbfilename", "appendonly", "appenddirname"];

/**
 * Starts a server that is ready to serve when the promise settles. Nothing is logged unless a
 * log is given, nothing is saved unless a directive asks for it, and it begins with no data unless
 * a directive says where data lie (`dir`, `dbfilename`, `appendonly`).
 *
 * @throws {StartError} for a wrong directive or value, when the port can't be had, and when a file
 * can't be loaded.
 *
 * @example Time that stands until it is moved
 * ```ts
 * await using server = await startServer({ clock: "frozen", date: "2030-01-01T00:00:00Z" });
 * server.send("SET", "session", "open", "EX", 3600);
 * await server.clock.advance(3_599_999);
 * if (server.send("PTTL", "session") !== 1) throw new Error("time has passed by itself");
 * await server.clock.set("2030-01-02");
 * if (server.send("EXISTS", "session") !== 0) throw new Error("it should have expired");
 * ```
 *
 * @example A change that is taken back at the end of a block
 * ```ts
 * await using server = await startServer();
 * server.send("RPUSH", "queue", "a", "b");
 * {
 *   using _checkpoint = server.checkpoint();
 *   server.send("FLUSHALL");
 *   server.send("SET", "queue", "no list any more");
 * }
 * if (server.send("LLEN", "queue") !== 2) throw new Error("the queue should be back");
 * ```
 *
 * @example A server that fails for a while, and what was called meanwhile
 * ```ts
 * import { Redis } from "ioredis";
 *
 * await using server = await startServer();
 * using recorder = server.record({ command: "INCR" });
 * const client = new Redis(server.url, { retryStrategy: () => 1 });
 *
 * // The reply of the first INCR is lost with its connection; the client connects anew and repeats it.
 * const fault = server.faults.add({ command: "INCR", drop: "after", times: 1 });
 * const count = await client.incr("visits");
 * if (count !== 2 || fault.hits !== 1) throw new Error("it should have been counted twice");
 * if (recorder.lines.join() !== "INCR visits,INCR visits") throw new Error("two calls");
 *
 * server.faults.add({ key: "visits", error: "OOM" });
 * const refusal = await client.set("visits", 0).catch((error: Error) => error.message);
 * if (!refusal?.startsWith("OOM ")) throw new Error("it should have been refused");
 * client.disconnect();
 * ```
 *
 * @example A test that must leave nothing behind
 * ```ts
 * await using server = await startServer();
 * server.send("SET", "cache:1", "x", "EX", 60);
 * server.send("SET", "settings", "x");
 * server.assertClean({ except: ["settings"] });
 * server.send("SADD", "forgotten", "x");
 * try {
 *   server.assertClean({ except: ["settings"] });
 *   throw new Error("it should have been found");
 * } catch (error) {
 *   if (!(error instanceof NotCleanError)) throw error;
 * }
 * server.flush();
 * server.assertClean({ keys: "none" });
 * ```
 */
export async function startServer(options: StartOptions = {}): Promise<EmbeddedServer> {
  const config = new Config();
  config.load("save", [""]);
  for (const [name, value] of Object.entries(options.directives ?? {})) {
    try {
      config.load(name, [value]);
    } catch (error) {
      if (error instanceof ConfigError) throw new StartError(`${name}: ${error.message}`);
      throw error;
    }
  }
  config.load("port", [String(options.port ?? 0)]);
  const { seed } = options;
  const system = { ...systemHost(() => SILENT), ...options.host };
  const clock = new MovableClock(system.clock);
  if (options.clock === "frozen") clock.freeze();
  if (options.date !== undefined) await clock.set(new Date(options.date).getTime());
  const random = seed === undefined ? system.random : new SeededRandom(seed);
  const named = Object.keys(options.directives ?? {}).map((name) => name.toLowerCase());
  const server = new EmbeddedServer({ ...system, clock, random }, {
    config,
    anyPort: (options.port ?? 0) === 0,
    loadsData: named.some((name) => DATA_DIRECTIVES.includes(name)),
  });
  await server.start();
  return server;
}

const SILENT: Log = {
  debug: () => {},
  verbose: () => {},
  notice: () => {},
  warning: () => {},
};
