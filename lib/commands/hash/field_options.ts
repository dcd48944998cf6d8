/** Commands of Redis 8.0 that read, set or remove fields and see to their expiry in one step. */

import { readBigInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { CommandError, wrongArity } from "../../engine/errors.ts";
import type { HashAccess } from "../../values/hash/hash.ts";
import {
  hasPassed,
  NOT_POSITIVE,
  propagateFields,
  readFields,
  readFieldTime,
  timeOption,
} from "./field_arguments.ts";
import { hashToChange, newHash, removeIfEmpty } from "./opening.ts";

const BAD_COUNT = new CommandError("ERR invalid number of fields");
const NO_TIME = new CommandError("ERR missing expire time");
const TWO_CONDITIONS = new CommandError(
  "ERR Only one of FXX or FNX arguments can be specified",
);
const TWO_TIMES = new CommandError(
  "ERR Only one of EX, PX, EXAT, PXAT or KEEPTTL arguments can be specified",
);
const MAX_FIELDS = 2 ** 31 - 1;

export const HGETDEL = command({
  name: "HGETDEL",
  usage: "key FIELDS (fields: numfields:integer field [field ...])",
  summary: "Replies with the values of fields and removes them.",
  since: "8.0.0",
  complexity: "O(N) for N fields",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  run(call) {
    const { data, offsets, lengths } = call.request;
    const hash = hashToChange(call);
    const first = readFields(call, 2, NOT_POSITIVE);
    const removed: number[] = [];
    call.reply.array(call.count - first);
    for (let i = first; i < call.count; i++) {
      if (!replyValue(call, hash, i) || hash === null) continue;
      hash.remove(data, offsets[i], lengths[i]);
      removed.push(i);
    }
    if (hash === null || removed.length === 0) return;
    propagateFields(call, "HDEL", [], removed);
    call.dirty += removed.length - 1;
    call.changed(1, "hdel");
    removeIfEmpty(call, hash);
  },
});

export const HGETEX = command({
  name: "HGETEX",
  usage: "key [expiration: EX seconds | PX milliseconds | EXAT unix-time-seconds | " +
    "PXAT unix-time-milliseconds | PERSIST] FIELDS (fields: numfields:integer field [field ...])",
  summary: "Replies with the values of fields and sets or takes away their expiry.",
  since: "8.0.0",
  complexity: "O(N log M) for N fields, M of the hash expiring",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.UPDATE,
  run(call) {
    const { request } = call;
    const { data, offsets, lengths } = request;
    const hash = hashToChange(call);
    const option = timeOption(call, 2);
    const persist = request.is(2, "PERSIST");
    const time = option === null ? -1 : readFieldTime(call, 3, option.unit, option.relative);
    const first = readFields(call, option !== null ? 4 : persist ? 3 : 2, NOT_POSITIVE);
    const found: number[] = [];
    call.reply.array(call.count - first);
    const passed = option !== null && hasPassed(call, time);
    for (let i = first; i < call.count; i++) {
      if (!replyValue(call, hash, i) || hash === null) continue;
      found.push(i);
      // At once, so that a field that is named again is gone by then.
      if (passed) hash.remove(data, offsets[i], lengths[i]);
    }
    if (hash === null || found.length === 0) return;
    if (persist) persistFields(call, hash, found);
    else if (passed) {
      propagateFields(call, "HDEL", [], found);
      call.changed(1, "hdel");
      removeIfEmpty(call, hash);
    } else if (option !== null) setFieldTimes(call, hash, found, time);
  },
});

export const HSETEX = command({
  name: "HSETEX",
  usage: "key [condition: FNX | FXX] [expiration: EX seconds | PX milliseconds | " +
    "EXAT unix-time-seconds | PXAT unix-time-milliseconds | KEEPTTL] " +
    "FIELDS (fields: numfields:integer (data: field value) ...)",
  summary: "Sets fields and their expiry, if all or none of them are there already.",
  since: "8.0.0",
  complexity: "O(N log M) for N fields, M of the hash expiring",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    const { data, offsets, lengths, count } = call.request;
    const options = readSetOptions(call);
    const { first, time } = options;
    const before = hashToChange(call);
    if (!conditionHolds(call, before, options)) return call.reply.integer(0);
    const hash = before ?? newHash(call, first);
    const keepExpiry = options.keepTtl || time !== -1;
    const passed = time !== -1 && hasPassed(call, time);
    const fields: number[] = [];
    for (let i = first; i < count; i += 2) {
      hash.set(data, offsets[i], lengths[i], data, offsets[i + 1], lengths[i + 1], keepExpiry);
      if (time !== -1 && !passed) hash.setExpiry(data, offsets[i], lengths[i], time);
      fields.push(i);
    }
    call.dirty += fields.length - 1;
    call.changed(1, "hset");
    if (passed) {
      for (const i of fields) hash.remove(data, offsets[i], lengths[i]);
      propagateFields(call, "HDEL", [], fields);
      call.changed(1, "hdel");
      removeIfEmpty(call, hash);
    } else if (time !== -1) {
      propagateWithTime(call, options);
      call.changed(1, "hexpire");
    }
    call.reply.integer(1);
  },
});

export const HASH_FIELD_OPTION_COMMANDS = [HGETDEL, HGETEX, HSETEX];

/** Replies with a field's value; false, with a null, when there is no such field. */
function replyValue(call: Call, hash: HashAccess | null, index: number): boolean {
  const { data, offsets, lengths } = call.request;
  if (hash === null || hash.isEmpty || !hash.get(data, offsets[index], lengths[index])) {
    call.reply.null();
    return false;
  }
  call.reply.bulkRange(hash.data, hash.offset, hash.length);
  return true;
}

function persistFields(call: Call, hash: HashAccess, fields: readonly number[]): void {
  const { data, offsets, lengths } = call.request;
  const persisted = fields.filter((i) => {
    const place = hash.find(data, offsets[i], lengths[i]);
    return place !== 0 && hash.persist(place);
  });
  if (persisted.length === 0) return;
  propagateFields(call, "HPERSIST", [], persisted);
  call.changed(1, "hpersist");
}

function setFieldTimes(
  call: Call,
  hash: HashAccess,
  fields: readonly number[],
  time: number,
): void {
  const { data, offsets, lengths } = call.request;
  for (const i of fields) hash.setExpiry(data, offsets[i], lengths[i], time);
  propagateFields(call, "HPEXPIREAT", [String(time)], fields);
  call.changed(1, "hexpire");
}

interface SetOptions {
  ifAllMissing: boolean;
  ifAllPresent: boolean;
  keepTtl: boolean;
  /** Unix milliseconds; -1 when there is none. */
  time: number;
  /** The argument of the first field. */
  first: number;
}

/** Options of HSETEX, from argument 2 on: FIELDS is the last of them. */
function readSetOptions(call: Call): SetOptions {
  const { request, count } = call;
  const options: SetOptions = {
    ifAllMissing: false,
    ifAllPresent: false,
    keepTtl: false,
    time: -1,
    first: 0,
  };
  for (let i = 2; i < count; i++) {
    if (request.is(i, "FIELDS")) {
      options.first = readPairs(call, i);
      return options;
    }
    const time = timeOption(call, i);
    if (request.is(i, "KEEPTTL") || time !== null) {
      if (options.keepTtl || options.time !== -1) throw TWO_TIMES;
      if (time === null) options.keepTtl = true;
      else if (++i === count) throw NO_TIME;
      else options.time = readFieldTime(call, i, time.unit, time.relative);
    } else if (request.is(i, "FNX") || request.is(i, "FXX")) {
      if (options.ifAllMissing || options.ifAllPresent) throw TWO_CONDITIONS;
      options.ifAllMissing = request.is(i, "FNX");
      options.ifAllPresent = !options.ifAllMissing;
    } else throw new CommandError(`ERR unknown argument: ${request.text(i)}`);
  }
  throw wrongArity(call.command.lowerName);
}

/** Checks the count behind FIELDS; the argument of the first field. */
function readPairs(call: Call, index: number): number {
  const { count, command } = call;
  if (index >= count - 3) throw wrongArity(command.lowerName);
  const fields = readBigInteger(call, index + 1, BAD_COUNT);
  if (fields < 1n || fields > BigInt(MAX_FIELDS)) throw BAD_COUNT;
  const words = count - index - 2;
  if (words % 2 !== 0 || fields !== BigInt(words / 2)) throw wrongArity(command.lowerName);
  return index + 2;
}

function conditionHolds(
  call: Call,
  hash: HashAccess | null,
  { ifAllMissing, ifAllPresent, first }: SetOptions,
): boolean {
  const { data, offsets, lengths, count } = call.request;
  if (!ifAllMissing && !ifAllPresent) return true;
  for (let i = first; i < count; i += 2) {
    const found = hash !== null && hash.find(data, offsets[i], lengths[i]) !== 0;
    if (found === ifAllMissing) return false;
  }
  return true;
}

/** The request again with the absolute time in place of the one that was given. */
function propagateWithTime(call: Call, { time }: SetOptions): void {
  if (!call.context.propagation.active) return;
  const { request } = call;
  const words: (Uint8Array | string)[] = ["HSETEX", request.view(1)];
  for (let i = 2; i < call.count; i++) {
    if (request.is(i, "FIELDS")) {
      for (; i < call.count; i++) words.push(request.view(i));
    } else if (timeOption(call, i) !== null) {
      words.push("PXAT", String(time));
      i++;
    } else words.push(request.view(i));
  }
  call.propagate(...words);
}
