/**
 * Setting and getting whole strings: SET, GET and what came before SET had options. SET and GET
 * without options are the most frequent commands of all and allocate nothing. [hot]
 *
 * Times to live are propagated as the Unix time at which they end, because whoever replays a
 * command later must come to the same moment.
 */

import { Access, Flag } from "../../engine/command_spec.ts";
import { command } from "../../engine/command.ts";
import type { Call } from "../../engine/call.ts";
import type { ExpireTime, ExpireUnit } from "../../engine/expire_time.ts";
import * as expireTimeModule from "../../engine/expire_time.ts";
import * as stringModule from "../../values/string/string.ts";
import * as expiryOptionsModule from "./expiry_options.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { readPositiveExpireTime, setExpireTime } = expireTimeModule;
const { stringEncoding } = stringModule;
const { readGetExOptions, readSetOptions, TimeOption } = expiryOptionsModule;

export const GET = command({
  name: "GET",
  usage: "key",
  summary: "Replies with the string stored at a key.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run: replyValue,
});

export const SET = command({
  name: "SET",
  usage: "key value [condition: NX | XX]@2.6.12 [GET]@6.2.0 [expiration: EX seconds@2.6.12 | PX " +
    "milliseconds@2.6.12 | EXAT unix-time-seconds@6.2.0 | PXAT unix-time-milliseconds@6.2.0 " +
    "| KEEPTTL@6.0.0]",
  summary: "Stores a string at a key, whatever the key held before.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.RW | Access.ACCESS | Access.UPDATE | Access.VARIABLE_FLAGS,
  briefArguments: 7,
  run(call) {
    if (call.count > 3) return setWithOptions(call);
    const ref = call.lookUpWrite(1);
    if (ref !== 0) call.db.persist(ref);
    storeArgument(call, ref, 1, 2);
    call.changed(1, "set");
    call.reply.ok();
  },
});

export const SETNX = command({
  name: "SETNX",
  usage: "key value",
  summary: "Stores a string at a key unless the key exists.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.OW | Access.INSERT,
  run(call) {
    if (call.lookUpWrite(1) !== 0) return call.reply.integer(0);
    storeArgument(call, 0, 1, 2);
    call.changed(1, "set");
    call.reply.integer(1);
  },
});

export const SETEX = command({
  name: "SETEX",
  usage: "key seconds value",
  summary: "Stores a string at a key that expires after a number of seconds.",
  since: "2.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.OW | Access.UPDATE,
  briefArguments: 3,
  run: (call) => setFor(call, "s", "setex"),
});

export const PSETEX = command({
  name: "PSETEX",
  usage: "key milliseconds value",
  summary: "Stores a string at a key that expires after a number of milliseconds.",
  since: "2.6.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.OW | Access.UPDATE,
  briefArguments: 3,
  run: (call) => setFor(call, "ms", "psetex"),
});

export const GETSET = command({
  name: "GETSET",
  usage: "key value",
  summary: "Stores a string at a key and replies with the one it replaces.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.UPDATE,
  docFlags: ["deprecated"],
  deprecatedSince: "6.2.0",
  replacedBy: "`SET` with the `!GET` argument",
  run(call) {
    replyValue(call);
    const ref = call.lookUpWrite(1);
    if (ref !== 0) call.db.persist(ref);
    storeArgument(call, ref, 1, 2);
    call.changed(1, "set");
    call.propagate("SET", call.request.view(1), call.request.view(2));
  },
});

export const GETDEL = command({
  name: "GETDEL",
  usage: "key",
  summary: "Replies with the string stored at a key and deletes the key.",
  since: "6.2.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  run(call) {
    replyValue(call);
    const ref = call.lookUpWrite(1);
    if (ref !== 0) removeKey(call, ref, call.context.config.get("lazyfree-lazy-user-del"));
  },
});

export const GETEX = command({
  name: "GETEX",
  usage: "key [expiration: EX seconds | PX milliseconds | EXAT unix-time-seconds | PXAT " +
    "unix-time-milliseconds | PERSIST]",
  summary: "Replies with the string stored at a key and changes when it expires.",
  since: "6.2.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.UPDATE,
  run(call) {
    const options = readGetExOptions(call);
    const value = call.readString(1);
    if (value === null) return call.reply.null();
    const time = options.time === TimeOption.NONE ? 0 : options.readTime(call, "getex");
    call.reply.bulkRange(value.data, value.offset, value.length);
    if (options.persist) return persistKey(call);
    if (options.time === TimeOption.NONE) return;
    const ref = call.lookUpWrite(1);
    if (options.isAbsolute && hasPassed(call, time)) {
      return removeKey(call, ref, call.context.keyspace.removal.lazyExpire);
    }
    setExpireTime(call.db, ref, time);
    call.changed(1, "expire");
    call.propagate("PEXPIREAT", call.request.view(1), String(time));
  },
});

export const GET_SET_COMMANDS = [GET, SET, SETNX, SETEX, PSETEX, GETSET, GETDEL, GETEX];

/** Stores the argument at `value` under the key argument, in the place of `ref` or anew. */
export function storeArgument(call: Call, ref: number, key: number, value: number): number {
  const { buffer, data, offsets, lengths } = call.request;
  const offset = offsets[value];
  const length = lengths[value];
  return call.setString(ref, key, data, offset, length, stringEncoding(buffer, offset, length));
}

/** Replies with the string at the first key, or null. */
function replyValue(call: Call): void {
  const value = call.readString(1);
  if (value === null) call.reply.null();
  else call.reply.bulkRange(value.data, value.offset, value.length);
}

function setWithOptions(call: Call): void {
  const options = readSetOptions(call);
  const expires = options.time !== TimeOption.NONE;
  const time = expires ? options.readTime(call, "set") : 0;
  if (options.withOld) replyValue(call);
  const ref = call.lookUpWrite(1);
  if (ref === 0 ? options.ifPresent : options.ifMissing) {
    if (!options.withOld) call.reply.null();
    return;
  }
  if (expires) {
    storeExpiring(call, ref, 2, time);
    propagateExpiring(call, 2, time);
  } else {
    if (ref !== 0 && !options.keepTtl) call.db.persist(ref);
    storeArgument(call, ref, 1, 2);
    call.changed(1, "set");
    if (options.withOld) propagateWithoutGet(call);
  }
  if (!options.withOld) call.reply.ok();
}

function setFor(call: Call, unit: ExpireUnit, commandName: string): void {
  const time = readPositiveExpireTime(call, 2, unit, true, commandName);
  storeExpiring(call, call.lookUpWrite(1), 3, time);
  propagateExpiring(call, 3, time);
  call.reply.ok();
}

/** One change with two events. */
function storeExpiring(call: Call, ref: number, value: number, time: ExpireTime): void {
  setExpireTime(call.db, storeArgument(call, ref, 1, value), time);
  call.changed(1, "set");
  call.changed(1, "expire");
  call.dirty--;
}

function propagateExpiring(call: Call, value: number, time: ExpireTime): void {
  const { request } = call;
  call.propagate("SET", request.view(1), request.view(value), "PXAT", String(time));
}

/** The reply of GET is of no use to who replays the command. */
function propagateWithoutGet(call: Call): void {
  const { request } = call;
  const args: Uint8Array[] = [];
  for (let i = 0; i < request.count; i++) {
    if (i < 3 || !request.is(i, "GET")) args.push(request.view(i));
  }
  call.propagate(...args);
}

function persistKey(call: Call): void {
  const ref = call.lookUpWrite(1);
  if (!call.db.persist(ref)) return;
  call.changed(1, "persist");
  call.propagate("PERSIST", call.request.view(1));
}

function removeKey(call: Call, ref: number, lazily: boolean): void {
  call.db.remove(ref);
  call.changed(1, "del");
  call.propagate(lazily ? "UNLINK" : "DEL", call.request.view(1));
}

/** Keys do not expire by themselves while data is loaded, nor on a replica. */
function hasPassed(call: Call, time: ExpireTime): boolean {
  const { now, expires, removesExpired } = call.context.store.state;
  return time <= now && expires && removesExpired;
}
