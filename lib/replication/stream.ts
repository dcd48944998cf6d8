/**
 * What a primary changes, as the bytes of the stream for its replicas: every effect as a request,
 * with SELECT where the database changes and MULTI … EXEC around what belongs together.
 */

import { copyBytes } from "../bytes/copy.ts";
import { formatInteger } from "../bytes/integer.ts";
import { type EffectSubscriber, Target } from "../engine/propagation.ts";
import { Request } from "../resp/request.ts";
import type { Backlog } from "./backlog.ts";

/** Longest header of an element: its type, digits of a length, CRLF. */
const HEADER_BYTES = 16;
/** The bytes CR and LF. */
const CRLF = 0x0d0a;

const MULTI = Request.from(["MULTI"]);
const EXEC = Request.from(["EXEC"]);

export class ReplicationStream implements EffectSubscriber {
  readonly target = Target.REPLICAS;
  /** Database of the last effect; -1 makes the next one say its own. */
  selectedDb = -1;

  /** @param appended called after each append, when bytes are ready to be sent. */
  constructor(private readonly backlog: Backlog, private readonly appended: () => void) {}

  /** Whether it goes into this backlog. */
  isOf(backlog: Backlog): boolean {
    return this.backlog === backlog;
  }

  effect(db: number, request: Request): void {
    this.select(db);
    this.write(request);
    this.appended();
  }

  beginUnit(db: number): void {
    this.select(db);
    this.write(MULTI);
  }

  endUnit(): void {
    this.write(EXEC);
    this.appended();
  }

  /** A request that is no effect: PING, REPLCONF GETACK, what DEBUG REPLICATE was given. */
  say(...words: (string | Uint8Array)[]): void {
    this.write(Request.from(words));
    this.appended();
  }

  private select(db: number): void {
    if (db === this.selectedDb) return;
    this.selectedDb = db;
    this.write(Request.from(["SELECT", String(db)]));
  }

  private write(request: Request): void {
    const { backlog } = this;
    const { count, lengths, offsets } = request;
    let most = HEADER_BYTES;
    for (let i = 0; i < count; i++) most += lengths[i] + HEADER_BYTES;
    const chunk = backlog.reserve(most);
    const { data } = chunk;
    let at = header(data, chunk.length, 42, count);
    for (let i = 0; i < count; i++) {
      const length = lengths[i];
      at = header(data, at, 36, length);
      copyBytes(request.data, offsets[i], data, at, length);
      data.setUint16(at + length, CRLF);
      at += length + 2;
    }
    chunk.length = at;
    backlog.committed = chunk.start + at;
  }
}

/** Writes a type, a number and the line's end; nearly all numbers have one or two digits. */
function header(data: DataView, at: number, type: number, value: number): number {
  if (value < 10) {
    data.setInt32(at, type << 24 | (48 + value) << 16 | CRLF);
    return at + 4;
  }
  if (value < 100) {
    const tens = value * 205 >>> 11;
    data.setInt32(at, type << 24 | (48 + tens) << 16 | (48 + value - tens * 10) << 8 | 13);
    data.setUint8(at + 4, 10);
    return at + 5;
  }
  data.setUint8(at, type);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const end = at + 1 + formatInteger(value, bytes, at + 1);
  data.setUint16(end, CRLF);
  return end + 2;
}
