/**
 * A server inside somebody else's program, and what its tests ask of one: time that they move, states
 * of the data to go back to, faults, and a look at what was called and what was left behind.
 *
 * All of it works on the server as clients see it, over their sockets, and none of it is on a way that
 * requests take while it is not used.
 */

import { ReplyError } from "../client/client_error.ts";
import type { Checkpoint } from "../engine/checkpoints.ts";
import type { Fault, FaultOptions } from "../engine/faults.ts";
import { type CleanOptions, findLeftovers } from "../engine/leftovers.ts";
import type { Session } from "../engine/session.ts";
import { Gate } from "../engine/session.ts";
import type { MovableClock } from "../host/movable_clock.ts";
import { type Reply, ReplyDecoder } from "../resp/reply_decoder.ts";
import { Request } from "../resp/request.ts";
import { CommandRecorder, type RecordOptions } from "./command_recorder.ts";
import { Server, type ServerHost, type ServerOptions } from "./server.ts";

const text = new TextDecoder();

/** The time of a server, in a test's hand. */
export interface ServerClock {
  /** The date that the server takes it to be. */
  readonly now: Date;
  readonly isFrozen: boolean;
  /** Stops the time: nothing expires, nobody's wait times out, TIME stands; sockets go on. */
  freeze(): void;
  /** Lets the time go on from where it stands. */
  resume(): void;
  /**
   * Moves the time on, frozen or not, and does what falls due on the way: keys and fields expire
   * with their events, waits time out, the cron runs.
   */
  advance(ms: number): Promise<void>;
  /** Sets the date, forwards or backwards; what waits for some time to pass does not notice. */
  set(date: Date | number | string): Promise<void>;
}

/** Faults of a server, put in by a test. */
export interface ServerFaults {
  /** Faults that are in. */
  readonly count: number;
  /** Puts one in, behind those that are there: the first that matches a command strikes. */
  add(options: FaultOptions): Fault;
  /** Takes all of them out. */
  clear(): void;
}

/** A reply as JavaScript has it; a status and a string are both text, read as UTF-8. */
export type ReplyValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | ReplyValue[]
  | Map<ReplyValue, ReplyValue>;

/** The message of {@linkcode EmbeddedServer.assertClean} when something was left behind. */
export class NotCleanError extends Error {
  override name = "NotCleanError";
  /** @param leftovers what was left behind, a line each. */
  constructor(readonly leftovers: readonly string[]) {
    super(`the server is not clean:\n- ${leftovers.join("\n- ")}`);
  }
}

export interface EmbeddedHost extends ServerHost {
  readonly clock: MovableClock;
}

export class EmbeddedServer extends Server {
  /** The time that expiry, TIME, stream ids, waits and the cron go by. */
  readonly clock: ServerClock;
  /** Commands that fail, wait, or lose their connection. */
  readonly faults: ServerFaults;
  private session: Session | null = null;
  private readonly decoder = new ReplyDecoder();

  constructor(private readonly host: EmbeddedHost, options: Omit<ServerOptions, "host">) {
    super({ ...options, host });
    const { clock } = host;
    const { context } = this.engine;
    clock.moved = () => this.timeMoved();
    this.clock = {
      get now() {
        return new Date(clock.unixMs());
      },
      get isFrozen() {
        return clock.isFrozen;
      },
      freeze: () => clock.freeze(),
      resume: () => clock.resume(),
      advance: (ms) => clock.advance(ms),
      set: (date) => clock.set(new Date(date).getTime()),
    };
    this.faults = {
      get count() {
        return context.faults.count;
      },
      add: (fault) => context.faults.add(fault),
      clear: () => context.faults.clear(),
    };
  }

  /** What clients connect to: `redis://127.0.0.1:port`. */
  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /**
   * Notes the data as they are, to go back to: see {@linkcode Checkpoint}. Takes microseconds,
   * however many keys there are; what is changed afterwards is kept in memory until it is over.
   *
   * @param name to find it by with {@linkcode rollbackTo}.
   */
  checkpoint(name = ""): Checkpoint {
    const made = this.engine.context.checkpoints.open(name);
    const inTurn = (change: () => void): void => {
      // What the way back tells clients and files leaves at the end of the turn.
      this.beginTurn();
      change();
    };
    return {
      name,
      get isOpen() {
        return made.isOpen;
      },
      get changedKeys() {
        return made.changedKeys;
      },
      rollback: () => inTurn(() => made.rollback()),
      reset: () => inTurn(() => made.reset()),
      release: () => made.release(),
      [Symbol.dispose]: () => inTurn(() => made[Symbol.dispose]()),
    };
  }

  /**
   * Goes back to the newest open checkpoint of a name, which stays open to go back to again; those
   * made after it are over.
   */
  rollbackTo(name: string): void {
    const { checkpoints } = this.engine.context;
    const checkpoint = checkpoints.find(name);
    if (checkpoint === undefined) {
      throw new Error(`no checkpoint ${JSON.stringify(name)} is open`);
    }
    this.beginTurn();
    checkpoint.reset();
  }

  /**
   * Runs a command inside the process, as a client of its own that is refused nothing and struck by
   * no fault, and gives its reply at once. Commands that would wait answer as in MULTI.
   *
   * @throws {ReplyError} when the reply is an error.
   */
  send(...args: (string | number | Uint8Array)[]): ReplyValue {
    this.session ??= this.openSession();
    const { reply } = this.session;
    const words = args.map((arg) => typeof arg === "number" ? String(arg) : arg);
    this.beginTurn();
    this.engine.execute(this.session, Request.from(words));
    this.decoder.feed(reply.buffer.slice(0, reply.length));
    reply.length = 0;
    const decoded = this.decoder.next();
    // UNSUBSCRIBE and the like may answer several times; one answer is enough.
    while (this.decoder.next() !== undefined);
    if (decoded === undefined) throw new Error(`${args[0]} has no reply`);
    return valueOf(decoded);
  }

  /**
   * Removes all keys of all databases, all scripts and all functions. Clients stay connected and
   * subscribed, checkpoints stay open, and faults stay in.
   */
  flush(): void {
    this.send("FLUSHALL", "SYNC");
    this.send("SCRIPT", "FLUSH", "SYNC");
    this.send("FUNCTION", "FLUSH", "SYNC");
  }

  /**
   * Checks that nothing was left behind: keys that never expire, subscriptions, pending entries of
   * streams, open transactions, commands that wait, faults.
   *
   * @throws {NotCleanError} that lists what was.
   */
  assertClean(options: CleanOptions = {}): void {
    this.engine.context.store.state.setNow(this.host.clock.unixMs());
    const leftovers = findLeftovers(this.engine.context, options);
    if (leftovers.length > 0) throw new NotCleanError(leftovers);
  }

  /** Records what clients have the server run from now on, until the recorder is disposed of. */
  record(options: RecordOptions = {}): CommandRecorder {
    return new CommandRecorder(this.engine.context.monitor, this.host.clock, options);
  }

  override release(): void {
    super.release();
    this.host.clock.close();
  }

  /** A session that may do all, whoever has to give a password. */
  private openSession(): Session {
    const session = this.engine.openSession();
    session.hasAuthenticated = true;
    session.gate &= ~Gate.UNAUTHENTICATED;
    session.name = "in-process";
    session.reply.protocol = 3;
    return session;
  }

  /** What is due by the new time goes now, without waiting for the cron. */
  private timeMoved(): void {
    this.beginTurn();
    this.engine.expiry.tick(Infinity, this.host.clock);
  }
}

function valueOf(reply: Reply): ReplyValue {
  switch (reply.kind) {
    case "error":
      throw new ReplyError(reply.text);
    case "blob error":
      throw new ReplyError(text.decode(reply.bytes));
    case "simple":
      return reply.text;
    case "integer":
    case "double":
    case "boolean":
    case "bignumber":
      return reply.value;
    case "bulk":
      return reply.bytes === null ? null : text.decode(reply.bytes);
    case "verbatim":
      return text.decode(reply.bytes);
    case "array":
      return reply.items === null ? null : reply.items.map(valueOf);
    case "set":
    case "push":
      return reply.items.map(valueOf);
    case "null":
      return null;
    case "map":
      return new Map(reply.entries.map(([key, value]) => [valueOf(key), valueOf(value)]));
    case "attribute":
      return valueOf(reply.reply);
  }
}
