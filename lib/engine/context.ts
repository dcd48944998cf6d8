/**
 * What every command can reach: the parts of one engine, put together once. There is no global
 * state, so several servers run in one process.
 */

import type { Config } from "../config/config.ts";
import type { ParameterName } from "../config/parameters.ts";
import type { Clock } from "../host/clock.ts";
import type { Files } from "../host/files.ts";
import type { Log } from "../host/log.ts";
import type { ProcessInfo } from "../host/process.ts";
import type { Random } from "../host/random.ts";
import type { Eviction } from "../store/eviction.ts";
import type { ExpiryCycle } from "../store/expiry.ts";
import type { Store } from "../store/store.ts";
import type { Authentication } from "./authentication.ts";
import type { DiskErrors } from "./disk_errors.ts";
import type { AppendOnlyPort } from "./append_only_port.ts";
import type { PersistencePort } from "./persistence_port.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { ClientPause } from "./client_pause.ts";
import type { CommandTable } from "./command_table.ts";
import type { DelayedWriters } from "./delayed_writers.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import type { Blocking } from "./blocking.ts";
import type { Faults } from "./faults.ts";
import type { Keyspace } from "./keyspace.ts";
import type { Loading } from "./loading.ts";
import type { MemoryLimit } from "./memory_limit.ts";
import type { DurabilityPort, MigrationPort, ProcessPort, ReloadPort } from "./ports.ts";
import type { Propagation } from "./propagation.ts";
import type { PubSub } from "./pubsub.ts";
import type { Sessions } from "./sessions.ts";
import type { EngineStats } from "./stats/engine_stats.ts";
import type { Latency } from "./stats/latency.ts";
import type { Monitor } from "./stats/monitor.ts";
import type { ReplicationPort } from "./replication_port.ts";
import type { RateSampler } from "./stats/rate_sampler.ts";
import type { SlowLog } from "./stats/slow_log.ts";
import type { UsagePeaks } from "./stats/usage_peaks.ts";
import type { OwnKeys } from "./own_keys.ts";
import type { Scripts } from "./scripts.ts";
import type { Switches } from "./switches.ts";
import type { Tracking } from "./tracking.ts";
import type { Transactions } from "./transactions.ts";
import type { Waiting } from "./waiting.ts";

/** The outside world, handed in when an engine is made. */
export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly files: Files;
  readonly process: ProcessInfo;
  readonly log: Log;
}

export interface Context {
  readonly host: Host;
  readonly config: Config;
  readonly store: Store;
  readonly commands: CommandTable;
  readonly sessions: Sessions;
  readonly authentication: Authentication;
  readonly pause: ClientPause;
  readonly waiting: Waiting;
  readonly blocking: Blocking;
  readonly acknowledgements: Acknowledgements;
  readonly delayedWriters: DelayedWriters;
  readonly keyspace: Keyspace;
  readonly faults: Faults;
  readonly loading: Loading;
  readonly diskErrors: DiskErrors;
  readonly memory: MemoryLimit;
  readonly eviction: Eviction;
  readonly propagation: Propagation;
  readonly transactions: Transactions;
  readonly pubsub: PubSub;
  readonly tracking: Tracking;
  readonly stats: EngineStats;
  readonly slowLog: SlowLog;
  readonly latency: Latency;
  readonly monitor: Monitor;
  readonly rates: RateSampler;
  readonly peaks: UsagePeaks;
  readonly expiry: ExpiryCycle;
  readonly ownKeys: OwnKeys;
  readonly scripts: Scripts;
  readonly switches: Switches;
  /** The states of the data that a test may go back to. */
  readonly checkpoints: Checkpoints;
  /** The absolute path of redis.conf (a text of the host's); null when the server has none. */
  configFile: string | null;
  /** What files included by redis.conf have set, for CONFIG REWRITE. */
  configIncluded: ReadonlySet<ParameterName>;
  /** Filled in by the server; commands that need the process refuse while it is null. */
  process: ProcessPort | null;
  /** Filled in by the server; null where no files are kept. */
  persistence: PersistencePort | null;
  /** Filled in by the server; DEBUG RELOAD refuses while it is null. */
  reload: ReloadPort | null;
  /** Filled in by the server; MIGRATE refuses while it is null. */
  migration: MigrationPort | null;
  /** Filled in by replication; without it there are no replicas. */
  replication: ReplicationPort | null;
  /** The append-only file; null where there is none. */
  durability: DurabilityPort | null;
  /** The same, for those who order about it. */
  appendOnly: AppendOnlyPort | null;
  /** 40 hexadecimal digits that name this run of the server. */
  readonly runId: string;
  /** 40 hexadecimal digits that name the history of the data, for replicas. */
  replicationId: string;
  /** Unix milliseconds when the engine was made. */
  readonly startedMs: number;
  /** Bytes that an empty engine counts as used. */
  readonly startupBytes: number;
}
