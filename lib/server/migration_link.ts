/** The way to other servers for MIGRATE: one connection for each exchange, with a time limit. */

import type { MigrationOutcome, MigrationPort, MigrationTarget } from "../engine/ports.ts";
import type { Clock } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import type { Connection, Network } from "../host/network.ts";
import { systemErrorKind } from "../host/system_error.ts";
import type { Reply } from "../resp/reply_decoder.ts";
import { ReplyDecoder } from "../resp/reply_decoder.ts";
import type { Turn } from "./turn.ts";

/** Bytes handed to the system at once: each piece has the time limit for itself. */
const PIECE_BYTES = 64 * 1024;

type Done = (outcome: MigrationOutcome) => void;

export class MigrationLink implements MigrationPort {
  constructor(
    private readonly network: Network,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly turn: Turn,
  ) {}

  exchange(target: MigrationTarget, requests: Uint8Array, count: number, done: Done): void {
    this.run(target, requests, count).then((outcome) => {
      this.turn.begin();
      done(outcome);
    }).catch((error) => {
      const detail = error instanceof Error ? error.stack ?? error.message : String(error);
      this.log.warning(`MIGRATE failed: ${detail}`);
    });
  }

  private async run(
    target: MigrationTarget,
    requests: Uint8Array,
    count: number,
  ): Promise<MigrationOutcome> {
    const { timeoutMs } = target;
    const replies: Reply[] = [];
    let failure: MigrationOutcome["failure"] = "connecting";
    let connection: Connection | null = null;
    try {
      connection = await this.connect(target);
      failure = "writing";
      await this.write(connection, requests, timeoutMs);
      failure = "reading";
      await this.read(connection, count, timeoutMs, replies);
      failure = null;
    } catch (error) {
      this.log.verbose(`MIGRATE to ${target.hostname}:${target.port}, ${failure}: ${error}`);
      // Redis finds out that nobody listens when it writes.
      if (failure === "connecting" && systemErrorKind(error) === "connection refused") {
        failure = "writing";
      }
    } finally {
      if (connection !== null) close(connection);
    }
    return { replies, failure };
  }

  private connect(target: MigrationTarget): Promise<Connection> {
    const connecting = this.network.connect(target.hostname, target.port);
    return this.within(target.timeoutMs, connecting, () => {
      // It is of no use any more when it comes.
      connecting.then(close, () => {});
    });
  }

  private async write(connection: Connection, bytes: Uint8Array, timeoutMs: number): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await this.within(
        timeoutMs,
        connection.write(bytes.subarray(at, at + PIECE_BYTES)),
        () => close(connection),
      );
    }
  }

  private async read(
    connection: Connection,
    count: number,
    timeoutMs: number,
    replies: Reply[],
  ): Promise<void> {
    const decoder = new ReplyDecoder();
    const buffer = new Uint8Array(PIECE_BYTES);
    while (replies.length < count) {
      const got = await this.within(timeoutMs, connection.read(buffer), () => close(connection));
      if (got === null) throw new Error("the other side closed the connection");
      decoder.feed(buffer.subarray(0, got));
      for (let reply = decoder.next(); reply !== undefined; reply = decoder.next()) {
        replies.push(reply);
      }
    }
  }

  /** The outcome of something that must come in time; `giveUp` is called when it does not. */
  private within<T>(timeoutMs: number, pending: Promise<T>, giveUp: () => void): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.schedule(timeoutMs, () => {
        giveUp();
        reject(new Error(`nothing within ${timeoutMs} ms`));
      });
      pending.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

function close(connection: Connection): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
