/**
 * What a primary changes, as the bytes of the stream for its replicas: every effect as a request,
 * with SELECT where the database changes and MULTI … EXEC around what belongs together.
 */

import { copyBytes } from "../bytes/copy.ts";
import { formatInteger } from "../bytes/integer.ts";
import type { EffectSubscriber } from "../engine/propagation.ts";
import { Request } from "../resp/request.ts";
import type { Backlog } from "./backlog.ts";

/** Longest header of an element: its type, digits of a length, CRLF. */
const HEADER_BYTES = 16;

const MULTI = Request.from(["MULTI"]);
const EXEC = Request.from(["EXEC"]);

export class ReplicationStream implements EffectSubscriber {
  /** Database of the last effect; -1 makes the next one say its own. */
  selectedDb = -1;

  /** @param appended called after each append, when bytes are ready to be sent. */
  constructor(private readonly backlog: Backlog, private readonly appended: () => void) {}

  /** Whether it goes into this backlog. */
  isOf(backlog: Backlog): boolean {
    return this.backlog === backlog;
  }

  effect(db: number, request: Request): void {
    if (db !== this.selectedDb) {
      this.selectedDb = db;
      this.write(Request.from(["SELECT", String(db)]));
    }
    this.write(request);
    this.appended();
  }

  beginUnit(): void {
    this.write(MULTI);
  }

  endUnit(): void {
    this.write(EXEC);
    this.appended();
  }

  /** A request that is no effect: PING, REPLCONF GETACK. */
  say(...words: string[]): void {
    this.write(Request.from(words));
    this.appended();
  }

  private write(request: Request): void {
    const { backlog } = this;
    const { count, lengths, offsets } = request;
    let most = HEADER_BYTES;
    for (let i = 0; i < count; i++) most += lengths[i] + HEADER_BYTES;
    const chunk = backlog.reserve(most);
    const { bytes, data } = chunk;
    let at = header(bytes, chunk.length, 42, count);
    for (let i = 0; i < count; i++) {
      const length = lengths[i];
      at = header(bytes, at, 36, length);
      copyBytes(request.data, offsets[i], data, at, length);
      bytes[at + length] = 13;
      bytes[at + length + 1] = 10;
      at += length + 2;
    }
    chunk.length = at;
    backlog.committed = backlog.end;
  }
}

function header(bytes: Uint8Array, at: number, type: number, value: number): number {
  bytes[at] = type;
  const end = at + 1 + formatInteger(value, bytes, at + 1);
  bytes[end] = 13;
  bytes[end + 1] = 10;
  return end + 2;
}
