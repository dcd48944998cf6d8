/**
 * A real engine without sockets, for benches: pipelines of requests go as bytes through parser,
 * dispatcher and commands, as a connection hands them on.
 */

import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { COMMANDS } from "../../lib/commands/all.ts";
import { Config } from "../../lib/config/config.ts";
import { Engine } from "../../lib/engine/engine.ts";
import type { Session } from "../../lib/engine/session.ts";
import { DenoProcess } from "../../lib/host/process.ts";
import { SeededRandom } from "../../lib/host/random.ts";
import { SystemClock } from "../../lib/host/clock.ts";
import { RequestParser } from "../../lib/resp/request_parser.ts";
import { RequestBatch, type Sender } from "../../lib/server/request_batch.ts";
import { CapturedLog, MemoryFiles } from "../support/fake_host.ts";

/** Words of one request. */
export type Words = readonly (string | number)[];

/** Requests in one write of a client. */
export const PIPELINE = 16;
/** Pipelines in one turn of the server, when 50 clients send them. */
const PIPELINES_PER_TURN = 10;

export class EngineDriver {
  private readonly engine: Engine;
  private readonly session: Session;
  private readonly batch: RequestBatch;
  private readonly parser = new RequestParser({ maxBulkBytes: 1e9 }, true);
  private readonly senders: Sender[];

  constructor() {
    const config = new Config();
    config.start();
    this.engine = new Engine({
      host: {
        clock: new SystemClock(),
        random: new SeededRandom(1),
        files: new MemoryFiles(),
        process: new DenoProcess(),
        log: new CapturedLog(),
      },
      config,
      commands: COMMANDS,
    });
    this.session = this.engine.openSession();
    this.batch = new RequestBatch(this.engine);
    const { session, parser } = this;
    this.senders = [{
      session,
      parser,
      ran: () => {},
      failed: (error) => {
        throw error;
      },
    }];
  }

  /** Runs pipelines as turns of a server, and says how many nanoseconds of processor time a request took. */
  measure(pipelines: readonly Uint8Array[]): number {
    const before = process.cpuUsage();
    this.run(pipelines);
    const { user, system } = process.cpuUsage(before);
    return (user + system) * 1000 / (pipelines.length * PIPELINE);
  }

  /** Runs pipelines as turns of a server. */
  run(pipelines: readonly Uint8Array[]): void {
    for (let i = 0; i < pipelines.length; i++) {
      if (i % PIPELINES_PER_TURN === 0) this.engine.beginTurn();
      this.received(pipelines[i]);
      this.session.reply.length = 0;
      if ((i + 1) % PIPELINES_PER_TURN === 0) this.engine.endTurn();
    }
    this.engine.endTurn();
  }

  private received(bytes: Uint8Array): void {
    this.parser.feed(bytes);
    this.batch.run(this.senders);
  }
}

/** Requests as the bytes of pipelines. */
export function pipelined(commands: readonly Words[]): Uint8Array[] {
  const pipelines: Uint8Array[] = [];
  for (let i = 0; i < commands.length; i += PIPELINE) {
    let text = "";
    for (const words of commands.slice(i, i + PIPELINE)) {
      text += `*${words.length}\r\n`;
      for (const word of words) text += `$${String(word).length}\r\n${word}\r\n`;
    }
    pipelines.push(fromLatin1(text));
  }
  return pipelines;
}
