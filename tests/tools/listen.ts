/**
 * Subscribers that read what is published and do nothing with it, as a process of its own:
 *
 *     deno run -A tests/tools/listen.ts PORT COUNT
 *
 * Says `ready` on standard output once all have subscribed to `channel`.
 */

import { openConnections } from "./load.ts";

const SUBSCRIBE = new TextEncoder().encode("*2\r\n$9\r\nSUBSCRIBE\r\n$7\r\nchannel\r\n");
const CONFIRMED = "*3\r\n$9\r\nsubscribe\r\n$7\r\nchannel\r\n:1\r\n";

if (import.meta.main) {
  const [port, count] = Deno.args.map(Number);
  const connections = await openConnections(port, count, SUBSCRIBE, CONFIRMED.length);
  console.log("ready");
  await Promise.all(connections.map(async (connection) => {
    const target = new Uint8Array(64 * 1024);
    while (await connection.read(target) !== null);
  }));
}
