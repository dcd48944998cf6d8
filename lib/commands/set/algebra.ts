/**
 * Intersections, unions and differences of sets, replied or stored.
 *
 * Nothing is built where members can be looked up instead: an intersection goes through the smallest
 * set and asks the others, the next smallest first; a union goes through all sets, the largest
 * first, and leaves out what an earlier one had; a difference goes through the first set and asks
 * the others, the largest first. Only a union or difference of very many sets is cheaper when it
 * is put together in a set of its own.
 */

import { readIntegerInRange } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import { ValueType } from "../../values/entry.ts";
import { SetAccess } from "../../values/set/set.ts";

/** Takes a member that a set points at; false to have no more of them. */
type Visit = (set: SetAccess) => boolean;
/** Visits the members of what comes of some sets; null stands for a key that is missing. */
type Operation = (call: Call, sets: (SetAccess | null)[], visit: Visit) => void;

/** Up to so many sets are asked one after the other. */
const MAX_ASKED = 8;

export const SINTER = command({
  name: "SINTER",
  usage: "key [key ...]",
  summary: "Lists the members that all of some sets have.",
  since: "1.0.0",
  complexity: "O(N*M) for N members in the smallest of M sets",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output_order"],
  run: (call) => reply(call, intersect),
});

export const SINTERSTORE = command({
  name: "SINTERSTORE",
  usage: "destination key [key ...]",
  summary: "Stores the members that all of some sets have.",
  since: "1.0.0",
  complexity: "O(N*M) for N members in the smallest of M sets",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.RW | Access.UPDATE, Access.RO | Access.ACCESS],
  run: (call) =>
    store(call, collect(call, intersect, openSets(call, 2, call.count)), "sinterstore"),
});

export const SINTERCARD = command({
  name: "SINTERCARD",
  usage: "numkeys key [key ...] [LIMIT limit]",
  summary: "Counts the members that all of some sets have.",
  since: "7.0.0",
  complexity: "O(N*M) for N members in the smallest of M sets",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const keys = readIntegerInRange(
      call,
      1,
      1,
      Number.MAX_SAFE_INTEGER,
      errors.NUMKEYS_TOO_SMALL,
    );
    if (keys > call.count - 2) throw errors.NUMKEYS_TOO_LARGE;
    const limit = readLimit(call, 2 + keys);
    const sets = openSets(call, 2, 2 + keys);
    let count = 0;
    intersect(call, sets, () => ++count !== limit);
    call.reply.integer(count);
  },
});

export const SUNION = command({
  name: "SUNION",
  usage: "key [key ...]",
  summary: "Lists the members that any of some sets has.",
  since: "1.0.0",
  complexity: "O(N) for N members in all sets",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output_order"],
  run: (call) => reply(call, unite),
});

export const SUNIONSTORE = command({
  name: "SUNIONSTORE",
  usage: "destination key [key ...]",
  summary: "Stores the members that any of some sets has.",
  since: "1.0.0",
  complexity: "O(N) for N members in all sets",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.OW | Access.UPDATE, Access.RO | Access.ACCESS],
  run: (call) => store(call, collect(call, addAll, openSets(call, 2, call.count)), "sunionstore"),
});

export const SDIFF = command({
  name: "SDIFF",
  usage: "key [key ...]",
  summary: "Lists the members that the first set has and no other.",
  since: "1.0.0",
  complexity: "O(N) for N members in all sets",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output_order"],
  run: (call) => reply(call, subtract),
});

export const SDIFFSTORE = command({
  name: "SDIFFSTORE",
  usage: "destination key [key ...]",
  summary: "Stores the members that the first set has and no other.",
  since: "1.0.0",
  complexity: "O(N) for N members in all sets",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.OW | Access.UPDATE, Access.RO | Access.ACCESS],
  run: (call) => store(call, difference(call, openSets(call, 2, call.count)), "sdiffstore"),
});

export const SET_ALGEBRA_COMMANDS = [
  SINTER,
  SINTERSTORE,
  SINTERCARD,
  SUNION,
  SUNIONSTORE,
  SDIFF,
  SDIFFSTORE,
];

function reply(call: Call, operation: Operation): void {
  const sets = openSets(call, 1, call.count);
  const writer = call.reply;
  const start = writer.length;
  let count = 0;
  operation(call, sets, (set) => {
    writer.bulkRange(set.data, set.offset, set.length);
    count++;
    return true;
  });
  writer.setAt(start, count);
}

/** Puts a set that no entry holds at the destination, or removes that when the set is empty. */
function store(call: Call, result: SetAccess, event: string): void {
  const ref = call.lookUpWrite(1);
  const { size } = result;
  if (size > 0) {
    // The destination may be one of the sources, which are done with by now.
    if (ref !== 0) call.db.persist(ref);
    call.putValue(ref, 1, ValueType.SET, result.encoding, result.storage, result.value);
    call.changed(1, event);
  } else {
    result.release();
    if (ref !== 0) {
      call.db.remove(ref);
      call.changed(1, "del");
    }
  }
  call.reply.integer(size);
}

/** What comes of an operation as a set that no entry holds. */
function collect(call: Call, operation: Operation, sets: (SetAccess | null)[]): SetAccess {
  // A union is as large as its largest source at least.
  const expected = operation === addAll ? Math.max(...sets.map((set) => set?.size ?? 0)) : 0;
  const result = new SetAccess().create(call.db, true, expected);
  try {
    operation(call, sets, (set) => {
      result.addMemberOf(set);
      return true;
    });
  } catch (error) {
    result.release();
    throw error;
  }
  return result;
}

const intersect: Operation = (_call, sets, visit) => {
  const present = sets.filter((set) => set !== null);
  if (present.length < sets.length) return;
  present.sort((a, b) => a.size - b.size);
  const smallest = present[0];
  const { length } = present;
  for (let handle = smallest.first(); handle >= 0; handle = smallest.next(handle)) {
    smallest.point(handle);
    let at = 1;
    while (at < length && present[at].hasMemberOf(smallest)) at++;
    if (at === length && !visit(smallest)) return;
  }
};

const unite: Operation = (call, sets, visit) => {
  const present = largestFirst(sets);
  if (present.length > MAX_ASKED) {
    const all = collect(call, addAll, sets);
    visitAll(all, visit);
    return all.release();
  }
  for (let i = 0; i < present.length; i++) {
    const set = present[i];
    for (let handle = set.first(); handle >= 0; handle = set.next(handle)) {
      set.point(handle);
      if (!anyHas(present, i, set)) visit(set);
    }
  }
};

/** A union whose visitor does not mind members that come again. */
const addAll: Operation = (_call, sets, visit) => {
  for (const set of largestFirst(sets)) visitAll(set, visit);
};

const subtract: Operation = (call, sets, visit) => {
  if (prefersCopy(sets)) {
    const rest = difference(call, sets);
    visitAll(rest, visit);
    return rest.release();
  }
  const first = sets[0];
  if (first === null) return;
  const others = largestFirst(sets.slice(1));
  for (let handle = first.first(); handle >= 0; handle = first.next(handle)) {
    first.point(handle);
    if (!anyHas(others, others.length, first)) visit(first);
  }
};

/** A difference as a set that no entry holds. */
function difference(call: Call, sets: (SetAccess | null)[]): SetAccess {
  if (!prefersCopy(sets)) return collect(call, subtract, sets);
  const rest = collect(call, addAll, [sets[0]]);
  for (const other of sets.slice(1)) {
    if (other === null) continue;
    for (let handle = other.first(); handle >= 0 && rest.size > 0; handle = other.next(handle)) {
      other.point(handle);
      rest.remove(other.data, other.offset, other.length);
    }
  }
  return rest;
}

/**
 * Whether a difference is made by removing from a copy of the first set. The same choice as
 * redis-server's, since the encoding of what is stored follows from it.
 */
function prefersCopy(sets: (SetAccess | null)[]): boolean {
  const first = sets[0];
  if (first === null) return false;
  let asked = 0;
  let members = 0;
  for (const set of sets) {
    if (set === null) continue;
    asked += first.size;
    members += set.size;
  }
  return Math.floor(asked / 2) > members;
}

/** Whether any of the first `count` sets has the member that another points at. */
function anyHas(sets: SetAccess[], count: number, member: SetAccess): boolean {
  for (let i = 0; i < count; i++) if (sets[i].hasMemberOf(member)) return true;
  return false;
}

function visitAll(set: SetAccess, visit: Visit): void {
  for (let handle = set.first(); handle >= 0; handle = set.next(handle)) visit(set.point(handle));
}

function largestFirst(sets: (SetAccess | null)[]): SetAccess[] {
  return sets.filter((set) => set !== null).sort((a, b) => b.size - a.size);
}

/**
 * The sets at arguments `from` to `end` - 1.
 *
 * @throws WRONGTYPE when any of the keys holds something else.
 */
function openSets(call: Call, from: number, end: number): (SetAccess | null)[] {
  const sets: (SetAccess | null)[] = [];
  for (let i = from; i < end; i++) {
    const ref = call.lookUpRead(i);
    if (ref !== 0) call.requireType(ref, ValueType.SET);
    sets.push(ref === 0 ? null : new SetAccess().open(call.db, ref));
  }
  return sets;
}

/** The LIMIT from an argument on; 0 when there is none. */
function readLimit(call: Call, from: number): number {
  let limit = 0;
  for (let i = from; i < call.count; i += 2) {
    if (!call.request.is(i, "LIMIT") || i + 1 === call.count) throw errors.SYNTAX;
    limit = readIntegerInRange(call, i + 1, 0, Number.MAX_SAFE_INTEGER, errors.NEGATIVE_LIMIT);
  }
  return limit;
}
