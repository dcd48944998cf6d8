/**
 * FAILOVER: this primary hands its role to one of its replicas, and loses nothing by it.
 *
 * Writes wait until the replica has all of the stream; then this server becomes its replica and
 * asks it, by `PSYNC … FAILOVER`, to be the primary. Where the replica does not come that far in
 * time, writes go on here, unless FORCE was given.
 *
 * From the request on nobody here knows whether the other one has taken over: only its refusal, or
 * FAILOVER ABORT, makes this server a primary again. Silence does not, or there could be two.
 *
 * Documentation: https://redis.io/docs/latest/commands/failover.
 */

import type { Context } from "../engine/context.ts";
import { CommandError } from "../engine/errors.ts";
import type { FailoverOptions } from "../engine/replication_port.ts";
import type { Replica } from "./replica.ts";
import type { Replicas } from "./replicas.ts";

/** The server whose role is handed over. */
export interface FailoverOwner {
  readonly isReplica: boolean;
  readonly offset: number;
  readonly replicas: Replicas;
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
    const { target } = options;
    if (options.force && (options.timeoutMs === 0 || target === null)) {
      throw new CommandError(
        "ERR FAILOVER with force option requires both a timeout and target HOST and IP.",
      );
    }
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
    context.host.log.notice(`FAILOVER requested to ${this.targetName}.`);
    context.pause.hold();
    this.holds = true;
  }

  abort(): void {
    if (this.state === State.NONE) throw new CommandError("ERR No failover in progress.");
    this.giveUp("Failover manually aborted");
  }

  /** Whether one has begun and not ended: the role is not to be changed otherwise. */
  get isActive(): boolean {
    return this.state !== State.NONE;
  }

  /** The target has answered our request to take over. */
  answered(accepted: boolean): void {
    if (this.state !== State.HANDING_OVER) return;
    if (accepted) this.end();
    else this.giveUp("Failover target rejected psync request");
  }

  tick(nowMs: number): void {
    if (this.state === State.WAITING) this.look(nowMs);
  }

  private look(nowMs: number): void {
    const { replication } = this;
    const { all } = replication.replicas;
    if (nowMs >= this.deadlineMs) {
      if (this.force && this.target !== null) {
        return this.handOver(this.target, "time out exceeded");
      }
      return this.giveUp("Replica never caught up before timeout");
    }
    if (!this.asked) {
      this.asked = true;
      replication.askForAcknowledgements();
    }
    const ready = (one: Replica) => one.isOnline && one.acknowledged >= replication.offset;
    const found = this.anyTarget ? all.find(ready) : this.target;
    if (found !== undefined && found !== null && ready(found)) this.handOver(found, "is synced");
  }

  private handOver(target: Replica, why: string): void {
    const { replication } = this;
    this.state = State.HANDING_OVER;
    this.target = target;
    this.context.host.log.notice(`Failover target ${this.targetName} ${why}, failing over.`);
    replication.become(target.address, target.port, true);
  }

  private giveUp(reason: string): void {
    this.context.host.log.notice(`FAILOVER to ${this.targetName} aborted: ${reason}`);
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

  private get targetName(): string {
    return this.target === null ? "any replica" : `${this.target.address}:${this.target.port}`;
  }
}
