/**
 * How long keys live: setting, reading and taking away their expiry. What is propagated is always
 * the absolute time, PEXPIREAT, so that a log read later ends in the same state.
 */

import { Access, Flag } from "../../engine/command_spec.ts";
import { readBigInteger } from "../../engine/arguments.ts";
import type { Call } from "../../engine/call.ts";
import { command } from "../../engine/command.ts";
import { CommandError, errorEndingWith, quotedArgument } from "../../engine/errors.ts";
import { type ExpireUnit, readExpireTime } from "../../engine/expire_time.ts";
import type { Database } from "../../store/database.ts";

/** Bits of the conditions under which EXPIRE and its like take effect. */
const Condition = { NX: 1, XX: 2, GT: 4, LT: 8 } as const;

const NX_WITH_OTHERS = new CommandError(
  "ERR NX and XX, GT or LT options at the same time are not compatible",
);
const GT_AND_LT = new CommandError(
  "ERR GT and LT options at the same time are not compatible",
);

export const EXPIRE = command({
  name: "EXPIRE",
  usage: "key seconds [condition: NX | XX | GT | LT]@7.0.0",
  summary: "Lets a key expire some seconds from now.",
  since: "1.0.0",
  complexity: "O(log N) for N keys that expire",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    expire(call, "s", true);
  },
});

export const PEXPIRE = command({
  name: "PEXPIRE",
  usage: "key milliseconds [condition: NX | XX | GT | LT]@7.0.0",
  summary: "Lets a key expire some milliseconds from now.",
  since: "2.6.0",
  complexity: "O(log N) for N keys that expire",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    expire(call, "ms", true);
  },
});

export const EXPIREAT = command({
  name: "EXPIREAT",
  usage: "key unix-time-seconds [condition: NX | XX | GT | LT]@7.0.0",
  summary: "Lets a key expire at a Unix time in seconds.",
  since: "1.2.0",
  complexity: "O(log N) for N keys that expire",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    expire(call, "s", false);
  },
});

export const PEXPIREAT = command({
  name: "PEXPIREAT",
  usage: "key unix-time-milliseconds [condition: NX | XX | GT | LT]@7.0.0",
  summary: "Lets a key expire at a Unix time in milliseconds.",
  since: "2.6.0",
  complexity: "O(log N) for N keys that expire",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    expire(call, "ms", false);
  },
});

function expire(call: Call, unit: ExpireUnit, relative: boolean): void {
  const { db, request } = call;
  const conditions = call.count > 3 ? readConditions(call) : 0;
  const time = readExpireTime(call, 2, unit, relative, call.command.lowerName);
  // What a double holds exactly needs no second, slower reading.
  const exact = Number.isSafeInteger(time) ? null : exactTime(call, unit, relative);
  const ref = call.lookUpWrite(1);
  if (ref === 0 || (conditions !== 0 && !allowed(db, ref, conditions, exact ?? BigInt(time)))) {
    call.reply.integer(0);
    return;
  }
  const { state } = call.context.store;
  // While loading nothing expires, and a replica waits for its primary's DEL.
  if (time <= state.now && state.expires && state.removesExpired) {
    db.remove(ref);
    call.propagate(call.context.keyspace.removal.lazyExpire ? "UNLINK" : "DEL", request.view(1));
    call.changed(1, "del");
  } else {
    if (exact === null) db.setExpiry(ref, time);
    else db.setExactExpiry(ref, exact);
    if (relative || unit === "s") propagateTime(call, String(exact ?? time));
    call.changed(1, "expire");
  }
  call.reply.integer(1);
}

/** The request again with the absolute time, its conditions included as in Redis. */
function propagateTime(call: Call, time: string): void {
  if (!call.context.propagation.active) return;
  const args: (Uint8Array | string)[] = ["PEXPIREAT", call.request.view(1), time];
  for (let i = 3; i < call.count; i++) args.push(call.request.view(i));
  call.propagate(...args);
}

function readConditions(call: Call): number {
  const { request } = call;
  let conditions = 0;
  for (let i = 3; i < call.count; i++) {
    if (request.is(i, "NX")) conditions |= Condition.NX;
    else if (request.is(i, "XX")) conditions |= Condition.XX;
    else if (request.is(i, "GT")) conditions |= Condition.GT;
    else if (request.is(i, "LT")) conditions |= Condition.LT;
    else throw errorEndingWith("ERR Unsupported option ", quotedArgument(request, i));
  }
  const others = Condition.XX | Condition.GT | Condition.LT;
  if ((conditions & Condition.NX) !== 0 && (conditions & others) !== 0) throw NX_WITH_OTHERS;
  if ((conditions & Condition.GT) !== 0 && (conditions & Condition.LT) !== 0) throw GT_AND_LT;
  return conditions;
}

/** A key that does not expire counts as one that lives longer than any time. */
function allowed(db: Database, ref: number, conditions: number, time: bigint): boolean {
  if (db.expiryOf(ref) === -1) return (conditions & (Condition.XX | Condition.GT)) === 0;
  if ((conditions & Condition.NX) !== 0) return false;
  const current = db.exactExpiryOf(ref);
  if ((conditions & Condition.GT) !== 0) return time > current;
  return (conditions & Condition.LT) === 0 || time < current;
}

function exactTime(call: Call, unit: ExpireUnit, relative: boolean): bigint {
  const given = readBigInteger(call, 2);
  const base = relative ? BigInt(call.context.store.state.now) : 0n;
  return (unit === "s" ? given * 1000n : given) + base;
}

export const TTL = command({
  name: "TTL",
  usage: "key",
  summary: "Replies with the seconds that a key has left to live.",
  since: "1.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  run(call) {
    replyTime(call, "s", true);
  },
});

export const PTTL = command({
  name: "PTTL",
  usage: "key",
  summary: "Replies with the milliseconds that a key has left to live.",
  since: "2.6.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  tips: ["nondeterministic_output"],
  run(call) {
    replyTime(call, "ms", true);
  },
});

export const EXPIRETIME = command({
  name: "EXPIRETIME",
  usage: "key",
  summary: "Replies with the Unix time in seconds when a key expires.",
  since: "7.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    replyTime(call, "s", false);
  },
});

export const PEXPIRETIME = command({
  name: "PEXPIRETIME",
  usage: "key",
  summary: "Replies with the Unix time in milliseconds when a key expires.",
  since: "7.0.0",
  complexity: "O(1)",
  flags: Flag.READONLY | Flag.FAST,
  keys: Access.RO | Access.ACCESS,
  run(call) {
    replyTime(call, "ms", false);
  },
});

/** -2 when there is no key, -1 when it does not expire. */
function replyTime(call: Call, unit: ExpireUnit, relative: boolean): void {
  const ref = call.lookUpUntouched(1);
  if (ref === 0) return call.reply.integer(-2);
  const time = call.db.expiryOf(ref);
  if (time === -1) return call.reply.integer(-1);
  const base = relative ? call.context.store.state.now : 0;
  if (Number.isSafeInteger(time)) {
    const ms = Math.max(0, time - base);
    return call.reply.integer(unit === "s" ? Math.floor((ms + 500) / 1000) : ms);
  }
  const ms = call.db.exactExpiryOf(ref) - BigInt(base);
  call.reply.bigInteger(unit === "s" ? (ms + 500n) / 1000n : ms);
}

export const PERSIST = command({
  name: "PERSIST",
  usage: "key",
  summary: "Lets a key live until it is removed.",
  since: "2.2.0",
  complexity: "O(log N) for N keys that expire",
  flags: Flag.WRITE | Flag.FAST,
  keys: Access.RW | Access.UPDATE,
  run(call) {
    const ref = call.lookUpWrite(1);
    const persisted = ref !== 0 && call.db.persist(ref);
    if (persisted) call.changed(1, "persist");
    call.reply.integer(persisted ? 1 : 0);
  },
});

export const EXPIRY_COMMANDS = [
  EXPIRE,
  PEXPIRE,
  EXPIREAT,
  PEXPIREAT,
  TTL,
  PTTL,
  EXPIRETIME,
  PEXPIRETIME,
  PERSIST,
];
