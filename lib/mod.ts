/**
 * Redino for programs and tests: a server in your own process.
 *
 * ```ts ignore
 * import { startServer } from "@redino/redino";
 *
 * await using server = await startServer({ port: 0 });
 * console.log(`redis://127.0.0.1:${server.port}`);
 * ```
 *
 * @module
 */

import { Config } from "./config/config.ts";
import { ConfigError } from "./config/config_error.ts";
import type { Log } from "./host/log.ts";
import { systemHost } from "./host/system_host.ts";
import type { ServerHost } from "./server/server.ts";
import { Server, StartError } from "./server/server.ts";

export { Server, StartError };
export type { ServerHost };

/** How a server in your own process is set up. */
export interface StartOptions {
  /** TCP port on the loopback addresses; 0, the default, picks a free one. */
  readonly port?: number;
  /** Directives as in redis.conf, e.g. `{ maxmemory: "64mb", requirepass: "secret" }`. */
  readonly directives?: Readonly<Record<string, string>>;
  /** Parts of the host to replace: a clock that stands still, a seeded random, a log to read. */
  readonly host?: Partial<ServerHost>;
}

/**
 * Starts a server that is ready to serve when the promise settles. Nothing is logged unless a
 * log is given, and nothing is saved unless a directive asks for it.
 *
 * @throws {StartError} for a wrong directive or value, and when the port can't be had.
 */
// deno-lint-ignore require-await -- Starting will wait for data to load; callers await it today.
export async function startServer(options: StartOptions = {}): Promise<Server> {
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
  const host: ServerHost = { ...systemHost(() => SILENT), ...options.host };
  const server = new Server({ host, config, anyPort: (options.port ?? 0) === 0 });
  server.start();
  return server;
}

const SILENT: Log = {
  debug: () => {},
  verbose: () => {},
  notice: () => {},
  warning: () => {},
};
