/**
 * Adding entries to a stream and taking them away: XADD, XTRIM, XDEL, XSETID and XLEN. XADD allocates
 * nothing unless it is propagated with another id than it was given. [hot]
 */

import * as argumentsModule from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors, wrongArity } from "../../engine/errors.ts";
import * as streamLogModule from "../../structures/stream_log.ts";
import { type Stream, StreamId, type Trim } from "../../values/stream/stream.ts";
import type { ReadId } from "./ids.ts";
import * as idsModule from "./ids.ts";
import * as openedModule from "./opened.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { readBigInteger, readClampedInteger } = argumentsModule;
const { LARGEST_ENTRY_BYTES } = streamLogModule;
const { isMark, readId, readIdToAdd } = idsModule;
const { newStream, nowOf, replyId, streamToChange, streamToRead } = openedModule;

/** What XADD and XTRIM are asked for, read anew by each. */
const options: Trim & ReadId & {
  noMakeStream: boolean;
  idGiven: boolean;
  sequenceGiven: boolean;
  trims: boolean;
  /** The argument that says how much to keep. */
  thresholdIndex: number;
} = {
  maxLength: 0,
  leastId: null,
  approximate: false,
  limit: 0,
  noMakeStream: false,
  idGiven: false,
  sequenceGiven: false,
  trims: false,
  thresholdIndex: 0,
};
const leastId = new StreamId();
const id = new StreamId();
const maxDeletedId = new StreamId();

const STAR = 0x2a;
const TILDE = 0x7e;
const EQUALS = 0x3d;

export const XADD = command({
  name: "XADD",
  usage: 'key [NOMKSTREAM]@6.2.0 [trim: (strategy: MAXLEN | MINID@6.2.0) [operator: equal="=" | ' +
    'approximately="~"] threshold [LIMIT count]@6.2.0] (id_or_auto: auto_id="*" | id) field ' +
    "value [field value ...]",
  summary: "Appends an entry to a stream, which is made if need be, and may trim it.",
  since: "5.0.0",
  complexity: "O(1) for the entry, O(N) for N entries that are trimmed",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  tips: ["nondeterministic_output"],
  run(call) {
    const idIndex = readOptions(call, true);
    const from = idIndex + 1;
    const left = call.count - from;
    if (left < 2 || left % 2 === 1) throw wrongArity("xadd");
    if (options.idGiven && options.sequenceGiven && id.isZero) throw errors.XADD_ID_ZERO;
    let stream = streamToChange(call, 1);
    if (stream === null && options.noMakeStream) return call.reply.null();
    chooseId(call, stream);
    requireSize(call, from);
    stream ??= newStream(call, 1);
    const { data, offsets, lengths } = call.request;
    stream.append(id, data, offsets, lengths, from, left / 2, call.db.limits);
    call.changed(1, "xadd");
    replyId(call.reply, id);
    trimAfterAdding(call, stream);
    if (!options.idGiven || !options.sequenceGiven || (options.trims && options.approximate)) {
      propagateExactly(call, stream, idIndex);
    }
  },
});

export const XTRIM = command({
  name: "XTRIM",
  usage: 'key (trim: (strategy: MAXLEN | MINID@6.2.0) [operator: equal="=" | approximately="~"] ' +
    "threshold [LIMIT count]@6.2.0)",
  summary: "Takes the oldest entries away, by how many are to stay or by the first id that is.",
  since: "5.0.0",
  complexity: "O(N) for N entries that are taken away",
  flags: Flag.WRITE,
  keys: Access.RW | Access.DELETE,
  tips: ["nondeterministic_output"],
  run(call) {
    readOptions(call, false);
    const stream = streamToChange(call, 1);
    if (stream === null) return call.reply.integer(0);
    const removed = stream.trim(options);
    if (removed > 0) {
      call.changed(1, "xtrim");
      call.dirty += removed - 1;
      if (options.approximate) propagateExactly(call, stream, 0);
    }
    call.reply.integer(removed);
  },
});

export const XDEL = command({
  name: "XDEL",
  usage: "key id [id ...]",
  summary: "Deletes entries by their ids.",
  since: "5.0.0",
  complexity: "O(N) for N ids",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.DELETE,
  run(call) {
    const stream = streamToChange(call, 1);
    if (stream === null) return call.reply.integer(0);
    for (let i = 2; i < call.count; i++) readId(call, i, id);
    let deleted = 0;
    for (let i = 2; i < call.count; i++) {
      readId(call, i, id);
      if (stream.delete(id)) deleted++;
    }
    if (deleted > 0) {
      call.changed(1, "xdel");
      call.dirty += deleted - 1;
    }
    call.reply.integer(deleted);
  },
});

export const XSETID = command({
  name: "XSETID",
  usage: "key last-id [ENTRIESADDED entries_added]@7.0.0 [MAXDELETEDID max_deleted_entry_id]@7.0.0",
  summary: "Sets the last id of a stream, and what it knows of entries that are gone.",
  since: "5.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    readId(call, 2, id);
    const entriesAdded = readSetIdOptions(call);
    const stream = streamToChange(call, 1);
    if (stream === null) throw errors.NO_SUCH_KEY;
    if (stream.size > 0) {
      stream.readLast(leastId);
      if (id.compare(leastId) < 0) throw errors.XSETID_BELOW_LAST;
      if (entriesAdded >= 0n && BigInt(stream.size) > entriesAdded) {
        throw errors.XSETID_ENTRIES_ADDED;
      }
    }
    stream.lastId.set(id);
    if (entriesAdded >= 0n) stream.entriesAdded = entriesAdded;
    if (!maxDeletedId.isZero) stream.maxDeletedId.set(maxDeletedId);
    call.changed(1, "xsetid");
    call.reply.ok();
  },
});

export const XLEN = command({
  name: "XLEN",
  usage: "key",
  summary: "Tells how many entries a stream has.",
  since: "5.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO,
  run(call) {
    const stream = streamToRead(call, 1);
    call.reply.integer(stream === null ? 0 : stream.size);
  },
});

export const APPEND_TRIM_COMMANDS = [XADD, XTRIM, XDEL, XSETID, XLEN];

/**
 * Reads the options of XADD, and its id as far as it is given, or those of XTRIM.
 *
 * @returns for XADD where the id is.
 */
function readOptions(call: Call, adds: boolean): number {
  options.noMakeStream = false;
  options.idGiven = false;
  options.sequenceGiven = false;
  options.trims = false;
  options.approximate = false;
  options.limit = 0;
  options.leastId = null;
  let limitGiven = false;
  const { request, count } = call;
  let i = 2;
  for (; i < count; i++) {
    const last = i + 1 === count;
    if (adds && isMark(request, i, STAR)) break;
    if (request.is(i, "MAXLEN") && !last) i = readThreshold(call, i, false);
    else if (request.is(i, "MINID") && !last) i = readThreshold(call, i, true);
    else if (request.is(i, "LIMIT") && !last) {
      options.limit = readClampedInteger(call, ++i);
      if (options.limit < 0) throw errors.NEGATIVE_TRIM_LIMIT;
      limitGiven = true;
    } else if (adds && request.is(i, "NOMKSTREAM")) options.noMakeStream = true;
    else if (adds) {
      readIdToAdd(call, i, id, options);
      options.idGiven = true;
      break;
    } else throw errors.SYNTAX;
  }
  if (options.limit > 0 && !options.trims) throw errors.TRIM_LIMIT_ALONE;
  if (!adds && !options.trims) throw errors.NO_TRIM;
  if (call.session.isTrusted) {
    // redis-server passes on what it has trimmed to, with a LIMIT that has had its effect there.
    options.limit = 0;
    return i;
  }
  if (limitGiven && !options.approximate) throw errors.TRIM_LIMIT_EXACT;
  if (!limitGiven && options.approximate) options.limit = defaultLimit(call);
  return i;
}

/** Reads what stands behind MAXLEN or MINID, which is at `i`; where it ends. */
function readThreshold(call: Call, i: number, isId: boolean): number {
  if (options.trims) throw errors.STREAM_TRIMS;
  options.approximate = false;
  const { request } = call;
  let index = i + 1;
  if (index + 1 < call.count && (isMark(request, index, TILDE) || isMark(request, index, EQUALS))) {
    options.approximate = isMark(request, index, TILDE);
    index++;
  }
  if (isId) {
    readId(call, index, leastId);
    options.leastId = leastId;
  } else {
    options.maxLength = readClampedInteger(call, index);
    if (options.maxLength < 0) throw errors.NEGATIVE_STREAM_LENGTH;
  }
  options.trims = true;
  options.thresholdIndex = index;
  return index;
}

/** Without a LIMIT a trim that need not be exact takes a hundred blocks at most. */
function defaultLimit(call: Call): number {
  const limit = 100 * call.db.limits.streamNodeEntries;
  return limit <= 0 ? 10_000 : Math.min(limit, 1_000_000);
}

/** Sets the id to the one that the new entry gets; a stream that is not there is an empty one. */
function chooseId(call: Call, stream: Stream | null): void {
  const lastId = stream === null ? NO_ID : stream.lastId;
  if (lastId.isMax) throw errors.XADD_NO_IDS;
  if (!options.idGiven) {
    id.setMilliseconds(nowOf(call));
    if (id.msHigh < lastId.msHigh || (id.msHigh === lastId.msHigh && id.msLow <= lastId.msLow)) {
      id.set(lastId).increment();
    }
  } else if (!options.sequenceGiven && id.hasSameMilliseconds(lastId)) {
    // Redis 7.0 finds no id left, and says so in the words for another error.
    if (lastId.seqHigh === MAX_WORD && lastId.seqLow === MAX_WORD) throw errors.XADD_TOO_LARGE;
    id.set(lastId).increment();
  }
  if (id.compare(lastId) <= 0) throw errors.XADD_ID_SMALL;
}

const NO_ID = new StreamId();
const MAX_WORD = 0xffffffff;

function requireSize(call: Call, from: number): void {
  let bytes = 0;
  for (let i = from; i < call.count; i++) bytes += call.request.lengths[i];
  if (bytes > LARGEST_ENTRY_BYTES) throw errors.XADD_TOO_LARGE;
}

function trimAfterAdding(call: Call, stream: Stream): void {
  if (!options.trims || stream.trim(options) === 0) return;
  const { dirty } = call;
  call.changed(1, "xtrim");
  call.dirty = dirty;
}

/** Propagates the request with the id that was chosen and with what was really trimmed. */
function propagateExactly(call: Call, stream: Stream, idIndex: number): void {
  if (!call.context.propagation.active) return;
  const args: (Uint8Array | string)[] = [];
  for (let i = 0; i < call.count; i++) args.push(call.request.view(i));
  if (options.trims && options.approximate) {
    const { thresholdIndex } = options;
    args[thresholdIndex - 1] = "=";
    if (options.leastId === null) args[thresholdIndex] = String(stream.size);
    else {
      stream.readFirst(leastId, true);
      args[thresholdIndex] = leastId.toString();
    }
  }
  if (idIndex > 0 && (!options.idGiven || !options.sequenceGiven)) args[idIndex] = id.toString();
  call.propagate(...args);
}

/** Reads what stands behind XSETID's id: ENTRIESADDED or -1, and the greatest id deleted. */
function readSetIdOptions(call: Call): bigint {
  let entriesAdded = -1n;
  maxDeletedId.setZero();
  for (let i = 3; i < call.count; i += 2) {
    if (i + 1 === call.count) throw errors.SYNTAX;
    if (call.request.is(i, "ENTRIESADDED")) {
      entriesAdded = readBigInteger(call, i + 1);
      if (entriesAdded < 0n) throw errors.NEGATIVE_ENTRIES_ADDED;
    } else if (call.request.is(i, "MAXDELETEDID")) {
      readId(call, i + 1, maxDeletedId);
      if (id.compare(maxDeletedId) < 0) throw errors.XSETID_BELOW_GIVEN;
    } else throw errors.SYNTAX;
  }
  return entriesAdded;
}
