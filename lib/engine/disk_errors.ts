/**
 * Why commands that change data are refused because of a disk: the last snapshot failed, or the
 * append-only file can't be written. Who writes files says so here, and takes it back.
 */

import type { CommandError } from "./errors.ts";

export class DiskErrors {
  private ofSnapshots: CommandError | null = null;
  private ofAppendOnly: CommandError | null = null;

  /** @param setGate turns the gate's bit for this on and off. */
  constructor(private readonly setGate: (on: boolean) => void) {}

  /** What commands that write are refused with; null when they are not. */
  get refusal(): CommandError | null {
    return this.ofSnapshots ?? this.ofAppendOnly;
  }

  /** `stop-writes-on-bgsave-error`: the last snapshot failed, or null. */
  snapshots(error: CommandError | null): void {
    this.ofSnapshots = error;
    this.setGate(this.refusal !== null);
  }

  /** The append-only file can't be written, or null. */
  appendOnly(error: CommandError | null): void {
    this.ofAppendOnly = error;
    this.setGate(this.refusal !== null);
  }
}
