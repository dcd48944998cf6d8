/**
 * The way from the walk to the sink: chunks in order, one at a time, with the checksum of all, and
 * a bound to what may wait. What commands are about to change is written in any case, so a sink that
 * does not keep up would let memory grow: from a limit on chunks go to it at once, past its promise,
 * or, where it can't take them, the snapshot fails.
 */

import { Crc64 } from "../../bytes/crc64.ts";
import type { SnapshotSink } from "./contract.ts";
import { QUEUE_CAP_BYTES, QUEUE_PAUSE_BYTES } from "./contract.ts";

export class SnapshotOutput {
  bytesWritten = 0;
  queuedBytes = 0;
  queuedPeakBytes = 0;
  private readonly crc = new Crc64();
  private queue: Uint8Array[] = [];
  private isWaiting = false;
  private ended = false;
  private stopped = false;

  constructor(
    private readonly sink: SnapshotSink,
    private readonly checksum: "none" | "zeros" | "crc64",
    private readonly owner: {
      /** The sink failed or fell behind; nothing more is taken. */
      failed(error: unknown, reason: string): void;
      /** The walk may go on. */
      drained(): void;
      /** All is written, after {@linkcode SnapshotOutput.end}. */
      finished(): void;
    },
  ) {}

  /** Whether the walk is to wait. */
  get isFull(): boolean {
    return this.queuedBytes >= QUEUE_PAUSE_BYTES;
  }

  /** Takes a chunk, which is the output's from then on. */
  put(chunk: Uint8Array): void {
    if (this.stopped || chunk.length === 0) return;
    if (this.checksum === "crc64") this.crc.update(chunk);
    this.push(chunk);
  }

  /** Ends the stream, with the checksum where the format has one. */
  end(): void {
    if (this.stopped) return;
    this.ended = true;
    if (this.checksum !== "none") {
      const sum = new Uint8Array(8);
      if (this.checksum === "crc64") this.crc.writeTo(sum, 0);
      this.push(sum);
    } else this.pump();
  }

  /** Forgets what waits. */
  stop(): void {
    this.stopped = true;
    this.queue = [];
    this.queuedBytes = 0;
  }

  private push(chunk: Uint8Array): void {
    this.queue.push(chunk);
    this.queuedBytes += chunk.length;
    this.queuedPeakBytes = Math.max(this.queuedPeakBytes, this.queuedBytes);
    if (this.queuedBytes > QUEUE_CAP_BYTES) this.relieve();
    this.pump();
  }

  private pump(): void {
    while (!this.isWaiting && !this.stopped) {
      const chunk = this.queue.shift();
      if (chunk === undefined) break;
      let pending: Promise<void> | void;
      try {
        pending = this.sink.write(chunk);
      } catch (error) {
        return this.fail(error);
      }
      if (pending === undefined) this.wrote(chunk.length);
      else this.wait(pending, chunk.length);
    }
    if (this.ended && !this.isWaiting && !this.stopped) {
      this.stopped = true;
      this.owner.finished();
    }
  }

  private wait(pending: Promise<void>, bytes: number): void {
    this.isWaiting = true;
    pending.then(() => {
      if (this.stopped) return;
      this.isWaiting = false;
      this.wrote(bytes);
      this.pump();
      if (!this.ended && !this.isFull) this.owner.drained();
    }, (error) => this.fail(error));
  }

  /** Gives the sink all that waits though it has not asked for it. */
  private relieve(): void {
    if (this.sink.writeNow === undefined) {
      this.fail(null, `more than ${QUEUE_CAP_BYTES} bytes wait for whoever takes the snapshot`);
      return;
    }
    const chunks = this.queue;
    this.queue = [];
    for (const chunk of chunks) {
      try {
        this.sink.writeNow(chunk);
      } catch (error) {
        return this.fail(error);
      }
      this.wrote(chunk.length);
    }
  }

  private wrote(bytes: number): void {
    this.bytesWritten += bytes;
    this.queuedBytes -= bytes;
  }

  private fail(error: unknown, reason?: string): void {
    if (this.stopped) return;
    this.stop();
    this.owner.failed(error, reason ?? (error instanceof Error ? error.message : String(error)));
  }
}
