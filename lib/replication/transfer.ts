/** A primary's snapshot as it comes: with its length ahead, or up to a mark of 40 bytes that ends it. */

import { fromLatin1 } from "../bytes/byte_string.ts";
import { ClientError } from "../client/client_error.ts";
import type { Wire } from "./wire.ts";

const MARK_BYTES = 40;
const BUFFER_BYTES = 256 * 1024;

export class Transfer {
  /** Bytes of the snapshot; -1 while nobody knows. */
  totalBytes = -1;
  receivedBytes = 0;
  /** What follows the snapshot where its length is not known. */
  private mark: Uint8Array | null = null;

  constructor(private readonly wire: Wire, private readonly timeoutMs: number) {}

  /**
   * Reads how long the snapshot is, or how it ends.
   *
   * @throws {ClientError} when the primary fails, or sends what is no snapshot.
   */
  async begin(): Promise<void> {
    const header = await this.wire.line(this.timeoutMs);
    if (header.startsWith("-")) throw new ClientError("format", header.slice(1));
    if (header.startsWith("$EOF:") && header.length === 5 + MARK_BYTES) {
      this.mark = fromLatin1(header.slice(5));
      return;
    }
    if (!/^\$\d{1,15}$/.test(header)) {
      const shown = header.slice(0, 100);
      throw new ClientError("format", `"${shown}" in place of a snapshot's length`);
    }
    this.totalBytes = Number(header.slice(1));
  }

  get hasMark(): boolean {
    return this.mark !== null;
  }

  /**
   * Reads the snapshot.
   *
   * @param keep takes its bytes, which are lent.
   * @throws {ClientError} when the primary fails.
   */
  async receive(keep: (bytes: Uint8Array) => Promise<void> | void): Promise<void> {
    if (this.mark !== null) return await this.untilMark(this.mark, keep);
    const buffer = new Uint8Array(BUFFER_BYTES);
    while (this.receivedBytes < this.totalBytes) {
      // Not a byte more: what follows is the stream.
      const left = this.totalBytes - this.receivedBytes;
      const target = left < buffer.length ? buffer.subarray(0, left) : buffer;
      const count = await this.wire.read(target, this.timeoutMs);
      this.receivedBytes += count;
      await keep(target.subarray(0, count));
    }
  }

  /** The mark may come in pieces: the last 40 bytes are held back until more has come. */
  private async untilMark(
    mark: Uint8Array,
    keep: (bytes: Uint8Array) => Promise<void> | void,
  ): Promise<void> {
    const buffer = new Uint8Array(BUFFER_BYTES);
    let held = 0;
    for (;;) {
      held += await this.wire.read(buffer.subarray(held), this.timeoutMs);
      const kept = Math.max(0, held - MARK_BYTES);
      this.receivedBytes += kept;
      if (kept > 0) await keep(buffer.subarray(0, kept));
      buffer.copyWithin(0, kept, held);
      held -= kept;
      if (held === MARK_BYTES && mark.every((byte, i) => byte === buffer[i])) break;
    }
    this.totalBytes = this.receivedBytes;
  }
}
