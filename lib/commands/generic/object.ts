/** OBJECT: how a value is kept and how much it is used. Looking leaves the access clock alone. */

import { parseInteger } from "../../bytes/integer.ts";
import type { Call } from "../../engine/call.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { command } from "../../engine/command.ts";
import { CommandError } from "../../engine/errors.ts";
import { helpCommand } from "../../engine/help.ts";
import {
  ACCESS_WORD,
  Encoding,
  ENCODING_NAMES,
  encodingOf,
  readWord,
  typeOf,
  ValueType,
} from "../../values/entry.ts";

/** Redis keeps one object for each of the numbers below this, with a count that never changes. */
const SHARED_INTEGERS = 10_000;
const SHARED_REFERENCES = 2 ** 31 - 1;

const SWITCHING = "Please note that when switching between policies at runtime LRU and LFU data " +
  "will take some time to adjust.";
const NO_IDLE_TIME = new CommandError(
  `ERR An LFU maxmemory policy is selected, idle time not tracked. ${SWITCHING}`,
);
const NO_FREQUENCY = new CommandError(
  `ERR An LFU maxmemory policy is not selected, access frequency not tracked. ${SWITCHING}`,
);

export const OBJECT = command({
  name: "OBJECT",
  summary: "Groups the commands that look into how values are kept.",
  since: "2.2.3",
  complexity: "Depends on the subcommand",
});

export const OBJECT_ENCODING = command({
  name: "OBJECT|ENCODING",
  usage: "key",
  summary: "Replies with the name of the form in which a value is kept.",
  since: "2.2.3",
  complexity: "O(1)",
  flags: Flag.READONLY,
  keys: Access.RO,
  tips: ["nondeterministic_output"],
  run(call) {
    const ref = lookUp(call);
    if (ref === 0) call.reply.null();
    else call.reply.bulk(ENCODING_NAMES[encodingOf(call.db.arena, ref)]);
  },
});

export const OBJECT_FREQ = command({
  name: "OBJECT|FREQ",
  usage: "key",
  summary: "Replies with the logarithmic counter of how often a key is used.",
  since: "4.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY,
  keys: Access.RO,
  tips: ["nondeterministic_output"],
  run(call) {
    const ref = lookUp(call);
    if (ref === 0) return call.reply.null();
    const { state } = call.context.store;
    if (!state.countsFrequency) throw NO_FREQUENCY;
    call.reply.integer(state.decayed(readWord(call.db.arena, ref, ACCESS_WORD)));
  },
});

export const OBJECT_IDLETIME = command({
  name: "OBJECT|IDLETIME",
  usage: "key",
  summary: "Replies with the seconds since a key was last used.",
  since: "2.2.3",
  complexity: "O(1)",
  flags: Flag.READONLY,
  keys: Access.RO,
  tips: ["nondeterministic_output"],
  run(call) {
    const ref = lookUp(call);
    if (ref === 0) return call.reply.null();
    const { state } = call.context.store;
    if (state.countsFrequency) throw NO_IDLE_TIME;
    call.reply.integer(state.idleSeconds(readWord(call.db.arena, ref, ACCESS_WORD)));
  },
});

export const OBJECT_REFCOUNT = command({
  name: "OBJECT|REFCOUNT",
  usage: "key",
  summary: "Replies with the number of users of a value.",
  since: "2.2.3",
  complexity: "O(1)",
  flags: Flag.READONLY,
  keys: Access.RO,
  tips: ["nondeterministic_output"],
  run(call) {
    const ref = lookUp(call);
    if (ref === 0) call.reply.null();
    else call.reply.integer(isShared(call, ref) ? SHARED_REFERENCES : 1);
  },
});

export const OBJECT_HELP = helpCommand({ container: "OBJECT", since: "6.2.0" });

/** The entry of the key; it counts as a hit or a miss, but a miss makes no event. */
function lookUp(call: Call): number {
  const ref = call.peek(2);
  if (ref === 0) call.context.store.state.misses++;
  else call.context.store.state.hits++;
  return ref;
}

/**
 * No value of ours has more than one user. For small integers this says what Redis does: it
 * shares them unless an LRU or LFU policy needs an access time for each of them.
 */
function isShared(call: Call, ref: number): boolean {
  const { arena } = call.db;
  if (typeOf(arena, ref) !== ValueType.STRING || encodingOf(arena, ref) !== Encoding.INT) {
    return false;
  }
  const { memory, eviction } = call.context;
  if (memory.maxBytes > 0 && /l[rf]u$/.test(eviction.policy)) return false;
  const { bytes, offset, length } = call.db.stringOf(ref);
  const value = parseInteger(bytes, offset, length);
  return value >= 0 && value < SHARED_INTEGERS;
}

export const OBJECT_COMMANDS = [
  OBJECT,
  OBJECT_ENCODING,
  OBJECT_FREQ,
  OBJECT_IDLETIME,
  OBJECT_REFCOUNT,
  OBJECT_HELP,
];
