/**
 * The engine: store, commands and sessions behind one synchronous call. It knows no socket, file,
 * timer or wall clock; connections, loaders, links, scripts and tests all drive it in the same
 * way and differ only in the session they bring.
 */

import { hexadecimal } from "../bytes/byte_string.ts";
import type { Config } from "../config/config.ts";
import type { Request } from "../resp/request.ts";
import { Eviction } from "../store/eviction.ts";
import type { EvictionPolicy } from "../store/eviction.ts";
import { ExpiryCycle } from "../store/expiry.ts";
import { Store } from "../store/store.ts";
import { Authentication } from "./authentication.ts";
import { ClientPause } from "./client_pause.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { Blocking } from "./blocking.ts";
import { Checkpoints } from "./checkpoints.ts";
import type { CommandDefinition } from "./command.ts";
import type { Context, Host } from "./context.ts";
import { DelayedWriters } from "./delayed_writers.ts";
import { DiskErrors } from "./disk_errors.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Faults } from "./faults.ts";
import { Keyspace } from "./keyspace.ts";
import { Loading } from "./loading.ts";
import { MemoryLimit } from "./memory_limit.ts";
import { Notifications } from "./notifications.ts";
import { OwnKeys } from "./own_keys.ts";
import { Propagation } from "./propagation.ts";
import { PubSub } from "./pubsub.ts";
import { Registry } from "./registry.ts";
import type { Session } from "./session.ts";
import { Gate } from "./session.ts";
import { Sessions } from "./sessions.ts";
import { EngineStats } from "./stats/engine_stats.ts";
import { Latency } from "./stats/latency.ts";
import { Monitor } from "./stats/monitor.ts";
import { RateSampler } from "./stats/rate_sampler.ts";
import { SlowLog } from "./stats/slow_log.ts";
import { UsagePeaks } from "./stats/usage_peaks.ts";
import { Scripts } from "./scripts.ts";
import { Switches } from "./switches.ts";
import { Tracking } from "./tracking.ts";
import { Transactions } from "./transactions.ts";
import { Waiting } from "./waiting.ts";

export interface EngineOptions {
  readonly host: Host;
  readonly config: Config;
  /** Commands by group, `COMMANDS` of commands/all.ts. */
  readonly commands: Readonly<Record<string, readonly CommandDefinition[]>>;
}

/** Below this slow-log threshold (µs) runs are not told apart well enough: measure each call. */
const RUN_THRESHOLD_MICROSECONDS = 1000;

export class Engine {
  readonly context: Context;
  readonly registry: Registry;
  readonly dispatcher: Dispatcher;
  private inTurn = false;

  constructor(options: EngineOptions) {
    const { host, config } = options;
    const stats = new EngineStats();
    const propagation = new Propagation();
    const keyspace = new Keyspace(propagation, stats);
    const sessions = new Sessions();
    const store = new Store(host.random, config.get("databases"), keyspace);
    const eviction = new Eviction(store, host.random);
    const gate = (bit: number) => (on: boolean) => this.setGate(bit, on);
    const latency = new Latency(host.clock);
    const memory = new MemoryLimit(store, eviction, keyspace, latency, gate(Gate.MAXMEMORY));
    const transactions = new Transactions(keyspace, config.get("databases"));
    const pubsub = new PubSub();
    const waiting = new Waiting(host.clock, stats);
    const running = () => pubsub.runningSession();
    const tracking = new Tracking(keyspace, sessions, running, store.state, host.random, config);
    const monitor = new Monitor(host.clock, sessions);
    const delayed = new DelayedWriters(store.databases, gate(Gate.SAVING));
    sessions.whenClosed((session) => {
      waiting.forget(session);
      delayed.forget(session);
      transactions.discard(session);
      pubsub.leave(session);
      tracking.leave(session);
    });
    this.registry = new Registry(options.commands);
    this.context = {
      host,
      config,
      store,
      commands: this.registry,
      sessions,
      authentication: new Authentication(config, sessions),
      pause: new ClientPause(host.clock, (on) => this.holdWrites(on)),
      waiting,
      blocking: new Blocking(waiting, keyspace, store.state, config.get("databases")),
      acknowledgements: new Acknowledgements(waiting),
      delayedWriters: delayed,
      keyspace,
      faults: new Faults(host.clock, host.random, sessions, monitor, gate(Gate.FAULTS)),
      checkpoints: new Checkpoints(() => this.context),
      loading: new Loading(host.clock, store.state, gate(Gate.LOADING)),
      diskErrors: new DiskErrors(gate(Gate.DISK_ERROR)),
      eviction,
      memory,
      propagation,
      transactions,
      pubsub,
      tracking,
      stats,
      slowLog: new SlowLog(),
      latency,
      monitor,
      rates: new RateSampler(stats, host.clock.unixMs()),
      peaks: new UsagePeaks(memory, sessions, stats),
      expiry: new ExpiryCycle(store, stats),
      ownKeys: new OwnKeys(store, keyspace),
      scripts: new Scripts(gate(Gate.BUSY)),
      switches: new Switches(),
      ...unfilled(),
      runId: hexadecimal(host.random.bytes(20)),
      replicationId: hexadecimal(host.random.bytes(20)),
      startedMs: host.clock.unixMs(),
      startupBytes: store.usedBytes,
    };
    this.dispatcher = new Dispatcher(this.context, this.registry);
    store.state.setNow(this.context.startedMs);
    this.delayServing();
    this.followConfig();
  }

  /** The active expiry cycle, which the cron runs. */
  get expiry(): ExpiryCycle {
    return this.context.expiry;
  }

  /**
   * Begins a turn: all commands until {@linkcode endTurn} see one time. Does nothing while a turn
   * is open.
   */
  beginTurn(): void {
    if (this.inTurn) return;
    this.inTurn = true;
    this.context.store.state.setNow(this.context.host.clock.unixMs());
  }

  /** Serves those who wait for what was changed outside of commands; before a turn ends. */
  serveWaiting(): void {
    this.dispatcher.serveWaiting();
  }

  endTurn(): void {
    // While the turn is open, so that what this sends leaves at its end.
    if (this.context.tracking.isDue) this.context.tracking.endTurn();
    this.inTurn = false;
    this.dispatcher.endRun();
  }

  /** Runs one request; its reply is appended to the session's. Needs an open turn. */
  execute(session: Session, request: Request): void {
    this.dispatcher.execute(session, request);
  }

  /** Runs requests of one session: see {@linkcode Dispatcher.executeAll}. Needs an open turn. */
  executeAll(session: Session, requests: readonly Request[], from: number, to: number): number {
    return this.dispatcher.executeAll(session, requests, from, to);
  }

  /** A new session on database 0, to be closed with `context.sessions.close`. */
  openSession(): Session {
    const { sessions, store, host, authentication } = this.context;
    const session = sessions.open(store.databases[0], host.clock.unixMs());
    authentication.reset(session);
    return session;
  }

  /** Has snapshots keep those waiting who are served a key. */
  private delayServing(): void {
    const { blocking, delayedWriters, scripts } = this.context;
    blocking.keeps = (db, key, signal) =>
      delayedWriters.keeps(db, key, () => {
        signal();
        // Those who wait are served when a turn ends.
        scripts.beginTurn();
      });
  }

  /** Copies what hot code needs of the configuration, now and whenever it changes. */
  private followConfig(): void {
    const { config, eviction, memory, store, slowLog, latency, keyspace, pubsub } = this.context;
    new Notifications(pubsub, keyspace, store.state, config);
    const follow = (): void => {
      const policy = config.get("maxmemory-policy") as EvictionPolicy;
      eviction.policy = policy;
      eviction.samples = config.get("maxmemory-samples");
      memory.maxBytes = config.get("maxmemory");
      store.state.countsFrequency = policy.endsWith("lfu");
      store.state.lfuLogFactor = config.get("lfu-log-factor");
      store.state.lfuDecayMinutes = config.get("lfu-decay-time");
      slowLog.thresholdMicroseconds = config.get("slowlog-log-slower-than");
      this.dispatcher.timesEach = slowLog.thresholdMicroseconds >= 0 &&
        slowLog.thresholdMicroseconds < RUN_THRESHOLD_MICROSECONDS;
      slowLog.maxLength = config.get("slowlog-max-len");
      latency.thresholdMs = config.get("latency-monitor-threshold");
      this.trackLatency(config.get("latency-tracking"));
      const { limits } = store.state;
      limits.hashEntries = config.get("hash-max-listpack-entries");
      limits.hashValueBytes = config.get("hash-max-listpack-value");
      limits.setIntegers = config.get("set-max-intset-entries");
      limits.setEntries = config.get("set-max-listpack-entries");
      limits.setValueBytes = config.get("set-max-listpack-value");
      limits.sortedSetEntries = config.get("zset-max-listpack-entries");
      limits.sortedSetValueBytes = config.get("zset-max-listpack-value");
      limits.listNode = config.get("list-max-listpack-size");
      limits.streamNodeBytes = config.get("stream-node-max-bytes");
      limits.streamNodeEntries = config.get("stream-node-max-entries");
      limits.hyperLogLogSparseBytes = config.get("hll-sparse-max-bytes");
      keyspace.removal.lazyExpire = config.get("lazyfree-lazy-expire");
      keyspace.removal.lazyEviction = config.get("lazyfree-lazy-eviction");
    };
    follow();
    config.subscribe([
      "maxmemory",
      "maxmemory-policy",
      "maxmemory-samples",
      "lfu-log-factor",
      "lfu-decay-time",
      "slowlog-log-slower-than",
      "slowlog-max-len",
      "latency-monitor-threshold",
      "latency-tracking",
      "hash-max-listpack-entries",
      "hash-max-listpack-value",
      "set-max-intset-entries",
      "set-max-listpack-entries",
      "set-max-listpack-value",
      "zset-max-listpack-entries",
      "zset-max-listpack-value",
      "list-max-listpack-size",
      "stream-node-max-bytes",
      "stream-node-max-entries",
      "hll-sparse-max-bytes",
      "lazyfree-lazy-expire",
      "lazyfree-lazy-eviction",
    ], follow);
  }

  private trackLatency(on: boolean): void {
    for (const command of this.registry.allWithSubcommands()) command.stats.tracksLatency = on;
  }

  /** Clients' writes wait, or don't any more: what is there stays as it is meanwhile. */
  private holdWrites(on: boolean): void {
    this.setGate(Gate.PAUSED, on);
    this.context.store.state.isHeld = on;
  }

  private setGate(bit: number, on: boolean): void {
    if (on) this.dispatcher.gate |= bit;
    else this.dispatcher.gate &= ~bit;
  }
}

/** What the server fills in, or doesn't where it has none of it. */
function unfilled() {
  return {
    configFile: null,
    configIncluded: new Set<never>(),
    process: null,
    reload: null,
    migration: null,
    persistence: null,
    replication: null,
    durability: null,
    appendOnly: null,
  };
}
