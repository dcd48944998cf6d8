/**
 * Adding and taking elements at the ends of lists: LPUSH, RPUSH, LPOP, RPOP and LMPOP. Nothing is
 * allocated by the first four. [hot]
 *
 * The popping functions are for the blocking commands as well, which pop the same way once there is
 * something to pop.
 */

import * as alikeRunModule from "../../engine/alike_run.ts";
import * as argumentsModule from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import * as callTimesModule from "../../engine/call_times.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors, wrongArity } from "../../engine/errors.ts";
import * as bulkFrameModule from "../../structures/bulk_frame.ts";
import type { Request } from "../../resp/request.ts";
import * as entryModule from "../../values/entry.ts";
import type { ListAccess, ListElement } from "../../values/list/list.ts";
import * as openListModule from "./open_list.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { lookUpAlike, replyNullToAll } = alikeRunModule;
const { readIntegerInRange } = argumentsModule;
const { BRIEF_REPLY_BYTES } = callTimesModule;
const { frameBytes } = bulkFrameModule;
const { ValueType } = entryModule;
const { newList, openList, putList, readsLeft } = openListModule;

export const LPUSH = command({
  name: "LPUSH",
  usage: "key element [element ...]",
  summary: "Puts elements in front of a list, one after the other; makes the list if need be.",
  since: "1.0.0",
  complexity: "O(N) for N elements",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.INSERT,
  briefArguments: 3,
  runAlike: pushEachFront,
  run: (call) => push(call, true, false),
});

export const RPUSH = command({
  name: "RPUSH",
  usage: "key element [element ...]",
  summary: "Puts elements at the end of a list, one after the other; makes the list if need be.",
  since: "1.0.0",
  complexity: "O(N) for N elements",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.INSERT,
  briefArguments: 3,
  runAlike: pushEachBack,
  run: (call) => push(call, false, false),
});

export const LPUSHX = command({
  name: "LPUSHX",
  usage: "key element [element ...]",
  summary: "Puts elements in front of a list if there is one.",
  since: "2.2.0",
  complexity: "O(N) for N elements",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.INSERT,
  run: (call) => push(call, true, true),
});

export const RPUSHX = command({
  name: "RPUSHX",
  usage: "key element [element ...]",
  summary: "Puts elements at the end of a list if there is one.",
  since: "2.2.0",
  complexity: "O(N) for N elements",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.INSERT,
  run: (call) => push(call, false, true),
});

export const LPOP = command({
  name: "LPOP",
  usage: "key [count]@6.2.0",
  summary: "Takes the first element, or the first few, from a list and replies with them.",
  since: "1.0.0",
  complexity: "O(N) for N elements taken",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  briefArguments: 2,
  runAlike: popEachFirst,
  run: (call) => pop(call, true),
});

export const RPOP = command({
  name: "RPOP",
  usage: "key [count]@6.2.0",
  summary: "Takes the last element, or the last few, from a list and replies with them.",
  since: "1.0.0",
  complexity: "O(N) for N elements taken",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  briefArguments: 2,
  runAlike: popEachLast,
  run: (call) => pop(call, false),
});

export const LMPOP = command({
  name: "LMPOP",
  usage: "numkeys key [key ...] (where: LEFT | RIGHT) [COUNT count]",
  summary: "Takes elements from the first of several lists that is there, and names its key.",
  since: "7.0.0",
  complexity: "O(N+M) for N keys and M elements taken",
  flags: Flag.WRITE,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  run(call) {
    const options = readManyPop(call, 1);
    for (let i = 2; i < 2 + options.keys; i++) {
      const ref = call.lookUpWrite(i);
      if (ref !== 0) return popWithKey(call, i, ref, options);
    }
    call.reply.nullArray();
  },
});

export const PUSH_POP_COMMANDS = [LPUSH, RPUSH, LPUSHX, RPUSHX, LPOP, RPOP, LMPOP];

/** What LMPOP and BLMPOP are asked for. */
export interface ManyPop {
  /** Number of keys. */
  readonly keys: number;
  readonly fromFront: boolean;
  /** Elements to be taken at most. */
  readonly count: number;
}

/**
 * Reads `numkeys key … LEFT|RIGHT [COUNT count]`, which begins at an argument.
 *
 * @throws the errors of LMPOP.
 */
export function readManyPop(call: Call, index: number): ManyPop {
  const max = Number.MAX_SAFE_INTEGER;
  const keys = readIntegerInRange(call, index, 1, max, errors.NUMKEYS_TOO_SMALL);
  const where = index + keys + 1;
  if (where >= call.count) throw errors.SYNTAX;
  const fromFront = readsLeft(call, where);
  let count = 0;
  for (let i = where + 1; i < call.count; i += 2) {
    if (count > 0 || !call.request.is(i, "COUNT") || i + 1 === call.count) throw errors.SYNTAX;
    count = readIntegerInRange(call, i + 1, 1, max, errors.COUNT_TOO_SMALL);
  }
  return { keys, fromFront, count: Math.max(count, 1) };
}

/** Pops from the list of a key argument, replies key and elements, and propagates LPOP or RPOP. */
export function popWithKey(call: Call, index: number, ref: number, options: ManyPop): void {
  const list = openList(call, ref);
  const { request, reply } = call;
  const count = Math.min(options.count, list.size);
  reply.array(2);
  reply.bulkRange(request.data, request.offsets[index], request.lengths[index]);
  popMany(call, index, ref, list, options.fromFront, count);
  call.propagate(options.fromFront ? "LPOP" : "RPOP", request.view(index), String(count));
}

/** Pops one element of the list at a key argument and replies with it. */
export function popOne(
  call: Call,
  index: number,
  ref: number,
  list: ListAccess,
  fromFront: boolean,
): void {
  if (fromFront) takeFirst(call, list);
  else takeLast(call, list);
  popped(call, index, ref, list, fromFront, 1);
}

function takeFirst(call: Call, list: ListAccess): void {
  replyElement(call, list.first());
  list.removeFirst();
}

function takeLast(call: Call, list: ListAccess): void {
  replyElement(call, list.last());
  list.removeLast();
}

/** The events of elements having been popped, and the end of a list that they were the last of. */
export function popped(
  call: Call,
  index: number,
  ref: number,
  list: ListAccess,
  fromFront: boolean,
  count: number,
): void {
  call.changed(index, fromFront ? "lpop" : "rpop");
  call.dirty += count - 1;
  if (list.size === 0) call.removeEmpty(index, ref);
}

/** Replies with an element by copying its frame. */
export function replyElement(call: Call, element: ListElement): void {
  const { data, frame, offset, length } = element;
  call.reply.rawRange(data, frame, offset + length + 2 - frame);
}

function push(call: Call, atFront: boolean, onlyIfPresent: boolean): void {
  const ref = call.lookUpWrite(1);
  let list: ListAccess;
  if (ref !== 0) {
    list = openList(call, ref);
    pushArguments(call, list, atFront);
  } else {
    if (onlyIfPresent) return call.reply.integer(0);
    list = newList(call, bytesOfArguments(call), atFront);
    try {
      pushArguments(call, list, atFront);
      putList(call, 1, list);
    } catch (error) {
      list.release();
      throw error;
    }
  }
  call.changed(1, atFront ? "lpush" : "rpush");
  call.dirty += call.count - 3;
  call.reply.integer(list.size);
}

/** Pushes all elements that are arguments or, when memory runs out in between, none. */
function pushArguments(call: Call, list: ListAccess, atFront: boolean): void {
  const before = list.size;
  try {
    if (atFront) pushAllFront(call, list);
    else pushAllBack(call, list);
  } catch (error) {
    if (atFront) list.removeFront(list.size - before);
    else list.removeBack(list.size - before);
    throw error;
  }
}

// Each end has functions of its own: see "Hot functions" in lib/ARCHITECTURE.md.

function pushAllFront(call: Call, list: ListAccess): void {
  const { data, offsets, lengths, count } = call.request;
  for (let i = 2; i < count; i++) list.pushFront(data, offsets[i], lengths[i]);
}

function pushAllBack(call: Call, list: ListAccess): void {
  const { data, offsets, lengths, count } = call.request;
  for (let i = 2; i < count; i++) list.pushBack(data, offsets[i], lengths[i]);
}

function pushEachFront(call: Call, from: number, to: number, requests: readonly Request[]): number {
  return pushEach(call, from, to, requests, true);
}

function pushEachBack(call: Call, from: number, to: number, requests: readonly Request[]): number {
  return pushEach(call, from, to, requests, false);
}

/** Pushes of one element each to a list that is there. */
function pushEach(
  call: Call,
  from: number,
  to: number,
  requests: readonly Request[],
  atFront: boolean,
): number {
  const ref = lookUpAlike(call, 3, ValueType.LIST);
  if (ref <= 0) return from;
  const list = openList(call, ref);
  let next = from;
  try {
    for (; next < to; next++) {
      call.request = requests[next];
      if (atFront) pushAllFront(call, list);
      else pushAllBack(call, list);
      call.reply.integer(list.size);
    }
  } catch {
    // What there is no memory for has changed nothing, and fails when it is run by itself.
  }
  call.dirty = next - from;
  return next;
}

function popEachFirst(call: Call, from: number, to: number): number {
  return popEach(call, from, to, true);
}

function popEachLast(call: Call, from: number, to: number): number {
  return popEach(call, from, to, false);
}

/** Pops of one element each; the last one is left, since the key goes with it. */
function popEach(call: Call, from: number, to: number, fromFront: boolean): number {
  const ref = lookUpAlike(call, 2, ValueType.LIST);
  if (ref < 0) return from;
  if (ref === 0) return replyNullToAll(call, from, to);
  const list = openList(call, ref);
  const enough = call.reply.length + BRIEF_REPLY_BYTES;
  let next = from;
  for (; next < to && list.size > 1 && call.reply.length < enough; next++) {
    if (fromFront) takeFirst(call, list);
    else takeLast(call, list);
  }
  call.dirty = next - from;
  return next;
}

function bytesOfArguments(call: Call): number {
  const { lengths } = call.request;
  let bytes = 0;
  for (let i = 2; i < call.count; i++) bytes += frameBytes(lengths[i]);
  return bytes;
}

function pop(call: Call, fromFront: boolean): void {
  if (call.count > 2) return popCount(call, fromFront);
  const ref = call.lookUpWrite(1);
  if (ref === 0) call.reply.null();
  else popOne(call, 1, ref, openList(call, ref), fromFront);
}

function popCount(call: Call, fromFront: boolean): void {
  if (call.count > 3) throw wrongArity(call.command.lowerName);
  const max = Number.MAX_SAFE_INTEGER;
  const count = readIntegerInRange(call, 2, 0, max, errors.MUST_BE_POSITIVE);
  const ref = call.lookUpWrite(1);
  if (ref === 0) return call.reply.nullArray();
  const list = openList(call, ref);
  if (count === 0) call.reply.array(0);
  else popMany(call, 1, ref, list, fromFront, Math.min(count, list.size));
}

/** Pops so many elements of a list, which has them, and replies with an array of them. */
function popMany(
  call: Call,
  index: number,
  ref: number,
  list: ListAccess,
  fromFront: boolean,
  count: number,
): void {
  call.reply.array(count);
  if (fromFront) {
    list.writeRange(0, count, call.reply);
    list.removeFront(count);
  } else {
    replyElement(call, list.seek(list.size - 1));
    for (let left = count - 1; left > 0; left--) {
      list.previous();
      replyElement(call, list.element);
    }
    list.removeBack(count);
  }
  popped(call, index, ref, list, fromFront, count);
}
