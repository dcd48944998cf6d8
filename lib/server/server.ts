/**
 * The one place where the layers are put together: configuration, engine, listeners, clients and
 * cron become a server that starts, serves and stops.
 *
 * Log lines that operators and start scripts wait for (`Server initialized`, `Ready to accept
 * connections`, `bye bye...`) are redis-server's, in its order.
 */

import { COMMANDS } from "../commands/all.ts";
import type { Config } from "../config/config.ts";
import type { ParameterName } from "../config/parameters.ts";
import { REDIS_VERSION } from "../config/version.ts";
import { hostText } from "../config/words.ts";
import type { Host } from "../engine/context.ts";
import { Engine } from "../engine/engine.ts";
import type { ProcessPort, ShutdownOptions } from "../engine/ports.ts";
import { pathIn } from "../host/files.ts";
import type { LogLevel } from "../host/log.ts";
import { RedisLog } from "../host/log.ts";
import type { Network } from "../host/network.ts";
import { systemErrorText } from "../host/system_error.ts";
import { REDINO_VERSION } from "../config/version.ts";
import { banner } from "./banner.ts";
import { Clients } from "./clients.ts";
import { Cron } from "./cron.ts";
import { Listeners } from "./listener.ts";
import { MigrationLink } from "./migration_link.ts";
import { addPeriodicTasks } from "./periodic_tasks.ts";
import { Turn } from "./turn.ts";

export interface ServerHost extends Host {
  readonly network: Network;
}

export interface ServerOptions {
  readonly host: ServerHost;
  /** Loaded and not started yet. */
  readonly config: Config;
  /** Full path of redis.conf, null when there is none. */
  readonly configFile?: string | null;
  /** Parameters that files included by redis.conf have set, for CONFIG REWRITE. */
  readonly configIncluded?: ReadonlySet<ParameterName>;
  /** `rename-command` directives as pairs of old and new name; an empty new name removes. */
  readonly renames?: readonly (readonly [from: string, to: string])[];
  /** Take any free TCP port in place of `port`. */
  readonly anyPort?: boolean;
}

/** The server could not start; the message is for the operator. */
export class StartError extends Error {
  override name = "StartError";
}

export class Server implements ProcessPort {
  readonly engine: Engine;
  /** Settles when the server has stopped. */
  readonly finished: Promise<void>;
  private readonly turn: Turn;
  private readonly clients: Clients;
  private readonly cron: Cron;
  private listeners: Listeners | null = null;
  /** The file that holds our pid, while there is one. */
  private pidFile: string | null = null;
  private stopping = false;
  private resolveFinished: () => void = () => {};

  constructor(private readonly options: ServerOptions) {
    const { host, config } = options;
    this.engine = new Engine({ host, config, commands: COMMANDS });
    for (const [from, to] of options.renames ?? []) this.engine.registry.rename(from, to);
    this.engine.context.process = this;
    this.engine.context.configFile = options.configFile ?? null;
    this.engine.context.configIncluded = options.configIncluded ?? new Set();
    this.turn = new Turn(this.engine);
    this.clients = new Clients(this.engine, this.turn);
    this.engine.context.migration = new MigrationLink(
      host.network,
      host.clock,
      host.log,
      this.turn,
    );
    this.cron = new Cron(
      host.clock,
      host.log,
      () => config.get("hz"),
      (round) => {
        this.turn.begin();
        round();
      },
      () => this.engine.context.switches.cronPaused,
    );
    addPeriodicTasks(this.cron, this.engine, this.clients);
    this.finished = new Promise((resolve) => this.resolveFinished = resolve);
  }

  /** The TCP port that is listened on; 0 when only a Unix socket is. */
  get port(): number {
    return this.listeners?.port ?? 0;
  }

  /**
   * Listens and serves.
   *
   * @throws {StartError} when no address can be had.
   */
  start(): void {
    this.open();
    this.ready();
  }

  /**
   * The first half of {@linkcode start}, for a program that has more to set up before it says
   * that it is ready: takes the addresses.
   *
   * @throws {StartError} when no address can be had.
   */
  open(): void {
    const { host, config } = this.options;
    const { log } = host;
    followLogConfig(config, log);
    try {
      this.listeners = Listeners.open(
        host,
        config,
        (connection) => this.clients.accept(connection),
        { anyPort: this.options.anyPort ?? false },
      );
    } catch (error) {
      throw new StartError(error instanceof Error ? error.message : systemErrorText(error));
    }
    if (this.port !== 0) config.assign("port", String(this.port));
    config.start();
    const facts = {
      version: REDINO_VERSION,
      redisVersion: REDIS_VERSION,
      port: this.port,
      pid: host.process.pid,
    };
    if (log instanceof RedisLog) log.raw(banner(facts));
    this.writePidFile();
    log.warning("Server initialized");
  }

  /** The second half of {@linkcode start}. */
  ready(): void {
    if (this.stopping) return;
    this.cron.start();
    this.options.host.log.notice("Ready to accept connections");
  }

  /** Stops at once: no new connections, those there are closed, cron and listeners ended. */
  close(): Promise<void> {
    if (!this.stopping) {
      this.release();
      this.options.host.log.warning("Redis is now ready to exit, bye bye...");
      this.resolveFinished();
    }
    return this.finished;
  }

  /** Gives back what {@linkcode open} took, without a word in the log about stopping. */
  release(): void {
    this.stopping = true;
    this.cron.stop();
    this.clients.closeAll();
    this.removePidFile();
    this.listeners?.close();
  }

  /** SHUTDOWN and the signals. There is nothing to save yet, so no option can hold it up. */
  shutdown(_options: ShutdownOptions): void {
    this.options.host.log.warning("User requested shutdown...");
    void this.close();
  }

  /** What a signal, or the end of the terminal, asks for. */
  stopOnSignal(signal: string): void {
    if (this.stopping) return;
    this.options.host.log.warning(`Received ${signal} scheduling shutdown...`);
    this.shutdown({ save: undefined, now: false, force: false });
  }

  abortShutdown(): boolean {
    return false;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** As in Redis a server without the file is better than none. */
  private writePidFile(): void {
    const { host, config } = this.options;
    const name = hostText(config.get("pidfile"));
    if (name === "") return;
    const path = pathIn(hostText(config.get("dir")), name);
    try {
      const file = host.files.open(path, { write: true, create: true, truncate: true });
      try {
        file.writeSync(new TextEncoder().encode(`${host.process.pid}\n`));
      } finally {
        file.close();
      }
      this.pidFile = path;
    } catch (error) {
      host.log.notice(`Failed to write PID file: ${systemErrorText(error)}`);
    }
  }

  private removePidFile(): void {
    if (this.pidFile === null) return;
    const { files, log } = this.options.host;
    log.notice("Removing the pid file.");
    try {
      files.remove(this.pidFile);
    } catch {
      // Somebody else has removed it.
    }
    this.pidFile = null;
  }
}

/** `loglevel` and `logfile` change while the server runs. */
function followLogConfig(config: Config, log: Host["log"]): void {
  if (!(log instanceof RedisLog)) return;
  const follow = (): void => {
    log.level = config.get("loglevel") as LogLevel;
    const name = hostText(config.get("logfile"));
    log.path = name === "" ? "" : pathIn(hostText(config.get("dir")), name);
  };
  follow();
  config.subscribe(["loglevel", "logfile"], follow);
}
