/**
 * PFADD, PFCOUNT, PFMERGE: counters that are strings to all other commands.
 *
 * A dense counter is changed where it lies; a sparse one, which grows as it changes, in a copy that is
 * stored when all went well. So a command that meets corrupted bytes has changed nothing.
 */

import { dataOf } from "../../bytes/copy.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import {
  Added,
  addToDense,
  cacheCardinality,
  cachedCardinality,
  estimateRegisters,
  HyperLogLog,
  isDense,
  isHyperLogLog,
  REGISTERS,
} from "../../structures/hyperloglog.ts";
import { Encoding } from "../../values/entry.ts";
import type { StringView } from "../../values/string/string.ts";

/** Lent to the command that runs. */
const counter = new HyperLogLog();
const registers = new Uint8Array(REGISTERS);

export const PFADD = command({
  name: "PFADD",
  usage: "key [element ...]",
  summary: "Counts elements in a HyperLogLog, which is created when it is missing.",
  since: "2.8.9",
  complexity: "O(1) for each element",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.INSERT,
  run(call) {
    const ref = call.lookUpWrite(1);
    let changes = 0;
    if (ref !== 0 && isDenseAt(call, ref)) changes = addInPlace(call, ref);
    else {
      if (ref === 0) counter.clear();
      else loadCounter(call, ref);
      changes = (ref === 0 ? 1 : 0) + addToCopy(call);
      if (changes > 0) {
        counter.invalidate();
        storeCounter(call, ref, 1);
      }
    }
    if (changes > 0) {
      call.changed(1, "pfadd");
      call.dirty += changes - 1;
    }
    call.reply.integer(changes > 0 ? 1 : 0);
  },
});

export const PFCOUNT = command({
  name: "PFCOUNT",
  usage: "key [key ...]",
  summary: "Estimates how many different elements some HyperLogLogs have counted together.",
  since: "2.8.9",
  complexity: "O(1) for one key, O(N) for N keys",
  flags: Flag.READONLY | Flag.MAY_REPLICATE,
  keys: Access.RW | Access.ACCESS,
  run(call) {
    if (call.count === 2) return countOne(call);
    mergeRegisters(call, 1);
    call.reply.integer(estimateRegisters(registers));
  },
});

export const PFMERGE = command({
  name: "PFMERGE",
  usage: "destkey sourcekey [sourcekey ...]",
  summary: "Merges HyperLogLogs into one that has counted what any of them has.",
  since: "2.8.9",
  complexity: "O(N) for N keys",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: [Access.RW | Access.ACCESS | Access.INSERT, Access.RO | Access.ACCESS],
  arity: -2,
  run(call) {
    const dense = mergeRegisters(call, 1);
    const ref = call.lookUpWrite(1);
    if (ref === 0) counter.clear();
    else loadCounter(call, ref);
    if (dense && !counter.toDense()) throw errors.CORRUPTED_HYPERLOGLOG;
    counter.raiseAll(registers, call.db.limits.hyperLogLogSparseBytes);
    counter.invalidate();
    storeCounter(call, ref, 1);
    call.changed(1, "pfadd");
    call.reply.ok();
  },
});

export const HYPERLOGLOG_COMMANDS = [PFADD, PFCOUNT, PFMERGE];

/**
 * The bytes of a counter, lent until the next look-up.
 *
 * @throws WRONGTYPE when the entry holds something else.
 */
export function counterAt(call: Call, ref: number): StringView {
  call.requireString(ref);
  const view = call.db.stringOf(ref);
  if (!isHyperLogLog(view.bytes, view.offset, view.length)) throw errors.NOT_A_HYPERLOGLOG;
  return view;
}

function countOne(call: Call): void {
  const ref = call.lookUpRead(1);
  if (ref === 0) return call.reply.integer(0);
  const { bytes, offset, length } = counterAt(call, ref);
  const cached = cachedCardinality(bytes, offset);
  if (cached !== null) return call.reply.bigInteger(cached);
  const estimate = counter.load(bytes, offset, length).estimate();
  if (estimate < 0) throw errors.CORRUPTED_HYPERLOGLOG;
  const target = call.lookUpWrite(1);
  call.db.resizeString(target, length, Encoding.RAW);
  const view = call.db.stringOf(target);
  cacheCardinality(view.bytes, view.offset, estimate);
  // Replicas are to have the same bytes; there is no event for who only wants to know the count.
  call.dirty++;
  const { keyspace } = call.context;
  if (keyspace.observed) keyspace.touched(call.db, call.request.view(1));
  call.reply.integer(estimate);
}

function isDenseAt(call: Call, ref: number): boolean {
  const { bytes, offset } = counterAt(call, ref);
  return isDense(bytes, offset);
}

/** Counts the elements in a dense counter; how many of them changed it. */
function addInPlace(call: Call, ref: number): number {
  const { data, offsets, lengths } = call.request;
  const { length } = call.db.stringOf(ref);
  ref = call.db.resizeString(ref, length, Encoding.RAW);
  const { bytes, offset } = call.db.stringOf(ref);
  let changes = 0;
  for (let i = 2; i < call.count; i++) {
    if (addToDense(bytes, offset, data, offsets[i], lengths[i]) === Added.YES) changes++;
  }
  return changes;
}

/** Counts the elements in the copy; how many of them changed it. */
function addToCopy(call: Call): number {
  const { data, offsets, lengths } = call.request;
  const limit = call.db.limits.hyperLogLogSparseBytes;
  let changes = 0;
  for (let i = 2; i < call.count; i++) {
    const added = counter.add(data, offsets[i], lengths[i], limit);
    if (added === Added.CORRUPTED) throw errors.CORRUPTED_HYPERLOGLOG;
    if (added === Added.YES) changes++;
  }
  return changes;
}

function loadCounter(call: Call, ref: number): void {
  const { bytes, offset, length } = counterAt(call, ref);
  counter.load(bytes, offset, length);
}

function storeCounter(call: Call, ref: number, index: number): void {
  call.setString(ref, index, dataOf(counter.bytes), 0, counter.length, Encoding.RAW);
}

/** Gathers the registers of all keys from an argument on; whether any of them is dense. */
function mergeRegisters(call: Call, from: number): boolean {
  registers.fill(0);
  let dense = false;
  for (let i = from; i < call.count; i++) {
    const ref = call.lookUpRead(i);
    if (ref === 0) continue;
    loadCounter(call, ref);
    if (!counter.isSparse) dense = true;
    if (!counter.mergeInto(registers)) throw errors.CORRUPTED_HYPERLOGLOG;
  }
  return dense;
}
