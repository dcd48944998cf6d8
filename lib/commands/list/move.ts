/**
 * Moving an element from the end of one list to an end of another, or of the same: LMOVE and
 * RPOPLPUSH. What moves is copied aside in between, since both lists are worked on in turn. [hot]
 */

import { ByteBuffer } from "../../bytes/byte_buffer.ts";
import * as copyModule from "../../bytes/copy.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import * as bulkFrameModule from "../../structures/bulk_frame.ts";
import * as entryModule from "../../values/entry.ts";
import { ListAccess } from "../../values/list/list.ts";
import * as openListModule from "./open_list.ts";
import * as pushPopModule from "./push_pop.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes } = copyModule;
const { frameBytes } = bulkFrameModule;
const { ValueType } = entryModule;
const { newList, openList, putList, readsLeft } = openListModule;
const { popped, replyElement } = pushPopModule;

/** Longer elements get a buffer for the time of the move. */
const KEPT_BYTES = 64 * 1024;

export const LMOVE = command({
  name: "LMOVE",
  usage: "source destination (wherefrom: LEFT | RIGHT) (whereto: LEFT | RIGHT)",
  summary: "Takes an element from an end of one list, puts it at an end of another and replies it.",
  since: "6.2.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.RW | Access.ACCESS | Access.DELETE, Access.RW | Access.INSERT],
  briefArguments: 5,
  run(call) {
    const fromFront = readsLeft(call, 3);
    const toFront = readsLeft(call, 4);
    if (!move(call, fromFront, toFront)) call.reply.null();
  },
});

export const RPOPLPUSH = command({
  name: "RPOPLPUSH",
  usage: "source destination",
  summary: "Takes the last element of one list, puts it in front of another and replies it.",
  since: "1.2.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.RW | Access.ACCESS | Access.DELETE, Access.RW | Access.INSERT],
  docFlags: ["deprecated"],
  deprecatedSince: "6.2.0",
  replacedBy: "`LMOVE` with the `RIGHT` and `LEFT` arguments",
  briefArguments: 3,
  run(call) {
    if (!move(call, false, true)) call.reply.null();
  },
});

export const MOVE_COMMANDS = [LMOVE, RPOPLPUSH];

const source = new ListAccess();
const kept = new ByteBuffer(KEPT_BYTES);

/**
 * Moves an element from the list at the first key argument to that at the second, and replies with
 * it; false, with no reply, when there is nothing to move.
 *
 * @throws WRONGTYPE when one of the keys holds something else.
 */
export function move(call: Call, fromFront: boolean, toFront: boolean): boolean {
  const sourceRef = call.lookUpWrite(1);
  if (sourceRef === 0) return false;
  call.requireType(sourceRef, ValueType.LIST);
  const targetRef = call.lookUpWrite(2);
  if (targetRef !== 0) call.requireType(targetRef, ValueType.LIST);
  const from = source.open(call.db, sourceRef);
  const element = fromFront ? from.first() : from.last();
  const { length } = element;
  const buffer = length <= KEPT_BYTES ? kept : new ByteBuffer(length);
  copyBytes(element.data, element.offset, buffer.data, 0, length);
  replyElement(call, element);
  if (targetRef === sourceRef) rotate(from, buffer, length, fromFront, toFront);
  else {
    pushTo(call, targetRef, buffer, length, toFront);
    remove(from, fromFront);
  }
  call.changed(2, toFront ? "lpush" : "rpush");
  // A move counts as one change.
  call.dirty--;
  popped(call, 1, sourceRef, from, fromFront, 1);
  return true;
}

function rotate(
  list: ListAccess,
  element: ByteBuffer,
  length: number,
  fromFront: boolean,
  toFront: boolean,
): void {
  if (fromFront === toFront) return;
  // First what can fail for want of memory.
  pushElement(list, element, length, toFront);
  remove(list, fromFront);
}

function remove(list: ListAccess, fromFront: boolean): void {
  if (fromFront) list.removeFront(1);
  else list.removeBack(1);
}

function pushTo(
  call: Call,
  ref: number,
  element: ByteBuffer,
  length: number,
  toFront: boolean,
): void {
  if (ref !== 0) return pushElement(openList(call, ref), element, length, toFront);
  const list = newList(call, frameBytes(length), toFront);
  try {
    pushElement(list, element, length, toFront);
    putList(call, 2, list);
  } catch (error) {
    list.release();
    throw error;
  }
}

function pushElement(
  list: ListAccess,
  element: ByteBuffer,
  length: number,
  toFront: boolean,
): void {
  if (toFront) list.pushFront(element.data, 0, length);
  else list.pushBack(element.data, 0, length);
}
