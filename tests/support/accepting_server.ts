/** A server of a test's own on a free port: accepts, and closes what is left when the test is over. */

export abstract class AcceptingServer {
  private readonly listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  private readonly connections = new Set<Deno.TcpConn>();
  private readonly running: Promise<void> = this.accept();

  get port(): number {
    return this.listener.addr.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listener.close();
    for (const connection of this.connections) closed(connection);
    await this.running;
  }

  /** Serves a connection, which is closed when this ends, whether by a return or an error. */
  protected abstract serve(connection: Deno.TcpConn): Promise<void>;

  private async accept(): Promise<void> {
    const serving: Promise<void>[] = [];
    try {
      for await (const connection of this.listener) {
        this.connections.add(connection);
        serving.push(this.serveAndClose(connection));
      }
    } catch {
      // The test is over.
    }
    await Promise.all(serving);
  }

  private async serveAndClose(connection: Deno.TcpConn): Promise<void> {
    try {
      await this.serve(connection);
    } catch {
      // The client left, or the test is over.
    }
    closed(connection);
    this.connections.delete(connection);
  }
}

/** Closes a connection that may be closed already. */
export function closed(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch {
    // It was closed already.
  }
}
