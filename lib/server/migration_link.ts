/**
 * The way to other servers for MIGRATE, with time limits. As in Redis a connection over which all
 * went well is kept for some seconds, since who moves a key will move others. The other side may
 * have closed it meanwhile, which shows when it is used: then there is one more try with a new one.
 */

import type { MigrationOutcome, MigrationPort, MigrationTarget } from "../engine/ports.ts";
import type { Clock, Timer } from "../host/clock.ts";
import type { Log } from "../host/log.ts";
import type { Connection, Network } from "../host/network.ts";
import { systemErrorKind } from "../host/system_error.ts";
import type { Reply } from "../resp/reply_decoder.ts";
import { ReplyDecoder } from "../resp/reply_decoder.ts";
import type { Turn } from "./turn.ts";

/** Bytes handed to the system at once: each piece has the time limit for itself. */
const PIECE_BYTES = 64 * 1024;
/** How long a connection is kept without use, and how many are. */
const KEPT_MS = 10_000;
const MOST_KEPT = 64;

interface KeptLink {
  readonly connection: Connection;
  readonly end: Timer;
}

type Done = (outcome: MigrationOutcome) => void;

interface Attempt extends MigrationOutcome {
  /** There is no sense in another one: the other side has said something, or takes too long. */
  readonly isFinal: boolean;
}

/** Something took longer than the caller allowed. */
class TooLateError extends Error {}

export class MigrationLink implements MigrationPort {
  /** Those kept, by server and account, the oldest first. */
  private readonly kept: Map<string, KeptLink> = new Map();
  private isClosed = false;

  constructor(
    private readonly network: Network,
    private readonly clock: Clock,
    private readonly log: Log,
    private readonly turn: Turn,
  ) {}

  get keptLinks(): number {
    return this.kept.size;
  }

  exchange(target: MigrationTarget, requests: Uint8Array, count: number, done: Done): void {
    this.run(target, requests, count).then((outcome) => {
      this.turn.begin();
      done(outcome);
    }).catch((error) => {
      const detail = error instanceof Error ? error.stack ?? error.message : String(error);
      this.log.warning(`MIGRATE failed: ${detail}`);
    });
  }

  /** Closes what is kept, and keeps nothing more. */
  close(): void {
    this.isClosed = true;
    for (const name of [...this.kept.keys()]) this.forget(name);
  }

  private async run(
    target: MigrationTarget,
    requests: Uint8Array,
    count: number,
  ): Promise<MigrationOutcome> {
    const kept = this.take(nameOf(target));
    if (kept !== null) {
      const outcome = await this.attempt(kept, target, requests, count);
      if (outcome.failure === null || outcome.isFinal) return outcome;
    }
    return await this.attempt(null, target, requests, count);
  }

  /** One try, over a connection that is given or a new one. */
  private async attempt(
    given: Connection | null,
    target: MigrationTarget,
    requests: Uint8Array,
    count: number,
  ): Promise<Attempt> {
    const { timeoutMs } = target;
    const replies: Reply[] = [];
    let failure: MigrationOutcome["failure"] = "connecting";
    let connection = given;
    try {
      connection ??= await this.connect(target);
      failure = "writing";
      await this.write(connection, requests, timeoutMs);
      failure = "reading";
      await this.read(connection, count, timeoutMs, replies);
      this.keep(nameOf(target), connection);
      return { replies, failure: null, isFinal: true };
    } catch (error) {
      this.log.verbose(`MIGRATE to ${target.hostname}:${target.port}, ${failure}: ${error}`);
      if (connection !== null) close(connection);
      // Redis finds out that nobody listens when it writes.
      if (failure === "connecting" && systemErrorKind(error) === "connection refused") {
        failure = "writing";
      }
      return { replies, failure, isFinal: replies.length > 0 || error instanceof TooLateError };
    }
  }

  /** A connection that was kept, which is the caller's now. */
  private take(name: string): Connection | null {
    const link = this.kept.get(name);
    if (link === undefined) return null;
    this.kept.delete(name);
    link.end.cancel();
    return link.connection;
  }

  private keep(name: string, connection: Connection): void {
    if (this.isClosed) return close(connection);
    this.forget(name);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size < MOST_KEPT) break;
      this.forget(oldest);
    }
    const end = this.clock.schedule(KEPT_MS, () => this.forget(name));
    this.kept.set(name, { connection, end });
  }

  private forget(name: string): void {
    const connection = this.take(name);
    if (connection !== null) close(connection);
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
        reject(new TooLateError(`nothing within ${timeoutMs} ms`));
      });
      pending.then(resolve, reject).finally(() => timer.cancel());
    });
  }
}

function nameOf({ hostname, port, account }: MigrationTarget): string {
  return `${hostname} ${port} ${account}`;
}

function close(connection: Connection): void {
  try {
    connection.close();
  } catch {
    // It is closed already.
  }
}
