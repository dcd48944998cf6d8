/**
 * Replication as a whole: the role of this server, its history, its replicas and its primary.
 *
 * A primary's effects go into the stream (stream.ts → backlog.ts), from which each replica is sent
 * what it lacks (replica.ts). A replica applies its primary's stream (primary_stream.ts) and hands
 * the same bytes on to replicas of its own, so that a whole tree shares one history (history.ts).
 *
 * Protocol: https://redis.io/docs/latest/operate/oss_and_stack/management/replication.
 */

import type { Engine } from "../engine/engine.ts";
import { CommandError, errors } from "../engine/errors.ts";
import type {
  FailoverOptions,
  ReplicaFacts,
  ReplicationCounts,
  ReplicationPort,
  Role,
  SyncRequest,
} from "../engine/replication_port.ts";
import type { Session } from "../engine/session.ts";
import { Gate } from "../engine/session.ts";
import { hostText } from "../config/words.ts";
import type { Network } from "../host/network.ts";
import type { BackgroundJobs } from "../persistence/background_job.ts";
import type { LoadReport } from "../persistence/snapshot/loader.ts";
import type { ReplicationPoint, Snapshots } from "../persistence/snapshot/snapshot.ts";
import { ExpiredAtStart } from "./expired_at_start.ts";
import { Failover } from "./failover.ts";
import { FullSync, type StreamParts } from "./full_sync.ts";
import { History } from "./history.ts";
import { replicationInfo } from "./info.ts";
import {
  type DataOwner,
  IncomingData,
  loadFile,
  loadsStreamed,
  streamDbOf,
} from "./primary_data.ts";
import { type LinkOwner, PrimaryLink } from "./primary_link.ts";
import { Replicas } from "./replicas.ts";
import { ReplicationStream } from "./stream.ts";

export interface ReplicationParts {
  readonly engine: Engine;
  readonly network: Network;
  readonly snapshots: Snapshots;
  readonly jobs: BackgroundJobs;
  /** Runs work that executes commands, as one turn. */
  readonly inTurn: (work: () => void) => void;
  /** All data has been replaced by a primary's: the append-only file has to begin anew. */
  readonly dataReplaced: () => void;
  /** Takes the code of a library of functions out of a primary's snapshot. */
  readonly takeFunction?: (code: Uint8Array) => void;
  /** Puts libraries of functions in the place of all there are, or throws and changes nothing. */
  readonly replaceFunctions?: (codes: readonly Uint8Array[]) => void;
}

const NO_PRIMARY_LINK = new CommandError(
  "NOMASTERLINK Can't SYNC while not connected with my master",
);
const NO_SYNC_MEANWHILE = new CommandError("NOMASTERLINK Can't SYNC while failing over");
const FAILING_OVER = new CommandError("ERR REPLICAOF not allowed while failing over.");
const SECOND_MS = 1_000;

export class Replication implements ReplicationPort, LinkOwner, StreamParts {
  readonly history: History;
  readonly replicas: Replicas;
  readonly fullSync: FullSync;
  /** Null on a primary. */
  link: PrimaryLink | null = null;
  readonly failovers: Failover;
  /** Until {@linkcode loaded}. */
  expiredAtStart: ExpiredAtStart | null;
  streamDb = 0;
  /** Bytes that came from primaries. */
  inputBytes = 0;
  mayContinue = false;
  private readonly dataOwner: DataOwner;
  private stream: ReplicationStream | null = null;
  private secondMs = 0;

  constructor(private readonly parts: ReplicationParts) {
    const { engine, snapshots, jobs } = parts;
    const { context } = engine;
    this.history = new History(context);
    const syncParts = {
      context,
      snapshots,
      jobs,
      history: this.history,
      stream: this,
    };
    this.fullSync = new FullSync(syncParts);
    this.replicas = new Replicas(syncParts, this.fullSync);
    this.failovers = new Failover(this, context);
    const { inTurn, dataReplaced, takeFunction, replaceFunctions } = parts;
    this.dataOwner = {
      context,
      snapshots,
      history: this.history,
      replicas: this.replicas,
      inTurn,
      dataReplaced,
      takeFunction,
      replaceFunctions,
    };
    this.expiredAtStart = new ExpiredAtStart(context.config.get("repl-backlog-size"));
    context.sessions.whenClosed((session) => this.replicas.closed(session));
    this.followConfig();
  }

  get engine(): Engine {
    return this.parts.engine;
  }

  get network(): Network {
    return this.parts.network;
  }

  get isReplica(): boolean {
    return this.link !== null;
  }

  get offset(): number {
    return this.history.place;
  }

  /** Whether a replica has not said that it has all up to an offset. */
  lagsBehind(offset: number): boolean {
    return this.replicas.all.some((one) => one.acknowledged < offset);
  }

  /** Logs which replicas are behind an offset at which the server stops. */
  tellLag(offset: number): void {
    this.replicas.tellLag(offset);
  }

  /** Where the stream stands, for RDB files; null when nobody could go on from there. */
  get point(): ReplicationPoint | null {
    const { history } = this;
    if (history.backlog === null) return null;
    return { id: history.id, offset: history.place, db: this.selectedDb };
  }

  get whenAcknowledged(): () => void {
    return this.replicas.whenAcknowledged;
  }

  set whenAcknowledged(listener: () => void) {
    this.replicas.whenAcknowledged = listener;
  }

  get hasEnoughReplicas(): boolean {
    const { config, host } = this.engine.context;
    const needed = config.get("min-replicas-to-write");
    const maxLag = config.get("min-replicas-max-lag");
    if (needed === 0 || maxLag === 0 || this.isReplica) return true;
    return this.replicas.goodCount(host.clock.unixMs(), maxLag) >= needed;
  }

  /** What the RDB file that was loaded at start says of the history its data belong to. */
  loaded(report: LoadReport | null): void {
    const { expiredAtStart } = this;
    this.expiredAtStart = null;
    const id = report?.aux.get("repl-id");
    const place = Number(report?.aux.get("repl-offset"));
    if (report === null || id === undefined || !/^[0-9a-f]{40}$/i.test(id) || !(place >= 0)) return;
    if (this.engine.context.config.get("replicaof") !== null) {
      this.history.adopt(id, place);
      this.mayContinue = true;
      this.streamDb = streamDbOf(this.engine.context, report);
    } else if (expiredAtStart?.fits === true) {
      this.history.remember(id, place);
      this.keep();
      this.replicas.expect();
      const lazily = this.engine.context.config.get("lazyfree-lazy-expire");
      if (this.stream !== null) expiredAtStart.tell(this.stream, lazily ? "UNLINK" : "DEL");
    }
  }

  /** Begins to follow the primary of the configuration, if there is one. */
  start(): void {
    const primary = this.engine.context.config.get("replicaof");
    if (primary !== null) this.link = this.openLink(primary.host, primary.port, false);
    this.changed();
  }

  /** Ends all links, for a server that stops. */
  stop(): void {
    this.link?.stop();
  }

  tick(nowMs: number): void {
    this.replicas.tick(nowMs, !this.isReplica);
    this.fullSync.tick(nowMs);
    this.failovers.tick(nowMs);
    if (nowMs - this.secondMs < SECOND_MS && nowMs >= this.secondMs) return;
    this.secondMs = nowMs;
    this.link?.tick();
    this.fullSync.keepAlive();
  }

  acknowledged(offset: number): number {
    return this.replicas.acknowledged(offset);
  }

  acknowledgedOnDisk(offset: number): number {
    return this.replicas.acknowledgedOnDisk(offset);
  }

  askForAcknowledgements(): void {
    if (!this.isReplica) this.replicas.ask();
  }

  follow(host: string, port: number, by: Session): boolean {
    if (this.failovers.isActive) throw FAILING_OVER;
    const { link } = this;
    const { context } = this.engine;
    if (link !== null && link.host.toLowerCase() === host.toLowerCase() && link.port === port) {
      context.host.log.notice(
        "REPLICAOF would result into synchronization with the master we are already connected " +
          "with. No operation performed.",
      );
      return false;
    }
    this.become(host, port, false);
    context.host.log.notice(
      `REPLICAOF ${host}:${port} enabled (user request from '${asUser(by)}')`,
    );
    return true;
  }

  /** Follows another server, which may be asked to take over from us. */
  become(host: string, port: number, failover: boolean): void {
    const { context } = this.engine;
    const wasPrimary = this.link === null;
    this.link?.stop();
    // Our replicas stay until it is known whether the history they follow goes on.
    // Our own data are a history that the other one may know and go on with.
    if (wasPrimary) {
      this.mayContinue = true;
      this.streamDb = this.selectedDb;
      this.closeStream();
      context.waiting.unblockAll(errors.ROLE_CHANGED);
    }
    context.config.assign("replicaof", `${quoted(host)} ${port}`);
    this.link = this.openLink(host, port, failover);
    this.changed();
  }

  unfollow(by: Session | null): void {
    if (by !== null && this.failovers.isActive) throw FAILING_OVER;
    const { link, history } = this;
    if (link === null) return;
    link.stop();
    this.link = null;
    const { context } = this.engine;
    context.config.assign("replicaof", "no one");
    history.branch();
    this.mayContinue = false;
    // Our replicas have to hear of the new history.
    this.replicas.closeAll();
    if (history.backlog !== null) this.keep();
    this.replicas.expect();
    this.changed();
    const { log } = context.host;
    log.notice(
      `Setting secondary replication ID to ${history.secondId}, valid up to offset: ` +
        `${history.secondOffset}. New replication ID is ${history.id}`,
    );
    log.notice(
      by === null
        ? "MASTER MODE enabled (failover)"
        : `MASTER MODE enabled (user request from '${asUser(by)}')`,
    );
  }

  describeReplica(session: Session, facts: ReplicaFacts): void {
    this.replicas.describe(session, facts);
  }

  acknowledge(session: Session, offset: number, offsetOnDisk: number | null): void {
    this.replicas.acknowledge(session, offset, offsetOnDisk);
  }

  synced(): void {
    this.link?.synced();
  }

  tellOffset(session: Session): void {
    if (this.link?.stream?.session === session) this.link.tell();
  }

  synchronize(session: Session, request: SyncRequest): void {
    if (request.failover) this.takeOver(request);
    if (this.failovers.isActive) throw NO_SYNC_MEANWHILE;
    if (this.link !== null && !this.link.isUp) throw NO_PRIMARY_LINK;
    this.replicas.synchronize(session, request);
  }

  failover(options: FailoverOptions): void {
    this.failovers.begin(options);
  }

  abortFailover(): void {
    this.failovers.abort();
  }

  role(): Role {
    const { link } = this;
    if (link === null) {
      return { name: "master", offset: this.offset, replicas: this.replicas.roles() };
    }
    const offset = link.isUp ? this.offset : -1;
    return { name: "slave", host: link.host, port: link.port, state: link.state, offset };
  }

  resetCounts(): void {
    this.inputBytes = 0;
    this.replicas.resetCounts();
  }

  get counts(): ReplicationCounts {
    const { replicas, history } = this;
    return {
      fullSyncs: replicas.fullSyncs,
      partialSyncs: replicas.partialSyncs,
      partialSyncsRefused: replicas.partialSyncsRefused,
      inputBytes: this.inputBytes,
      outputBytes: replicas.outputBytes,
      backlogBytes: history.backlog?.memoryBytes ?? 0,
    };
  }

  info(): readonly (readonly [string, string | number])[] {
    return replicationInfo(this, this.engine.context);
  }

  async load(path: string, id: string, place: number): Promise<void> {
    const { link } = this;
    const origin = { id, place };
    this.streamDb = await loadFile(this.dataOwner, origin, path, () => this.link !== link);
  }

  get loadsStreamed(): boolean {
    return loadsStreamed(this.engine.context);
  }

  incoming(id: string, place: number, totalBytes: number): IncomingData {
    return new IncomingData(this.dataOwner, { id, place }, totalBytes);
  }

  tookOver(accepted: boolean): void {
    this.failovers.answered(accepted);
  }

  continueAs(id: string): void {
    this.history.continueAs(id);
    this.replicas.closeAll();
  }

  appended(): void {
    this.replicas.appended();
  }

  inTurn(work: () => void): void {
    this.parts.inTurn(work);
  }

  /** Brings everything that depends on role and link up to date. */
  changed(): void {
    const { context, dispatcher } = this.engine;
    const { config, store, memory } = context;
    const { link } = this;
    context.host.log.role = link === null ? "M" : "S";
    store.state.leavesExpiry = link !== null;
    store.state.isWritableReplica = link !== null && !config.get("replica-read-only");
    if (link === null) context.ownKeys.forget();
    memory.isExempt = link !== null && config.get("replica-ignore-maxmemory");
    let gate = dispatcher.gate & ~(Gate.READ_ONLY | Gate.STALE | Gate.FEW_REPLICAS);
    if (link !== null) {
      if (config.get("replica-read-only")) gate |= Gate.READ_ONLY;
      if (!link.isUp && !config.get("replica-serve-stale-data")) gate |= Gate.STALE;
    } else if (config.get("min-replicas-to-write") > 0) gate |= Gate.FEW_REPLICAS;
    dispatcher.gate = gate;
  }

  keep(): void {
    const backlog = this.history.keep();
    if (this.isReplica || this.stream !== null) return;
    this.stream = new ReplicationStream(backlog, () => this.replicas.appended());
    this.engine.context.propagation.subscribe(this.stream);
  }

  forget(): void {
    this.closeStream();
    this.history.forget();
  }

  get selectedDb(): number {
    const { link, stream } = this;
    if (link !== null) return link.stream?.session.db.index ?? this.streamDb;
    return Math.max(0, stream?.selectedDb ?? 0);
  }

  reselect(): void {
    if (this.stream !== null) this.stream.selectedDb = -1;
  }

  replicate(words: readonly Uint8Array[]): void {
    this.stream?.say(...words);
  }

  say(...words: string[]): void {
    this.stream?.say(...words);
  }

  private followConfig(): void {
    const { config } = this.engine.context;
    config.subscribe([
      "replica-read-only",
      "replica-serve-stale-data",
      "replica-ignore-maxmemory",
      "min-replicas-to-write",
    ], () => this.changed());
  }

  private openLink(host: string, port: number, failover: boolean): PrimaryLink {
    const link = new PrimaryLink(this, host, port, failover);
    void link.run();
    return link;
  }

  /** `PSYNC … FAILOVER`: our primary asks us to be one in its place. */
  private takeOver(request: SyncRequest): void {
    if (this.link === null) throw new CommandError("ERR PSYNC FAILOVER can't be sent to a master.");
    if (request.id !== this.history.id) {
      throw new CommandError("ERR PSYNC FAILOVER replid must match my replid.");
    }
    this.engine.context.host.log.warning(
      "Failover request received for replid " + request.id + ".",
    );
    this.unfollow(null);
  }

  private closeStream(): void {
    if (this.stream === null) return;
    this.engine.context.propagation.unsubscribe(this.stream);
    this.stream = null;
  }
}

function asUser(session: Session): string {
  return `id=${session.id} addr=${session.link?.remoteAddress ?? ""} name=${session.name}`;
}

/** A word of redis.conf, which may hold blanks. */
function quoted(word: string): string {
  return hostText(word).includes(" ") ? `"${word}"` : word;
}
