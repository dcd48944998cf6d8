/** Replies of one connection that wait for the append-only file's disk, oldest first. */

import type { ByteBuffer } from "../bytes/byte_buffer.ts";

interface HeldPiece {
  readonly memory: ByteBuffer;
  readonly length: number;
  /** What they wait for: grows from piece to piece. */
  readonly ticket: number;
}

export class HeldReplies {
  /** Bytes of all pieces. */
  bytes = 0;
  private pieces: HeldPiece[] = [];

  get isEmpty(): boolean {
    return this.pieces.length === 0;
  }

  /** The ticket of the newest piece. */
  get lastTicket(): number {
    return this.pieces[this.pieces.length - 1].ticket;
  }

  add(memory: ByteBuffer, length: number, ticket: number): void {
    this.pieces.push({ memory, length, ticket });
    this.bytes += length;
  }

  /** Takes the oldest piece if it waits for this ticket or an earlier one. */
  take(ticket: number): HeldPiece | null {
    const oldest = this.pieces[0];
    if (oldest === undefined || oldest.ticket > ticket) return null;
    this.pieces.shift();
    this.bytes -= oldest.length;
    return oldest;
  }
}
