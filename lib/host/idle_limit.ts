/** How long a connection of `node:http` may be without any traffic before it is closed. */

import type { Socket } from "node:net";

/** @param ms 0 for as long as it likes. */
export function limitIdleTime(socket: Socket | null, ms: number): void {
  socket?.setTimeout(ms);
}
