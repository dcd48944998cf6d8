/**
 * BITFIELD: integers of 1 to 64 bits anywhere in a string.
 *
 * The operations are read twice, first to check them all and to learn how long the string must be,
 * then to run them; so nothing has to be kept in between. Integers of up to 32 bits are plain
 * numbers (with the bits around them they fill five bytes, which a double holds), wider ones
 * bigints. Both overflow by the same rule: the exact sum is compared with the ends of the range.
 */

import { parseInteger } from "../../bytes/integer.ts";
import { readBigInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import { StringView } from "../../values/string/string.ts";
import { resizeStringAt } from "../string/growth.ts";
import { readBitOffset } from "./bit_offset.ts";
import { readBits, readWideBits, writeBits, writeWideBits } from "./packed_integers.ts";

const Kind = { GET: 0, SET: 1, INCRBY: 2, OVERFLOW: 3 } as const;
const Overflow = { WRAP: 0, SAT: 1, FAIL: 2 } as const;

const MAX_64 = 2n ** 63n - 1n;
const SIGNED = 0x69;
const UNSIGNED = 0x75;
/** Widest integer that is handled in plain numbers. */
const NARROW_BITS = 32;
/** Increments up to this keep a sum with a narrow integer exact. */
const NARROW_INCREMENT = 2 ** 52;

export const BITFIELD = command({
  name: "BITFIELD",
  usage: "key [operation: GET encoding offset | (write: [OVERFLOW (WRAP | SAT | FAIL)] " +
    "(write_operation: SET encoding offset value:integer | INCRBY encoding offset " +
    "increment))] ...",
  summary: "Reads, sets and adds to integers of any width within a string.",
  since: "3.2.0",
  complexity: "O(1) for each operation",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.RW | Access.ACCESS | Access.UPDATE | Access.VARIABLE_FLAGS,
  run: (call) => runOperations(call, false),
});

export const BITFIELD_RO = command({
  name: "BITFIELD_RO",
  usage: "key [GET encoding offset] ...",
  summary: "Reads integers of any width within a string.",
  since: "6.0.0",
  complexity: "O(1) for each operation",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run: (call) => runOperations(call, true),
});

export const BITFIELD_COMMANDS = [BITFIELD, BITFIELD_RO];

/** The operation that is being checked or run. */
class FieldOperation {
  kind: number = Kind.GET;
  overflow: number = Overflow.WRAP;
  signed = false;
  bits = 0;
  place = 0;
  /** The argument after this operation. */
  next = 0;

  /** Reads the operation that begins at an argument. */
  read(call: Call, index: number): void {
    const { request } = call;
    const rest = request.count - index - 1;
    if (request.is(index, "GET") && rest >= 2) this.kind = Kind.GET;
    else if (request.is(index, "SET") && rest >= 3) this.kind = Kind.SET;
    else if (request.is(index, "INCRBY") && rest >= 3) this.kind = Kind.INCRBY;
    else if (request.is(index, "OVERFLOW") && rest >= 1) {
      this.kind = Kind.OVERFLOW;
      this.overflow = readOverflow(call, index + 1);
      this.next = index + 2;
      return;
    } else throw errors.SYNTAX;
    this.readType(call, index + 1);
    this.place = readBitOffset(call, index + 2, this.bits);
    this.next = index + (this.kind === Kind.GET ? 3 : 4);
  }

  private readType(call: Call, index: number): void {
    const { buffer, offsets, lengths } = call.request;
    const letter = lengths[index] === 0 ? 0 : buffer[offsets[index]];
    this.signed = letter === SIGNED;
    this.bits = parseInteger(buffer, offsets[index] + 1, lengths[index] - 1);
    const most = letter === SIGNED ? 64 : letter === UNSIGNED ? 63 : 0;
    if (!(this.bits >= 1 && this.bits <= most)) throw errors.BITFIELD_TYPE;
  }
}

const OPERATION = new FieldOperation();

function readOverflow(call: Call, index: number): number {
  const { request } = call;
  if (request.is(index, "WRAP")) return Overflow.WRAP;
  if (request.is(index, "SAT")) return Overflow.SAT;
  if (request.is(index, "FAIL")) return Overflow.FAIL;
  throw errors.BITFIELD_OVERFLOW;
}

function runOperations(call: Call, readOnly: boolean): void {
  const operation = OPERATION;
  let count = 0;
  let lastBit = -1;
  for (let i = 2; i < call.count; i = operation.next) {
    operation.read(call, i);
    if (operation.kind === Kind.OVERFLOW) continue;
    count++;
    if (operation.kind === Kind.GET) continue;
    readBigInteger(call, operation.next - 1);
    lastBit = Math.max(lastBit, operation.place + operation.bits - 1);
  }
  if (readOnly && lastBit >= 0) throw errors.BITFIELD_READ_ONLY;
  const value = new StringView();
  const grew = lastBit >= 0 ? openForWrite(call, value, lastBit) : openForRead(call, value);
  call.reply.array(count);
  let changes = 0;
  operation.overflow = Overflow.WRAP;
  for (let i = 2; i < call.count; i = operation.next) {
    operation.read(call, i);
    if (operation.kind === Kind.OVERFLOW) continue;
    const changed = operation.bits <= NARROW_BITS
      ? runNarrow(call, value, operation)
      : runWide(call, value, operation);
    if (changed === Outcome.CHANGED || (grew && changed === Outcome.WRITTEN)) changes++;
  }
  // A string that grew for a write that then failed has changed all the same.
  if (grew && changes === 0) changes = 1;
  if (changes === 0) return;
  call.changed(1, "setbit");
  call.dirty += changes - 1;
}

/** Points at the string; false, because nothing grows. */
function openForRead(call: Call, value: StringView): boolean {
  const ref = call.lookUpRead(1);
  if (ref === 0) return false;
  call.requireString(ref);
  value.point(call.db.arena, ref);
  return false;
}

/** Makes the string reach to a bit and points at it; whether it had to grow. */
function openForWrite(call: Call, value: StringView, lastBit: number): boolean {
  const needed = Math.floor(lastBit / 8) + 1;
  let ref = call.lookUpWrite(1);
  let before = 0;
  if (ref !== 0) {
    call.requireString(ref);
    before = call.db.stringOf(ref).length;
  }
  ref = resizeStringAt(call, 1, ref, Math.max(before, needed));
  value.point(call.db.arena, ref);
  return before < needed;
}

/** What became of an operation: nothing was written, or the same as before, or something else. */
const Outcome = { NONE: 0, WRITTEN: 1, CHANGED: 2 } as const;

function runNarrow(call: Call, value: StringView, operation: FieldOperation): number {
  const { bits, place, signed, kind } = operation;
  const size = 2 ** bits;
  const max = signed ? size / 2 - 1 : size - 1;
  const min = signed ? -size / 2 : 0;
  let old = readBits(value, place, bits);
  if (old > max) old -= size;
  if (kind === Kind.GET) {
    call.reply.integer(old);
    return Outcome.NONE;
  }
  const operand = call.integerOrNaN(operation.next - 1);
  if (!(Math.abs(operand) <= NARROW_INCREMENT)) return runWide(call, value, operation);
  let result = kind === Kind.SET ? operand : old + operand;
  // SET takes an unsigned operand's 64 bits as they are, so a negative one is a huge one.
  const over = result > max || (kind === Kind.SET && !signed && result < 0);
  if (over || result < min) {
    if (operation.overflow === Overflow.FAIL) return failed(call);
    if (operation.overflow === Overflow.SAT) result = over ? max : min;
    else {
      result -= Math.floor(result / size) * size;
      if (result > max) result -= size;
    }
  }
  writeBits(value, place, bits, result < 0 ? result + size : result);
  call.reply.integer(kind === Kind.SET ? old : result);
  return result === old ? Outcome.WRITTEN : Outcome.CHANGED;
}

function runWide(call: Call, value: StringView, operation: FieldOperation): number {
  const { bits, place, signed, kind } = operation;
  const max = (1n << BigInt(signed ? bits - 1 : bits)) - 1n;
  const min = signed ? -max - 1n : 0n;
  const raw = readWideBits(value, place, bits);
  const old = signed ? BigInt.asIntN(bits, raw) : raw;
  if (kind === Kind.GET) {
    call.reply.bigInteger(old);
    return Outcome.NONE;
  }
  const operand = readBigInteger(call, operation.next - 1);
  let result = kind === Kind.SET ? operand : old + operand;
  const over = result > max || (kind === Kind.SET && isTakenAsHuge(result, max, signed));
  if (over || result < min) {
    if (operation.overflow === Overflow.FAIL) return failed(call);
    if (operation.overflow === Overflow.SAT) result = over ? max : min;
    else result = signed ? BigInt.asIntN(bits, result) : BigInt.asUintN(bits, result);
  }
  writeWideBits(value, place, bits, BigInt.asUintN(bits, result));
  call.reply.bigInteger(kind === Kind.SET ? old : result);
  return result === old ? Outcome.WRITTEN : Outcome.CHANGED;
}

/**
 * Whether SET takes a negative operand for one that is too large: an unsigned field its 64 bits as
 * they are, and a signed one what is so far below its range that Redis's 64-bit difference from
 * the maximum overflows.
 */
function isTakenAsHuge(operand: bigint, max: bigint, signed: boolean): boolean {
  return signed ? max - operand > MAX_64 && max < MAX_64 : operand < 0n;
}

function failed(call: Call): number {
  call.reply.null();
  return Outcome.NONE;
}
