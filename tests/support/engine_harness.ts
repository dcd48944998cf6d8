/**
 * An engine with a host that the test holds in its hand: commands go in, replies come out as
 * redis-cli would print them, time moves when it is told to, and every effect is written down.
 *
 * ```ts
 * const redis = new EngineHarness();
 * assertEquals(redis.run("SET", "key", "value", "PX", 100), "OK");
 * redis.clock.advance(100);
 * assertEquals(redis.run("GET", "key"), "(nil)");
 * assertEquals(redis.effects, ["SET key value PXAT …", "DEL key"]);
 * ```
 */

import { COMMANDS } from "../../lib/commands/all.ts";
import { Config } from "../../lib/config/config.ts";
import { Engine } from "../../lib/engine/engine.ts";
import type { Session } from "../../lib/engine/session.ts";
import { DenoProcess } from "../../lib/host/process.ts";
import { latin1 } from "../../lib/bytes/byte_string.ts";
import type { Reply } from "../../lib/resp/reply_decoder.ts";
import { ReplyDecoder } from "../../lib/resp/reply_decoder.ts";
import { Request } from "../../lib/resp/request.ts";
import { CapturedLog, FakeClock, MemoryFiles, SeededRandom } from "./fake_host.ts";
import type { Argument } from "./resp_client.ts";
import { show } from "./resp_client.ts";
import { SilentLink } from "./silent_link.ts";

export interface HarnessOptions {
  /** Directives as in redis.conf, e.g. `{ maxmemory: "1mb" }`. */
  readonly config?: Readonly<Record<string, string>>;
  readonly seed?: number;
  /** RESP version of the first session. */
  readonly protocol?: 2 | 3;
  /** What is written down; listening changes how commands are run. Effects and events by default. */
  readonly records?: "effects and events" | "effects" | "nothing";
}

export class EngineHarness {
  readonly clock: FakeClock = new FakeClock();
  readonly files: MemoryFiles = new MemoryFiles();
  readonly log: CapturedLog = new CapturedLog();
  readonly config: Config = new Config();
  readonly engine: Engine;
  /** The session of {@linkcode run}. */
  readonly session: Session;
  /**
   * What went out on the stream of effects, a line each; other databases than 0 as `db1: …`.
   * `MULTI` and `EXEC` stand around the effects of one command when they are several.
   */
  effects: string[] = [];
  /** Changes of keys as `event key`. */
  events: string[] = [];

  constructor(options: HarnessOptions = {}) {
    for (const [name, value] of Object.entries(options.config ?? {})) {
      this.config.load(name, [value]);
    }
    this.config.start();
    this.engine = new Engine({
      host: {
        clock: this.clock,
        random: new SeededRandom(options.seed ?? 1),
        files: this.files,
        process: new DenoProcess(),
        log: this.log,
      },
      config: this.config,
      commands: COMMANDS,
    });
    this.session = this.newSession(options.protocol);
    const { records = "effects and events" } = options;
    if (records === "nothing") return;
    this.engine.context.propagation.subscribe({
      effect: (db, request) => {
        const words: string[] = [];
        for (let i = 0; i < request.count; i++) words.push(latin1(request.view(i)));
        this.effects.push((db === 0 ? "" : `db${db}: `) + words.join(" "));
      },
      beginUnit: () => this.effects.push("MULTI"),
      endUnit: () => this.effects.push("EXEC"),
    });
    if (records === "effects") return;
    this.engine.context.keyspace.listen({
      keyChanged: (_db, key, event) => this.events.push(`${event} ${latin1(key)}`),
    });
  }

  newSession(protocol: 2 | 3 = 2): Session {
    const session = this.engine.openSession();
    session.reply.protocol = protocol;
    return session;
  }

  /** A session with a connection behind it, so that its commands may wait. */
  newClient(protocol: 2 | 3 = 2): Session {
    const session = this.newSession(protocol);
    session.link = new SilentLink(this.engine.context.sessions, session, `127.0.0.1:${session.id}`);
    return session;
  }

  /** Runs a command of a session that may have to wait for its reply. */
  send(session: Session, ...args: Argument[]): void {
    this.engine.beginTurn();
    this.engine.execute(
      session,
      Request.from(args.map((arg) => arg instanceof Uint8Array ? arg : String(arg))),
    );
    this.engine.endTurn();
  }

  /** What a session was sent since the last time, as redis-cli shows it. */
  received(session: Session): string[] {
    const decoder = new ReplyDecoder();
    decoder.feed(session.reply.buffer.slice(0, session.reply.length));
    session.reply.length = 0;
    const shown: string[] = [];
    for (let reply = decoder.next(); reply !== undefined; reply = decoder.next()) {
      shown.push(show(reply));
    }
    return shown;
  }

  /** Runs a command and shows its reply as redis-cli does. */
  run(...args: Argument[]): string {
    return show(this.reply(...args));
  }

  /** Runs a command and gives its reply. */
  reply(...args: Argument[]): Reply {
    return this.replyTo(this.session, ...args);
  }

  /** The same on another session. */
  replyTo(session: Session, ...args: Argument[]): Reply {
    const decoder = new ReplyDecoder();
    decoder.feed(this.bytesTo(session, ...args));
    const reply = decoder.next();
    if (reply === undefined) throw new Error(`no reply to ${args.join(" ")}`);
    return reply;
  }

  /** The exact bytes of the reply. */
  bytesTo(session: Session, ...args: Argument[]): Uint8Array {
    session.reply.length = 0;
    this.engine.beginTurn();
    this.engine.execute(
      session,
      Request.from(args.map((arg) => arg instanceof Uint8Array ? arg : String(arg))),
    );
    this.engine.endTurn();
    const bytes = session.reply.buffer.slice(0, session.reply.length);
    session.reply.length = 0;
    return bytes;
  }
}
