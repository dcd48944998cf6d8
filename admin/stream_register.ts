/**
 * The replies that go on until somebody ends them (server-sent events): to bound their number, to find
 * again the one whose reader lost its connection, and to end them all when the server stops.
 */

import { Problem } from "./problem.ts";

const MAX_STREAMS = 32;

export interface RegisteredStream {
  /** Names it in `Last-Event-ID`. */
  readonly id: string;
  /** What is asked for, and by whom: nobody else's request goes on with it. */
  readonly subject: string;
  /** Whether its reader has gone, and may come back. */
  readonly isLeft: boolean;
  end(): void;
}

export class StreamRegister<S extends RegisteredStream = RegisteredStream> {
  private readonly streams: Set<S> = new Set();

  get count(): number {
    return this.streams.size;
  }

  /**
   * One that was left makes room.
   *
   * @throws 503 when there are too many.
   */
  requireRoom(): void {
    if (this.streams.size < MAX_STREAMS) return;
    const left = [...this.streams].find((stream) => stream.isLeft);
    if (left !== undefined) return left.end();
    throw new Problem(503, `there are ${MAX_STREAMS} event streams already`, {
      "Retry-After": "5",
    });
  }

  add(stream: S): void {
    this.streams.add(stream);
  }

  remove(stream: S): void {
    this.streams.delete(stream);
  }

  find(id: string, subject: string): S | undefined {
    return [...this.streams].find((stream) => stream.id === id && stream.subject === subject);
  }

  endAll(): void {
    for (const stream of [...this.streams]) stream.end();
  }
}
