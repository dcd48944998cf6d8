/**
 * The most that was used lately: memory since the start, client buffers within some seconds, and for
 * how long memory was above `maxmemory`. INFO reports them; the cron looks, since a counter on the
 * way of every command would cost more than it tells.
 */

import type { MemoryLimit } from "../memory_limit.ts";
import type { Sessions } from "../sessions.ts";
import type { EngineStats } from "./engine_stats.ts";

/** Seconds that the peaks of client buffers reach back, as in Redis. */
const SECONDS = 8;

export class UsagePeaks {
  /** Milliseconds above `maxmemory` in times that have ended. */
  private exceededMs = 0;
  private exceededSinceMs = -1;
  private readonly input = new Float64Array(SECONDS);
  private readonly output = new Float64Array(SECONDS);
  private second = -1;

  constructor(
    private readonly memory: MemoryLimit,
    private readonly sessions: Sessions,
    private readonly stats: EngineStats,
  ) {}

  /** Looks once; to be called about ten times a second. All clients are looked at once a second. */
  tick(nowMs: number): void {
    this.notePeak();
    this.noteLimit(nowMs);
    const second = Math.floor(nowMs / 1000);
    if (second !== this.second) this.noteClients(second);
  }

  /** Most memory that was in use since the start, in bytes. */
  get peakBytes(): number {
    this.notePeak();
    return this.stats.usedBytesPeak;
  }

  /** Largest read buffer of a client in the last seconds, in bytes. */
  get clientInputBytes(): number {
    return this.input.reduce((most, bytes) => Math.max(most, bytes), 0);
  }

  /** Most bytes that waited to be sent to one client in the last seconds. */
  get clientOutputBytes(): number {
    return this.output.reduce((most, bytes) => Math.max(most, bytes), 0);
  }

  /** Milliseconds for which memory has been above `maxmemory` now without a break. */
  currentExceededMs(nowMs: number): number {
    return this.exceededSinceMs < 0 ? 0 : Math.max(0, nowMs - this.exceededSinceMs);
  }

  totalExceededMs(nowMs: number): number {
    return this.exceededMs + this.currentExceededMs(nowMs);
  }

  /** CONFIG RESETSTAT. */
  reset(nowMs: number): void {
    this.exceededMs = 0;
    if (this.exceededSinceMs >= 0) this.exceededSinceMs = nowMs;
  }

  private notePeak(): void {
    this.stats.usedBytesPeak = Math.max(this.stats.usedBytesPeak, this.memory.usedBytes);
  }

  private noteLimit(nowMs: number): void {
    const { maxBytes, usedBytes } = this.memory;
    const exceeds = maxBytes > 0 && usedBytes > maxBytes;
    if (exceeds && this.exceededSinceMs < 0) this.exceededSinceMs = nowMs;
    if (exceeds || this.exceededSinceMs < 0) return;
    this.exceededMs += this.currentExceededMs(nowMs);
    this.exceededSinceMs = -1;
  }

  private noteClients(second: number): void {
    const gap = second - this.second;
    // Seconds without a look have no peak of their own.
    for (let i = 1; i <= Math.min(gap, SECONDS); i++) {
      this.input[(second - i + 1) % SECONDS] = 0;
      this.output[(second - i + 1) % SECONDS] = 0;
    }
    this.second = second;
    const slot = second % SECONDS;
    for (const session of this.sessions.all()) {
      const link = session.link;
      if (link === null) continue;
      const input = link.queryBytes + link.queryFreeBytes;
      if (input > this.input[slot]) this.input[slot] = input;
      if (link.queuedBytes > this.output[slot]) this.output[slot] = link.queuedBytes;
    }
  }
}
