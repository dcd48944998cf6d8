/** Fields that hold a number and are added to, as INCRBY and INCRBYFLOAT do with strings. [hot] */

import * as byteStringModule from "../../bytes/byte_string.ts";
import * as copyModule from "../../bytes/copy.ts";
import * as integerModule from "../../bytes/integer.ts";
import * as longDoubleModule from "../../bytes/long_double.ts";
import * as argumentsModule from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { errors } from "../../engine/errors.ts";
import type { HashAccess } from "../../values/hash/hash.ts";
import * as openingModule from "./opening.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { fromLatin1, latin1 } = byteStringModule;
const { dataOf } = copyModule;
const { formatBigInteger, formatInteger, parseBigInteger, parseInteger } = integerModule;
const { addLongDoubles, formatLongDouble, parseLongDouble } = longDoubleModule;
const { readBigInteger } = argumentsModule;
const { hashToChange, newHash } = openingModule;

const MIN_64 = -(2n ** 63n);
const MAX_64 = 2n ** 63n - 1n;
/** Digits of the sum on their way to the store. */
const DIGITS = new Uint8Array(24);
const DIGITS_DATA = dataOf(DIGITS);

export const HINCRBY = command({
  name: "HINCRBY",
  usage: "key field increment",
  summary: "Adds to the whole number in a field, which counts as 0 when missing.",
  since: "2.0.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.UPDATE,
  run(call) {
    const increment = call.integerOrNaN(3);
    if (increment !== increment) return addBig(call, readBigInteger(call, 3));
    const { data, offsets, lengths } = call.request;
    const hash = hashToChange(call);
    const found = hash !== null && hash.get(data, offsets[2], lengths[2]);
    const before = found ? parseInteger(hash.bytes, hash.offset, hash.length) : 0;
    const sum = before + increment;
    // A NaN, for a field that is no safe integer, fails this test too.
    if (!(sum >= Number.MIN_SAFE_INTEGER && sum <= Number.MAX_SAFE_INTEGER)) {
      return addBig(call, BigInt(increment));
    }
    store(call, hash, DIGITS_DATA, formatInteger(sum, DIGITS, 0));
    call.changed(1, "hincrby");
    call.reply.integer(sum);
  },
});

export const HINCRBYFLOAT = command({
  name: "HINCRBYFLOAT",
  usage: "key field increment:double",
  summary: "Adds to the decimal number in a field, which counts as 0 when missing.",
  since: "2.6.0",
  complexity: "O(1)",
  flags: Flag.WRITE | Flag.DENY_OOM | Flag.FAST,
  keys: Access.RW | Access.ACCESS | Access.UPDATE,
  run(call) {
    const { request } = call;
    const { data, offsets, lengths } = request;
    const increment = parseLongDouble(request.text(3));
    if (increment === null) throw errors.NOT_A_FLOAT;
    if (increment.infinite !== 0) throw errors.INFINITE_VALUE;
    const hash = hashToChange(call);
    const place = hash === null ? 0 : hash.find(data, offsets[2], lengths[2]);
    let before = "0";
    if (hash !== null && place !== 0) {
      hash.pointValue(place);
      before = latin1(hash.bytes, hash.offset, hash.length);
    }
    const value = parseLongDouble(before);
    if (value === null) throw errors.HASH_NOT_A_FLOAT;
    const sum = addLongDoubles(value, increment);
    if (sum === null) throw errors.NAN_OR_INFINITY;
    const text = fromLatin1(formatLongDouble(sum));
    const expires = hash !== null && place !== 0 && hash.expiresAt(place) !== -1;
    store(call, hash, dataOf(text), text.length);
    call.changed(1, "hincrbyfloat");
    // The sum and not the addition: another machine may have other long doubles.
    const key = request.view(1);
    const field = request.view(2);
    if (expires) call.propagate("HSETEX", key, "KEEPTTL", "FIELDS", "1", field, text);
    else call.propagate("HSET", key, field, text);
    call.reply.bulkBytes(text);
  },
});

export const HASH_COUNTER_COMMANDS = [HINCRBY, HINCRBYFLOAT];

/** Sets the field at argument 2, in a new hash when there is none; its expiry stays. */
function store(call: Call, hash: HashAccess | null, value: DataView, length: number): void {
  const { data, offsets, lengths } = call.request;
  const target = hash ?? newHash(call, 2);
  target.set(data, offsets[2], lengths[2], value, 0, length, true);
}

function addBig(call: Call, increment: bigint): void {
  const { data, offsets, lengths } = call.request;
  const hash = hashToChange(call);
  const found = hash !== null && hash.get(data, offsets[2], lengths[2]);
  const before = found ? parseBigInteger(hash.bytes, hash.offset, hash.length) : 0n;
  if (before === null) throw errors.HASH_NOT_AN_INTEGER;
  const sum = before + increment;
  if (sum < MIN_64 || sum > MAX_64) throw errors.OVERFLOW;
  store(call, hash, DIGITS_DATA, formatBigInteger(sum, DIGITS, 0));
  call.changed(1, "hincrby");
  call.reply.bigInteger(sum);
}
