/**
 * What a server makes of a frame: whether it keeps the connection, and the class of each reply.
 *
 * Nothing is waited for by the clock. A server serves its connections in turn, so when it has answered
 * PINGs on a second connection that were sent after the frame, it has dealt with the frame; where
 * two servers differ the frame is tried again alone, with more of these PINGs.
 */

import { latin1 } from "../../lib/bytes/byte_string.ts";
import { type Connection, writeAll } from "../../lib/host/network.ts";
import { type Reply, ReplyDecoder, ReplyFormatError } from "../../lib/resp/reply_decoder.ts";
import { connect, type RespClient } from "../support/resp_client.ts";
import type { Frames } from "./frames.ts";

export interface Verdict {
  closed: boolean;
  /** `ok`, or an error's first word, or the whole text of a protocol error. */
  replies: string[];
}

export interface Disagreement {
  frame: Uint8Array;
  ours: Verdict;
  theirs: Verdict;
}

const batchSize = 200;
const quickPings = 3;
const patientPings = 20;
const deadlineMs = 10_000;

/** One server, with a connection of our own beside those that get frames. */
export class Judge {
  private constructor(private readonly port: number, private readonly control: RespClient) {}

  static async open(port: number, password?: string): Promise<Judge> {
    const control = await connect(port);
    if (password !== undefined) await control.send("AUTH", password);
    return new Judge(port, control);
  }

  close(): void {
    this.control.close();
  }

  /** The verdicts on frames that are sent at the same time, each in its pieces. */
  async judge(frames: readonly Uint8Array[][], pings = quickPings): Promise<Verdict[]> {
    const clients = await this.inTime(
      "accept connections",
      frames.map(() => FrameClient.open(this.port)),
    );
    await this.inTime("read frames", clients.map((client, i) => client.send(frames[i])));
    await this.settle(pings);
    return await this.inTime("end", clients.map((client) => client.finish()));
  }

  /** Each frame in one write, without data left by others, and with more patience. */
  async judgeCalmly(frames: readonly Uint8Array[]): Promise<Verdict[]> {
    await this.control.send("FLUSHALL");
    return await this.judge(frames.map((frame) => [frame]), patientPings);
  }

  /** All results, or an error that says what the server did not do, and how many times. */
  private async inTime<T>(what: string, work: Promise<T>[]): Promise<T[]> {
    let waiting = work.length;
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      late.reject(new Error(`port ${this.port} did not ${what}, ${waiting} of ${work.length}`));
    }, deadlineMs);
    for (const one of work) one.then(() => waiting--, () => {});
    try {
      return await Promise.race([Promise.all(work), late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  private async settle(pings: number): Promise<void> {
    for (let i = 0; i < pings; i++) {
      await this.control.send("PING");
      // What has arrived is read in the next turn.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  }
}

class FrameClient {
  private closed = false;
  private readonly chunks: Uint8Array[] = [];
  private readonly reading: Promise<void>;

  private constructor(private readonly connection: Connection) {
    this.reading = this.read();
  }

  static async open(port: number): Promise<FrameClient> {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    // Otherwise the system holds the second piece back until the first is acknowledged.
    connection.setNoDelay(true);
    return new FrameClient(connection);
  }

  async send(pieces: readonly Uint8Array[]): Promise<void> {
    try {
      for (const piece of pieces) await writeAll(this.connection, piece);
    } catch {
      // The server has closed before all pieces were sent, which its verdict says.
    }
  }

  async finish(): Promise<Verdict> {
    const { closed } = this;
    this.connection.close();
    await this.reading;
    return { closed, replies: this.classes() };
  }

  private async read(): Promise<void> {
    const target = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const count = await this.connection.read(target);
        if (count === null) break;
        this.chunks.push(target.slice(0, count));
      }
    } catch {
      // Reset by a server that closed with bytes unread, or closed by us.
    }
    this.closed = true;
  }

  private classes(): string[] {
    const decoder = new ReplyDecoder();
    const classes: string[] = [];
    try {
      for (const chunk of this.chunks) {
        decoder.feed(chunk);
        for (let reply = decoder.next(); reply !== undefined; reply = decoder.next()) {
          classes.push(classOf(reply));
        }
      }
    } catch (error) {
      if (!(error instanceof ReplyFormatError)) throw error;
      classes.push(`no reply: ${error.message}`);
    }
    return classes;
  }
}

function classOf(reply: Reply): string {
  if (reply.kind === "blob error") return latin1(reply.bytes).split(" ")[0];
  if (reply.kind !== "error") return "ok";
  return /^ERR Protocol error/.test(reply.text) ? reply.text : reply.text.split(" ")[0];
}

/** `kept: 3 ok, 1 NOAUTH, 2 ok`. */
export function summary(verdict: Verdict): string {
  const runs: { reply: string; count: number }[] = [];
  for (const reply of verdict.replies) {
    const last = runs.at(-1);
    if (last?.reply === reply) last.count++;
    else runs.push({ reply, count: 1 });
  }
  const replies = runs.map(({ reply, count }) => `${count} ${reply}`).join(", ");
  return `${verdict.closed ? "closed" : "kept"}: ${replies || "no reply"}`;
}

export interface FuzzResult {
  frames: number;
  /** Frames after which redis-server closed the connection. */
  closed: number;
  disagreements: Disagreement[];
}

/** Feeds `count` frames to both; `progress` is told now and then how many are done. */
export async function fuzz(
  ours: Judge,
  theirs: Judge,
  frames: Frames,
  count: number,
  progress: (done: number) => void = () => {},
): Promise<FuzzResult> {
  const result: FuzzResult = { frames: 0, closed: 0, disagreements: [] };
  while (result.frames < count) {
    const batch = Array.from(
      { length: Math.min(batchSize, count - result.frames) },
      () => frames.next(),
    );
    const pieces = batch.map((frame) => frames.pieces(frame));
    const [mine, other] = await Promise.all([ours.judge(pieces), theirs.judge(pieces)]);
    for (let i = 0; i < batch.length; i++) {
      if (other[i].closed) result.closed++;
      if (agree(mine[i], other[i])) continue;
      const again = await Promise.all([ours, theirs].map((judge) => judge.judgeCalmly([batch[i]])));
      const [[mineAgain], [otherAgain]] = again;
      if (agree(mineAgain, otherAgain)) continue;
      result.disagreements.push({ frame: batch[i], ours: mineAgain, theirs: otherAgain });
    }
    result.frames += batch.length;
    progress(result.frames);
  }
  return result;
}

function agree(a: Verdict, b: Verdict): boolean {
  return a.closed === b.closed && a.replies.join("\n") === b.replies.join("\n");
}
