/**
 * A connection that no longer carries replies: the stream that a primary sends, or whatever else
 * follows a handshake. Begins with the bytes that had arrived behind the last reply.
 */

import { latin1 } from "../bytes/byte_string.ts";
import type { Clock } from "../host/clock.ts";
import type { Connection } from "../host/network.ts";
import { writeAll } from "../host/network.ts";
import { ClientError, reasonText } from "./client_error.ts";
import { within } from "./deadline.ts";

const LF = 0x0a;
const CR = 0x0d;

export class ByteStream {
  constructor(
    readonly connection: Connection,
    private readonly clock: Pick<Clock, "schedule">,
    /** Bytes that came but were not read yet. */
    private rest: Uint8Array,
  ) {}

  /**
   * Bytes read into the start of `target`; null when the other side has ended.
   *
   * @param timeoutMs 0 waits for ever; when it passes, the connection is closed.
   * @throws {ClientError}
   */
  async read(target: Uint8Array, timeoutMs = 0): Promise<number | null> {
    if (this.rest.length > 0) {
      const count = Math.min(target.length, this.rest.length);
      target.set(this.rest.subarray(0, count));
      this.rest = this.rest.subarray(count);
      return count;
    }
    try {
      return await within(this.clock, timeoutMs, this.connection.read(target), () => {
        this.close();
        return new ClientError("timeout", `No data within ${timeoutMs} ms`);
      });
    } catch (error) {
      if (error instanceof ClientError) throw error;
      throw new ClientError("lost", reasonText(error), { cause: error });
    }
  }

  /**
   * The next line as a binary string, without its end (LF or CR LF).
   *
   * @param limitBytes a longer line is refused.
   * @throws {ClientError} also when the stream ends inside the line.
   */
  async readLine(timeoutMs = 0, limitBytes = 64 * 1024): Promise<string> {
    let line = new Uint8Array(0);
    const chunk = new Uint8Array(1024);
    for (;;) {
      const count = await this.read(chunk, timeoutMs);
      if (count === null) throw new ClientError("lost", "Server closed the connection");
      const end = chunk.subarray(0, count).indexOf(LF);
      const taken = end < 0 ? count : end;
      const longer = new Uint8Array(line.length + taken);
      longer.set(line);
      longer.set(chunk.subarray(0, taken), line.length);
      line = longer;
      if (end >= 0) {
        this.putBack(chunk.slice(end + 1, count));
        return latin1(line, 0, line.at(-1) === CR ? line.length - 1 : line.length);
      }
      if (line.length > limitBytes) {
        this.close();
        throw new ClientError("format", `A line of more than ${limitBytes} bytes`);
      }
    }
  }

  write(bytes: Uint8Array): Promise<void> {
    return writeAll(this.connection, bytes);
  }

  close(): void {
    try {
      this.connection.close();
    } catch {
      // It was closed already.
    }
  }

  private putBack(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    const whole = new Uint8Array(bytes.length + this.rest.length);
    whole.set(bytes);
    whole.set(this.rest, bytes.length);
    this.rest = whole;
  }
}
