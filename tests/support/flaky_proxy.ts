/** A way between two servers that cuts, stalls and delays, as networks do. */

import { writeAll } from "../../lib/host/network.ts";

export class FlakyProxy {
  /** Nothing passes while this is true. */
  isStalled = false;
  /** Milliseconds that each piece waits. */
  delayMs = 0;
  /** Changes what the server sends, for a primary that sends rubbish; null closes the connection. */
  mangle: (bytes: Uint8Array, at: number) => Uint8Array | null = (bytes) => bytes;
  private readonly pairs: Set<readonly [Deno.TcpConn, Deno.TcpConn]> = new Set();
  private readonly listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  private readonly accepting: Promise<void>;

  constructor(private readonly target: number) {
    this.accepting = this.accept();
  }

  get port(): number {
    return this.listener.addr.port;
  }

  /** Cuts all connections there are. */
  cut(): void {
    for (const pair of this.pairs) closeBoth(pair);
    this.pairs.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listener.close();
    this.cut();
    await this.accepting;
  }

  private async accept(): Promise<void> {
    const passing: Promise<void>[] = [];
    for (;;) {
      let client: Deno.TcpConn;
      try {
        client = await this.listener.accept();
      } catch {
        break;
      }
      try {
        const server = await Deno.connect({ hostname: "127.0.0.1", port: this.target });
        const pair = [client, server] as const;
        this.pairs.add(pair);
        passing.push(
          this.pass(client, server, pair, (bytes) => bytes),
          this.pass(server, client, pair, (bytes, at) => this.mangle(bytes, at)),
        );
      } catch {
        client.close();
      }
    }
    await Promise.all(passing);
  }

  private async pass(
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    pair: readonly [Deno.TcpConn, Deno.TcpConn],
    mangle: (bytes: Uint8Array, at: number) => Uint8Array | null,
  ): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    let passed = 0;
    try {
      for (;;) {
        const count = await from.read(buffer);
        if (count === null) break;
        while (this.isStalled && this.pairs.has(pair)) await pause(5);
        if (this.delayMs > 0) await pause(this.delayMs);
        const bytes = mangle(buffer.slice(0, count), passed);
        passed += count;
        if (bytes === null) break;
        await writeAll(to, bytes);
      }
    } catch {
      // One side was cut.
    }
    if (this.pairs.delete(pair)) closeBoth(pair);
  }
}

function closeBoth(pair: readonly [Deno.TcpConn, Deno.TcpConn]): void {
  for (const connection of pair) {
    try {
      connection.close();
    } catch {
      // It is closed already.
    }
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
