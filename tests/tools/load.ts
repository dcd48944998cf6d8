/** Load for tools that measure: keys in pipelines, and many connections that do nothing. */

import { writeAll } from "../../lib/host/network.ts";

/** Requests in one write. */
const batchSize = 200;

/**
 * Sets `key:000000000000` and so on, from `start` up to, not including, `end`, over `clients`
 * connections. Each sends a batch and waits for its replies.
 */
export async function setKeys(
  port: number,
  start: number,
  end: number,
  valueBytes: number,
  clients = 4,
): Promise<void> {
  let next = start;
  await Promise.all(Array.from({ length: clients }, async () => {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    connection.setNoDelay(true);
    const target = new Uint8Array(64 * 1024);
    while (next < end) {
      const from = next;
      const to = Math.min(from + batchSize, end);
      next = to;
      await writeAll(connection, setRequests(from, to, valueBytes));
      // Each reply is "+OK\r\n".
      for (let left = (to - from) * 5; left > 0;) {
        const count = await connection.read(target);
        if (count === null) throw new Error("the server closed the connection");
        if (target[0] === 45) throw new Error(new TextDecoder().decode(target.subarray(0, count)));
        left -= count;
      }
    }
    connection.close();
  }));
}

function setRequests(from: number, to: number, valueBytes: number): Uint8Array {
  const value = `$${valueBytes}\r\n${"x".repeat(valueBytes)}\r\n`;
  let text = "";
  for (let i = from; i < to; i++) {
    text += `*3\r\n$3\r\nSET\r\n$16\r\nkey:${String(i).padStart(12, "0")}\r\n${value}`;
  }
  return new TextEncoder().encode(text);
}

/** Connections that have sent `bytes` once and got `replyBytes` back. */
export async function openConnections(
  port: number,
  count: number,
  bytes: Uint8Array,
  replyBytes: number,
): Promise<Deno.TcpConn[]> {
  const connections: Deno.TcpConn[] = [];
  const target = new Uint8Array(Math.max(1, replyBytes));
  while (connections.length < count) {
    const group = await Promise.all(
      Array.from({ length: Math.min(200, count - connections.length) }, () => {
        return Deno.connect({ hostname: "127.0.0.1", port });
      }),
    );
    for (const connection of group) await writeAll(connection, bytes);
    for (const connection of group) {
      for (let left = replyBytes; left > 0;) {
        const read = await connection.read(target);
        if (read === null) throw new Error(`closed after ${connections.length} connections`);
        left -= read;
      }
    }
    connections.push(...group);
  }
  return connections;
}

/** Round trips of single requests while `busy` goes on, at most one each millisecond. */
export async function probe(port: number, busy: Promise<void>): Promise<Float64Array> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay(true);
  const requests = [
    "*2\r\n$3\r\nGET\r\n$5\r\nprobe\r\n",
    "*3\r\n$3\r\nSET\r\n$5\r\nprobe\r\n$1\r\nx\r\n",
  ]
    .map((text) => new TextEncoder().encode(text));
  const target = new Uint8Array(1024);
  const times: number[] = [];
  let done = false;
  busy.finally(() => done = true).catch(() => {});
  for (let i = 0; !done; i++) {
    const started = performance.now();
    await writeAll(connection, requests[i % 2]);
    await connection.read(target);
    times.push(performance.now() - started);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await busy;
  connection.close();
  return Float64Array.from(times).sort();
}

if (import.meta.main) {
  // A process of its own for the load leaves the one that measures undisturbed.
  const [port, start, end, valueBytes] = Deno.args.map(Number);
  await setKeys(port, start, end, valueBytes);
}
