/**
 * Values as bytes in Redis's format: DUMP gives them, RESTORE takes them. Every byte of a payload is
 * checked while it is read, whatever `sanitize-dump-payload` says, and nothing is changed before the
 * whole of it was found right.
 */

import { readBigInteger, readClampedInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { command } from "../../engine/command.ts";
import { errors } from "../../engine/errors.ts";
import type { ExpireTime } from "../../engine/expire_time.ts";
import { setExpireTime } from "../../engine/expire_time.ts";
import { ByteSlice } from "../../rdb/byte_slice.ts";
import { RdbError } from "../../rdb/rdb_error.ts";
import { valueErrorText } from "../../rdb/value_error_text.ts";
import { dumpValue, isIntact, restoreValue } from "../../values/dump.ts";
import { ACCESS_WORD, Storage, writeWord } from "../../values/entry.ts";
import { stringEncoding } from "../../values/string/string.ts";
import { type LooseValue, release } from "../../values/value_codec.ts";

/** The LRU clock counts seconds modulo one more than this. */
const MAX_ACCESS_STAMP = 2 ** 24 - 1;
const MAX_FREQUENCY = 255;

export const RESTORE_USAGE = "key ttl serialized-value [REPLACE]@3.0.0 [ABSTTL]@5.0.0 " +
  "[IDLETIME seconds]@5.0.0 [FREQ frequency]@5.0.0";
export const RESTORE_COMPLEXITY =
  "O(N) for the N elements of the value, and O(N*log(N)) for a sorted set";

export const DUMP = command({
  name: "DUMP",
  usage: "key",
  summary: "Replies with a value as bytes that RESTORE takes.",
  since: "2.6.0",
  complexity: "O(N) for the N elements of the value",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  run(call) {
    const ref = call.lookUpRead(1);
    const compresses = call.context.config.get("rdbcompression");
    const payload = ref === 0 ? null : dumpValue(call.db, ref, compresses);
    if (payload === null) call.reply.null();
    else call.reply.bulkBytes(payload);
  },
});

export const RESTORE = command({
  name: "RESTORE",
  usage: RESTORE_USAGE,
  summary: "Stores a value given as the bytes that DUMP replied.",
  since: "2.6.0",
  complexity: RESTORE_COMPLEXITY,
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.OW | Access.UPDATE,
  categories: ["@dangerous", "@keyspace"],
  run: restore,
});

interface RestoreOptions {
  replace: boolean;
  absolute: boolean;
  /** -1 when not given. */
  idleSeconds: number;
  frequency: number;
}

export function restore(call: Call): void {
  const options = readRestoreOptions(call);
  if (!options.replace && call.lookUpWrite(1) !== 0) throw errors.BUSY_KEY;
  const expiry = readExpiry(call, options.absolute);
  const value = readPayload(call);
  const present = call.lookUpWrite(1);
  if (present !== 0) call.db.remove(present);
  const isSpent = !(value instanceof ByteSlice) && value.size === 0;
  if (isSpent || (expiry !== 0n && isOver(call, expiry))) {
    if (!(value instanceof ByteSlice)) release(call.db, value);
    if (present !== 0) deleted(call);
  } else {
    const ref = put(call, value);
    if (expiry !== 0n) {
      setExpireTime(call.db, ref, exactTime(expiry));
      if (!options.absolute) propagateAbsolute(call, expiry);
    }
    setAccess(call, ref, options);
    call.changed(1, "restore");
  }
  call.reply.ok();
}

function readRestoreOptions(call: Call): RestoreOptions {
  const { request } = call;
  const options = { replace: false, absolute: false, idleSeconds: -1, frequency: -1 };
  for (let i = 4; i < call.count; i++) {
    const hasValue = i + 1 < call.count;
    if (request.is(i, "REPLACE")) options.replace = true;
    else if (request.is(i, "ABSTTL")) options.absolute = true;
    else if (request.is(i, "IDLETIME") && hasValue && options.frequency === -1) {
      options.idleSeconds = readClampedInteger(call, ++i);
      if (options.idleSeconds < 0) throw errors.NEGATIVE_IDLE_TIME;
    } else if (request.is(i, "FREQ") && hasValue && options.idleSeconds === -1) {
      options.frequency = readClampedInteger(call, ++i);
      if (options.frequency < 0 || options.frequency > MAX_FREQUENCY) throw errors.FREQUENCY_RANGE;
    } else throw errors.SYNTAX;
  }
  return options;
}

/** Unix milliseconds; 0 when the key is not to expire. */
function readExpiry(call: Call, absolute: boolean): bigint {
  const ttl = readBigInteger(call, 2);
  if (ttl < 0n) throw errors.NEGATIVE_TTL;
  if (ttl === 0n || absolute) return ttl;
  // As in Redis, a time past the end of 64 bits is one long ago.
  return BigInt.asIntN(64, ttl + BigInt(call.context.store.state.now));
}

function readPayload(call: Call): ByteSlice | LooseValue {
  const payload = call.request.view(3);
  if (!isIntact(payload, !call.context.switches.skipsChecksums)) throw errors.BROKEN_PAYLOAD;
  try {
    return restoreValue(payload, call.db);
  } catch (error) {
    if (!(error instanceof RdbError)) throw error;
    const reason = valueErrorText(error, payload[0]);
    call.context.host.log.verbose(`Internal error in RDB reading, in RESTORE -> ${reason}`);
    throw errors.BAD_DATA_FORMAT;
  }
}

/** While loading nothing expires, and a replica waits for its primary's DEL. */
function isOver(call: Call, expiry: bigint): boolean {
  const { state } = call.context.store;
  return expiry <= BigInt(state.now) && state.expires && state.removesExpired;
}

/** What was to be replaced is gone, and what was to replace it is past its time. */
function deleted(call: Call): void {
  const lazily = call.context.config.get("lazyfree-lazy-server-del");
  call.propagate(lazily ? "UNLINK" : "DEL", call.request.view(1));
  call.changed(1, "del");
}

/** Puts the value under the key, which is not there. */
function put(call: Call, value: ByteSlice | LooseValue): number {
  if (!(value instanceof ByteSlice)) {
    let ref = 0;
    try {
      ref = call.putValue(0, 1, value.type, value.encoding, value.storage, value.value);
    } finally {
      if (ref === 0) release(call.db, value);
    }
    if (value.storage === Storage.OBJECT) call.db.objectOf(ref).entered?.(call.db, ref);
    return ref;
  }
  const { data, bytes, offset, length } = value;
  return call.setString(0, 1, data, offset, length, stringEncoding(bytes, offset, length));
}

function exactTime(expiry: bigint): ExpireTime {
  const time = Number(expiry);
  return Number.isSafeInteger(time) ? time : expiry;
}

/** The request again with the time when the key expires in place of how long it lives. */
function propagateAbsolute(call: Call, expiry: bigint): void {
  if (!call.context.propagation.active) return;
  const { request } = call;
  const args: (Uint8Array | string)[] = [];
  for (let i = 0; i < call.count; i++) args.push(i === 2 ? String(expiry) : request.view(i));
  call.propagate(...args, "ABSTTL");
}

/** Sets how long ago or how often the value was used, if the policy in force asks for it. */
function setAccess(call: Call, ref: number, options: RestoreOptions): void {
  const { state } = call.context.store;
  const { arena } = call.db;
  if (state.countsFrequency) {
    if (options.frequency < 0) return;
    writeWord(arena, ref, ACCESS_WORD, state.newAccess & ~MAX_FREQUENCY | options.frequency);
  } else if (options.idleSeconds >= 0) {
    const stamp = state.accessStamp - options.idleSeconds;
    // As in Redis, what was last used before the clock began counts as used half its range ago.
    const wrapped = (state.accessStamp + (MAX_ACCESS_STAMP >>> 1)) % MAX_ACCESS_STAMP;
    writeWord(arena, ref, ACCESS_WORD, stamp < 0 ? wrapped : stamp);
  }
}

export const COPY_DUMP_COMMANDS = [DUMP, RESTORE];
