/** Replies that are made while they are sent: no more is made than the client takes. */

import type { ServerResponse } from "node:http";
import { limitIdleTime } from "../lib/host/idle_limit.ts";

/** A client that does not take what it is sent for so long is gone. */
export const IDLE_TIMEOUT_MS = 30_000;

/** Has a reply sent piece by piece (server.ts). */
export function streamedHeaders(contentType: string): Record<string, string> {
  return { "Content-Type": contentType, "Transfer-Encoding": "chunked" };
}

/** Settles when the body is sent, or when the client has gone. */
export async function sendBody(response: Response, outgoing: ServerResponse): Promise<void> {
  const reader = response.body?.getReader();
  if (reader === undefined) {
    outgoing.end();
    return;
  }
  if (outgoing.socket === null || outgoing.socket.destroyed) {
    await reader.cancel();
    return;
  }
  let gone = false;
  const left = new Promise<void>((resolve) => {
    outgoing.on("close", () => {
      gone = true;
      reader.cancel().catch(() => {});
      resolve();
    });
  });
  outgoing.flushHeaders();
  for (;;) {
    // However long the next piece takes to be made; the client, in turn, has to take it in time.
    limitIdleTime(outgoing.socket, 0);
    const { done, value } = await reader.read();
    if (done || gone) break;
    if (!outgoing.write(value)) {
      limitIdleTime(outgoing.socket, IDLE_TIMEOUT_MS);
      await Promise.race([left, new Promise<void>((resolve) => outgoing.once("drain", resolve))]);
    }
  }
  if (!gone) outgoing.end();
}
