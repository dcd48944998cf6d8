/**
 * Single bits of strings, and counting and finding them. Bit 0 is the highest bit of the first
 * byte. Places of bits pass 2^31, so they are divided and not shifted. [hot]
 */

import * as bitsModule from "../../bytes/bits.ts";
import * as argumentsModule from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import type { StringView } from "../../values/string/string.ts";
import * as growthModule from "../string/growth.ts";
import * as bitOffsetModule from "./bit_offset.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { bitsOfByte, countBits, findBit } = bitsModule;
const { readClampedInteger, readIntegerInRange } = argumentsModule;
const { resizeStringAt } = growthModule;
const { readBitOffset } = bitOffsetModule;

export const SETBIT = command({
  name: "SETBIT",
  usage: "key offset value:integer",
  summary: "Sets or clears one bit of the string at a key, which grows as needed.",
  since: "2.2.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM,
  keys: Access.RW | Access.ACCESS | Access.UPDATE,
  run(call) {
    const place = readBitOffset(call, 2);
    const bit = readIntegerInRange(call, 3, 0, 1, errors.BIT_VALUE);
    const byte = Math.floor(place / 8);
    const ref = call.lookUpWrite(1);
    let before = -1;
    if (ref !== 0) {
      call.requireString(ref);
      before = call.db.stringOf(ref).length;
    }
    const value = call.db.stringOf(resizeStringAt(call, 1, ref, Math.max(before, byte + 1)));
    const mask = 0x80 >>> (place % 8);
    const old = value.bytes[value.offset + byte];
    const wasSet = (old & mask) !== 0 ? 1 : 0;
    if (wasSet !== bit || byte >= before) {
      value.bytes[value.offset + byte] = bit === 1 ? old | mask : old & ~mask;
      call.changed(1, "setbit");
    }
    call.reply.integer(wasSet);
  },
});

export const GETBIT = command({
  name: "GETBIT",
  usage: "key offset",
  summary: "Replies with one bit of a string, 0 beyond its end.",
  since: "2.2.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const place = readBitOffset(call, 2);
    const value = call.readString(1);
    const byte = Math.floor(place / 8);
    if (value === null || byte >= value.length) return call.reply.integer(0);
    call.reply.integer(value.bytes[value.offset + byte] >>> (7 - place % 8) & 1);
  },
});

export const BITCOUNT = command({
  name: "BITCOUNT",
  usage: "key [index: start end [index_unit: BYTE | BIT]@7.0.0]",
  summary: "Counts the bits that are set in a string or a part of it.",
  since: "2.6.0",
  complexity: "O(N) for N bytes",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const value = call.readString(1);
    if (value === null) return call.reply.integer(0);
    if (call.count === 2) {
      return call.reply.integer(countBits(value.bytes, value.offset, value.length));
    }
    if (call.count !== 4 && call.count !== 5) throw errors.SYNTAX;
    const start = readClampedInteger(call, 2);
    const end = readClampedInteger(call, 3);
    // Two places before the start in the wrong order would otherwise become the first byte.
    if (start < 0 && end < 0 && start > end) return call.reply.integer(0);
    RANGE.set(start, end, call.count === 5 && readUnit(call, 4), value.length);
    call.reply.integer(RANGE.isEmpty ? 0 : countRange(value, RANGE));
  },
});

export const BITPOS = command({
  name: "BITPOS",
  usage: "key bit [index: start [end_index: end [index_unit: BYTE | BIT]@7.0.0]]",
  summary: "Finds the first bit of a string that is set or clear.",
  since: "2.8.7",
  complexity: "O(N) for N bytes",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    const { reply } = call;
    const bit = readClampedInteger(call, 2);
    if (bit !== 0 && bit !== 1) throw errors.BIT_ARGUMENT;
    const value = call.readString(1);
    if (value === null) return reply.integer(bit === 1 ? -1 : 0);
    if (call.count > 6) throw errors.SYNTAX;
    const start = call.count > 3 ? readClampedInteger(call, 3) : 0;
    const inBits = call.count === 6 && readUnit(call, 5);
    const endGiven = call.count > 4;
    RANGE.set(start, endGiven ? readClampedInteger(call, 4) : -1, inBits, value.length);
    if (RANGE.isEmpty) return reply.integer(-1);
    const found = findInRange(value, RANGE, bit);
    // Without an end a string counts as followed by zeros.
    reply.integer(found < 0 && bit === 0 && !endGiven ? value.length * 8 : found);
  },
});

export const BIT_COMMANDS = [SETBIT, GETBIT, BITCOUNT, BITPOS];

/** A range of bits, both ends included, within a string. */
class BitRange {
  start = 0;
  end = 0;

  get isEmpty(): boolean {
    return this.start > this.end;
  }

  /** Takes places in bytes or bits, which count from the end when negative. */
  set(start: number, end: number, inBits: boolean, bytes: number): void {
    const total = inBits ? bytes * 8 : bytes;
    if (start < 0) start = Math.max(0, start + total);
    if (end < 0) end = Math.max(0, end + total);
    if (end >= total) end = total - 1;
    this.start = inBits ? start : start * 8;
    this.end = inBits ? end : end * 8 + 7;
  }
}

/** Read and used within one command. */
const RANGE = new BitRange();

/** Whether places are given in bits. */
function readUnit(call: Call, index: number): boolean {
  if (call.request.is(index, "BIT")) return true;
  if (call.request.is(index, "BYTE")) return false;
  throw errors.SYNTAX;
}

function countRange(value: StringView, range: BitRange): number {
  const first = Math.floor(range.start / 8);
  const last = Math.floor(range.end / 8);
  const { bytes, offset } = value;
  const count = countBits(bytes, offset + first, last - first + 1);
  const before = bytes[offset + first] & ~(0xff >>> (range.start % 8));
  const after = bytes[offset + last] & ~(0xff << (7 - range.end % 8));
  return count - bitsOfByte(before) - bitsOfByte(after);
}

function findInRange(value: StringView, range: BitRange, bit: number): number {
  const { bytes, offset } = value;
  const first = Math.floor(range.start / 8);
  const last = Math.floor(range.end / 8);
  const flip = bit === 1 ? 0 : 0xff;
  const lastMask = 0xff << (7 - range.end % 8);
  let found = (bytes[offset + first] ^ flip) & 0xff >>> (range.start % 8);
  if (first === last) found &= lastMask;
  if (found !== 0) return first * 8 + Math.clz32(found) - 24;
  if (first === last) return -1;
  const between = findBit(bytes, offset + first + 1, last - first - 1, bit);
  if (between >= 0) return (first + 1) * 8 + between;
  found = (bytes[offset + last] ^ flip) & lastMask;
  return found === 0 ? -1 : last * 8 + Math.clz32(found & 0xff) - 24;
}
