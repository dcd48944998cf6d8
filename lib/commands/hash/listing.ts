/** Whole hashes, their fields and values: all of them, some at random, or a few at a time. */

import { bytesOf } from "../../bytes/copy.ts";
import { matchGlob } from "../../bytes/glob.ts";
import { readBigInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { Access, Flag } from "../../engine/command_spec.ts";
import { CommandError, errors } from "../../engine/errors.ts";
import type { HashAccess } from "../../values/hash/hash.ts";
import { readCursor, readScanOptions } from "../generic/scan.ts";
import { hashToRead } from "./opening.ts";

const MAX_64 = 2n ** 63n - 1n;
const COUNT_OUT_OF_RANGE = new CommandError(
  `ERR value is out of range, value must between ${-MAX_64} and ${MAX_64}`,
);
/** Steps of the table for each field asked for, so that a sparse table is left in time. */
const STEPS_PER_FIELD = 10;

export const HGETALL = command({
  name: "HGETALL",
  usage: "key",
  summary: "Replies with all fields of a hash and their values.",
  since: "2.0.0",
  complexity: "O(N) for the N fields of the hash",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  briefArguments: 2,
  tips: ["nondeterministic_output_order"],
  run(call) {
    const { reply } = call;
    const hash = hashToRead(call);
    reply.map(hash === null ? 0 : hash.size);
    hash?.writeTo(reply, true, true);
  },
});

export const HKEYS = command({
  name: "HKEYS",
  usage: "key",
  summary: "Replies with the names of all fields of a hash.",
  since: "2.0.0",
  complexity: "O(N) for the N fields of the hash",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  briefArguments: 2,
  tips: ["nondeterministic_output_order"],
  run(call) {
    const { reply } = call;
    const hash = hashToRead(call);
    reply.array(hash === null ? 0 : hash.size);
    hash?.writeTo(reply, true, false);
  },
});

export const HVALS = command({
  name: "HVALS",
  usage: "key",
  summary: "Replies with the values of all fields of a hash.",
  since: "2.0.0",
  complexity: "O(N) for the N fields of the hash",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  briefArguments: 2,
  tips: ["nondeterministic_output_order"],
  run(call) {
    const { reply } = call;
    const hash = hashToRead(call);
    reply.array(hash === null ? 0 : hash.size);
    hash?.writeTo(reply, false, true);
  },
});

export const HRANDFIELD = command({
  name: "HRANDFIELD",
  usage: "key [options: count [WITHVALUES]]",
  summary: "Replies with fields picked at random: different ones, or any for a negative count.",
  since: "6.2.0",
  complexity: "O(N) for N fields in the reply, or in the hash where most of it is wanted",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  run(call) {
    if (call.count > 2) return replyRandomFields(call);
    const { random } = call.context.host;
    const hash = hashToRead(call);
    const place = hash === null ? 0 : hash.random(() => random.uint32());
    if (hash === null || place === 0) return call.reply.null();
    replyField(call, hash, place);
  },
});

function replyRandomFields(call: Call): void {
  const { reply, request } = call;
  const { random } = call.context.host;
  const given = readBigInteger(call, 2);
  if (given < -MAX_64) throw COUNT_OUT_OF_RANGE;
  if (call.count > 4 || (call.count === 4 && !request.is(3, "WITHVALUES"))) throw errors.SYNTAX;
  const withValues = call.count === 4;
  if (withValues && (given < -(MAX_64 / 2n) || given > MAX_64 / 2n)) throw errors.OUT_OF_RANGE;
  const hash = hashToRead(call);
  const count = Number(given);
  if (hash === null || hash.size === 0 || count === 0) return reply.array(0);
  if (-count > MAX_REPLY_BYTES / LEAST_FIELD_BYTES) throw errors.OUT_OF_RANGE;
  const uint32 = () => random.uint32();
  const picks = count < 0
    ? new RepeatedPicks(hash, -count, uint32)
    : new DistinctPicks(hash, count, uint32);
  const nested = withValues && reply.protocol === 3;
  const start = reply.length;
  reply.array(withValues && !nested ? picks.count * 2 : picks.count);
  for (let i = 0; i < picks.count; i++) {
    const place = picks.next();
    if (nested) reply.array(2);
    replyField(call, hash, place);
    if (withValues) replyValue(call, hash, place);
    if (reply.length - start > MAX_REPLY_BYTES) throw errors.OUT_OF_RANGE;
  }
}

/** A negative count may ask for any number of fields; Redis would try until its memory is full. */
const MAX_REPLY_BYTES = 1 << 29;
/** The empty field's reply. */
const LEAST_FIELD_BYTES = 6;

/** A hash of which less than one field in this many is wanted is not walked as a whole. */
const SPARSE = 8;

/** Any fields, the same ones again and again perhaps. */
class RepeatedPicks {
  private readonly places: number[] | null;

  constructor(
    private readonly hash: HashAccess,
    readonly count: number,
    private readonly uint32: () => number,
  ) {
    this.places = count * SPARSE < hash.size ? null : hash.places();
  }

  next(): number {
    const { places } = this;
    return places === null ? this.hash.random(this.uint32) : places[this.uint32() % places.length];
  }
}

/** Different fields. */
class DistinctPicks {
  readonly count: number;
  private readonly places: number[] | null;
  private readonly picked: Set<number> = new Set();
  private taken = 0;

  constructor(
    private readonly hash: HashAccess,
    wanted: number,
    private readonly uint32: () => number,
  ) {
    this.places = wanted * SPARSE < hash.size ? null : hash.places();
    this.count = this.places === null ? wanted : Math.min(wanted, this.places.length);
  }

  next(): number {
    const { places, picked } = this;
    if (places === null) {
      let place = this.hash.random(this.uint32);
      while (picked.has(place)) place = this.hash.random(this.uint32);
      picked.add(place);
      return place;
    }
    // What was taken is at the front; when all are wanted their order is as good as any other.
    const at = this.taken++;
    if (this.count < places.length) {
      const other = at + this.uint32() % (places.length - at);
      [places[at], places[other]] = [places[other], places[at]];
    }
    return places[at];
  }
}

export const HSCAN = command({
  name: "HSCAN",
  usage: "key cursor [MATCH pattern] [COUNT count] [NOVALUES]@7.4.0",
  summary: "Lists the fields of a hash and their values a few at a time.",
  since: "2.8.0",
  complexity: "O(1) a call; O(N) for the N fields of a whole walk",
  flags: Flag.READONLY,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  run(call) {
    const { reply, request } = call;
    let cursor = readCursor(call, 2);
    const hash = hashToRead(call);
    if (hash === null) {
      reply.array(2);
      reply.bulkInteger(0);
      return reply.array(0);
    }
    const { pattern, count, noValues } = readScanOptions(call, 3, false, true);
    const { buffer, offsets, lengths } = request;
    const found: Uint8Array[] = [];
    let seen = 0;
    let steps = count * STEPS_PER_FIELD;
    do {
      cursor = hash.scan(cursor, (data, offset, length, valueOffset, valueLength) => {
        seen++;
        const field = bytesOf(data, offset, length);
        if (
          pattern !== 0 &&
          !matchGlob(buffer, offsets[pattern], lengths[pattern], field, 0, length, false)
        ) return;
        found.push(field);
        if (!noValues) found.push(bytesOf(data, valueOffset, valueLength));
      });
    } while (cursor !== 0 && --steps > 0 && seen < count);
    reply.array(2);
    reply.bulkInteger(cursor);
    reply.array(found.length);
    for (const bytes of found) reply.bulkBytes(bytes);
  },
});

export const HASH_LISTING_COMMANDS = [HGETALL, HKEYS, HVALS, HRANDFIELD, HSCAN];

function replyField(call: Call, hash: HashAccess, place: number): void {
  hash.pointField(place);
  call.reply.bulkRange(hash.data, hash.offset, hash.length);
}

function replyValue(call: Call, hash: HashAccess, place: number): void {
  hash.pointValue(place);
  call.reply.bulkRange(hash.data, hash.offset, hash.length);
}
