/**
 * Loads that redis-benchmark can't make: transactions, consumers of a stream that acknowledge what
 * they read, one client that waits for what another pushes, and workers of a job queue. Each client
 * goes through its steps again and again until the exchanges asked for are done.
 */

import { writeAll } from "../../lib/host/network.ts";
import { connect, encodeCommand } from "../support/resp_client.ts";
import { fillQueue, JOB_END, takeJob } from "./job_queue.ts";

export interface Exchange {
  /** Puts the data there for so many exchanges. */
  readonly fill?: (port: number, count: number) => Promise<void>;
  /** One client: does the steps `count` times; `pipeline` of them in one write, where it can. */
  readonly run: (port: number, client: number, count: number, pipeline: number) => Promise<void>;
}

const VALUE = "x".repeat(32);
/** Numbers begin so high that they have one length: `floor_server.ts` tells requests by that. */
const FIRST_CLIENT = 1_000;
const FIRST_ENTRY = 1_000_000;

export const EXCHANGES: Readonly<Record<string, Exchange>> = {
  multi_10: { run: transactions },
  xreadgroup_xack: { fill: fillStream, run: consume },
  blpop: { run: handOver },
  bullmq_active: { fill: fillQueue, run: takeJobs },
};

/** Exchanges a second, with data that is there already. */
export async function runExchange(
  exchange: Exchange,
  port: number,
  load: { clients: number; count: number; pipeline: number },
): Promise<number> {
  const each = Math.ceil(load.count / load.clients);
  const started = performance.now();
  await Promise.all(
    Array.from(
      { length: load.clients },
      (_, client) => exchange.run(port, FIRST_CLIENT + client, each, load.pipeline),
    ),
  );
  return each * load.clients * 1000 / (performance.now() - started);
}

/** MULTI, ten SETs, EXEC in one write; all replies have a length that is known. */
async function transactions(
  port: number,
  client: number,
  count: number,
  pipeline: number,
): Promise<void> {
  const sets = Array.from(
    { length: 10 },
    (_, i) => encodeCommand(["SET", `key:${client}:${i}`, VALUE]),
  );
  const one = joined([encodeCommand(["MULTI"]), ...sets, encodeCommand(["EXEC"])]);
  const request = joined(Array.from({ length: pipeline }, () => one));
  const reply = "+OK\r\n".length * 11 + "+QUEUED\r\n".length * 10 + "*10\r\n".length;
  const connection = new Exact(await Deno.connect({ hostname: "127.0.0.1", port }));
  for (let done = 0; done < count; done += pipeline) {
    await connection.exchange(request, reply * pipeline);
  }
  connection.close();
}

async function fillStream(port: number, count: number): Promise<void> {
  await using client = await connect(port);
  await client.send("DEL", "mystream");
  await client.send("XGROUP", "CREATE", "mystream", "group", "0", "MKSTREAM");
  const entries = count + 100;
  for (let start = 0; start < entries; start += 500) {
    await client.pipeline(
      Array.from(
        { length: 500 },
        (_, i) => ["XADD", "mystream", `1-${FIRST_ENTRY + start + i}`, "field", VALUE],
      ),
    );
  }
}

/** Reads one entry for the group, acknowledges it. */
async function consume(port: number, client: number, count: number): Promise<void> {
  const connection = new Exact(await Deno.connect({ hostname: "127.0.0.1", port }));
  const consumer = `consumer:${client}`;
  const read = encodeCommand(
    ["XREADGROUP", "GROUP", "group", consumer, "COUNT", "1", "STREAMS", "mystream", ">"],
  );
  for (let done = 0; done < count; done++) {
    const text = await connection.until(read, `${VALUE}\r\n`);
    const id = /\r\n(1-\d+)\r\n/.exec(text)![1];
    await connection.exchange(encodeCommand(["XACK", "mystream", "group", id]), ":1\r\n".length);
  }
  connection.close();
}

/** One connection waits for an element, another pushes it. */
async function handOver(port: number, client: number, count: number): Promise<void> {
  const list = `waiting:${client}`;
  const waiting = new Exact(await Deno.connect({ hostname: "127.0.0.1", port }));
  const pushing = new Exact(await Deno.connect({ hostname: "127.0.0.1", port }));
  const wait = encodeCommand(["BLPOP", list, "0"]);
  const push = encodeCommand(["LPUSH", list, VALUE]);
  const reply = `*2\r\n$${list.length}\r\n${list}\r\n$${VALUE.length}\r\n${VALUE}\r\n`.length;
  for (let done = 0; done < count; done++) {
    const served = waiting.exchange(wait, reply);
    await pushing.exchange(push, ":1\r\n".length);
    await served;
  }
  waiting.close();
  pushing.close();
}

/** A worker of BullMQ takes job after job. */
async function takeJobs(port: number, client: number, count: number): Promise<void> {
  const connection = new Exact(await Deno.connect({ hostname: "127.0.0.1", port }));
  const request = takeJob(client);
  for (let done = 0; done < count; done++) await connection.until(request, JOB_END);
  connection.close();
}

/** A connection that knows how long the replies are. */
class Exact {
  private readonly target = new Uint8Array(64 * 1024);

  constructor(private readonly connection: Deno.TcpConn) {
    connection.setNoDelay(true);
  }

  /** Sends a request and reads so many bytes. */
  async exchange(request: Uint8Array, replyBytes: number): Promise<void> {
    await writeAll(this.connection, request);
    for (let left = replyBytes; left > 0;) {
      const read = await this.read();
      if (this.target[0] === 45) throw new Error(this.text(read));
      left -= read;
    }
  }

  /** Sends a request and reads until the reply ends with a text. */
  async until(request: Uint8Array, end: string): Promise<string> {
    await writeAll(this.connection, request);
    let text = "";
    while (!text.endsWith(end)) {
      text += this.text(await this.read());
      if (text.startsWith("-") || text.startsWith("*-1")) throw new Error(text);
    }
    return text;
  }

  close(): void {
    this.connection.close();
  }

  private async read(): Promise<number> {
    const read = await this.connection.read(this.target);
    if (read === null) throw new Error("the server closed the connection");
    return read;
  }

  private text(bytes: number): string {
    return new TextDecoder().decode(this.target.subarray(0, bytes));
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
