/**
 * How long single fields live: setting, reading and taking away their expiry. As with keys, what is
 * propagated is what happened: HPEXPIREAT with the fields that it was set for, or HDEL.
 */

import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { CommandError } from "../../engine/errors.ts";
import type { ExpireUnit } from "../../engine/expire_time.ts";
import type { HashAccess } from "../../values/hash/hash.ts";
import {
  hasPassed,
  NOT_POSITIVE,
  propagateFields,
  readFields,
  readFieldTime,
} from "./field_arguments.ts";
import { hashToChange, hashToRead, removeIfEmpty } from "./opening.ts";

/** What is replied for one field. */
const Result = { NO_FIELD: -2, REFUSED: 0, SET: 1, REMOVED: 2 } as const;
const NO_EXPIRY = -1;

const BAD_COUNT = new CommandError("ERR Parameter `numFields` should be greater than 0");

export const HEXPIRE = command({
  name: "HEXPIRE",
  usage: "key seconds [condition: NX | XX | GT | LT] " +
    "FIELDS (fields: numfields:integer field [field ...])",
  summary: "Lets fields of a hash expire some seconds from now.",
  since: "7.4.0",
  complexity: "O(N log M) for N fields, M of the hash expiring",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run: (call) => expireFields(call, "s", true),
});

export const HPEXPIRE = command({
  name: "HPEXPIRE",
  usage: "key milliseconds [condition: NX | XX | GT | LT] " +
    "FIELDS (fields: numfields:integer field [field ...])",
  summary: "Lets fields of a hash expire some milliseconds from now.",
  since: "7.4.0",
  complexity: "O(N log M) for N fields, M of the hash expiring",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run: (call) => expireFields(call, "ms", true),
});

export const HEXPIREAT = command({
  name: "HEXPIREAT",
  usage: "key unix-time-seconds [condition: NX | XX | GT | LT] " +
    "FIELDS (fields: numfields:integer field [field ...])",
  summary: "Lets fields of a hash expire at a Unix time in seconds.",
  since: "7.4.0",
  complexity: "O(N log M) for N fields, M of the hash expiring",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run: (call) => expireFields(call, "s", false),
});

export const HPEXPIREAT = command({
  name: "HPEXPIREAT",
  usage: "key unix-time-milliseconds [condition: NX | XX | GT | LT] " +
    "FIELDS (fields: numfields:integer field [field ...])",
  summary: "Lets fields of a hash expire at a Unix time in milliseconds.",
  since: "7.4.0",
  complexity: "O(N log M) for N fields, M of the hash expiring",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run: (call) => expireFields(call, "ms", false),
});

export const HTTL = command({
  name: "HTTL",
  usage: "key FIELDS (fields: numfields:integer field [field ...])",
  summary: "Replies with the seconds that fields have left to live.",
  since: "7.4.0",
  complexity: "O(N) for N fields",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  run: (call) => replyTimes(call, "s", true),
});

export const HPTTL = command({
  name: "HPTTL",
  usage: "key FIELDS (fields: numfields:integer field [field ...])",
  summary: "Replies with the milliseconds that fields have left to live.",
  since: "7.4.0",
  complexity: "O(N) for N fields",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  run: (call) => replyTimes(call, "ms", true),
});

export const HEXPIRETIME = command({
  name: "HEXPIRETIME",
  usage: "key FIELDS (fields: numfields:integer field [field ...])",
  summary: "Replies with the Unix times in seconds when fields expire.",
  since: "7.4.0",
  complexity: "O(N) for N fields",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run: (call) => replyTimes(call, "s", false),
});

export const HPEXPIRETIME = command({
  name: "HPEXPIRETIME",
  usage: "key FIELDS (fields: numfields:integer field [field ...])",
  summary: "Replies with the Unix times in milliseconds when fields expire.",
  since: "7.4.0",
  complexity: "O(N) for N fields",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run: (call) => replyTimes(call, "ms", false),
});

export const HPERSIST = command({
  name: "HPERSIST",
  usage: "key FIELDS (fields: numfields:integer field [field ...])",
  summary: "Lets fields of a hash live until they are removed.",
  since: "7.4.0",
  complexity: "O(N log M) for N fields, M of the hash expiring",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    const { data, offsets, lengths } = call.request;
    const hash = hashToChange(call);
    const first = readFields(call, 2, NOT_POSITIVE);
    const persisted: number[] = [];
    call.reply.array(call.count - first);
    for (let i = first; i < call.count; i++) {
      const place = hash === null ? 0 : hash.find(data, offsets[i], lengths[i]);
      if (hash === null || place === 0) call.reply.integer(Result.NO_FIELD);
      else if (!hash.persist(place)) call.reply.integer(NO_EXPIRY);
      else {
        persisted.push(i);
        call.reply.integer(Result.SET);
      }
    }
    if (persisted.length === 0) return;
    propagateFields(call, "HPERSIST", [], persisted);
    call.changed(1, "hpersist");
  },
});

export const HASH_FIELD_EXPIRY_COMMANDS = [
  HEXPIRE,
  HPEXPIRE,
  HEXPIREAT,
  HPEXPIREAT,
  HTTL,
  HPTTL,
  HEXPIRETIME,
  HPEXPIRETIME,
  HPERSIST,
];

type Condition = "NX" | "XX" | "GT" | "LT";

function expireFields(call: Call, unit: ExpireUnit, relative: boolean): void {
  const { reply } = call;
  const hash = hashToChange(call);
  const time = readFieldTime(call, 2, unit, relative);
  const condition = readCondition(call);
  const first = readFields(call, condition === null ? 3 : 4, BAD_COUNT);
  const passed = hasPassed(call, time);
  const done: number[] = [];
  reply.array(call.count - first);
  for (let i = first; i < call.count; i++) {
    const result = expireField(call, hash, i, time, passed, condition);
    if (result > 0) done.push(i);
    reply.integer(result);
  }
  if (hash === null || done.length === 0) return;
  call.dirty += done.length - 1;
  if (passed) {
    propagateFields(call, "HDEL", [], done);
    call.changed(1, "hdel");
    removeIfEmpty(call, hash);
  } else {
    propagateFields(call, "HPEXPIREAT", [String(time)], done);
    call.changed(1, "hexpire");
  }
}

function expireField(
  call: Call,
  hash: HashAccess | null,
  index: number,
  time: number,
  passed: boolean,
  condition: Condition | null,
): number {
  const { data, offsets, lengths } = call.request;
  const place = hash === null || hash.isEmpty ? 0 : hash.find(data, offsets[index], lengths[index]);
  if (hash === null || place === 0) return Result.NO_FIELD;
  if (condition !== null && !allowed(hash.expiresAt(place), time, condition)) return Result.REFUSED;
  if (passed) {
    hash.remove(data, offsets[index], lengths[index]);
    return Result.REMOVED;
  }
  hash.setExpiry(data, offsets[index], lengths[index], time);
  return Result.SET;
}

/** A field that does not expire counts as one that lives longer than any time. */
function allowed(current: number, time: number, condition: Condition): boolean {
  if (current === -1) return condition === "NX" || condition === "LT";
  if (condition === "GT") return time > current;
  if (condition === "LT") return time < current;
  return condition === "XX";
}

function readCondition(call: Call): Condition | null {
  for (const condition of ["NX", "XX", "GT", "LT"] as const) {
    if (call.request.is(3, condition)) return condition;
  }
  return null;
}

/** A second that has begun counts as a whole one. */
function replyTimes(call: Call, unit: ExpireUnit, relative: boolean): void {
  const { reply } = call;
  const { data, offsets, lengths } = call.request;
  const hash = hashToRead(call);
  const first = readFields(call, 2, NOT_POSITIVE);
  const base = relative ? call.context.store.state.now : 0;
  reply.array(call.count - first);
  for (let i = first; i < call.count; i++) {
    const place = hash === null ? 0 : hash.find(data, offsets[i], lengths[i]);
    if (hash === null || place === 0) {
      reply.integer(Result.NO_FIELD);
      continue;
    }
    const time = hash.expiresAt(place);
    if (time === -1) reply.integer(NO_EXPIRY);
    else reply.integer(unit === "s" ? Math.ceil((time - base) / 1000) : time - base);
  }
}
