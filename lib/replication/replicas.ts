/**
 * The replicas of this server: who may follow from where (PSYNC), how far each is, and who is cut
 * off. As in Redis there is one stream, and a replica that was away goes on in it as long as the
 * backlog has what it lacks.
 */

import { errors } from "../engine/errors.ts";
import { Gate, ReplyMode, type Session } from "../engine/session.ts";
import type { ReplicaFacts, ReplicaRole, SyncRequest } from "../engine/replication_port.ts";
import type { Backlog } from "./backlog.ts";
import type { FullSync } from "./full_sync.ts";
import type { FullSyncParts } from "./full_sync.ts";
import { Replica, ReplicaState } from "./replica.ts";

export class Replicas {
  readonly all: Replica[] = [];
  /** See {@linkcode ReplicationPort.whenAcknowledged}. */
  whenAcknowledged: () => void = () => {};
  /** Counted for INFO. */
  fullSyncs = 0;
  partialSyncs = 0;
  partialSyncsRefused = 0;
  /** Bytes that replicas were sent which are gone, without those that are not counted any more. */
  private sentBefore = 0;
  /** What REPLCONF told before PSYNC. */
  private readonly told: Map<Session, ReplicaFacts> = new Map();
  /** When the stream was last given a PING, or had nobody to read one, in Unix ms. */
  private pingedMs: number;
  /** Since when nobody follows, or could, in Unix ms. */
  private aloneSinceMs: number;
  private asksAtEnd = false;

  constructor(private readonly parts: FullSyncParts, private readonly fullSync: FullSync) {
    this.pingedMs = parts.context.host.clock.unixMs();
    this.aloneSinceMs = this.pingedMs;
  }

  get onlineCount(): number {
    return this.all.filter((replica) => replica.isOnline).length;
  }

  /** Bytes that were sent to all replicas. */
  get outputBytes(): number {
    return this.all.reduce((total, one) => total + one.sentBytes, this.sentBefore);
  }

  resetCounts(): void {
    this.fullSyncs = 0;
    this.partialSyncs = 0;
    this.partialSyncsRefused = 0;
    this.sentBefore -= this.outputBytes;
  }

  of(session: Session): Replica | undefined {
    return this.all.find((replica) => replica.session === session);
  }

  describe(session: Session, facts: ReplicaFacts): void {
    const replica = this.of(session);
    const known = replica?.facts ?? this.told.get(session);
    const merged = { ...known, ...facts };
    if (replica !== undefined) replica.facts = merged;
    else this.told.set(session, merged);
  }

  /** PSYNC and SYNC of a session that is no replica yet. */
  synchronize(session: Session, request: SyncRequest): void {
    const { link } = session;
    if (link?.sendFrom === undefined || this.of(session) !== undefined) return;
    const { context, history } = this.parts;
    const { clock, log } = context.host;
    const replica = new Replica(session, link, () => history.backlog, () => clock.unixMs());
    replica.facts = this.told.get(session) ?? {};
    replica.usesPsync = request.id !== null;
    log.notice(`Replica ${replica.name} asks for synchronization`);
    const { offset } = request;
    if (offset === null) {
      log.warning(`Replica ${replica.name} asks for synchronization but with a wrong offset`);
      throw errors.NOT_AN_INTEGER;
    }
    this.told.delete(session);
    session.kind = "replica";
    session.gate |= Gate.REPLICA;
    if (session.replyMode === ReplyMode.ON) session.replyMode = ReplyMode.CUT_OFF;
    this.all.push(replica);
    link.sendFrom(replica);
    if (this.canContinue(replica, request.id, offset)) return this.continue(replica, offset - 1);
    this.fullSyncs++;
    if (request.id !== null && request.id !== "?") this.partialSyncsRefused++;
    if (history.backlog === null) {
      // What was before nobody can go on with: begin anew.
      history.begin();
      this.parts.stream.keep();
      log.notice(
        `Replication backlog created, my new replication IDs are '${history.id}' and '${history.secondId}'`,
      );
    }
    this.fullSync.request(replica);
  }

  /** A session has ended. */
  closed(session: Session): void {
    this.told.delete(session);
    const index = this.all.findIndex((replica) => replica.session === session);
    if (index < 0) return;
    const [replica] = this.all.splice(index, 1);
    replica.end();
    this.parts.history.backlog?.readerGone();
    this.sentBefore += replica.sentBytes;
    this.fullSync.forget(replica);
    const { log, clock } = this.parts.context.host;
    if (this.all.length === 0) this.aloneSinceMs = clock.unixMs();
    log.notice(`Connection with replica ${replica.name} lost.`);
    this.whenAcknowledged();
  }

  /** We are a primary from now on: those who followed ours may come, and are waited for. */
  expect(): void {
    this.aloneSinceMs = this.parts.context.host.clock.unixMs();
  }

  /** Ends all links: the history has changed. */
  closeAll(): void {
    for (const replica of [...this.all]) replica.link.close();
  }

  acknowledge(session: Session, offset: number, offsetOnDisk: number | null): void {
    const replica = this.of(session);
    if (replica === undefined) return;
    replica.acknowledged = Math.max(replica.acknowledged, offset);
    if (offsetOnDisk !== null) {
      replica.acknowledgedOnDisk = Math.max(replica.acknowledgedOnDisk, offsetOnDisk);
    }
    replica.acknowledgedMs = this.parts.context.host.clock.unixMs();
    replica.hasAcknowledged = true;
    if (replica.awaitsLoad) {
      replica.goOnline(replica.place);
      this.parts.context.host.log.notice(
        `Synchronization with replica ${replica.name} succeeded`,
      );
    }
    this.whenAcknowledged();
  }

  acknowledged(offset: number): number {
    return this.all.filter((one) => one.isOnline && one.acknowledged >= offset).length;
  }

  acknowledgedOnDisk(offset: number): number {
    return this.all.filter((one) => one.isOnline && one.acknowledgedOnDisk >= offset).length;
  }

  /** Replicas that were heard of within `maxLagSeconds`. */
  goodCount(nowMs: number, maxLagSeconds: number): number {
    return this.all.filter((one) => one.isOnline && this.lagSeconds(one, nowMs) <= maxLagSeconds)
      .length;
  }

  /** Asks all how far they are, once for all who want to know in this turn. */
  ask(): void {
    if (this.asksAtEnd || this.all.length === 0) return;
    this.asksAtEnd = true;
    queueMicrotask(() => {
      this.asksAtEnd = false;
      this.parts.stream.say("REPLCONF", "GETACK", "*");
    });
  }

  /** Bytes have come to the stream. */
  appended(): void {
    const { all } = this;
    for (let i = 0; i < all.length; i++) if (all[i].isOnline) all[i].link.scheduleFlush();
    if (this.parts.history.backlog?.hasGrown === true) this.trim();
  }

  roles(): ReplicaRole[] {
    return this.all.filter(({ isOnline }) => isOnline).map((replica) => ({
      address: replica.address,
      port: replica.port,
      offset: replica.acknowledged,
    }));
  }

  info(nowMs: number): [string, string][] {
    return this.all.map((replica, i) => {
      const lag = replica.isOnline ? this.lagSeconds(replica, nowMs) : 0;
      return [
        `slave${i}`,
        `ip=${replica.address},port=${replica.port},state=${replica.stateName},` +
        `offset=${replica.acknowledged},lag=${lag}`,
      ];
    });
  }

  /** Logs who is behind an offset at which the server stops. */
  tellLag(offset: number): void {
    const { log, clock } = this.parts.context.host;
    const lagging = this.all.filter((one) => one.acknowledged < offset);
    for (const one of lagging) {
      const seconds = one.isOnline ? this.lagSeconds(one, clock.unixMs()) : 0;
      log.warning(
        `Lagging replica ${one.name} reported offset ${offset - one.acknowledged} behind master, ` +
          `lag=${seconds}, state=${one.stateName}.`,
      );
    }
    const count = this.all.length;
    if (count === 0) return;
    log.notice(`${count - lagging.length} of ${count} replicas are in sync when shutting down.`);
  }

  /** @param isPrimary whether the stream is ours, and not our own primary's. */
  tick(nowMs: number, isPrimary: boolean): void {
    const { context, history } = this.parts;
    const { config } = context;
    this.trim();
    if (this.all.length === 0) {
      this.pingedMs = nowMs;
      const ttlMs = config.get("repl-backlog-ttl") * 1000;
      if (
        isPrimary && history.backlog !== null && ttlMs > 0 && nowMs - this.aloneSinceMs > ttlMs
      ) this.forgetBacklog();
      return;
    }
    this.aloneSinceMs = nowMs;
    if (isPrimary && nowMs - this.pingedMs >= config.get("repl-ping-replica-period") * 1000) {
      this.pingedMs = nowMs;
      if (!context.pause.isActive) this.parts.stream.say("PING");
    }
    this.dropSilent(nowMs, config.get("repl-timeout") * 1000);
  }

  private lagSeconds(replica: Replica, nowMs: number): number {
    return Math.max(0, Math.floor((nowMs - replica.acknowledgedMs) / 1000));
  }

  private dropSilent(nowMs: number, timeoutMs: number): void {
    for (const replica of [...this.all]) {
      const { state } = replica;
      const lastMs = state === ReplicaState.ONLINE
        ? replica.hasAcknowledged ? replica.acknowledgedMs : nowMs
        : state === ReplicaState.SNAPSHOT && !replica.awaitsLoad
        ? replica.progressMs
        : nowMs;
      if (nowMs - lastMs <= timeoutMs) continue;
      const during = state === ReplicaState.ONLINE ? "streaming sync" : "full sync";
      this.parts.context.host.log.warning(
        `Disconnecting timedout replica (${during}): ${replica.name}`,
      );
      replica.link.close();
    }
  }

  private forgetBacklog(): void {
    const { context, history } = this.parts;
    history.begin();
    this.parts.stream.forget();
    context.host.log.notice(
      "Replication backlog freed after " +
        `${context.config.get("repl-backlog-ttl")} seconds without connected replicas.`,
    );
  }

  private canContinue(replica: Replica, id: string | null, offset: number): boolean {
    const { history, context } = this.parts;
    const { log } = context.host;
    if (id === null || id === "?") {
      if (id !== null) log.notice(`Full resync requested by replica ${replica.name}`);
      return false;
    }
    if (!history.isShared(id, offset)) {
      if (id !== history.id && id !== history.secondId) {
        log.notice(
          "Partial resynchronization not accepted: Replication ID mismatch (Replica asked for " +
            `'${id}', my replication IDs are '${history.id}' and '${history.secondId}')`,
        );
      } else {
        log.notice(
          "Partial resynchronization not accepted: Requested offset for second ID was " +
            `${offset}, but I can reply up to ${history.secondOffset}`,
        );
      }
      return false;
    }
    if (history.backlog?.has(offset - 1) === true) return true;
    log.notice(
      `Unable to partial resync with replica ${replica.name} for lack of backlog ` +
        `(Replica request was: ${offset}).`,
    );
    return false;
  }

  private continue(replica: Replica, place: number): void {
    const { history, context } = this.parts;
    this.partialSyncs++;
    const backlog = history.backlog as Backlog;
    replica.say(
      replica.facts.understandsNewId === true ? `+CONTINUE ${history.id}\r\n` : "+CONTINUE\r\n",
    );
    replica.goOnline(place);
    context.host.log.notice(
      `Partial resynchronization request from ${replica.name} accepted. Sending ` +
        `${backlog.committed - place} bytes of backlog starting from offset ${place + 1}.`,
    );
  }

  private trim(): void {
    const { history, context } = this.parts;
    const { backlog } = history;
    if (backlog === null) return;
    let least = Infinity;
    for (const replica of this.all) {
      if (replica.state !== ReplicaState.WAITING) least = Math.min(least, replica.place);
    }
    backlog.trim(context.config.get("repl-backlog-size"), least);
  }
}
