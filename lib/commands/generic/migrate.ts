/**
 * MIGRATE: takes keys to another server, which it reaches as a client. Redis stops all of its work
 * meanwhile; here only commands that change data wait, so what was sent is still what is here when
 * it is deleted.
 */

import { readInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { command } from "../../engine/command.ts";
import type { Context } from "../../engine/context.ts";
import { errors } from "../../engine/errors.ts";
import { keywordSpec, rangeSpec } from "../../engine/key_specs.ts";
import type { MigrationOutcome } from "../../engine/ports.ts";
import type { Session } from "../../engine/session.ts";
import { latin1 } from "../../bytes/byte_string.ts";
import { dataOf } from "../../bytes/copy.ts";
import { ReplyWriter } from "../../resp/reply_writer.ts";
import type { Database } from "../../store/database.ts";
import { dumpValue } from "../../values/dump.ts";

const DEFAULT_TIMEOUT_MS = 1000;

interface MigrateOptions {
  copy: boolean;
  replace: boolean;
  /** Arguments of AUTH: a password, or a name and a password. */
  credentials: Uint8Array[];
  /** Index of the first key. */
  firstKey: number;
  keyCount: number;
}

export const MIGRATE = command({
  name: "MIGRATE",
  usage: 'host port (key_or_empty_string: key | empty_string="") destination-db timeout:integer ' +
    "[COPY]@3.0.0 [REPLACE]@3.0.0 [authentication: [AUTH password]@4.0.7 | [AUTH2 username " +
    "password]@6.0.0] [KEYS key [key ...]]@3.0.6",
  summary: "Takes keys to another server.",
  since: "2.6.0",
  complexity: "O(N) for the N elements of the values, here and there",
  flags: Flag.WRITE,
  keySpecs: [
    rangeSpec(Access.RW | Access.ACCESS | Access.DELETE, 3),
    keywordSpec(Access.RW | Access.ACCESS | Access.DELETE | Access.INCOMPLETE, "KEYS", -2, -1),
  ],
  categories: ["@dangerous", "@keyspace"],
  tips: ["nondeterministic_output"],
  run(call) {
    const { context, session, request } = call;
    const options = readOptions(call);
    const timeoutMs = readInteger(call, 5);
    const targetDb = readInteger(call, 4);
    const sender = new Sender();
    if (options.credentials.length > 0) sender.request("AUTH", ...options.credentials);
    sender.request("SELECT", String(targetDb));
    const keys = sendKeys(call, options, sender);
    if (keys.length === 0) return call.reply.simple("NOKEY");
    const port = context.migration;
    if (port === null || session.link === null || session.deniesBlocking) {
      throw errors.MIGRATE_NOT_HERE;
    }
    const migration = new Migration(context, session, call.db, keys, options.copy, sender.count);
    const target = {
      hostname: request.text(1),
      port: leadingInteger(request.text(2)),
      account: options.credentials.map((bytes) => latin1(bytes)).join("\0"),
      timeoutMs: timeoutMs > 0 ? timeoutMs : DEFAULT_TIMEOUT_MS,
    };
    session.parked = true;
    context.pause.hold();
    port.exchange(target, sender.bytes, sender.count, (outcome) => migration.end(outcome));
  },
});

/** Requests as they go over the wire. */
class Sender {
  count = 0;
  private readonly writer = new ReplyWriter();

  request(...args: readonly (Uint8Array | string)[]): void {
    this.writer.array(args.length);
    for (const arg of args) {
      if (typeof arg === "string") this.writer.bulk(arg);
      else this.writer.bulkBytes(arg);
    }
    this.count++;
  }

  get bytes(): Uint8Array {
    return this.writer.buffer.subarray(0, this.writer.length);
  }
}

/** What follows when the other server has answered, or hasn't. */
class Migration {
  private readonly isMuted: boolean;

  constructor(
    private readonly context: Context,
    private readonly session: Session,
    private readonly db: Database,
    private readonly keys: readonly Uint8Array[],
    private readonly copies: boolean,
    private readonly requestCount: number,
  ) {
    this.isMuted = session.isMuted;
  }

  end(outcome: MigrationOutcome): void {
    const { context, session } = this;
    try {
      this.reply(this.apply(outcome));
    } finally {
      context.pause.release();
      session.link?.resume(false);
    }
  }

  /** Deletes what has arrived; the error to reply, or null. */
  private apply({ replies, failure }: MigrationOutcome): string | null {
    const before = this.requestCount - this.keys.length;
    const refusal = firstError(replies);
    // As in Redis, what the server says to AUTH and SELECT holds for all keys.
    if (!this.copies && firstError(replies.slice(0, before)) === null) {
      this.deleteKeys(this.keys.filter((_, i) => {
        const reply = replies[before + i];
        return reply !== undefined && reply.kind !== "error";
      }));
    }
    if (refusal !== null && replies.length > before) {
      return `ERR Target instance replied with error: ${refusal}`;
    }
    if (failure === null) return null;
    return failure === "connecting"
      ? "IOERR error or timeout connecting to the client"
      : `IOERR error or timeout ${failure} to target instance`;
  }

  private deleteKeys(keys: readonly Uint8Array[]): void {
    const { context, db } = this;
    const gone: Uint8Array[] = [];
    for (const key of keys) {
      const ref = db.peek(dataOf(key), 0, key.length);
      if (ref === 0) continue;
      db.remove(ref);
      context.stats.dirty++;
      context.keyspace.changed(db, key, "del");
      gone.push(key);
    }
    if (gone.length > 0) context.propagation.emitCommand(db.index, ["DEL", ...gone]);
  }

  private reply(error: string | null): void {
    const { context, session } = this;
    if (error !== null) context.stats.countError(error);
    if (this.isMuted) return;
    if (error === null) session.reply.ok();
    else session.reply.error(error);
  }
}

function readOptions(call: Call): MigrateOptions {
  const { request, count } = call;
  const options: MigrateOptions = {
    copy: false,
    replace: false,
    credentials: [],
    firstKey: 3,
    keyCount: 1,
  };
  for (let i = 6; i < count; i++) {
    const left = count - i - 1;
    if (request.is(i, "COPY")) options.copy = true;
    else if (request.is(i, "REPLACE")) options.replace = true;
    else if (request.is(i, "AUTH")) {
      if (left < 1) throw errors.SYNTAX;
      options.credentials = [request.copy(++i)];
    } else if (request.is(i, "AUTH2")) {
      if (left < 2) throw errors.SYNTAX;
      options.credentials = [request.copy(++i), request.copy(++i)];
    } else if (request.is(i, "KEYS")) {
      if (request.lengths[3] !== 0) throw errors.MIGRATE_KEY_AND_KEYS;
      options.firstKey = i + 1;
      options.keyCount = left;
      break;
    } else throw errors.SYNTAX;
  }
  return options;
}

/** Adds a RESTORE for each key that is there; these keys. */
function sendKeys(call: Call, options: MigrateOptions, sender: Sender): Uint8Array[] {
  const { db, context, request } = call;
  const compresses = context.config.get("rdbcompression");
  const { now } = context.store.state;
  const keys: Uint8Array[] = [];
  for (let i = options.firstKey; i < options.firstKey + options.keyCount; i++) {
    const ref = call.lookUpRead(i);
    if (ref === 0) continue;
    const expiry = db.expiryOf(ref);
    const ttl = expiry === -1 ? 0n : db.exactExpiryOf(ref) - BigInt(now);
    const payload = dumpValue(db, ref, compresses);
    if (ttl < 0n || payload === null) continue;
    const ttlText = expiry !== -1 && ttl < 1n ? "1" : String(ttl);
    sender.request(
      "RESTORE",
      request.copy(i),
      ttlText,
      payload,
      ...(options.replace ? ["REPLACE"] : []),
    );
    keys.push(request.copy(i));
  }
  return keys;
}

function firstError(replies: MigrationOutcome["replies"]): string | null {
  for (const reply of replies) if (reply.kind === "error") return reply.text;
  return null;
}

/** What C's atoi makes of a text. */
function leadingInteger(text: string): number {
  return Number(/^\s*([+-]?\d+)/.exec(text)?.[1] ?? 0);
}

export const MIGRATE_COMMANDS = [MIGRATE];
