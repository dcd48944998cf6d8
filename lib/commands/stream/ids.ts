/**
 * Stream ids as clients write them: `ms-seq`, `ms` alone, `-` and `+`, and `(ms-seq` for an end that is
 * left out. Numbers are read as redis-server reads them, which by way of strtoull takes leading zeros,
 * spaces and signs as well. [hot]
 */

import type { Call } from "../../engine/call.ts";
import { cString, errors } from "../../engine/errors.ts";
import type { Request } from "../../resp/request.ts";
import { StreamId } from "../../structures/stream_id.ts";

const MAX_SEQ = 2n ** 64n - 1n;
const MINUS = 0x2d;
const PLUS = 0x2b;
const PARENTHESIS = 0x28;
/** `$`, for the last id that a stream has had. */
export const LAST_ID = 0x24;
/** `>`, for what comes after all that was delivered to a group. */
export const NEW_IDS = 0x3e;
/** Digits that a double always holds exactly. */
const EXACT_DIGITS = 15;
const LONGEST_TEXT = 127;

/** Whether the id last read said its second number; `ms-*` does not. */
export interface ReadId {
  sequenceGiven: boolean;
}

/**
 * Reads an id, but not `-` or `+`.
 *
 * @throws STREAM_ID when it is none.
 */
export function readId(call: Call, index: number, id: StreamId): void {
  if (!tryReadId(call.request, index, id)) throw errors.STREAM_ID;
}

/** As {@linkcode readId}, with false in place of the error. */
export function tryReadId(request: Request, index: number, id: StreamId): boolean {
  return parsePlain(request, index, id) !== Plain.NO ||
    parseText(request.text(index, 200), id, 0n, null);
}

/** As {@linkcode readId}, for XADD: also `ms-*`, after which the second number is 0. */
export function readIdToAdd(call: Call, index: number, id: StreamId, read: ReadId): void {
  read.sequenceGiven = true;
  if (parsePlain(call.request, index, id) !== Plain.NO) return;
  if (!parseText(call.request.text(index, 200), id, 0n, read)) throw errors.STREAM_ID;
}

/** As {@linkcode readId}, with `-` for the first id there can be and `+` for the last. */
export function readIdOrEdge(call: Call, index: number, id: StreamId, missingSeq = 0n): void {
  const { request } = call;
  if (isShortMark(request, index, MINUS)) id.setZero();
  else if (isShortMark(request, index, PLUS)) id.setMax();
  else {
    const plain = parsePlain(request, index, id);
    if (plain === Plain.BOTH || (plain === Plain.MILLISECONDS && missingSeq === 0n)) return;
    if (!parseText(request.text(index, 200), id, missingSeq, null)) throw errors.STREAM_ID;
  }
}

/** Reads where an interval begins; an id that is left out gives the one after it. */
export function readStart(call: Call, index: number, id: StreamId): void {
  if (readEnd(call, index, id, 0n) && !id.increment()) throw errors.STREAM_START;
}

/** Reads where an interval ends; an id that is left out gives the one before it. */
export function readStop(call: Call, index: number, id: StreamId): void {
  if (readEnd(call, index, id, MAX_SEQ) && !id.decrement()) throw errors.STREAM_END;
}

/** Whether an argument is this one character, seen as a C string. */
export function isMark(request: Request, index: number, mark: number): boolean {
  const at = request.offsets[index];
  const length = request.lengths[index];
  return length > 0 && request.buffer[at] === mark &&
    (length === 1 || request.buffer[at + 1] === 0);
}

function isShortMark(request: Request, index: number, mark: number): boolean {
  return request.lengths[index] <= LONGEST_TEXT && isMark(request, index, mark);
}

/** Reads an end of an interval; whether it is left out. */
function readEnd(call: Call, index: number, id: StreamId, missingSeq: bigint): boolean {
  const { request } = call;
  if (request.lengths[index] < 2 || request.buffer[request.offsets[index]] !== PARENTHESIS) {
    readIdOrEdge(call, index, id, missingSeq);
    return false;
  }
  if (!parseText(request.text(index, 200).slice(1), id, missingSeq, null)) throw errors.STREAM_ID;
  return true;
}

/** How much of an id {@linkcode parsePlain} has read. */
const Plain = { NO: 0, MILLISECONDS: 1, BOTH: 2 } as const;

/** The common form: one or two numbers of few enough digits, without anything else. */
function parsePlain(request: Request, index: number, id: StreamId): number {
  const { buffer } = request;
  let at = request.offsets[index];
  const end = at + request.lengths[index];
  const start = at;
  let ms = 0;
  for (; at < end && buffer[at] !== MINUS; at++) {
    const digit = buffer[at] - 48;
    if (digit < 0 || digit > 9) return Plain.NO;
    ms = ms * 10 + digit;
  }
  const msDigits = at - start;
  const seqStart = ++at;
  let seq = 0;
  for (; at < end; at++) {
    const digit = buffer[at] - 48;
    if (digit < 0 || digit > 9) return Plain.NO;
    seq = seq * 10 + digit;
  }
  if (msDigits === 0 || msDigits > EXACT_DIGITS) return Plain.NO;
  if (seqStart > end + 1 || seqStart === end || end - seqStart > EXACT_DIGITS) return Plain.NO;
  id.setMilliseconds(ms);
  id.seqHigh = Math.floor(seq / 2 ** 32);
  id.seqLow = seq >>> 0;
  return seqStart > end ? Plain.MILLISECONDS : Plain.BOTH;
}

function parseText(text: string, id: StreamId, missingSeq: bigint, read: ReadId | null): boolean {
  if (text.length > LONGEST_TEXT) return false;
  const whole = cString(text);
  if (whole === "-" || whole === "+") return false;
  const minus = whole.indexOf("-");
  const ms = parseNumber(minus < 0 ? whole : whole.slice(0, minus));
  if (ms === null) return false;
  let seq: bigint | null = missingSeq;
  if (minus >= 0) {
    const rest = whole.slice(minus + 1);
    if (read !== null && rest === "*") {
      read.sequenceGiven = false;
      seq = 0n;
    } else seq = parseNumber(rest);
  }
  if (seq === null) return false;
  id.ms = ms;
  id.seq = seq;
  return true;
}

/** An unsigned 64-bit number, first as Redis writes them and then as strtoull takes them. */
function parseNumber(text: string): bigint | null {
  if (/^-[1-9]\d*$/.test(text) && BigInt(text) >= -(2n ** 63n)) return null;
  const match = /^[ \t\n\v\f\r]*([-+]?)(\d+)$/.exec(text);
  if (match === null) return null;
  const value = BigInt(match[2]);
  if (value > MAX_SEQ) return null;
  return match[1] === "-" ? BigInt.asUintN(64, -value) : value;
}
