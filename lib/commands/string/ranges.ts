/** Parts of strings: appending, reading and overwriting ranges of bytes. [hot] */

import * as copyModule from "../../bytes/copy.ts";
import * as argumentsModule from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import * as getSetModule from "./get_set.ts";
import * as growthModule from "./growth.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes } = copyModule;
const { readClampedInteger } = argumentsModule;
const { storeArgument } = getSetModule;
const { checkStringLength, resizeStringAt } = growthModule;

const NOTHING = new Uint8Array(0);

export const APPEND = command({
  name: "APPEND",
  usage: "key value",
  summary: "Adds bytes to the end of the string at a key, which is made when missing.",
  since: "2.0.0",
  complexity: "O(1), amortized: a string that is appended to keeps room to grow",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.INSERT,
  run(call) {
    const added = call.request.lengths[2];
    const ref = call.lookUpWrite(1);
    let before = 0;
    if (ref === 0) storeArgument(call, 0, 1, 2);
    else {
      call.requireString(ref);
      before = call.db.stringOf(ref).length;
      checkStringLength(call, before + added);
      writeArgument(call, resizeStringAt(call, 1, ref, before + added), before, 2);
    }
    call.changed(1, "append");
    call.reply.integer(before + added);
  },
});

export const STRLEN = command({
  name: "STRLEN",
  usage: "key",
  summary: "Replies with the length in bytes of the string at a key, 0 when missing.",
  since: "2.2.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO,
  run(call) {
    const value = call.readString(1);
    call.reply.integer(value === null ? 0 : value.length);
  },
});

export const GETRANGE = command({
  name: "GETRANGE",
  usage: "key start end",
  summary: "Replies with the bytes of a string from one position to another.",
  since: "2.4.0",
  complexity: "O(N) for N bytes in the reply",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run: replyRange,
});

export const SUBSTR = command({
  name: "SUBSTR",
  usage: "key start end",
  summary: "The first name of GETRANGE.",
  since: "1.0.0",
  complexity: "O(N) for N bytes in the reply",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  docFlags: ["deprecated"],
  deprecatedSince: "2.0.0",
  replacedBy: "`GETRANGE`",
  run: replyRange,
});

export const SETRANGE = command({
  name: "SETRANGE",
  usage: "key offset value",
  summary:
    "Overwrites a string from a position on, with zero bytes before it where it ends sooner.",
  since: "2.2.0",
  complexity: "O(N) for N bytes written, zeros included",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    const at = readClampedInteger(call, 2);
    if (at < 0) throw errors.OFFSET_OUT_OF_RANGE;
    const added = call.request.lengths[3];
    const ref = call.lookUpWrite(1);
    let before = 0;
    if (ref !== 0) {
      call.requireString(ref);
      before = call.db.stringOf(ref).length;
    }
    if (added === 0) return call.reply.integer(before);
    checkStringLength(call, at + added);
    const length = Math.max(before, at + added);
    writeArgument(call, resizeStringAt(call, 1, ref, length), at, 3);
    call.changed(1, "setrange");
    call.reply.integer(length);
  },
});

export const RANGE_COMMANDS = [APPEND, STRLEN, GETRANGE, SUBSTR, SETRANGE];

/** Positions are inclusive and count from the end when negative. */
function replyRange(call: Call): void {
  let start = readClampedInteger(call, 2);
  let end = readClampedInteger(call, 3);
  const value = call.readString(1);
  const length = value === null ? 0 : value.length;
  if (start < 0) {
    // Both before the string's start in the wrong order would otherwise become one byte.
    if (end < 0 && start > end) end = start = length;
    else start = Math.max(0, start + length);
  }
  if (end < 0) end = Math.max(0, end + length);
  if (end >= length) end = length - 1;
  if (value === null || start > end) return call.reply.bulkBytes(NOTHING);
  call.reply.bulkRange(value.data, value.offset + start, end - start + 1);
}

/** Writes an argument into a string that has the room for it. */
function writeArgument(call: Call, ref: number, at: number, index: number): void {
  const { data, offsets, lengths } = call.request;
  const value = call.db.stringOf(ref);
  copyBytes(data, offsets[index], value.data, value.offset + at, lengths[index]);
}
