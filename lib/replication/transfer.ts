/**
 * Takes a primary's snapshot into a file: with its length ahead, or up to a mark of 40 bytes that
 * ends it. The file is loaded from there, so that memory does not depend on its size.
 */

import { fromLatin1 } from "../bytes/byte_string.ts";
import { ClientError } from "../client/client_error.ts";
import type { FileHandle } from "../host/files.ts";
import type { Wire } from "./wire.ts";

const MARK_BYTES = 40;
const BUFFER_BYTES = 256 * 1024;

export class Transfer {
  /** Bytes of the snapshot; -1 while nobody knows. */
  totalBytes = -1;
  receivedBytes = 0;

  constructor(
    private readonly wire: Wire,
    private readonly file: FileHandle,
    private readonly timeoutMs: number,
  ) {}

  /** @throws {ClientError} when the primary fails, or sends what is no snapshot. */
  async receive(): Promise<void> {
    const header = await this.wire.line(this.timeoutMs);
    if (header.startsWith("-")) throw new ClientError("format", header.slice(1));
    if (header.startsWith("$EOF:") && header.length === 5 + MARK_BYTES) {
      return await this.untilMark(fromLatin1(header.slice(5)));
    }
    if (!/^\$\d{1,15}$/.test(header)) {
      const shown = header.slice(0, 100);
      throw new ClientError("format", `"${shown}" in place of a snapshot's length`);
    }
    this.totalBytes = Number(header.slice(1));
    const buffer = new Uint8Array(BUFFER_BYTES);
    while (this.receivedBytes < this.totalBytes) {
      // Not a byte more: what follows is the stream.
      const left = this.totalBytes - this.receivedBytes;
      const target = left < buffer.length ? buffer.subarray(0, left) : buffer;
      const count = await this.wire.read(target, this.timeoutMs);
      await this.keep(target.subarray(0, count));
    }
  }

  /** The mark may come in pieces: the last 40 bytes are held back until more has come. */
  private async untilMark(mark: Uint8Array): Promise<void> {
    const buffer = new Uint8Array(BUFFER_BYTES);
    let held = 0;
    for (;;) {
      held += await this.wire.read(buffer.subarray(held), this.timeoutMs);
      const kept = Math.max(0, held - MARK_BYTES);
      if (kept > 0) await this.keep(buffer.subarray(0, kept));
      buffer.copyWithin(0, kept, held);
      held -= kept;
      if (held === MARK_BYTES && mark.every((byte, i) => byte === buffer[i])) break;
    }
    this.totalBytes = this.receivedBytes;
  }

  private async keep(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) at += await this.file.write(bytes.subarray(at));
    this.receivedBytes += bytes.length;
  }
}
