/** Keys as wholes, whatever they hold: removing, naming, moving, copying and picking them. */

import { Access, Flag } from "../../engine/command_spec.ts";
import { readDatabase } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { errors } from "../../engine/errors.ts";
import type { Database } from "../../store/database.ts";
import { equalBytes } from "../../bytes/byte_string.ts";
import { TYPE_NAMES, typeOf } from "../../values/entry.ts";

/** Attempts of RANDOMKEY where a replica may hold nothing but keys that are past their time. */
const RANDOM_TRIES = 100;

const SHARDED_SUM = ["request_policy:multi_shard", "response_policy:agg_sum"];

export const DEL = command({
  name: "DEL",
  usage: "key [key ...]",
  summary: "Removes keys and says how many there were.",
  since: "1.0.0",
  complexity: "O(N) for N keys, and for each collection O(M) for its M elements",
  flags: Flag.WRITE,
  keys: Access.RM | Access.DELETE,
  tips: SHARDED_SUM,
  run: removeKeys,
});

export const UNLINK = command({
  name: "UNLINK",
  usage: "key [key ...]",
  summary: "Removes keys at once and frees what they held later.",
  since: "4.0.0",
  complexity: "O(N) for N keys; what large collections held is freed in the background",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RM | Access.DELETE,
  tips: SHARDED_SUM,
  run: removeKeys,
});

/** A string of any size is freed in a moment, so DEL and UNLINK need not differ for it. */
function removeKeys(call: Call): void {
  let removed = 0;
  for (let i = 1; i < call.count; i++) {
    // Not looked up to be changed: a snapshot that has not saved it takes it over.
    let ref = call.peek(i);
    if (ref === 0 && call.context.store.state.isWritableReplica) ref = call.entryOf(i);
    if (ref === 0) continue;
    call.db.remove(ref);
    call.changed(i, "del");
    removed++;
  }
  call.reply.integer(removed);
}

export const EXISTS = command({
  name: "EXISTS",
  usage: "key [key ...]",
  summary: "Counts how many of the keys are there; a key given twice counts twice.",
  since: "1.0.0",
  complexity: "O(N) for N keys",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO,
  tips: SHARDED_SUM,
  run(call) {
    let found = 0;
    for (let i = 1; i < call.count; i++) {
      if (call.lookUpUntouched(i) !== 0) found++;
    }
    call.reply.integer(found);
  },
});

export const TOUCH = command({
  name: "TOUCH",
  usage: "key [key ...]",
  summary: "Counts how many of the keys are there, and marks them as just used.",
  since: "3.2.1",
  complexity: "O(N) for N keys",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO,
  tips: SHARDED_SUM,
  run(call) {
    // It is what CLIENT NO-TOUCH has no hold of, in a transaction or script neither.
    const { state } = call.context.store;
    const frozen = state.accessFrozen;
    state.accessFrozen = false;
    let found = 0;
    for (let i = 1; i < call.count; i++) {
      if (call.lookUpRead(i) !== 0) found++;
    }
    state.accessFrozen = frozen;
    call.reply.integer(found);
  },
});

export const TYPE = command({
  name: "TYPE",
  usage: "key",
  summary: "Replies with the type of the value at a key.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO,
  run(call) {
    const ref = call.lookUpUntouched(1);
    call.reply.simple(ref === 0 ? "none" : TYPE_NAMES[typeOf(call.db.arena, ref)]);
  },
});

export const RENAME = command({
  name: "RENAME",
  usage: "key newkey",
  summary: "Gives a key another name; what that name held is lost.",
  since: "1.0.0",
  complexity: "O(1), and O(M) when a collection of M elements is overwritten",
  flags: Flag.WRITE,
  keys: [Access.RW | Access.ACCESS | Access.DELETE, Access.OW | Access.UPDATE],
  run(call) {
    rename(call, true);
    call.reply.ok();
  },
});

export const RENAMENX = command({
  name: "RENAMENX",
  usage: "key newkey",
  summary: "Gives a key another name unless that is taken.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.FAST,
  keys: [Access.RW | Access.ACCESS | Access.DELETE, Access.OW | Access.INSERT],
  run(call) {
    call.reply.integer(rename(call, false) ? 1 : 0);
  },
});

/** Whether the key has a new name now; a key is never renamed to its own name. */
function rename(call: Call, overwrite: boolean): boolean {
  const { db, request } = call;
  const ref = call.lookUpWrite(1);
  if (ref === 0) throw errors.NO_SUCH_KEY;
  if (sameArgument(call, 1, 2)) return false;
  const taken = call.lookUpWrite(2);
  if (taken !== 0) {
    if (!overwrite) return false;
    db.remove(taken);
  }
  db.moveEntry(ref, db, request.data, request.offsets[2], request.lengths[2]);
  call.changed(1, "rename_from");
  call.changed(2, "rename_to");
  // Two keys were touched, but Redis counts one change.
  call.dirty = 1;
  return true;
}

export const MOVE = command({
  name: "MOVE",
  usage: "key db",
  summary: "Takes a key to another database unless its name is taken there.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.UPDATE,
  run(call) {
    const { db, request } = call;
    const target = readDatabase(call, 2);
    if (target === db) throw errors.SAME_OBJECT;
    const offset = request.offsets[1];
    const length = request.lengths[1];
    const ref = call.lookUpWrite(1);
    if (ref === 0 || target.lookUpWrite(request.data, offset, length) !== 0) {
      call.reply.integer(0);
      return;
    }
    db.moveEntry(ref, target, request.data, offset, length);
    call.changed(1, "move_from");
    call.changedKey(target, request.view(1), "move_to");
    // Two databases were touched, but Redis counts one change.
    call.dirty = 1;
    call.reply.integer(1);
  },
});

export const COPY = command({
  name: "COPY",
  usage: "source destination [DB destination-db] [REPLACE]",
  summary: "Stores a copy of the value at a key, and of its expiry, at another key.",
  since: "6.2.0",
  complexity: "O(N) for a collection of N elements, O(1) for strings",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.RO | Access.ACCESS, Access.OW | Access.UPDATE],
  run(call) {
    const { db, request } = call;
    const { target, replace } = readCopyOptions(call);
    if (target === db && sameArgument(call, 1, 2)) throw errors.SAME_OBJECT;
    const offset = request.offsets[2];
    const length = request.lengths[2];
    const ref = call.lookUpRead(1);
    if (ref === 0) {
      call.reply.integer(0);
      return;
    }
    const taken = target.lookUpWrite(request.data, offset, length);
    if (taken !== 0) {
      if (!replace) {
        call.reply.integer(0);
        return;
      }
      target.remove(taken);
    }
    db.copyEntry(ref, target, request.data, offset, length);
    call.changedKey(target, request.view(2), "copy_to");
    call.reply.integer(1);
  },
});

function readCopyOptions(call: Call): { target: Database; replace: boolean } {
  let target = call.db;
  let replace = false;
  for (let i = 3; i < call.count; i++) {
    if (call.request.is(i, "REPLACE")) replace = true;
    else if (call.request.is(i, "DB") && i + 1 < call.count) target = readDatabase(call, ++i);
    else throw errors.SYNTAX;
  }
  return { target, replace };
}

export const RANDOMKEY = command({
  name: "RANDOMKEY",
  summary: "Replies with any one of the keys.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY,
  tips: ["request_policy:all_shards", "nondeterministic_output"],
  meetsAnyKey: true,
  run(call) {
    const ref = randomKey(call);
    if (ref === 0) call.reply.null();
    else call.reply.bulkBytes(call.db.keyOf(ref));
  },
});

function randomKey(call: Call): number {
  const { db, context } = call;
  const uint32 = () => context.host.random.uint32();
  for (let tries = 1;; tries++) {
    const ref = db.table.random(uint32);
    if (ref === 0 || !db.dropIfExpired(ref)) return ref;
    // A replica drops nothing by itself: when all keys expire, all may be dead.
    const mayAllBeDead = !context.store.state.removesExpired && db.expiry.count === db.size;
    if (mayAllBeDead && tries === RANDOM_TRIES) return ref;
  }
}

function sameArgument(call: Call, a: number, b: number): boolean {
  const { buffer, offsets, lengths } = call.request;
  return lengths[a] === lengths[b] &&
    equalBytes(buffer, offsets[a], buffer, offsets[b], lengths[a]);
}

export const KEYS_COMMANDS = [
  DEL,
  UNLINK,
  EXISTS,
  TOUCH,
  TYPE,
  RENAME,
  RENAMENX,
  MOVE,
  COPY,
  RANDOMKEY,
];
