/**
 * The program: command line → configuration → server → signals. No logic of its own.
 *
 * ```
 * deno run -A main.ts [path/to/redis.conf | -] [--directive value …]
 * ```
 */

import { startAdmin } from "./admin/server.ts";
import { RedisLog } from "./lib/host/log.ts";
import { DenoSignals } from "./lib/host/process.ts";
import { systemHost } from "./lib/host/system_host.ts";
import { readStandardInput, watchTerminal } from "./lib/host/terminal.ts";
import { configure } from "./lib/server/configure.ts";
import { Server, StartError } from "./lib/server/server.ts";

async function main(args: readonly string[]): Promise<number> {
  const host = systemHost((clock, process) => new RedisLog({ clock, pid: process.pid }));
  const asked = configure(args, host, readStandardInput);
  if (asked.action === "print") {
    Deno.stdout.writeSync(new TextEncoder().encode(asked.text));
    return 0;
  }
  if (asked.action === "fail") {
    Deno.stderr.writeSync(new TextEncoder().encode(asked.report));
    return 1;
  }
  const { config, configFile, loaded } = asked;
  const renames = loaded.renames.map(({ args }) => [args[0], args[1]] as const);
  const server = new Server({ host, config, configFile, configIncluded: loaded.included, renames });
  // Whoever waits for the log to say that the server is ready may send a signal at once.
  stopOnRequest(server);
  try {
    server.open();
    const adminPort = config.get("admin-port");
    const admin = adminPort === null
      ? null
      : await startAdmin(server.engine, { hostname: config.get("admin-bind"), port: adminPort });
    server.ready();
    await server.finished;
    await admin?.close();
    return 0;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    host.log.warning(error.message);
    server.release();
    return 1;
  }
}

/** Ctrl+C, the other signals and the end of the terminal all stop the server cleanly. */
function stopOnRequest(server: Server): void {
  const signals = new DenoSignals();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"] as const) {
    signals.on(signal, () => server.stopOnSignal(signal));
  }
  watchTerminal(() => server.stopOnSignal("SIGINT"));
}

if (import.meta.main) Deno.exit(await main(Deno.args));
