/** A primary whose snapshots a test sends bit by bit. */

import { writeAll } from "../../lib/host/network.ts";

/** A replica that has been promised a snapshot. */
export interface PromisedReplica {
  /** What it asked for: the words behind PSYNC. */
  readonly asked: readonly string[];
  send(bytes: Uint8Array | string): Promise<void>;
  close(): void;
}

export class ScriptedPrimary {
  private readonly listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  private readonly connections = new Set<Deno.TcpConn>();
  private readonly promised: PromisedReplica[] = [];
  private wake: () => void = () => {};
  private readonly running: Promise<void>;

  /** @param answer to PSYNC, without its line's end. */
  constructor(private readonly answer: () => string) {
    this.running = this.accept();
  }

  get port(): number {
    return this.listener.addr.port;
  }

  /** The next replica that was answered. */
  async next(): Promise<PromisedReplica> {
    for (;;) {
      const replica = this.promised.shift();
      if (replica !== undefined) return replica;
      await new Promise<void>((resolve) => this.wake = resolve);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listener.close();
    for (const connection of this.connections) closed(connection);
    await this.running;
  }

  private async accept(): Promise<void> {
    const serving: Promise<void>[] = [];
    try {
      for await (const connection of this.listener) {
        this.connections.add(connection);
        serving.push(this.serve(connection));
      }
    } catch {
      // The test is over.
    }
    await Promise.all(serving);
  }

  private async serve(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    const send = (bytes: Uint8Array | string) =>
      writeAll(connection, typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    try {
      for (;;) {
        const count = await connection.read(buffer);
        if (count === null) break;
        const words = new TextDecoder().decode(buffer.subarray(0, count)).split("\r\n")
          .filter((word) => !/^[*$]\d/.test(word) && word.trim() !== "");
        if (words[0] === "PING") await send("+PONG\r\n");
        else if (words[0] === "REPLCONF" && words[1] !== "ACK") await send("+OK\r\n");
        else if (words[0] === "PSYNC") {
          await send(`${this.answer()}\r\n`);
          this.promised.push({ asked: words.slice(1), send, close: () => closed(connection) });
          this.wake();
        }
      }
    } catch {
      // The replica left, or the test is over.
    }
    closed(connection);
    this.connections.delete(connection);
  }
}

function closed(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It was closed already.
  }
}
