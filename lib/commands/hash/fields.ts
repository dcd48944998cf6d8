/** Setting, reading and removing fields by name. [hot] */

import * as alikeRunModule from "../../engine/alike_run.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { wrongArity } from "../../engine/errors.ts";
import type { Request } from "../../resp/request.ts";
import * as entryModule from "../../values/entry.ts";
import * as openingModule from "./opening.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { lookUpAlike } = alikeRunModule;
const { ValueType } = entryModule;
const { hashToChange, hashToFill, hashToRead, removeIfEmpty } = openingModule;

export const HSET = command({
  name: "HSET",
  usage: "key field value [field value ...]",
  summary: "Sets fields of a hash, which is created when missing, and counts the new ones.",
  since: "2.0.0",
  complexity: "O(N) for N fields",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  runAlike: setEach,
  run(call) {
    const added = setFields(call);
    call.reply.integer(added);
  },
});

export const HMSET = command({
  name: "HMSET",
  usage: "key field value [field value ...]",
  summary: "Sets fields of a hash, which is created when missing.",
  since: "2.0.0",
  complexity: "O(N) for N fields",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  docFlags: ["deprecated"],
  deprecatedSince: "4.0.0",
  replacedBy: "`HSET` with multiple field-value pairs",
  run(call) {
    setFields(call);
    call.reply.ok();
  },
});

/** Sets the pairs from argument 2 on; how many of them are new. */
function setFields(call: Call): number {
  const { request } = call;
  const { data, offsets, lengths, count } = request;
  if ((count & 1) !== 0) throw wrongArity(call.command.lowerName);
  const hash = hashToFill(call, 2);
  let added = 0;
  for (let i = 2; i < count; i += 2) {
    const valueAt = offsets[i + 1];
    const bits = request.hashOf(i);
    if (hash.set(data, offsets[i], lengths[i], data, valueAt, lengths[i + 1], false, bits)) added++;
  }
  call.dirty += (count - 4) >>> 1;
  call.changed(1, "hset");
  return added;
}

/** Settings of one field each of a hash that is there. */
function setEach(call: Call, from: number, to: number, requests: readonly Request[]): number {
  if (lookUpAlike(call, 4, ValueType.HASH) <= 0) return from;
  const hash = hashToChange(call);
  if (hash === null) return from;
  let next = from;
  try {
    for (; next < to; next++) {
      const request = requests[next];
      const { data, offsets, lengths } = request;
      const length = lengths[3];
      const bits = request.hashOf(2);
      const isNew = hash.set(data, offsets[2], lengths[2], data, offsets[3], length, false, bits);
      call.reply.integer(isNew ? 1 : 0);
    }
  } catch {
    // What there is no memory for fails when it is run by itself.
  }
  call.dirty = next - from;
  return next;
}

export const HSETNX = command({
  name: "HSETNX",
  usage: "key field value",
  summary: "Sets a field of a hash unless it is there already.",
  since: "2.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.INSERT,
  run(call) {
    const { data, offsets, lengths } = call.request;
    const hash = hashToFill(call, 2);
    if (hash.find(data, offsets[2], lengths[2]) !== 0) return call.reply.integer(0);
    hash.set(data, offsets[2], lengths[2], data, offsets[3], lengths[3]);
    call.changed(1, "hset");
    call.reply.integer(1);
  },
});

export const HGET = command({
  name: "HGET",
  usage: "key field",
  summary: "Replies with the value of a field.",
  since: "2.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const { request } = call;
    const { data, offsets, lengths } = request;
    const hash = hashToRead(call);
    if (hash === null || !hash.get(data, offsets[2], lengths[2], request.hashOf(2))) {
      return call.reply.null();
    }
    call.reply.bulkRange(hash.data, hash.offset, hash.length);
  },
});

export const HMGET = command({
  name: "HMGET",
  usage: "key field [field ...]",
  summary: "Replies with the values of several fields.",
  since: "2.0.0",
  complexity: "O(N) for N fields",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const { data, offsets, lengths, count } = call.request;
    const { reply } = call;
    const hash = hashToRead(call);
    reply.array(count - 2);
    for (let i = 2; i < count; i++) {
      if (hash === null || !hash.get(data, offsets[i], lengths[i])) reply.null();
      else reply.bulkRange(hash.data, hash.offset, hash.length);
    }
  },
});

export const HDEL = command({
  name: "HDEL",
  usage: "key field [field ...]",
  summary: "Removes fields of a hash, and with the last one the key.",
  since: "2.0.0",
  complexity: "O(N) for N fields",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.DELETE,
  run(call) {
    const { data, offsets, lengths, count } = call.request;
    const hash = hashToChange(call);
    if (hash === null) return call.reply.integer(0);
    let removed = 0;
    for (let i = 2; i < count && !hash.isEmpty; i++) {
      if (hash.remove(data, offsets[i], lengths[i])) removed++;
    }
    if (removed > 0) {
      call.dirty += removed - 1;
      call.changed(1, "hdel");
      removeIfEmpty(call, hash);
    }
    call.reply.integer(removed);
  },
});

export const HEXISTS = command({
  name: "HEXISTS",
  usage: "key field",
  summary: "Tells whether a field is in a hash.",
  since: "2.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO,
  run(call) {
    const { data, offsets, lengths } = call.request;
    const hash = hashToRead(call);
    const found = hash !== null && hash.find(data, offsets[2], lengths[2]) !== 0;
    call.reply.integer(found ? 1 : 0);
  },
});

export const HLEN = command({
  name: "HLEN",
  usage: "key",
  summary: "Counts the fields of a hash.",
  since: "2.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO,
  run(call) {
    const hash = hashToRead(call);
    call.reply.integer(hash === null ? 0 : hash.size);
  },
});

export const HSTRLEN = command({
  name: "HSTRLEN",
  usage: "key field",
  summary: "Replies with the length of a field's value in bytes.",
  since: "3.2.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO,
  run(call) {
    const { data, offsets, lengths } = call.request;
    const hash = hashToRead(call);
    const found = hash !== null && hash.get(data, offsets[2], lengths[2]);
    call.reply.integer(found ? hash.length : 0);
  },
});

export const HASH_FIELD_COMMANDS = [
  HSET,
  HMSET,
  HSETNX,
  HGET,
  HMGET,
  HDEL,
  HEXISTS,
  HLEN,
  HSTRLEN,
];
