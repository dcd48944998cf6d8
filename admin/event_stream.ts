/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). What happens
 * waits in a queue of a bounded length until the reader takes it; what comes while the queue is full
 * is dropped and counted, so that a slow reader costs neither memory nor anybody's time. The reader
 * is told how much it missed by an event `dropped`.
 *
 * A stream outlives its connection for a while: what was sent last stays in the queue, and what happens
 * still comes in. A reader that comes back with the id of the last event it got goes on behind it; how
 * much it missed, where the queue does not reach back so far, it is told as well.
 */

import type { Clock, Timer } from "../lib/host/clock.ts";
import { streamedHeaders } from "./send_body.ts";
import type { RegisteredStream, StreamRegister } from "./stream_register.ts";

const MAX_QUEUED = 1000;
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
/** A comment that keeps proxies and the idle limit of connections content. */
const HEARTBEAT_MS = 15_000;

export interface EventStreamOptions {
  /** See {@linkcode RegisteredStream}. */
  readonly id: string;
  readonly subject: string;
  /** How long it goes on without a reader. */
  readonly keptMs: number;
  /** The reader had another stream before, of which nothing is known any longer. */
  readonly hasMissed?: boolean;
}

export class EventStream implements RegisteredStream {
  readonly id: string;
  readonly subject: string;
  isLeft = false;
  /** Events that its reader does not get, since the stream began. */
  dropped = 0;
  private droppedTold = 0;
  /** Events in their order: those that were sent, then those that wait. */
  private readonly queue: string[] = [];
  private queuedBytes = 0;
  /** The number of the first event in the queue; its id has it. */
  private firstNumber = 1;
  private sent = 0;
  private sentBytes = 0;
  /** What goes out before the next event. */
  private preface: string;
  private readonly keptMs: number;
  /** Numbers the connections that this was read on; only the last one counts. */
  private reader = 0;
  private hasBegun = false;
  private ended = false;
  private wake: (() => void) | null = null;
  private readonly leavers: (() => void)[] = [];
  private readonly encoder = new TextEncoder();
  private timer: Timer | null = null;

  /** @throws 503 when there are too many streams. */
  constructor(
    private readonly clock: Clock,
    private readonly register: StreamRegister<EventStream>,
    options: EventStreamOptions,
  ) {
    register.requireRoom();
    this.id = options.id;
    this.subject = options.subject;
    this.keptMs = options.keptMs;
    // An id without an event: who loses the connection before the first event knows it too.
    this.preface = `id: ${this.id}-0\n\n`;
    if (options.hasMissed === true) this.preface += droppedEvent(null);
    register.add(this);
  }

  /** Has `leave` called once when the stream ends, whoever ends it. */
  whenEnded(leave: () => void): void {
    this.leavers.push(leave);
  }

  /** Whether what comes now would be dropped; it is then counted as such, and need not be made. */
  drops(): boolean {
    const waiting = this.queue.length - this.sent;
    if (waiting < MAX_QUEUED && this.queuedBytes - this.sentBytes < MAX_QUEUED_BYTES) return false;
    this.dropped++;
    return true;
  }

  send(event: string, data: unknown): void {
    if (this.ended || this.drops()) return;
    const number = this.firstNumber + this.queue.length;
    const text = `id: ${this.id}-${number}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    this.queue.push(text);
    this.queuedBytes += text.length;
    while (this.sent > 0 && this.isFull) this.forgetFirst();
    this.wakeReader();
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.register.remove(this);
    this.timer?.cancel();
    for (const leave of this.leavers) leave();
    this.wakeReader();
  }

  /** The stream from its beginning. */
  response(): Response {
    const reader = ++this.reader;
    this.isLeft = false;
    this.wakeReader();
    this.beat();
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        this.hasBegun = true;
        while (!this.hasText && !this.ended && this.reader === reader) {
          await new Promise<void>((resolve) => this.wake = resolve);
        }
        if (this.reader !== reader) return controller.close();
        if (this.hasText) controller.enqueue(this.encoder.encode(this.take()));
        if (this.ended) controller.close();
      },
      cancel: () => {
        if (this.reader === reader) this.leave();
      },
    }, { highWaterMark: 0 });
    return new Response(body, { headers: streamedHeaders("text/event-stream") });
  }

  /** The stream from behind an event on, by the number in its id; a reader that is still there is sent away. */
  resumedAfter(number: number): Response {
    const missed = this.firstNumber - (number + 1);
    if (missed > 0) this.dropped += missed;
    this.sent = Math.min(Math.max(0, -missed), this.queue.length);
    this.sentBytes = this.queue.slice(0, this.sent).reduce((sum, { length }) => sum + length, 0);
    // What it was told last may not have reached it.
    this.droppedTold = 0;
    this.preface = missed > 0 ? this.droppedNote() : "";
    return this.response();
  }

  private get isFull(): boolean {
    return this.queue.length > MAX_QUEUED || this.queuedBytes > MAX_QUEUED_BYTES;
  }

  private get hasText(): boolean {
    return this.preface !== "" || this.sent < this.queue.length;
  }

  private take(): string {
    const text = this.preface + this.queue.slice(this.sent).join("");
    this.preface = "";
    this.sent = this.queue.length;
    this.sentBytes = this.queuedBytes;
    return text + this.droppedNote();
  }

  private droppedNote(): string {
    if (this.dropped === this.droppedTold) return "";
    this.droppedTold = this.dropped;
    return droppedEvent(this.dropped);
  }

  private forgetFirst(): void {
    const { length } = this.queue.shift() ?? "";
    this.firstNumber++;
    this.sent--;
    this.sentBytes -= length;
    this.queuedBytes -= length;
  }

  private wakeReader(): void {
    const { wake } = this;
    this.wake = null;
    wake?.();
  }

  /** Who never took anything knows of no id to come back with. */
  private leave(): void {
    if (!this.hasBegun || this.keptMs === 0) return this.end();
    this.isLeft = true;
    this.timer?.cancel();
    this.timer = this.clock.schedule(this.keptMs, () => this.end());
  }

  private beat(): void {
    if (this.ended) return;
    if (!this.hasText) {
      this.preface = ": alive\n\n";
      this.wakeReader();
    }
    this.timer?.cancel();
    this.timer = this.clock.schedule(HEARTBEAT_MS, () => this.beat());
  }
}

/** @param total null where nobody has counted. */
function droppedEvent(total: number | null): string {
  return `event: dropped\ndata: ${JSON.stringify({ total })}\n\n`;
}
