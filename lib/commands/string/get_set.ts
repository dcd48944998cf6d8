/** Setting and getting whole strings: SET, GET and what came before SET had options. */

import { Access, Flag } from "../../engine/command_spec.ts";
import { command } from "../../engine/command.ts";
import type { Call } from "../../engine/call.ts";
import { stringEncoding } from "../../values/string/string.ts";

export const GET = command({
  name: "GET",
  usage: "key",
  summary: "Replies with the string stored at a key.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const value = call.readString(1);
    if (value === null) call.reply.null();
    else call.reply.bulkRange(value.bytes, value.offset, value.length);
  },
});

export const SET = command({
  name: "SET",
  usage:
    "key value [condition: NX | XX]@2.6.12 [GET]@6.2.0 [expiration: EX seconds@2.6.12 | PX " +
    "milliseconds@2.6.12 | EXAT unix-time-seconds@6.2.0 | PXAT unix-time-milliseconds@6.2.0 " +
    "| KEEPTTL@6.0.0]",
  summary: "Stores a string at a key, whatever the key held before.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.RW | Access.ACCESS | Access.UPDATE | Access.VARIABLE_FLAGS,
  brief: true,
  run(call) {
    const ref = call.lookUpWrite(1);
    if (ref !== 0) call.db.persist(ref);
    storeArgument(call, ref, 1, 2);
    call.changed(1, "set");
    call.reply.ok();
  },
});

/** Stores the argument at `value` under the key argument, in the place of `ref` or anew. */
export function storeArgument(call: Call, ref: number, key: number, value: number): number {
  const { buffer, offsets, lengths } = call.request;
  const offset = offsets[value];
  const length = lengths[value];
  return call.db.setString(
    ref,
    buffer,
    offsets[key],
    lengths[key],
    buffer,
    offset,
    length,
    stringEncoding(buffer, offset, length),
  );
}

export const GET_SET_COMMANDS = [GET, SET];
