/**
 * FAILOVER: this primary hands its role to one of its replicas, and loses nothing by it.
 *
 * Writes wait until the replica has all of the stream; then this server becomes its replica and
 * asks it, by `PSYNC … FAILOVER`, to be the primary. Where the replica does not come that far in
 * time, writes go on here, unless FORCE was given.
 *
 * Documentation: https://redis.io/docs/latest/commands/failover.
 */

import type { Context } from "../engine/context.ts";
import { CommandError } from "../engine/errors.ts";
import type { FailoverOptions } from "../engine/replication_port.ts";
import type { PrimaryLink } from "./primary_link.ts";
import type { Replica } from "./replica.ts";
import type { Replicas } from "./replicas.ts";

/** The server whose role is handed over. */
export interface FailoverOwner {
  readonly isReplica: boolean;
  readonly offset: number;
  readonly replicas: Replicas;
  readonly link: PrimaryLink | null;
  askForAcknowledgements(): void;
  /** Follows another server, which is asked to take over. */
  become(host: string, port: number, failover: boolean): void;
  /** Is a primary again. */
  unfollow(by: null): void;
}

const State = {
  NONE: "no-failover",
  WAITING: "waiting-for-sync",
  HANDING_OVER: "failover-in-progress",
} as const;

export class Failover {
  /** As INFO names it. */
  state: string = State.NONE;
  private target: Replica | null = null;
  private anyTarget = true;
  private deadlineMs = Infinity;
  private force = false;
  private holds = false;
  private asked = false;

  constructor(private readonly replication: FailoverOwner, private readonly context: Context) {}

  begin(options: FailoverOptions): void {
    const { replication, context } = this;
    if (this.state !== State.NONE) throw new CommandError("ERR FAILOVER already in progress.");
    if (replication.isReplica) {
      throw new CommandError("ERR FAILOVER is not valid when server is a replica.");
    }
    const { all } = replication.replicas;
    if (all.length === 0) throw new CommandError("ERR FAILOVER requires connected replicas.");
    if (options.force && options.timeoutMs === 0) {
      throw new CommandError(
        "ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
      );
    }
    const { target } = options;
    this.target = null;
    if (target !== null) {
      const found = all.find((one) => one.address === target.host && one.port === target.port);
      if (found === undefined) {
        throw new CommandError("ERR FAILOVER target HOST and PORT is not a replica.");
      }
      if (!found.isOnline) {
        throw new CommandError("ERR FAILOVER target replica is not online.");
      }
      this.target = found;
    }
    this.anyTarget = target === null;
    const nowMs = context.host.clock.unixMs();
    this.deadlineMs = options.timeoutMs === 0 ? Infinity : nowMs + options.timeoutMs;
    this.force = options.force;
    this.state = State.WAITING;
    this.asked = false;
    context.host.log.notice("FAILOVER requested.");
    context.pause.hold();
    this.holds = true;
  }

  abort(): void {
    if (this.state === State.NONE) throw new CommandError("ERR No failover in progress.");
    this.giveUp("Failover manually aborted");
  }

  /** The role has changed for another reason. */
  forget(): void {
    if (this.state === State.WAITING) {
      this.giveUp("Failover aborted: the role of the server changed");
    }
  }

  tick(nowMs: number): void {
    if (this.state === State.WAITING) this.look(nowMs);
    else if (this.state === State.HANDING_OVER) this.lookAfter(nowMs);
  }

  private look(nowMs: number): void {
    const { replication } = this;
    const { all } = replication.replicas;
    if (nowMs >= this.deadlineMs) {
      if (this.force && this.target !== null) return this.handOver(this.target);
      return this.giveUp("Replica never caught up before timeout");
    }
    if (!this.asked) {
      this.asked = true;
      replication.askForAcknowledgements();
    }
    const ready = (one: Replica) => one.isOnline && one.acknowledged >= replication.offset;
    const found = this.anyTarget ? all.find(ready) : this.target;
    if (found !== undefined && found !== null && ready(found)) this.handOver(found);
  }

  private handOver(target: Replica): void {
    const { replication } = this;
    this.state = State.HANDING_OVER;
    this.target = target;
    this.context.host.log.notice(`Failover target is ${target.address}:${target.port}`);
    replication.become(target.address, target.port, true);
  }

  /** The other one is the primary as soon as our link to it is up. */
  private lookAfter(nowMs: number): void {
    const { link } = this.replication;
    if (link === null || link.isUp) {
      this.end();
    } else if (this.force && nowMs >= this.deadlineMs + HAND_OVER_MS) {
      // By force the old primary does not come back.
      this.end();
    } else if (link.downSinceMs + HAND_OVER_MS < nowMs && !this.force) {
      this.context.host.log.notice("The target of the failover did not take over.");
      this.end();
      this.replication.unfollow(null);
    }
  }

  private giveUp(reason: string): void {
    this.context.host.log.notice(reason);
    const wasHandingOver = this.state === State.HANDING_OVER;
    this.end();
    if (wasHandingOver) this.replication.unfollow(null);
  }

  private end(): void {
    this.state = State.NONE;
    this.target = null;
    if (!this.holds) return;
    this.holds = false;
    this.context.pause.release();
  }
}

/** How long the target may take to accept. */
const HAND_OVER_MS = 10_000;
