/** A server that replies what a test says, whatever the requests are, in pieces of any size. */

import { AcceptingServer } from "./accepting_server.ts";

/**
 * Gets all bytes that came at once, as a binary string. Null ends the connection, and so does `last`
 * when it is sent.
 */
export type Script = (request: string) => string | { readonly last: string } | null;

export class ScriptedServer extends AcceptingServer {
  /** @param pieceBytes how much is written at once. */
  constructor(private readonly script: Script, private readonly pieceBytes = Infinity) {
    super();
  }

  protected override async serve(connection: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    connection.setNoDelay(true);
    for (;;) {
      const count = await connection.read(buffer);
      if (count === null) return;
      const reply = this.script(String.fromCharCode(...buffer.subarray(0, count)));
      if (reply === null) return;
      const text = typeof reply === "string" ? reply : reply.last;
      const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
      for (let at = 0; at < bytes.length; at += this.pieceBytes) {
        await connection.write(bytes.subarray(at, Math.min(bytes.length, at + this.pieceBytes)));
      }
      if (typeof reply !== "string") return;
    }
  }
}
