/**
 * Those who wait until what they wrote has arrived: at so many replicas (WAIT), or on so many disks
 * (WAITAOF). Whoever learns of an arrival, replication or the append-only file, calls
 * {@linkcode Acknowledgements.changed}, and all who wait are looked at again.
 */

import type { ReplyWriter } from "../resp/reply_writer.ts";
import type { DurabilityPort } from "./ports.ts";
import type { ReplicationPort } from "./replication_port.ts";
import type { Session } from "./session.ts";
import { Waiter, type Waiting } from "./waiting.ts";

/** Those who know what has arrived, as they stand in the engine's context. */
export interface ArrivalPorts {
  readonly replication: ReplicationPort | null;
  readonly durability: DurabilityPort | null;
}

/** How much of what is asked for there is. */
interface Arrival {
  /** Copies on this server's disk, 0 or 1; null for WAIT, which does not ask. */
  readonly local: number | null;
  readonly replicas: number;
}

/** What WAIT and WAITAOF ask for. */
export interface AwaitedArrival extends Arrival {
  /** Milliseconds; 0 for ever. */
  readonly timeoutMs: number;
}

/** Notes how far the streams of effects are with what a session wrote. */
export function noteOffsets({ replication, durability }: ArrivalPorts, session: Session): void {
  if (replication !== null) session.replicationOffset = replication.offset;
  if (durability !== null) session.durabilityOffset = durability.offset;
}

class ArrivalWaiter extends Waiter {
  constructor(
    private readonly waiters: Set<ArrivalWaiter>,
    private readonly ports: ArrivalPorts,
    session: Session,
    readonly awaited: AwaitedArrival,
  ) {
    super(session);
  }

  get hasArrived(): boolean {
    return suffices(this.arrival, this.awaited);
  }

  /** Redis replies with what there is, whether it is enough or not. */
  timedOut(reply: ReplyWriter): void {
    replyArrival(reply, this.arrival);
  }

  leave(): void {
    this.waiters.delete(this);
  }

  private get arrival(): Arrival {
    return arrivalOf(this.ports, this.session, this.awaited);
  }
}

export class Acknowledgements {
  private readonly waiters: Set<ArrivalWaiter> = new Set();

  constructor(private readonly waiting: Waiting) {}

  /** Replies with what has arrived, now if it is enough, else when it is or the time is up. */
  wait(ports: ArrivalPorts, session: Session, awaited: AwaitedArrival): void {
    const arrival = arrivalOf(ports, session, awaited);
    if (suffices(arrival, awaited) || session.deniesBlocking || session.link === null) {
      return replyArrival(session.reply, arrival);
    }
    const waiter = new ArrivalWaiter(this.waiters, ports, session, awaited);
    this.waiters.add(waiter);
    this.waiting.park(waiter, awaited.timeoutMs);
    const { replication } = ports;
    if (replication === null) return;
    replication.whenAcknowledged = this.changed;
    replication.askForAcknowledgements();
  }

  /** Something was acknowledged, or written to disk. */
  readonly changed = (): void => {
    for (const waiter of this.waiters) if (waiter.hasArrived) this.waiting.timeOut(waiter);
  };
}

function arrivalOf(ports: ArrivalPorts, session: Session, { local }: Arrival): Arrival {
  const { replication, durability } = ports;
  const { replicationOffset, durabilityOffset } = session;
  if (local === null) {
    return { local, replicas: replication?.acknowledged(replicationOffset) ?? 0 };
  }
  const isOnDisk = durability === null || durability.fsyncedOffset >= durabilityOffset;
  return {
    local: isOnDisk ? 1 : 0,
    replicas: replication?.acknowledgedOnDisk(replicationOffset) ?? 0,
  };
}

function suffices(arrival: Arrival, awaited: Arrival): boolean {
  return arrival.replicas >= awaited.replicas && (arrival.local ?? 0) >= (awaited.local ?? 0);
}

function replyArrival(reply: ReplyWriter, { local, replicas }: Arrival): void {
  if (local === null) return reply.integer(replicas);
  reply.array(2);
  reply.integer(local);
  reply.integer(replicas);
}
