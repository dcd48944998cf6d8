/** A primary whose snapshots a test sends bit by bit. */

import { writeAll } from "../../lib/host/network.ts";
import { AcceptingServer, closed } from "./accepting_server.ts";

/** A replica that has been promised a snapshot. */
export interface PromisedReplica {
  /** What it asked for: the words behind PSYNC. */
  readonly asked: readonly string[];
  send(bytes: Uint8Array | string): Promise<void>;
  close(): void;
}

export class ScriptedPrimary extends AcceptingServer {
  private readonly promised: PromisedReplica[] = [];
  private wake: () => void = () => {};

  /** @param answer to PSYNC, without its line's end. */
  constructor(private readonly answer: () => string) {
    super();
  }

  /** The next replica that was answered. */
  async next(): Promise<PromisedReplica> {
    for (;;) {
      const replica = this.promised.shift();
      if (replica !== undefined) return replica;
      await new Promise<void>((resolve) => this.wake = resolve);
    }
  }

  protected override async serve(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    const send = (bytes: Uint8Array | string) =>
      writeAll(connection, typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
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
  }
}
