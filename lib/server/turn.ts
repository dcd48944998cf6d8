/**
 * One flush a turn. The first reader that wakes queues one microtask, which runs when all that woke
 * with it have told what arrived. It runs their requests, starts one write for each connection that
 * has replies, and lets the readers go on. What must happen before a reply leaves (the append-only
 * file's write, feeding replicas) happens there, once for all of them. [hot]
 */

import type { Engine } from "../engine/engine.ts";
import { RequestBatch, type Sender } from "./request_batch.ts";

/** A connection with bytes that were read, and no read under way. */
export interface Reader extends Sender {
  /** Starts the next read; must not throw. */
  readOn(): void;
}

/** What has replies to send at the end of a turn. */
export interface Flushable {
  flush(): void;
  /** In place of {@linkcode flush}: what there is to send waits for {@linkcode release}. */
  hold(ticket: number): void;
  /** Sends what waits for this ticket or an earlier one; whether nothing waits any more. */
  release(ticket: number): boolean;
  /** Called when {@linkcode flush} has thrown; must not throw. */
  close(): void;
}

/** What waited and goes on before a turn ends, so that its effects and replies leave with it. */
export interface Resumable {
  goOn(): void;
  /** Called when {@linkcode goOn} has thrown; must not throw. */
  close(): void;
}

/** What has to happen between the commands of a turn and their replies: the append-only file. */
export interface Barrier {
  /** Returns 0 when replies may leave, otherwise the ticket that they wait for; tickets grow. */
  turnEnds(): number;
}

export class Turn {
  /** Null while nothing has to happen before replies leave. */
  barrier: Barrier | null = null;
  readonly batch: RequestBatch;
  private readonly arrived: Reader[] = [];
  private readonly waiting: Flushable[] = [];
  private readonly resuming: Resumable[] = [];
  /** Those whose replies wait for the barrier. */
  private readonly holding: Set<Flushable> = new Set();
  private queued = false;
  private readonly end = (): void => this.finish();

  constructor(private readonly engine: Engine) {
    this.batch = new RequestBatch(engine);
  }

  /** Opens a turn, or joins the one that is open. */
  begin(): void {
    if (this.queued) return;
    this.queued = true;
    this.engine.beginTurn();
    queueMicrotask(this.end);
  }

  /** Has what was read run when the turn ends, and the reader go on. */
  runAtEnd(reader: Reader): void {
    this.arrived.push(reader);
  }

  /** Has `flush` called once, when the turn ends; the caller makes sure not to ask twice. */
  flushAtEnd(connection: Flushable): void {
    this.waiting.push(connection);
  }

  /** Settles when replies of what was run so far may leave: for those without a connection. */
  settled(): Promise<void> {
    if (this.barrier === null) return Promise.resolve();
    return new Promise((resolve) => {
      let awaited = 0;
      this.begin();
      this.flushAtEnd({
        flush: resolve,
        hold: (ticket) => void (awaited = ticket),
        release: (ticket) => {
          if (ticket < awaited) return false;
          resolve();
          return true;
        },
        close: resolve,
      });
    });
  }

  /** Has `goOn` called once before the turn ends, when no command is running. */
  resumeAtEnd(connection: Resumable): void {
    this.resuming.push(connection);
  }

  /** One connection's failure must not keep others waiting, nor leave the turn open for ever. */
  private finish(): void {
    const { arrived } = this;
    const through = arrived.length === 0 ? 0 : this.batch.run(arrived);
    this.engine.serveWaiting();
    // Those that go on may let others go on; all of them belong to this turn.
    for (let i = 0; i < this.resuming.length; i++) {
      try {
        this.resuming[i].goOn();
      } catch (error) {
        this.failed(this.resuming[i], error);
      }
    }
    this.resuming.length = 0;
    this.queued = false;
    this.engine.endTurn();
    const ticket = this.barrier === null ? 0 : this.barrier.turnEnds();
    if (ticket > 0) this.holdAll(ticket);
    const count = this.waiting.length;
    for (let i = 0; i < count; i++) {
      try {
        this.waiting[i].flush();
      } catch (error) {
        this.failed(this.waiting[i], error);
      }
    }
    // Flushing may have asked for more flushes; those stay for the turn that they opened.
    if (count === this.waiting.length) this.waiting.length = 0;
    else this.waiting.splice(0, count);
    this.readOn(through);
  }

  /** Lets the first readers go on; those behind them are run in another turn. */
  private readOn(through: number): void {
    const { arrived } = this;
    for (let i = 0; i < through; i++) arrived[i].readOn();
    if (through === arrived.length) arrived.length = 0;
    else {
      arrived.splice(0, through);
      this.begin();
    }
  }

  /** Lets replies go that wait for this ticket or an earlier one. */
  release(ticket: number): void {
    for (const connection of this.holding) {
      try {
        if (connection.release(ticket)) this.holding.delete(connection);
      } catch (error) {
        this.holding.delete(connection);
        this.failed(connection, error);
      }
    }
  }

  private holdAll(ticket: number): void {
    const connections = this.waiting.splice(0);
    for (const connection of connections) {
      connection.hold(ticket);
      this.holding.add(connection);
    }
  }

  private failed(part: Flushable | Resumable, error: unknown): void {
    const detail = error instanceof Error ? error.stack ?? error.message : String(error);
    this.engine.context.host.log.warning(`Closing client after a failure: ${detail}`);
    part.close();
  }
}
