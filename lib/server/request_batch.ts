/**
 * Runs what arrived in a turn. The requests of all the connections that woke together are found
 * first, some at a time, so that what they need can be brought into the cache together; then they are
 * run in the order in which they came. One batch serves all connections. [hot]
 */

import { Prefetch } from "../engine/prefetch.ts";
import type { Session } from "../engine/session.ts";
import { Request } from "../resp/request.ts";
import type { RequestParser } from "../resp/request_parser.ts";
import * as requestParserModule from "../resp/request_parser.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { Parsed } = requestParserModule;

/** Who sends requests: a connection. */
export interface Sender {
  readonly session: Session;
  readonly parser: RequestParser;
  /** Called when all that was complete has been run; must not throw. */
  ran(): void;
  /** Called when looking for a request, or running one, has thrown; must not throw. */
  failed(error: unknown): void;
}

/** The engine, as far as it is needed here. */
export interface Runner {
  executeAll(session: Session, requests: readonly Request[], from: number, to: number): number;
}

/** Requests looked for at a time: enough for their waits for memory to overlap. */
const BATCH_REQUESTS = 16;

/**
 * Replies that are sent before more is run: what was just written is still in the processor's cache,
 * and its buffers serve those who come next. With 50 clients and pipelines of 16, SMEMBERS of 1,000
 * took 73 µs of processor time without this limit and takes 60, HGETALL of 1,000 fields 113 and 106.
 */
const MUCH_BYTES = 512 * 1024;

export class RequestBatch {
  private readonly requests: Request[] = Array.from(
    { length: BATCH_REQUESTS },
    () => new Request(),
  );
  /** Who sent them; the requests of one sender are side by side. */
  private readonly senders: Sender[] = [];
  /** Where those of each sender end. */
  private readonly ends: number[] = [];
  /** How many senders there are. */
  private sections = 0;
  private readonly prefetch: Prefetch = new Prefetch(BATCH_REQUESTS);
  /** The first of the senders that {@linkcode find} is not through with. */
  private through = 0;

  constructor(private readonly engine: Runner) {}

  /**
   * Runs the complete requests of these senders, but for what parked or closing sessions sent, until
   * there is much to send.
   *
   * @returns how many of the senders it is through with.
   */
  run(arrived: readonly Sender[]): number {
    let next = 0;
    for (let replyBytes = 0; next < arrived.length && replyBytes < MUCH_BYTES;) {
      const first = next;
      const found = this.find(arrived, first);
      next = this.through;
      if (found > 1) this.fetchAhead(found);
      this.execute();
      for (let i = first; i < next; i++) {
        arrived[i].ran();
        replyBytes += arrived[i].session.reply.length;
      }
    }
    return next;
  }

  /** Finds as many requests as there is room for; how many. */
  private find(arrived: readonly Sender[], first: number): number {
    let found = 0;
    let next = first;
    this.sections = 0;
    for (; next < arrived.length && found < BATCH_REQUESTS; next++) {
      const sender = arrived[next];
      const before = found;
      found = this.findOf(sender, before);
      if (found === before) continue;
      this.senders[this.sections] = sender;
      this.ends[this.sections] = found;
      this.sections++;
      // There may be more of this one, to be looked for when these have been run.
      if (sender.parser.ended === Parsed.REQUEST) break;
    }
    this.through = next;
    return found;
  }

  private findOf(sender: Sender, found: number): number {
    const { session, parser } = sender;
    if (session.closing || session.parked) return found;
    try {
      // What may be sent is another matter once the first request has given the password.
      const most = parser.authenticated ? BATCH_REQUESTS : Math.min(found + 1, BATCH_REQUESTS);
      return parser.nextBatch(this.requests, found, most);
    } catch (error) {
      parser.abandon();
      sender.failed(error);
      return found;
    }
  }

  /** Runs what was found, one sender's requests after the other's. */
  private execute(): void {
    const { requests, senders, ends } = this;
    let from = 0;
    for (let i = 0; i < this.sections; i++) {
      const sender = senders[i];
      const { session } = sender;
      const to = ends[i];
      try {
        if (!session.closing && !session.parked) {
          const ran = this.engine.executeAll(session, requests, from, to);
          if (session.parked) sender.parser.backTo(requests, ran - 1);
        }
      } catch (error) {
        sender.failed(error);
      }
      from = to;
    }
  }

  private fetchAhead(found: number): void {
    const { senders } = this;
    const { db } = senders[0].session;
    for (let i = 1; i < this.sections; i++) if (senders[i].session.db !== db) return;
    this.prefetch.touch(db, this.requests, found);
  }
}
