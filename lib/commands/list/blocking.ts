/**
 * The blocking forms of taking elements from lists: BLPOP, BRPOP, BLMPOP, BLMOVE and BRPOPLPUSH. What
 * there is to be had at once is had as by the other forms, and propagated as by them.
 * [hot]
 */

import * as argumentsModule from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import * as entryModule from "../../values/entry.ts";
import * as moveModule from "./move.ts";
import * as openListModule from "./open_list.ts";
import * as pushPopModule from "./push_pop.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { readTimeoutSeconds } = argumentsModule;
const { ValueType } = entryModule;
const { move } = moveModule;
const { openList, readsLeft } = openListModule;
const { popOne, popWithKey, readManyPop } = pushPopModule;

const POPS = Flag.WRITE | Flag.NO_SCRIPT | Flag.BLOCKING;
const MOVES = POPS | Flag.DENY_OOM;
/** With few keys these are as brief as the forms that do not wait. */
const BRIEF_ARGUMENTS = 8;
const MOVED_KEYS = [Access.RW | Access.ACCESS | Access.DELETE, Access.RW | Access.INSERT];

export const BLPOP = command({
  name: "BLPOP",
  usage: "key [key ...] timeout",
  summary: "Takes the first element of the first list that has one, and waits where none has.",
  since: "2.0.0",
  complexity: "O(N) for N keys",
  flags: POPS,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  briefArguments: BRIEF_ARGUMENTS,
  run: (call) => blockingPop(call, serveFirst),
});

export const BRPOP = command({
  name: "BRPOP",
  usage: "key [key ...] timeout",
  summary: "Takes the last element of the first list that has one, and waits where none has.",
  since: "2.0.0",
  complexity: "O(N) for N keys",
  flags: POPS,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  briefArguments: BRIEF_ARGUMENTS,
  run: (call) => blockingPop(call, serveLast),
});

export const BLMPOP = command({
  name: "BLMPOP",
  usage: "timeout numkeys key [key ...] (where: LEFT | RIGHT) [COUNT count]",
  summary: "Takes elements from the first of several lists that is there, and waits for one.",
  since: "7.0.0",
  complexity: "O(N+M) for N keys and M elements taken",
  flags: Flag.WRITE | Flag.BLOCKING,
  keys: Access.RW | Access.ACCESS | Access.DELETE,
  run(call) {
    const { keys } = readManyPop(call, 2);
    const timeoutMs = readTimeoutSeconds(call, 1);
    takeOrWait(call, 3, 2 + keys, timeoutMs, serveMany);
  },
});

export const BLMOVE = command({
  name: "BLMOVE",
  usage: "source destination (wherefrom: LEFT | RIGHT) (whereto: LEFT | RIGHT) timeout",
  summary: "Moves an element from one list to another and replies it; waits until there is one.",
  since: "6.2.0",
  complexity: "O(1)",
  flags: MOVES,
  keys: MOVED_KEYS,
  briefArguments: BRIEF_ARGUMENTS,
  run(call) {
    readsLeft(call, 3);
    readsLeft(call, 4);
    moveOrWait(call, readTimeoutSeconds(call, 5), serveMove);
  },
});

export const BRPOPLPUSH = command({
  name: "BRPOPLPUSH",
  usage: "source destination timeout",
  summary: "Moves the last element of a list in front of another; waits until there is one.",
  since: "2.2.0",
  complexity: "O(1)",
  flags: MOVES,
  keys: MOVED_KEYS,
  briefArguments: BRIEF_ARGUMENTS,
  docFlags: ["deprecated"],
  deprecatedSince: "6.2.0",
  replacedBy: "`BLMOVE` with the `RIGHT` and `LEFT` arguments",
  run: (call) => moveOrWait(call, readTimeoutSeconds(call, 3), serveRotation),
});

export const LIST_BLOCKING_COMMANDS = [BLPOP, BRPOP, BLMPOP, BLMOVE, BRPOPLPUSH];

/** Takes what there is at a key argument and replies with it; false when there is nothing. */
type Serve = (call: Call, index: number) => boolean;

function blockingPop(call: Call, serve: Serve): void {
  const last = call.count - 2;
  const timeoutMs = readTimeoutSeconds(call, last + 1);
  takeOrWait(call, 1, last, timeoutMs, serve);
}

function takeOrWait(
  call: Call,
  firstKey: number,
  lastKey: number,
  timeoutMs: number,
  serve: Serve,
): void {
  for (let i = firstKey; i <= lastKey; i++) if (serve(call, i)) return;
  const wait = { type: ValueType.LIST, firstKey, lastKey, timeoutMs, serve };
  if (!call.context.blocking.wait(call, wait)) call.reply.nullArray();
}

function moveOrWait(call: Call, timeoutMs: number, serve: Serve): void {
  if (serve(call, 1)) return;
  const wait = { type: ValueType.LIST, firstKey: 1, lastKey: 1, timeoutMs, serve };
  if (!call.context.blocking.wait(call, wait)) call.reply.null();
}

function serveFirst(call: Call, index: number): boolean {
  return serveOne(call, index, true);
}

function serveLast(call: Call, index: number): boolean {
  return serveOne(call, index, false);
}

function serveOne(call: Call, index: number, fromFront: boolean): boolean {
  const ref = call.lookUpWrite(index);
  if (ref === 0) return false;
  const list = openList(call, ref);
  const { request, reply } = call;
  reply.array(2);
  reply.bulkRange(request.data, request.offsets[index], request.lengths[index]);
  popOne(call, index, ref, list, fromFront);
  if (call.context.propagation.active) {
    call.propagate(fromFront ? "LPOP" : "RPOP", request.view(index));
  }
  return true;
}

function serveMany(call: Call, index: number): boolean {
  const ref = call.lookUpWrite(index);
  if (ref === 0) return false;
  popWithKey(call, index, ref, readManyPop(call, 2));
  return true;
}

function serveMove(call: Call): boolean {
  const { request } = call;
  if (!move(call, readsLeft(call, 3), readsLeft(call, 4))) return false;
  call.propagate("LMOVE", ...[1, 2, 3, 4].map((i) => request.view(i)));
  return true;
}

function serveRotation(call: Call): boolean {
  const { request } = call;
  if (!move(call, false, true)) return false;
  call.propagate("RPOPLPUSH", request.view(1), request.view(2));
  return true;
}
