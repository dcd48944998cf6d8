/** A client's connection that is none: what commands ask of it is written down. */

import type { ClientLink } from "../../lib/engine/ports.ts";
import type { Session } from "../../lib/engine/session.ts";
import type { Sessions } from "../../lib/engine/sessions.ts";

export class SilentLink implements ClientLink {
  closed = false;
  /** What each `resume` was told. */
  readonly resumed: boolean[] = [];
  readonly localAddress = "127.0.0.1:6379";
  readonly isUnixSocket = false;
  readonly queryBytes = 0;
  readonly queryFreeBytes = 0;
  outputBytes = 0;
  queuedBuffers = 0;
  queuedBytes = 0;
  readonly replyBufferBytes = 0;
  readonly replyBufferPeak = 0;
  readonly memoryBytes = 0;

  constructor(
    private readonly sessions: Sessions,
    private readonly session: Session,
    readonly remoteAddress: string,
  ) {}

  close(): void {
    this.closed = true;
    this.sessions.close(this.session);
  }

  resume(again: boolean): void {
    this.resumed.push(again);
    this.session.parked = false;
  }

  flush(): void {}
  scheduleFlush(): void {}
  expectPush(): boolean {
    return true;
  }
  authenticationChanged(): void {}
}

export function binaryText(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
