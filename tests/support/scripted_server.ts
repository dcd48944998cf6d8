/** A server that replies what a test says, whatever the requests are, in pieces of any size. */

/**
 * Gets all bytes that came at once, as a binary string. Null ends the connection, and so does `last`
 * when it is sent.
 */
export type Script = (request: string) => string | { readonly last: string } | null;

export class ScriptedServer {
  private readonly listener: Deno.TcpListener;
  private readonly connections = new Set<Deno.TcpConn>();
  private readonly running: Promise<void>;

  /** @param pieceBytes how much is written at once. */
  constructor(private readonly script: Script, private readonly pieceBytes = Infinity) {
    this.listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.running = this.accept();
  }

  get port(): number {
    return this.listener.addr.port;
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
    connection.setNoDelay(true);
    try {
      for (;;) {
        const count = await connection.read(buffer);
        if (count === null) break;
        const reply = this.script(String.fromCharCode(...buffer.subarray(0, count)));
        if (reply === null) break;
        const text = typeof reply === "string" ? reply : reply.last;
        const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
        for (let at = 0; at < bytes.length; at += this.pieceBytes) {
          await connection.write(bytes.subarray(at, Math.min(bytes.length, at + this.pieceBytes)));
        }
        if (typeof reply !== "string") break;
      }
    } catch {
      // The client left, or the test is over.
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
