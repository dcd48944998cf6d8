/**
 * The same schedule of commands on several connections, of our engine and of a real redis-server: after
 * each command all that every connection was sent must be the same bytes.
 */

import { fromLatin1, latin1 } from "../../lib/bytes/byte_string.ts";
import type { Session } from "../../lib/engine/session.ts";
import { Request } from "../../lib/resp/request.ts";
import { EngineHarness } from "./engine_harness.ts";
import { encodeCommand } from "./resp_client.ts";

/** One step: which connection sends what, as binary strings. */
export interface Step {
  readonly connection: number;
  /** `{2}` stands for the id that the server has given to connection 2. */
  readonly words: readonly string[];
  /** The replies have elements in an order that is each server's own. */
  readonly anyOrder?: boolean;
}

const DEADLINE_MS = 2_000;

/** Sessions of one engine; what each was sent gathers until it is taken. */
export class Sessions {
  readonly redis: EngineHarness;
  readonly all: Session[];

  constructor(protocols: readonly (2 | 3)[], config: Readonly<Record<string, string>> = {}) {
    this.redis = new EngineHarness({
      config: { "enable-debug-command": "yes", ...config },
    });
    this.redis.clock.jumpTo(Date.now());
    this.all = protocols.map((protocol) => this.redis.newSession(protocol));
  }

  /** The ids of the connections, in their order. */
  get ids(): readonly string[] {
    return this.all.map(({ id }) => String(id));
  }

  run(connection: number, ...words: readonly string[]): void {
    const { clock, engine } = this.redis;
    clock.jumpTo(Date.now());
    engine.beginTurn();
    const session = this.all[connection];
    engine.execute(session, Request.from(words.map(fromLatin1)));
    engine.endTurn();
    if (session.closing) engine.context.sessions.close(session);
  }

  /** What came since the last time, as binary strings, by connection. */
  take(): string[] {
    return this.all.map(({ reply }) => {
      const text = latin1(reply.buffer, 0, reply.length);
      reply.cutTo(0);
      return text;
    });
  }
}

/** Connections to a server. */
class Sockets {
  private readonly received: string[];
  /** Resolved when something arrives, or when that has taken too long. */
  private arrival: PromiseWithResolvers<void> = Promise.withResolvers();

  private constructor(private readonly sockets: readonly Deno.TcpConn[]) {
    this.received = sockets.map(() => "");
    for (const [i, socket] of sockets.entries()) void this.read(i, socket);
  }

  static async connect(port: number, protocols: readonly (2 | 3)[]): Promise<Sockets> {
    const sockets: Deno.TcpConn[] = [];
    for (const _ of protocols) sockets.push(await Deno.connect({ port, hostname: "127.0.0.1" }));
    const result = new Sockets(sockets);
    for (const [i, protocol] of protocols.entries()) {
      if (protocol !== 3) continue;
      await result.write(i, ["HELLO", "3"]);
      await result.until(() => result.received[i].endsWith("modules\r\n*0\r\n"));
      result.received[i] = "";
    }
    return result;
  }

  /** The ids of the connections, in their order; asked of those that have sent all they were to. */
  async ids(): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let i = 0; i < this.sockets.length; i++) {
      await this.write(i, ["CLIENT", "ID"]);
      await this.until(() => this.received[i].endsWith("\r\n"));
      ids.push(this.received[i].slice(1, -2));
      this.received[i] = "";
    }
    return ids;
  }

  async write(connection: number, words: readonly string[]): Promise<void> {
    let bytes: Uint8Array = encodeCommand(words.map(fromLatin1));
    while (bytes.length > 0) {
      bytes = bytes.subarray(await this.sockets[connection].write(bytes));
    }
  }

  /** What came since the last time, once each connection has as much as it should have. */
  async take(lengths: readonly number[]): Promise<string[]> {
    await this.until(() => this.received.every((text, i) => text.length >= lengths[i]));
    return this.received.map((text, i) => {
      this.received[i] = "";
      return text;
    });
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }

  /** Waits for what has to come, and not longer than a test may take. */
  private async until(isDone: () => boolean): Promise<void> {
    if (isDone()) return;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.arrival.resolve();
    }, DEADLINE_MS);
    while (!isDone() && !isLate) {
      this.arrival = Promise.withResolvers();
      await this.arrival.promise;
    }
    clearTimeout(timer);
  }

  private async read(connection: number, socket: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(64 * 1024);
    try {
      for (;;) {
        const count = await socket.read(buffer);
        if (count === null) return;
        this.received[connection] += latin1(buffer, 0, count);
        this.arrival.resolve();
      }
    } catch {
      // The connection is closed when the schedule ends.
    }
  }
}

/** Runs a schedule on both; a report of the first difference, or null. */
export async function compareSchedule(
  port: number,
  protocols: readonly (2 | 3)[],
  steps: readonly Step[],
  config: Readonly<Record<string, string>> = {},
): Promise<string | null> {
  const ours = new Sessions(protocols, config);
  const theirs = await Sockets.connect(port, protocols);
  try {
    const usesIds = steps.some(({ words }) => words.some((word) => ID.test(word)));
    const theirIds = usesIds ? await theirs.ids() : [];
    for (const [at, { connection, words, anyOrder }] of steps.entries()) {
      ours.run(connection, ...withIds(words, ours.ids));
      const wanted = ours.take().map((text) => withoutIds(text, usesIds ? ours.ids : []));
      await theirs.write(connection, withIds(words, theirIds));
      const lengths = wanted.map((text) => text.length);
      const found = (await theirs.take(lengths)).map((text) => withoutIds(text, theirIds));
      const differs = wanted.findIndex((text, i) =>
        text !== found[i] && !(anyOrder === true && sorted(text) === sorted(found[i]))
      );
      if (differs < 0) continue;
      const shown = steps.slice(0, at + 1).map((step) =>
        `  ${step.connection}: ${JSON.stringify(step.words.join(" "))}`
      );
      return [
        ...shown,
        `  connection ${differs}, ours:   ${JSON.stringify(wanted[differs])}`,
        `  connection ${differs}, theirs: ${JSON.stringify(found[differs])}`,
      ].join("\n");
    }
    return null;
  } finally {
    theirs.close();
  }
}

const ID = /^\{(\d)\}$/;

function withIds(words: readonly string[], ids: readonly string[]): string[] {
  return words.map((word) => word.replace(ID, (_, connection) => ids[Number(connection)]));
}

/** Replies that are the id of a connection, as the word that stands for it in a step. */
function withoutIds(text: string, ids: readonly string[]): string {
  if (ids.length === 0) return text;
  // Where a connection's id is told: CLIENT TRACKINGINFO and the end of a redirection.
  return text.replace(/(redirect|redir-broken)\r\n:(\d+)/g, (whole, label, id: string) => {
    const connection = ids.indexOf(id);
    return connection < 0 ? whole : `${label} {${connection}}`;
  });
}

function sorted(text: string): string {
  return [...text].sort().join("");
}
