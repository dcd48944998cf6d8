/**
 * One replica, as its primary sees it: how far it is, and what its connection is to send next.
 *
 * It begins by waiting for a snapshot (or at its old place in the stream), gets the snapshot's
 * bytes, says that it has loaded them, and follows the stream from then on. The stream may not
 * follow a snapshot without a length at once: the replica looks for the end mark at the end of what
 * it reads, and would not see it.
 */

import { fromLatin1 } from "../bytes/byte_string.ts";
import type { ClientLink, OutputSource } from "../engine/ports.ts";
import type { ReplicaFacts } from "../engine/replication_port.ts";
import type { Session } from "../engine/session.ts";
import type { Backlog } from "./backlog.ts";

export const ReplicaState = {
  /** Waits for a snapshot to begin. */
  WAITING: 0,
  /** A snapshot is made for it, or sent to it, or it loads it. */
  SNAPSHOT: 1,
  ONLINE: 2,
} as const;

/** Bytes of the stream that are handed to the system at once. */
const PIECE_BYTES = 256 * 1024;

export class Replica implements OutputSource {
  state: number = ReplicaState.WAITING;
  /** Whether it is sent a snapshot that was made before, from a file. */
  isSentFile = false;
  facts: ReplicaFacts = {};
  /** Place in the stream up to which the replica was sent it. */
  place = 0;
  /** Place up to which it said that it has applied the stream, and has it on disk. */
  acknowledged = 0;
  acknowledgedOnDisk = 0;
  /** When it last said so, in Unix ms. */
  acknowledgedMs: number;
  /** Set by the first REPLCONF ACK. */
  hasAcknowledged = false;
  /** Whether it asked by PSYNC, and so is told history and place. */
  usesPsync = true;
  isGone = false;
  /** When the system last took bytes for it, in Unix ms. */
  progressMs: number;
  /** Set between the end of the snapshot and the replica's word that it has loaded it. */
  awaitsLoad = false;
  /** Bytes that were sent to it. */
  sentBytes = 0;
  private readonly queue: Uint8Array[] = [];
  private queuedBytes = 0;
  private drained: (() => void) | null = null;

  constructor(
    readonly session: Session,
    readonly link: ClientLink,
    private readonly backlog: () => Backlog | null,
    private readonly now: () => number,
  ) {
    this.acknowledgedMs = now();
    this.progressMs = this.acknowledgedMs;
  }

  get isOnline(): boolean {
    return this.state === ReplicaState.ONLINE;
  }

  /** The state in Redis's words: what is sent while it is made is still waited for. */
  get stateName(): string {
    if (this.isOnline) return "online";
    return this.isSentFile ? "send_bulk" : "wait_bgsave";
  }

  /** Address and port under which others reach the replica. */
  get address(): string {
    if (this.facts.address !== undefined) return this.facts.address;
    const remote = this.link.remoteAddress;
    return remote.slice(0, remote.lastIndexOf(":")).replace(/^\[|\]$/g, "");
  }

  get port(): number {
    return this.facts.listeningPort ?? 0;
  }

  /** Name for the log, as Redis writes it. */
  get name(): string {
    return this.port === 0 ? this.link.remoteAddress : `${this.address}:${this.port}`;
  }

  /** Sends a line that is no part of the stream. */
  say(line: string): void {
    this.send(fromLatin1(line));
  }

  /** Queues bytes ahead of the stream; they belong to this object from now on. */
  send(bytes: Uint8Array): void {
    this.queue.push(bytes);
    this.queuedBytes += bytes.length;
    this.link.flush();
  }

  /** Settles when everything queued was taken by the system, or the replica is gone. */
  whenDrained(): Promise<void> {
    if (this.queue.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.drained = resolve);
  }

  /** The replica follows the stream from a place on. */
  goOnline(place: number): void {
    this.state = ReplicaState.ONLINE;
    this.awaitsLoad = false;
    this.place = place;
    this.link.flush();
  }

  /** The replica is gone: nobody waits for it any more. */
  end(): void {
    this.isGone = true;
    this.queue.length = 0;
    this.queuedBytes = 0;
    this.notifyDrained();
  }

  get pendingBytes(): number {
    const backlog = this.backlog();
    const behind = this.state === ReplicaState.WAITING || backlog === null
      ? 0
      : backlog.committed - this.place;
    return this.queuedBytes + behind;
  }

  next(): Uint8Array | null {
    if (this.queue.length > 0) return this.queue[0];
    if (!this.isOnline) return null;
    const bytes = this.backlog()?.read(this.place) ?? null;
    return bytes === null ? null : bytes.subarray(0, PIECE_BYTES);
  }

  written(count: number): void {
    this.progressMs = this.now();
    this.sentBytes += count;
    if (this.queue.length === 0) {
      this.place += count;
      return;
    }
    const first = this.queue[0];
    this.queuedBytes -= count;
    if (count < first.length) this.queue[0] = first.subarray(count);
    else this.queue.shift();
    if (this.queue.length === 0) this.notifyDrained();
  }

  private notifyDrained(): void {
    this.drained?.();
    this.drained = null;
  }
}
