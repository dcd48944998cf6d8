/**
 * Which background job runs: at most one of snapshot to a file, full synchronisation and rewrite of
 * the append-only file, where Redis has at most one child process. Each of them begins and ends its
 * job here; who wants to start one asks {@linkcode BackgroundJobs.running} first and is refused, or
 * notes that it is to run next, as Redis does it.
 */

import { invariant } from "../host/invariant.ts";

/** `rdb`: BGSAVE; `replicas`: a snapshot that is sent to replicas; `rewrite`: BGREWRITEAOF. */
export type BackgroundJob = "rdb" | "replicas" | "rewrite";

export class BackgroundJobs {
  /** What runs now. */
  running: BackgroundJob | null = null;
  /** Jobs that were begun; where Redis counts forks. */
  begun = 0;
  /** BGSAVE SCHEDULE came while a rewrite ran: a save is due when that has ended. */
  saveScheduled = false;
  /** BGREWRITEAOF came while something else ran: a rewrite is due when that has ended. */
  rewriteScheduled = false;

  /** Told when a snapshot for replicas has begun, and has ended: INFO counts it as a save. */
  whenForReplicas: (isRunning: boolean) => void = () => {};

  /** Takes the place for a job; there must be none. */
  begin(job: BackgroundJob): void {
    invariant(this.running === null, "background job: another one runs");
    this.running = job;
    this.begun++;
    if (job === "replicas") this.whenForReplicas(true);
  }

  /** Ends the job that runs. */
  end(): void {
    const ended = this.running;
    this.running = null;
    if (ended === "replicas") this.whenForReplicas(false);
  }

  /** Whether a snapshot runs that is one for Redis as well: to a file or to replicas. */
  get isSaving(): boolean {
    return this.running === "rdb" || this.running === "replicas";
  }
}
