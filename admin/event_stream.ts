/**
 * Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html). What happens
 * waits in a queue of a bounded length until the reader takes it; what comes while the queue is full
 * is dropped and counted, so that a slow reader costs neither memory nor anybody's time. The reader
 * is told how much it missed by an event `dropped`.
 */

import type { Clock, Timer } from "../lib/host/clock.ts";
import { streamedHeaders } from "./send_body.ts";
import type { StreamRegister } from "./stream_register.ts";

const MAX_QUEUED = 1000;
const MAX_QUEUED_BYTES = 4 * 1024 * 1024;
/** A comment that keeps proxies and the idle limit of connections content. */
const HEARTBEAT_MS = 15_000;

export class EventStream {
  /** Events that were dropped since the stream began. */
  dropped = 0;
  private droppedTold = 0;
  private nextId = 1;
  private queue: string[] = [];
  private queuedBytes = 0;
  private ended = false;
  private wake: (() => void) | null = null;
  private readonly leavers: (() => void)[] = [];
  private readonly encoder = new TextEncoder();
  private heartbeat: Timer | null = null;
  private readonly endNow = (): void => this.end();

  /** @throws 503 when there are too many streams. */
  constructor(private readonly clock: Clock, private readonly register: StreamRegister) {
    register.requireRoom();
    register.add(this.endNow);
    this.beat();
  }

  /** Has `leave` called once when the stream ends, whoever ends it. */
  whenEnded(leave: () => void): void {
    this.leavers.push(leave);
  }

  /** Whether what comes now would be dropped; it is then counted as such, and need not be made. */
  drops(): boolean {
    if (this.queue.length < MAX_QUEUED && this.queuedBytes < MAX_QUEUED_BYTES) return false;
    this.dropped++;
    return true;
  }

  send(event: string, data: unknown): void {
    if (this.ended || this.drops()) return;
    this.put(`id: ${this.nextId++}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  end(): void {
    if (this.ended) return;
    this.ended = true;
    this.register.remove(this.endNow);
    this.heartbeat?.cancel();
    for (const leave of this.leavers) leave();
    this.wake?.();
  }

  response(): Response {
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (this.queue.length === 0 && !this.ended) {
          await new Promise<void>((resolve) => this.wake = resolve);
        }
        const text = this.take();
        if (text !== "") controller.enqueue(this.encoder.encode(text));
        if (this.ended) controller.close();
      },
      cancel: () => this.end(),
    }, { highWaterMark: 0 });
    return new Response(body, { headers: streamedHeaders("text/event-stream") });
  }

  private take(): string {
    let text = this.queue.join("");
    this.queue = [];
    this.queuedBytes = 0;
    if (this.dropped > this.droppedTold) {
      this.droppedTold = this.dropped;
      text += `event: dropped\ndata: ${JSON.stringify({ total: this.dropped })}\n\n`;
    }
    return text;
  }

  private put(text: string): void {
    this.queue.push(text);
    this.queuedBytes += text.length;
    this.wake?.();
    this.wake = null;
  }

  private beat(): void {
    if (this.queue.length === 0) this.put(": alive\n\n");
    this.heartbeat = this.clock.schedule(HEARTBEAT_MS, () => this.beat());
  }
}
