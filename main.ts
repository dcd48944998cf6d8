/**
 * The program: command line → configuration → server → signals. No logic of its own.
 *
 * ```
 * deno run -A main.ts [path/to/redis.conf | -] [--directive value …]
 * deno run -A main.ts check-rdb FILE        (the subcommands: lib/tools/subcommands.ts)
 * ```
 */

import { adminEngine } from "./admin/engine_access.ts";
import { startAdmin, tryAdmin } from "./admin/server.ts";
import { adminSettings, TOKEN_VARIABLE } from "./admin/settings.ts";
import { RedisLog } from "./lib/host/log.ts";
import { DenoSignals } from "./lib/host/process.ts";
import { systemHost } from "./lib/host/system_host.ts";
import { readStandardInput, STANDARD_STREAMS, watchTerminal } from "./lib/host/terminal.ts";
import { configure } from "./lib/server/configure.ts";
import { Server, StartError } from "./lib/server/server.ts";
import { subcommandOf } from "./lib/tools/subcommands.ts";

async function main(args: readonly string[]): Promise<number> {
  const host = systemHost((clock, process) => new RedisLog({ clock, pid: process.pid }));
  const subcommand = subcommandOf(args);
  if (subcommand !== null) return await subcommand(args.slice(1), { ...host, ...STANDARD_STREAMS });
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
    const settings = adminSettings(config, host.files, Deno.env.get(TOKEN_VARIABLE));
    server.open();
    const serve = loaded.origins.has("admin-port") ? startAdmin : tryAdmin;
    const admin = settings === null
      ? null
      : await serve(adminEngine(server.engine, server), settings);
    await server.load();
    server.ready();
    await server.finished;
    await admin?.close();
    return server.failure === null ? 0 : 1;
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    if (!error.isLogged) host.log.warning(error.message);
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
