/**
 * What commands see of an admin session as of a connection: an address for CLIENT LIST and MONITOR, a
 * way to close it (CLIENT KILL), and a call when another session wrote to it.
 */

import type { ClientLink } from "../lib/engine/ports.ts";

export class SessionLink implements ClientLink {
  readonly localAddress = "";
  readonly isUnixSocket = false;
  readonly queryBytes = 0;
  readonly queryFreeBytes = 0;
  readonly outputBytes = 0;
  readonly queuedBuffers = 0;
  readonly queuedBytes = 0;
  readonly replyBufferBytes = 0;
  readonly replyBufferPeak = 0;
  readonly memoryBytes = 0;
  /** Whether somebody (CLIENT KILL) ended the session. */
  isClosed = false;
  private drainQueued = false;

  constructor(
    readonly remoteAddress: string,
    /** Called, when the running task is through, after another session wrote to this one. */
    private readonly received: () => void = () => {},
    /** Called once when the session is to end. */
    private readonly ended: () => void = () => {},
  ) {}

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.ended();
  }

  /** Nothing waits on these sessions: a request that would is refused. */
  resume(_again: boolean): void {}

  authenticationChanged(): void {}

  flush(): void {
    this.scheduleFlush();
  }

  scheduleFlush(): void {
    if (this.drainQueued) return;
    this.drainQueued = true;
    queueMicrotask(() => {
      this.drainQueued = false;
      this.received();
    });
  }

  /** The reader takes what came at the end of each task, and drops what is too much by itself. */
  expectPush(_bytes: number): boolean {
    this.scheduleFlush();
    return true;
  }
}
