/**
 * One command being run: its arguments, where it replies, and how it says what it changed. The
 * engine reuses its calls, so a command keeps neither the call nor its arguments. [hot]
 */

import * as integerModule from "../bytes/integer.ts";
import type { ReplyWriter } from "../resp/reply_writer.ts";
import { Request } from "../resp/request.ts";
import type { Database } from "../store/database.ts";
import type { StringView } from "../values/string/string.ts";
import * as entryModule from "../values/entry.ts";
import type { CommandSpec } from "./command_spec.ts";
import type { Context } from "./context.ts";
import { errors } from "./errors.ts";
import { KeyBatch } from "./key_batch.ts";
import * as propagationModule from "./propagation.ts";
import type { Session } from "./session.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { parseInteger } = integerModule;
const { META_WORD, readWord, TYPE_MASK, ValueType } = entryModule;
const { Target } = propagationModule;

const EMPTY_REQUEST = new Request();

export class Call {
  request: Request = EMPTY_REQUEST;
  reply: ReplyWriter;
  db: Database;
  /** Number of changes the command made; more than 0 puts it on the stream of effects. */
  dirty = 0;
  /** What is propagated in place of the request; null for the request itself. */
  effects: Request[] | null = null;
  /** Whom its effects are for: bits of {@linkcode Target}. */
  targets: number = Target.ALL;
  /** For commands with many keys. */
  readonly keys: KeyBatch = new KeyBatch();

  constructor(readonly context: Context, public session: Session, public command: CommandSpec) {
    this.reply = session.reply;
    this.db = session.db;
  }

  /** Number of arguments, the command's name included. */
  get count(): number {
    return this.request.count;
  }

  /** Entry of the key at an argument, for reading; 0 when there is none. */
  lookUpRead(index: number): number {
    const { data, offsets, lengths, hasKeyHash, keyHash } = this.request;
    const offset = offsets[index];
    const length = lengths[index];
    return index === 1 && hasKeyHash
      ? this.db.lookUpRead(data, offset, length, keyHash)
      : this.db.lookUpRead(data, offset, length);
  }

  /** Entry of the key at an argument, for looking at it without using it; 0 when there is none. */
  lookUpUntouched(index: number): number {
    const request = this.request;
    return this.db.lookUpUntouched(request.data, request.offsets[index], request.lengths[index]);
  }

  /** Entry of the key at an argument, to be changed; 0 when there is none. */
  lookUpWrite(index: number): number {
    const { data, offsets, lengths, hasKeyHash, keyHash } = this.request;
    const offset = offsets[index];
    const length = lengths[index];
    return index === 1 && hasKeyHash
      ? this.db.lookUpWrite(data, offset, length, keyHash)
      : this.db.lookUpWrite(data, offset, length);
  }

  /** Entry of the key at an argument, without any trace of the look; 0 when there is none. */
  peek(index: number): number {
    const { data, offsets, lengths, hasKeyHash, keyHash } = this.request;
    const offset = offsets[index];
    const length = lengths[index];
    return index === 1 && hasKeyHash
      ? this.db.peek(data, offset, length, keyHash)
      : this.db.peek(data, offset, length);
  }

  /** The same, also for a key that is past its time, as a replica may hold some. */
  entryOf(index: number): number {
    const { data, offsets, lengths } = this.request;
    return this.db.entryOf(data, offsets[index], lengths[index]);
  }

  /**
   * Sets the key at an argument to a string: see {@linkcode Database.setString}, where `ref` and
   * what is done to it are explained.
   */
  setString(
    ref: number,
    index: number,
    value: DataView,
    offset: number,
    length: number,
    encoding: number,
  ): number {
    const { data, offsets, lengths } = this.request;
    const { db } = this;
    return db.setString(
      ref,
      data,
      offsets[index],
      lengths[index],
      value,
      offset,
      length,
      encoding,
    );
  }

  /** @throws WRONGTYPE when the entry holds something else than a string. */
  requireString(ref: number): void {
    this.requireType(ref, ValueType.STRING);
  }

  /**
   * @param type one of {@linkcode ValueType}.
   * @throws WRONGTYPE when the entry holds something else.
   */
  requireType(ref: number, type: number): void {
    if ((readWord(this.db.arena, ref, META_WORD) & TYPE_MASK) !== type) throw errors.WRONG_TYPE;
  }

  /** Puts a collection at a key argument: see {@linkcode Database.putValue}. */
  putValue(
    ref: number,
    index: number,
    type: number,
    encoding: number,
    storage: number,
    value: number,
  ): number {
    const { data, offsets, lengths } = this.request;
    const { db } = this;
    return db.putValue(
      ref,
      data,
      offsets[index],
      lengths[index],
      type,
      encoding,
      storage,
      value,
    );
  }

  /** Removes a key that has become empty, with its event; `ref` is its entry. */
  removeEmpty(index: number, ref: number): void {
    this.db.remove(ref);
    if (this.context.keyspace.observed) {
      this.context.keyspace.changed(this.db, this.request.view(index), "del");
    }
  }

  /** The string at a key argument, lent until the next look-up; null when there is no key. */
  readString(index: number): StringView | null {
    const ref = this.lookUpRead(index);
    if (ref === 0) return null;
    this.requireString(ref);
    return this.db.stringOf(ref);
  }

  /** A whole number that JavaScript holds exactly, or NaN. */
  integerOrNaN(index: number): number {
    const request = this.request;
    return parseInteger(request.buffer, request.offsets[index], request.lengths[index]);
  }

  /**
   * Notes that the key at an argument was changed, with its keyspace event. All that follows from
   * a change (WATCH, events, tracking, waking the blocked, propagation) follows from this call.
   */
  changed(index: number, event: string): void {
    this.dirty++;
    const keyspace = this.context.keyspace;
    if (keyspace.observed) keyspace.changed(this.db, this.request.view(index), event);
  }

  /** The same for a key that is not an argument, or lies in another database. */
  changedKey(db: Database, key: Uint8Array, event: string): void {
    this.dirty++;
    if (this.context.keyspace.observed) this.context.keyspace.changed(db, key, event);
  }

  /** Propagates this in place of the request; several calls propagate several commands. */
  propagate(...args: readonly (Uint8Array | string)[]): void {
    if (!this.context.propagation.active) return;
    (this.effects ??= []).push(Request.from(args));
  }
}
