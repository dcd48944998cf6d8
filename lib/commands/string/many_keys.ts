/** Reading and setting several strings at once. [hot] */

import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { wrongArity } from "../../engine/errors.ts";
import * as entryModule from "../../values/entry.ts";
import * as getSetModule from "./get_set.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { typeOf, ValueType } = entryModule;
const { storeArgument } = getSetModule;

export const MGET = command({
  name: "MGET",
  usage: "key [key ...]",
  summary: "Replies with the strings at several keys, null for what is missing or no string.",
  since: "1.0.0",
  complexity: "O(N) for N keys",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  tips: ["request_policy:multi_shard"],
  run(call) {
    const { db, reply } = call;
    reply.array(call.count - 1);
    for (let first = 1; first < call.count;) {
      const count = call.keys.touch(db, call.request, first, 1);
      for (let i = 0; i < count; i++) replyString(call, first + i, call.keys.hashes[i]);
      first += count;
    }
  },
});

export const MSET = command({
  name: "MSET",
  usage: "key value [key value ...]",
  summary: "Stores strings at several keys in one step.",
  since: "1.0.1",
  complexity: "O(N) for N keys",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.OW | Access.UPDATE,
  tips: ["request_policy:multi_shard", "response_policy:all_succeeded"],
  run(call) {
    requirePairs(call);
    storePairs(call);
    call.reply.ok();
  },
});

export const MSETNX = command({
  name: "MSETNX",
  usage: "key value [key value ...]",
  summary: "Stores strings at several keys, or at none when one of the keys exists.",
  since: "1.0.1",
  complexity: "O(N) for N keys",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.OW | Access.INSERT,
  tips: ["request_policy:multi_shard", "response_policy:agg_min"],
  run(call) {
    requirePairs(call);
    for (let i = 1; i < call.count; i += 2) {
      if (call.lookUpWrite(i) !== 0) return call.reply.integer(0);
    }
    storePairs(call);
    call.reply.integer(1);
  },
});

export const MANY_KEYS_COMMANDS = [MGET, MSET, MSETNX];

function requirePairs(call: Call): void {
  if ((call.count & 1) === 0) throw wrongArity(call.command.lowerName);
}

function storePairs(call: Call): void {
  const { db, request, keys } = call;
  for (let first = 1; first < call.count;) {
    const count = keys.touch(db, request, first, 2);
    for (let i = 0; i < count; i++, first += 2) {
      const { data, offsets, lengths } = request;
      const ref = db.lookUpWrite(data, offsets[first], lengths[first], keys.hashes[i]);
      if (ref !== 0) db.persist(ref);
      storeArgument(call, ref, first, first + 1);
      call.changed(first, "set");
    }
  }
}

function replyString(call: Call, index: number, hash: number): void {
  const { db, reply } = call;
  const { data, offsets, lengths } = call.request;
  const ref = db.lookUpRead(data, offsets[index], lengths[index], hash);
  if (ref === 0 || typeOf(db.arena, ref) !== ValueType.STRING) return reply.null();
  const value = db.stringOf(ref);
  reply.bulkRange(value.data, value.offset, value.length);
}
