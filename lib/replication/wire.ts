/**
 * The connection to a primary, once the replies of the handshake are over: lines, a snapshot's bytes
 * and the stream. It remembers when something last came, and sends in the order it was told to.
 */

import type { ByteStream } from "../client/byte_stream.ts";
import { ClientError } from "../client/client_error.ts";
import { encodeRequest } from "../client/request_bytes.ts";
import type { Endpoints } from "../engine/ports.ts";
import type { Clock } from "../host/clock.ts";
import { addressText } from "../host/network.ts";

/** A primary that sends a longer line is none. */
const MAX_LINE_BYTES = 4096;

export class Wire implements Endpoints {
  /** When something last came, in milliseconds of the monotonic clock. */
  lastReadMs: number;
  readonly remoteAddress: string;
  readonly localAddress: string;
  private writing: Promise<void> = Promise.resolve();
  private closed = false;

  constructor(private readonly stream: ByteStream, private readonly clock: Clock) {
    this.lastReadMs = clock.monotonicMs();
    const { remoteAddr, localAddr } = stream.connection;
    this.remoteAddress = addressText(remoteAddr, localAddr);
    this.localAddress = addressText(localAddr, localAddr);
  }

  /** Sends bytes behind all that was sent before. Never rejects: the reader finds out. */
  send(bytes: Uint8Array): void {
    this.writing = this.writing
      .then(() => this.closed ? undefined : this.stream.write(bytes))
      .catch(() => this.close());
  }

  request(...words: string[]): void {
    this.send(encodeRequest(words));
  }

  /** The next line that is not empty: empty ones only say that somebody is there. */
  async line(timeoutMs: number): Promise<string> {
    for (;;) {
      const line = await this.stream.readLine(timeoutMs, MAX_LINE_BYTES);
      this.lastReadMs = this.clock.monotonicMs();
      if (line !== "") return line;
    }
  }

  /**
   * Reads into the start of `target`.
   *
   * @param timeoutMs 0 waits for ever.
   * @throws {ClientError} also when the other side has ended.
   */
  async read(target: Uint8Array, timeoutMs: number): Promise<number> {
    const count = await this.stream.read(target, timeoutMs);
    if (count === null) throw new ClientError("lost", "Server closed the connection");
    this.lastReadMs = this.clock.monotonicMs();
    return count;
  }

  close(): void {
    this.closed = true;
    this.stream.close();
  }
}
