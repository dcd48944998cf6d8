/** Adding, removing and looking up members of one set, and moving one between two. [hot] */

import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import * as entryModule from "../../values/entry.ts";
import { SetAccess } from "../../values/set/set.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { ValueType } = entryModule;

/** Lent to the command that runs. */
const set = new SetAccess();

export const SADD = command({
  name: "SADD",
  usage: "key member [member ...]",
  summary: "Adds members to a set, which is created when it is missing.",
  since: "1.0.0",
  complexity: "O(N) for N members",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.INSERT,
  run(call) {
    const { request } = call;
    const { data, offsets, lengths } = request;
    const ref = call.lookUpWrite(1);
    if (ref === 0) set.createFor(call.db, data, offsets[2], lengths[2]);
    else openSet(call, ref);
    let added = 0;
    for (let i = 2; i < call.count; i++) {
      if (set.add(data, offsets[i], lengths[i], request.hashOf(i))) added++;
    }
    if (ref === 0) call.putValue(0, 1, ValueType.SET, set.encoding, set.storage, set.value);
    if (added > 0) {
      call.changed(1, "sadd");
      call.dirty += added - 1;
    }
    call.reply.integer(added);
  },
});

export const SREM = command({
  name: "SREM",
  usage: "key member [member ...]",
  summary: "Removes members from a set, and the set with its last member.",
  since: "1.0.0",
  complexity: "O(N) for N members",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.DELETE,
  run(call) {
    const { request } = call;
    const { data, offsets, lengths } = request;
    const ref = call.lookUpWrite(1);
    if (ref === 0) return call.reply.integer(0);
    openSet(call, ref);
    let removed = 0;
    for (let i = 2; i < call.count && set.size > 0; i++) {
      if (set.remove(data, offsets[i], lengths[i], request.hashOf(i))) removed++;
    }
    if (removed > 0) {
      call.changed(1, "srem");
      call.dirty += removed - 1;
      if (set.size === 0) call.removeEmpty(1, ref);
    }
    call.reply.integer(removed);
  },
});

export const SISMEMBER = command({
  name: "SISMEMBER",
  usage: "key member",
  summary: "Says whether a set has a member.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO,
  run(call) {
    const ref = call.lookUpRead(1);
    if (ref !== 0) openSet(call, ref);
    call.reply.integer(ref !== 0 && hasMember(call, 2) ? 1 : 0);
  },
});

export const SMISMEMBER = command({
  name: "SMISMEMBER",
  usage: "key member [member ...]",
  summary: "Says of each of several members whether a set has it.",
  since: "6.2.0",
  complexity: "O(N) for N members",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const ref = call.lookUpRead(1);
    if (ref !== 0) openSet(call, ref);
    call.reply.array(call.count - 2);
    for (let i = 2; i < call.count; i++) {
      call.reply.integer(ref !== 0 && hasMember(call, i) ? 1 : 0);
    }
  },
});

export const SCARD = command({
  name: "SCARD",
  usage: "key",
  summary: "Counts the members of a set.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO,
  run(call) {
    const ref = call.lookUpRead(1);
    if (ref !== 0) openSet(call, ref);
    call.reply.integer(ref === 0 ? 0 : set.size);
  },
});

export const SMEMBERS = command({
  name: "SMEMBERS",
  usage: "key",
  summary: "Lists all members of a set.",
  since: "1.0.0",
  complexity: "O(N) for N members in the set",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  briefArguments: 2,
  tips: ["nondeterministic_output_order"],
  run(call) {
    const ref = call.lookUpRead(1);
    if (ref === 0) return call.reply.set(0);
    openSet(call, ref);
    call.reply.set(set.size);
    set.writeTo(call.reply);
  },
});

export const SMOVE = command({
  name: "SMOVE",
  usage: "source destination member",
  summary: "Moves a member from one set to another.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.FAST,
  keys: [Access.RW | Access.ACCESS | Access.DELETE, Access.RW | Access.INSERT],
  run(call) {
    const { data, offsets, lengths } = call.request;
    const source = call.lookUpWrite(1);
    const target = call.lookUpWrite(2);
    if (source === 0) return call.reply.integer(0);
    call.requireType(source, ValueType.SET);
    if (target !== 0) call.requireType(target, ValueType.SET);
    const from = new SetAccess().open(call.db, source);
    const found = from.find(data, offsets[3], lengths[3]) >= 0;
    if (!found || source === target) return call.reply.integer(found ? 1 : 0);
    if (target === 0) set.createFor(call.db, data, offsets[3], lengths[3]);
    else openSet(call, target);
    // Added before it is removed: when memory is short, nothing has changed.
    const added = set.add(data, offsets[3], lengths[3]);
    if (target === 0) {
      call.lookUpWrite(2);
      call.putValue(0, 2, ValueType.SET, set.encoding, set.storage, set.value);
    }
    from.remove(data, offsets[3], lengths[3]);
    call.changed(1, "srem");
    if (from.size === 0) call.removeEmpty(1, source);
    if (added) call.changed(2, "sadd");
    call.reply.integer(1);
  },
});

export const MEMBER_COMMANDS = [SADD, SREM, SISMEMBER, SMISMEMBER, SCARD, SMEMBERS, SMOVE];

function openSet(call: Call, ref: number): void {
  call.requireType(ref, ValueType.SET);
  set.open(call.db, ref);
}

function hasMember(call: Call, index: number): boolean {
  const { request } = call;
  const { data, offsets, lengths } = request;
  return set.find(data, offsets[index], lengths[index], request.hashOf(index)) >= 0;
}
