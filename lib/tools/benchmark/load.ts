/**
 * Many connections that each send a pipeline of requests, wait for its replies and send the next one.
 * How long a pipeline took, up to the first bytes of its replies, is counted for each of its requests, as
 * redis-benchmark counts it. [hot]
 */

import { ClientError, ReplyError } from "../../client/client_error.ts";
import type { Clock } from "../../host/clock.ts";
import type { Connection } from "../../host/network.ts";
import type { Random } from "../../host/random.ts";
import { LatencyHistogram } from "./latency_histogram.ts";
import { ReplyCounter } from "./reply_counter.ts";
import type { RequestTemplate } from "./request_template.ts";

/** Enough for a pipeline of short replies; longer ones take several reads. */
const READ_BYTES = 16 * 1024;

export interface LoadOptions {
  readonly connections: readonly Connection[];
  readonly template: RequestTemplate;
  readonly requests: number;
  readonly clock: Pick<Clock, "monotonicMs">;
  readonly random: Random;
  /** Gives the next connection where each pipeline has one of its own. */
  readonly reconnect: (() => Promise<Connection>) | null;
}

export class Load {
  readonly histogram: LatencyHistogram = new LatencyHistogram();
  /** What has been counted since the last look at the progress. */
  readonly recent: LatencyHistogram = new LatencyHistogram();
  startedMs = 0;
  endedMs = 0;
  private issued = 0;
  private stopped = false;

  constructor(private readonly options: LoadOptions) {}

  /**
   * Runs until all requests are answered. The connections stay open.
   *
   * @throws {ReplyError} the first error that the server replied.
   * @throws {ClientError} the server ended a connection.
   */
  async run(): Promise<void> {
    const { connections, clock } = this.options;
    this.startedMs = clock.monotonicMs();
    try {
      await Promise.all(connections.map((connection) => this.work(connection)));
    } finally {
      this.stopped = true;
    }
    this.endedMs = clock.monotonicMs();
  }

  get elapsedSeconds(): number {
    const end = this.endedMs || this.options.clock.monotonicMs();
    return (end - this.startedMs) / 1000;
  }

  private async work(first: Connection): Promise<void> {
    const { clock, random, requests, reconnect } = this.options;
    const template = this.options.template.copy();
    const { bytes, pipeline } = template;
    const buffer = new Uint8Array(READ_BYTES);
    const counter = new ReplyCounter();
    let connection = first;
    while (this.issued < requests && !this.stopped) {
      this.issued += pipeline;
      template.randomize(random);
      const sentMs = clock.monotonicMs();
      const writing = connection.write(bytes);
      let reading = connection.read(buffer);
      // Nearly always the system takes all at once, and the replies are there first.
      const written = await writing;
      if (written < bytes.length) await writeRest(connection, bytes, written);
      let tookUs = -1;
      for (let missing = pipeline; missing > 0;) {
        const count = await reading;
        if (count === null) throw new ClientError("lost", "Server closed the connection");
        if (tookUs < 0) tookUs = (clock.monotonicMs() - sentMs) * 1000;
        missing -= counter.count(buffer, count);
        if (counter.errors > 0) throw new ReplyError(counter.firstError);
        if (missing > 0) reading = connection.read(buffer);
      }
      this.recent.add(tookUs, pipeline);
      if (reconnect !== null) {
        connection.close();
        connection = await reconnect();
      }
    }
    if (reconnect !== null) connection.close();
  }

  /** Moves what was counted since the last call into the whole; returns its count and mean. */
  takeRecent(): { count: number; meanUs: number } {
    const { count, meanUs } = this.recent;
    this.histogram.merge(this.recent);
    this.recent.reset();
    return { count, meanUs };
  }
}

async function writeRest(connection: Connection, bytes: Uint8Array, from: number): Promise<void> {
  for (let at = from; at < bytes.length;) at += await connection.write(bytes.subarray(at));
}
