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
import { errors } from "../engine/errors.ts";
import type { ProcessPort, ShutdownOptions } from "../engine/ports.ts";
import { pathIn } from "../host/files.ts";
import type { LogLevel } from "../host/log.ts";
import { RedisLog } from "../host/log.ts";
import type { Network } from "../host/network.ts";
import { SystemPace } from "../host/pace.ts";
import { systemErrorText } from "../host/system_error.ts";
import { REDINO_VERSION } from "../config/version.ts";
import { Scripting } from "../scripting/scripting.ts";
import { banner } from "./banner.ts";
import { AppendOnly } from "../persistence/aof/append_only.ts";
import { LoadError } from "../persistence/snapshot/loader.ts";
import { BackgroundJobs } from "../persistence/background_job.ts";
import { Replication } from "../replication/replication.ts";
import { Saves } from "../persistence/snapshot/schedule.ts";
import { Snapshots } from "../persistence/snapshot/snapshot.ts";
import { Reload } from "../persistence/reload.ts";
import { loadAtStart } from "../persistence/startup.ts";
import { Clients } from "./clients.ts";
import { followDirectory } from "./configure.ts";
import { Cron } from "./cron.ts";
import { GracefulStop } from "./graceful_stop.ts";
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
  /** Whether to begin with the data that files hold; so it is when left out. */
  readonly loadsData?: boolean;
}

/** The server could not start; the message is for the operator. */
export class StartError extends Error {
  override name = "StartError";

  /** The log says so already. */
  readonly isLogged: boolean;

  constructor(message: string, options: ErrorOptions & { isLogged?: boolean } = {}) {
    super(message, options);
    this.isLogged = options.isLogged === true;
  }
}

export class Server implements ProcessPort {
  readonly engine: Engine;
  /** Settles when the server has stopped. */
  readonly finished: Promise<void>;
  private readonly turn: Turn;
  private readonly clients: Clients;
  private readonly migration: MigrationLink;
  private readonly cron: Cron;
  private readonly jobs = new BackgroundJobs();
  private readonly snapshots: Snapshots;
  private readonly saves: Saves;
  private readonly replication: Replication;
  private readonly graceful: GracefulStop;
  private readonly appendOnly: AppendOnly;
  /** Why the server had to end; null while it had not. */
  failure: string | null = null;
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
    const { network, clock, log } = host;
    this.migration = new MigrationLink(network, clock, log, this.turn);
    this.engine.context.migration = this.migration;
    this.cron = new Cron(
      clock,
      log,
      () => config.get("hz"),
      (round) => {
        this.turn.begin();
        round();
      },
      () => this.engine.context.switches.cronPaused || this.engine.context.scripts.isBusy,
    );
    addPeriodicTasks(this.cron, this.engine, this.clients);
    const { scripts } = this.engine.context;
    scripts.beginTurn = () => this.turn.begin();
    const takeFunction = (code: Uint8Array, replaces?: boolean) =>
      Scripting.of(this.engine.context).takeFunction(code, replaces);
    const forgetFunctions = () => scripts.engine?.forgetFunctions();
    this.snapshots = new Snapshots(this.engine.context);
    this.snapshots.functions = () => scripts.engine?.functions() ?? [];
    this.saves = new Saves(this.engine.context, this.snapshots, this.jobs);
    this.engine.context.persistence = this.saves;
    this.appendOnly = new AppendOnly({
      engine: this.engine,
      snapshots: this.snapshots,
      jobs: this.jobs,
      release: (ticket) => this.turn.release(ticket),
      fatal: (reason) => this.fail(reason),
      takeFunction,
      forgetFunctions,
    });
    this.engine.context.appendOnly = this.appendOnly;
    this.engine.context.durability = this.appendOnly;
    const reload = new Reload(this.engine.context);
    reload.takeFunction = takeFunction;
    this.engine.context.reload = reload;
    this.replication = new Replication({
      engine: this.engine,
      network: host.network,
      snapshots: this.snapshots,
      jobs: this.jobs,
      inTurn: (work) => {
        this.turn.begin();
        work();
      },
      dataReplaced: () => this.appendOnly.dataReplaced(),
      takeFunction,
      replaceFunctions: (codes) => Scripting.of(this.engine.context).replaceFunctions(codes),
    });
    this.engine.context.replication = this.replication;
    this.graceful = new GracefulStop(
      this.engine.context,
      this.replication,
      (options) => this.stop(options),
    );
    this.saves.replicationPoint = () => this.replication.point;
    this.addTasks();
    this.finished = new Promise((resolve) => this.resolveFinished = resolve);
  }

  /** What files and replicas need now and then. */
  private addTasks(): void {
    const { cron } = this;
    cron.add({ name: "append only file", everyMs: 0, tick: () => this.appendOnly.tick() });
    cron.add({ name: "save", everyMs: 0, tick: () => this.saves.tick() });
    cron.add({
      name: "replication",
      everyMs: 100,
      tick: (now) => this.replication.tick(now),
    });
    cron.add({ name: "graceful stop", everyMs: 0, tick: () => this.graceful.tick() });
  }

  /** The TCP port that is listened on; 0 when only a Unix socket is. */
  get port(): number {
    return this.listeners?.port ?? 0;
  }

  /** Settles when what was run so far may be told to others: on disk, where `appendfsync` says so. */
  settled(): Promise<void> {
    return this.turn.settled();
  }

  /** Opens a turn that ends by itself, for those who run commands without a connection. */
  beginTurn(): void {
    this.turn.begin();
  }

  /**
   * Listens, loads what files hold and serves.
   *
   * @throws {StartError} when no address can be had, or a file can't be loaded.
   */
  async start(): Promise<void> {
    this.open();
    try {
      await this.load();
    } catch (error) {
      this.release();
      throw error;
    }
    this.ready();
  }

  /**
   * The first part of {@linkcode start}, for a program that has more to set up before it says
   * that it is ready: takes the addresses. Clients may come, and are told that data is loaded.
   *
   * @throws {StartError} when no address can be had.
   */
  open(): void {
    const { host, config } = this.options;
    const { log } = host;
    followLogConfig(config, log);
    followDirectory(config, host.files);
    this.engine.context.loading.begin(0);
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

  /**
   * The second part of {@linkcode start}: loads the data.
   *
   * @throws {StartError} when a file is there and can't be loaded.
   */
  async load(): Promise<void> {
    const { context } = this.engine;
    try {
      if (this.options.loadsData !== false) {
        this.appendOnly.prepare();
        const report = await loadAtStart(context, {
          isCancelled: () => this.stopping,
          keyExpired: (db, key) => this.replication.expiredAtStart?.add(db, key),
          takeFunction: (code) => Scripting.of(context).takeFunction(code),
          loadAppendOnly: (isCancelled) => this.appendOnly.load(isCancelled),
        });
        this.appendOnly.openLoaded();
        this.replication.loaded(report);
      }
    } catch (error) {
      // Whoever stops the server meanwhile has what he wants.
      if (this.stopping) return;
      if (!(error instanceof LoadError)) throw error;
      if (error.lastLine !== "") this.options.host.log.warning(error.lastLine);
      throw new StartError(error.message, { isLogged: true });
    }
    this.turn.barrier = this.appendOnly.writer;
    context.loading.end();
  }

  /** The last part of {@linkcode start}. */
  ready(): void {
    if (this.stopping) return;
    this.cron.start();
    this.replication.start();
    this.options.host.log.notice("Ready to accept connections");
  }

  /** Stops at once: no new connections, those there are closed, cron and listeners ended. */
  close(): Promise<void> {
    if (!this.stopping) {
      const { log } = this.options.host;
      if (this.pidFile !== null) log.notice("Removing the pid file.");
      if (this.listeners?.hasSocketFile) log.notice("Removing the unix socket file.");
      this.release();
      log.warning("Redis is now ready to exit, bye bye...");
      // The system has the port back only when the listeners' last accept has ended.
      void new SystemPace().rest(false).then(this.resolveFinished);
    }
    return this.finished;
  }

  /** Gives back what {@linkcode open} took, without a word in the log about stopping. */
  release(): void {
    this.stopping = true;
    this.cron.stop();
    this.engine.context.scripts.engine?.close();
    this.saves.close();
    this.replication.stop();
    this.migration.close();
    this.clients.closeAll();
    this.appendOnly.close();
    this.removePidFile();
    this.listeners?.close();
  }

  /** SHUTDOWN; refused when the data can't be saved. */
  shutdown(options: ShutdownOptions, aborted: () => void): boolean {
    this.options.host.log.warning("User requested shutdown...");
    if (this.graceful.begin(options, aborted)) return true;
    if (!this.stop(options)) throw errors.SHUTDOWN_FAILED;
    return false;
  }

  /** Stops, if the data can be saved; whether it does. */
  private stop(options: ShutdownOptions): boolean {
    if (!this.appendOnly.closeAtEnd(options.force) || !this.saves.saveAtEnd(options)) {
      this.options.host.log.warning(
        "Errors trying to shut down the server. Check the logs for more information.",
      );
      return false;
    }
    this.graceful.forget();
    void this.close();
    return true;
  }

  /** What a signal, or the end of the terminal, asks for. */
  stopOnSignal(signal: string): void {
    if (this.stopping) return;
    this.options.host.log.warning(`Received ${signal} scheduling shutdown...`);
    const { config } = this.options;
    const parameter = signal === "SIGINT" ? "shutdown-on-sigint" : "shutdown-on-sigterm";
    const flags = config.get(parameter);
    const save = flags.includes("save") ? true : flags.includes("nosave") ? false : undefined;
    // Who asks twice does not want to wait.
    const now = flags.includes("now") || this.graceful.isWaiting;
    const options = { save, now, force: flags.includes("force") };
    this.options.host.log.warning("User requested shutdown...");
    const forCron = this.engine.context.switches.cronPaused && !now;
    if (this.graceful.begin(options, () => {}, forCron)) return;
    if (this.stop(options)) return;
    this.options.host.log.warning(
      `${signal} received but errors trying to shut down the server, check the logs for more ` +
        "information",
    );
  }

  get shutdownInMs(): number | null {
    return this.graceful.remainingMs;
  }

  abortShutdown(): boolean {
    return this.graceful.abort();
  }

  /** What was acknowledged would not be true any more: nothing more is sent. */
  fail(reason: string): void {
    if (this.stopping) return;
    this.failure = reason;
    this.options.host.log.warning(`The server ends: ${reason}`);
    this.release();
    this.resolveFinished();
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
    try {
      this.options.host.files.remove(this.pidFile);
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
