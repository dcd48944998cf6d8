/**
 * What commands need of replication, which stands outside of the engine and fills this in:
 * REPLICAOF, PSYNC and REPLCONF, ROLE and INFO, and what WAIT and `min-replicas-to-write` ask.
 */

import type { Session } from "./session.ts";

/** What REPLCONF tells before PSYNC; what is left out stays as it was. */
export interface ReplicaFacts {
  readonly listeningPort?: number;
  /** Address to be shown in place of the connection's. */
  readonly address?: string;
  /** Understands the end mark of a snapshot that is sent without its length. */
  readonly understandsEndMark?: boolean;
  /** Understands `+CONTINUE` with a new replication id. */
  readonly understandsNewId?: boolean;
  /** Wants a snapshot and nothing after it. */
  readonly snapshotOnly?: boolean;
  /** What the snapshot is to hold; null: everything. */
  readonly filter?: ReadonlySet<"functions"> | null;
}

/** PSYNC; SYNC names no history. */
export interface SyncRequest {
  /** 40 hexadecimal digits, or `?`; null for SYNC. */
  readonly id: string | null;
  /** Offset of the first byte that the replica lacks; NaN for SYNC, null for what is no number. */
  readonly offset: number | null;
  /** `PSYNC … FAILOVER`: the primary hands its role over to this server. */
  readonly failover: boolean;
}

/** A replica, as ROLE shows it. */
export interface ReplicaRole {
  readonly address: string;
  readonly port: number;
  readonly offset: number;
}

export type Role =
  | { readonly name: "master"; readonly offset: number; readonly replicas: readonly ReplicaRole[] }
  | {
    readonly name: "slave";
    readonly host: string;
    readonly port: number;
    /** `connect`, `connecting`, `handshake`, `sync` or `connected`. */
    readonly state: string;
    readonly offset: number;
  };

export interface FailoverOptions {
  readonly target: { readonly host: string; readonly port: number } | null;
  readonly force: boolean;
  /** Milliseconds; 0 for none. */
  readonly timeoutMs: number;
}

/** What INFO counts of replication. */
export interface ReplicationCounts {
  readonly fullSyncs: number;
  readonly partialSyncs: number;
  /** Asked for, and answered by a full one. */
  readonly partialSyncsRefused: number;
  /** Bytes that came from the primary, and that went to replicas. */
  readonly inputBytes: number;
  readonly outputBytes: number;
  /** Memory of the backlog, which all replicas share. */
  readonly backlogBytes: number;
}

export interface ReplicationPort {
  /** CONFIG RESETSTAT: begins to count anew. */
  resetCounts(): void;
  readonly isReplica: boolean;
  /** Offset of the stream up to here. */
  readonly offset: number;
  /** How many replicas have all of the stream up to an offset. */
  acknowledged(offset: number): number;
  /** How many replicas have it in their append-only files, on disk. */
  acknowledgedOnDisk(offset: number): number;
  /** DEBUG REPLICATE: gives replicas a request that was not run here; nothing on a replica. */
  replicate(words: readonly Uint8Array[]): void;
  /** Asks all replicas how far they are, once at the end of the turn. */
  askForAcknowledgements(): void;
  /** Called whenever a replica has acknowledged something, or is gone; set by who waits for that. */
  whenAcknowledged: () => void;
  /** Whether enough replicas are near enough for a write (`min-replicas-to-write`). */
  readonly hasEnoughReplicas: boolean;

  /** REPLICAOF. Says whether there was anything to do. */
  follow(host: string, port: number, by: Session): boolean;
  /** REPLICAOF NO ONE. */
  unfollow(by: Session | null): void;
  /** REPLCONF, before PSYNC. */
  describeReplica(session: Session, facts: ReplicaFacts): void;
  /** REPLCONF ACK, of a replica. */
  acknowledge(session: Session, offset: number, offsetOnDisk: number | null): void;
  /** What was appended to the file is on disk, or more of it. */
  synced(): void;
  /** REPLCONF GETACK, of the primary. */
  tellOffset(session: Session): void;
  /** PSYNC and SYNC; throws a CommandError when it can't be done. */
  synchronize(session: Session, request: SyncRequest): void;
  /** FAILOVER; throws a CommandError when it can't be done. */
  failover(options: FailoverOptions): void;
  /** FAILOVER ABORT; throws a CommandError when there is none. */
  abortFailover(): void;

  role(): Role;
  readonly counts: ReplicationCounts;
  /** Fields of INFO's section Replication. */
  info(): readonly (readonly [name: string, value: string | number])[];
}
