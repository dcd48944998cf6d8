/**
 * Full synchronisation: one snapshot for all replicas that wait for one, sent while it is made
 * (`repl-diskless-sync`, between marks, since nobody knows its length yet) or from a file.
 *
 * The cut is the place in the stream that `+FULLRESYNC` names. What changes after it stays in the
 * backlog until the replica has loaded the snapshot and follows.
 */

import { hexadecimal } from "../bytes/byte_string.ts";
import { hostText } from "../config/words.ts";
import type { Context } from "../engine/context.ts";
import { type FileHandle, pathIn, writeAllSync } from "../host/files.ts";
import { systemErrorText } from "../host/system_error.ts";
import type { BackgroundJobs } from "../persistence/background_job.ts";
import type {
  ReplicationPoint,
  Snapshot,
  SnapshotResult,
  Snapshots,
} from "../persistence/snapshot/snapshot.ts";
import type { History } from "./history.ts";
import { type Replica, ReplicaState } from "./replica.ts";

/** What a full synchronisation needs of the server around it. */
export interface FullSyncParts {
  readonly context: Context;
  readonly snapshots: Snapshots;
  readonly jobs: BackgroundJobs;
  readonly history: History;
  readonly stream: StreamParts;
}

/** What of the stream concerns those who serve replicas, whoever writes it. */
export interface StreamParts {
  /** Begins to keep the stream, if it is not kept yet. */
  keep(): void;
  /** Ends that: nobody follows, and nobody can come back. */
  forget(): void;
  /** Database that the stream has selected. */
  readonly selectedDb: number;
  /** Has the next effect say its database: somebody begins here. */
  reselect(): void;
  /** Puts a request into the stream that is no effect; on a replica that is its primary's to do. */
  say(...words: string[]): void;
}

/** Bytes read from the file at once, for each replica. */
const FILE_PIECE_BYTES = 256 * 1024;

export class FullSync {
  private waiting: Replica[] = [];
  /** Since when the first of those that wait does, in Unix ms. */
  private waitingSinceMs = 0;
  /** Whom the snapshot that runs is for. */
  private targets: Replica[] = [];
  private snapshot: Snapshot | null = null;

  constructor(private readonly parts: FullSyncParts) {}

  /** Gives the replica a snapshot as soon as one can be made. */
  request(replica: Replica): void {
    const { context } = this.parts;
    if (this.waiting.length === 0) this.waitingSinceMs = context.host.clock.unixMs();
    this.waiting.push(replica);
    replica.state = ReplicaState.WAITING;
    const reason = this.parts.jobs.running !== null
      ? "Can't attach the replica to the current BGSAVE. Waiting for next BGSAVE for SYNC"
      : context.config.get("repl-diskless-sync")
      ? "Delay next BGSAVE for diskless SYNC"
      : "Starting BGSAVE for SYNC with target: disk";
    context.host.log.notice(reason);
    if (!context.config.get("repl-diskless-sync")) this.tick(context.host.clock.unixMs());
  }

  /** The replica is gone. */
  forget(replica: Replica): void {
    this.waiting = this.waiting.filter((other) => other !== replica);
    this.targets = this.targets.filter((other) => other !== replica);
    if (this.snapshot !== null && this.targets.length === 0) {
      this.snapshot.abort("no replica waits for it any more");
    }
  }

  /** Starts what is due, and shows those who wait that we are there. */
  tick(nowMs: number): void {
    const { context, jobs } = this.parts;
    if (this.waiting.length === 0 || jobs.running !== null || context.loading.isActive) return;
    const { config } = context;
    const isDiskless = config.get("repl-diskless-sync");
    const enough = config.get("repl-diskless-sync-max-replicas");
    const delayMs = config.get("repl-diskless-sync-delay") * 1000;
    const isDue = !isDiskless || nowMs - this.waitingSinceMs >= delayMs ||
      (enough > 0 && this.waiting.length >= enough);
    if (isDue) this.begin(isDiskless);
  }

  /** A line break now and then keeps those from giving up to whom nothing is sent yet. */
  keepAlive(): void {
    for (const replica of this.waiting) replica.say("\n");
  }

  private begin(isDiskless: boolean): void {
    const { context, history, stream, jobs } = this.parts;
    const [first] = this.waiting;
    const streams = isDiskless && first.facts.understandsEndMark === true;
    this.targets = this.waiting.filter(({ facts }) =>
      filterKey(facts.filter) === filterKey(first.facts.filter) &&
      (!streams || facts.understandsEndMark === true)
    );
    this.waiting = this.waiting.filter((replica) => !this.targets.includes(replica));
    this.waitingSinceMs = context.host.clock.unixMs();
    const target = streams ? "replicas sockets" : "disk";
    context.host.log.notice(`Starting BGSAVE for SYNC with target: ${target}`);
    const point = {
      id: history.id,
      offset: history.place,
      db: stream.selectedDb,
    };
    stream.reselect();
    for (const replica of this.targets) {
      replica.state = ReplicaState.SNAPSHOT;
      replica.place = history.place;
      if (replica.usesPsync) replica.say(`+FULLRESYNC ${point.id} ${point.offset}\r\n`);
    }
    const { filter } = first.facts;
    if (filter !== undefined && filter !== null) {
      return this.sendWithoutKeys(point, filter.has("functions"));
    }
    jobs.begin("replicas");
    if (streams) this.sendWhileMade(point);
    else this.sendFromFile(point);
  }

  /** `rdb-filter-only`: what is left is small and sent at once. */
  private sendWithoutKeys(point: ReplicationPoint, hasFunctions: boolean): void {
    const bytes = this.parts.snapshots.withoutKeys(point, hasFunctions);
    for (const replica of this.targets) {
      replica.say(`$${bytes.length}\r\n`);
      replica.send(bytes);
      if (replica.facts.snapshotOnly !== true) replica.goOnline(replica.place);
    }
    this.targets = [];
  }

  private sendWhileMade(point: ReplicationPoint): void {
    const { context } = this.parts;
    const mark = hexadecimal(context.host.random.bytes(20));
    for (const replica of this.targets) replica.say(`$EOF:${mark}\r\n`);
    this.makeSnapshot(point, {
      write: async (chunk) => {
        for (const replica of this.targets) replica.send(chunk);
        await Promise.all(this.targets.map((replica) => replica.whenDrained()));
      },
    }, (done) => {
      for (const replica of this.targets) {
        if (!done) {
          replica.link.close();
          continue;
        }
        replica.awaitsLoad = true;
        replica.say(mark);
      }
    });
  }

  private sendFromFile(point: ReplicationPoint): void {
    const { context } = this.parts;
    const { files, log, process } = context.host;
    const path = pathIn(hostText(context.config.get("dir")), `temp-sync-${process.pid}.rdb`);
    let file: FileHandle;
    try {
      file = files.open(path, { write: true, create: true, truncate: true });
    } catch (error) {
      log.warning(`Can't make the file of a synchronisation: ${systemErrorText(error)}`);
      this.ended();
      for (const replica of [...this.targets]) replica.link.close();
      return;
    }
    this.makeSnapshot(point, { write: (chunk) => writeAllSync(file, chunk) }, (done) => {
      file.close();
      const targets = done ? this.targets : [];
      if (!done) { for (const replica of [...this.targets]) replica.link.close(); }
      Promise.all(targets.map((replica) => this.sendFile(path, replica)))
        .catch((error) => log.warning(`Sending a snapshot failed: ${systemErrorText(error)}`))
        .finally(() => {
          try {
            files.remove(path);
          } catch {
            // It is only a temporary file.
          }
        });
    });
  }

  private makeSnapshot(
    replication: ReplicationPoint,
    sink: { write(chunk: Uint8Array): Promise<void> | void },
    whenOver: (done: boolean) => void,
  ): void {
    const { context, snapshots } = this.parts;
    this.snapshot = snapshots.begin({
      sink,
      format: "rdb",
      aofPreamble: false,
      replication,
      onDone: (result: SnapshotResult) => {
        this.snapshot = null;
        if (result.status === "done") {
          context.host.log.notice("Background RDB transfer terminated with success");
        } else {
          context.host.log.warning(`Background transfer error: ${result.reason}`);
        }
        whenOver(result.status === "done");
        this.ended();
      },
    });
  }

  private ended(): void {
    this.parts.jobs.end();
    this.targets = [];
  }

  private async sendFile(path: string, replica: Replica): Promise<void> {
    const file = this.parts.context.host.files.open(path, { read: true });
    replica.isSentFile = true;
    try {
      replica.say(`$${file.size()}\r\n`);
      for (;;) {
        await replica.whenDrained();
        if (replica.isGone) return;
        const piece = new Uint8Array(FILE_PIECE_BYTES);
        const count = file.readSync(piece);
        if (count === null) break;
        replica.send(piece.subarray(0, count));
      }
    } finally {
      file.close();
    }
    // Its length told the replica where the snapshot ends: the stream may follow at once.
    if (replica.facts.snapshotOnly !== true) replica.goOnline(replica.place);
  }
}

function filterKey(filter: ReadonlySet<string> | null | undefined): string {
  return filter === undefined || filter === null ? "*" : [...filter].join(",");
}
