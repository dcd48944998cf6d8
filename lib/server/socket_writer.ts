/**
 * Writes to a client's socket, one thing at a time: a buffer of replies, a broadcast that it shares with
 * others, or what a source has. What the system takes only in part is gone on with. [hot]
 */

import type { ByteBuffer } from "../bytes/byte_buffer.ts";
import type { OutputSource, SharedOutput } from "../engine/ports.ts";
import type { EngineStats } from "../engine/stats/engine_stats.ts";
import type { Connection } from "../host/network.ts";
import type { BufferPool } from "./buffer_pool.ts";

/** Whose socket it is. */
export interface WriterOwner {
  readonly isOpen: boolean;
  /** All that was given was written. */
  wrote(): void;
  /** What followed a write has thrown; must not throw. */
  failed(error: unknown): void;
  /** A write has failed. */
  close(): void;
}

export class SocketWriter {
  /** Whether a write is in flight. */
  isBusy = false;
  /** What is being written from; null for none, and for a source. */
  private memory: ByteBuffer | null = null;
  private from = 0;
  private to = 0;
  /** What {@linkcode memory} is of, when it is not our own. */
  private shared: SharedOutput | null = null;

  constructor(
    private readonly owner: WriterOwner,
    private readonly socket: Connection,
    private readonly buffers: BufferPool,
    private readonly stats: EngineStats,
  ) {}

  /** Bytes that are still to be written of what was given. */
  get pendingBytes(): number {
    return this.to - this.from;
  }

  /** Size of the buffer that is being written; of a shared one what is left to be written. */
  get memoryBytes(): number {
    if (this.shared !== null) return this.pendingBytes;
    return this.memory === null ? 0 : this.memory.bytes.length;
  }

  /** Writes the first bytes of a buffer, which goes to the pool then. Nothing is in flight. */
  send(memory: ByteBuffer, length: number): void {
    this.isBusy = true;
    this.memory = memory;
    this.from = 0;
    this.to = length;
    this.write(memory);
  }

  /** The same with what many send. */
  sendShared(shared: SharedOutput): void {
    const { length } = shared;
    this.shared = shared;
    this.send(shared.close(), length);
  }

  /** Writes what a source has next, if it has anything. Nothing is in flight. */
  sendFrom(source: OutputSource): void {
    const bytes = source.next();
    if (bytes === null) return;
    this.isBusy = true;
    this.socket.write(bytes).then((count) => {
      this.isBusy = false;
      this.stats.writes++;
      this.stats.outputBytes += count;
      source.written(count);
      this.goOn();
    }, this.failed);
  }

  private write(memory: ByteBuffer): void {
    const rest = this.from === 0
      ? memory.first(this.to)
      : memory.bytes.subarray(this.from, this.to);
    this.socket.write(rest).then(this.written, this.failed);
  }

  private readonly written = (count: number): void => {
    const { stats } = this;
    const memory = this.memory as ByteBuffer;
    stats.writes++;
    stats.outputBytes += count;
    this.from += count;
    if (this.from < this.to && this.owner.isOpen) return this.write(memory);
    if (this.shared === null) this.buffers.give(memory);
    this.ended();
    this.goOn();
  };

  private readonly failed = (): void => {
    this.ended();
    this.owner.close();
  };

  /** Nobody else would hear of a failure here: it must not end the process. */
  private goOn(): void {
    try {
      this.owner.wrote();
    } catch (error) {
      this.owner.failed(error);
    }
  }

  private ended(): void {
    this.isBusy = false;
    this.memory = null;
    this.from = 0;
    this.to = 0;
    if (this.shared === null) return;
    this.shared.leave();
    this.shared = null;
  }
}
