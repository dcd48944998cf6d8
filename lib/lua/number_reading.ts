/**
 * A short way for Lua to read numbers: strings of up to 19 digits, as nearly all are that scripts make
 * numbers of (counters, limits, times in milliseconds).
 *
 * Lua's `luaO_str2d` leaves it to C's `strtod`, which this program has for 128 bits and therefore without
 * the processor's help: a time takes 0.5 µs. A limiter that asks `tonumber(ARGV[1])`, for which Lua reads
 * twice, was spending a tenth of its time there.
 */

import { crc16 } from "../bytes/crc16.ts";
import { NO_RESULT, Op, signed } from "./wasm_format.ts";

/** How `luaO_str2d(text, result)` is known: by its bytes, locals and code. */
const READER_BYTES = 292;
const READER_CRC = 0x21c9;

/** Digits of which all numbers fit into 64 bits, so that only the last step rounds. */
const MOST_DIGITS = 19;
const ZERO = 48;

/** The function's parameters, and those of its locals that it sets before it reads them. */
const Local = { TEXT: 0, RESULT: 1, AT: 2, DIGIT: 3, VALUE: 6 } as const;

/** Whether a function, given by its locals and its code, is the one that reads numbers. */
export function readsNumbers(body: Uint8Array): boolean {
  return body.length === READER_BYTES && crc16(body, 0, body.length) === READER_CRC;
}

/** What goes in front of its code. */
export function shortNumberCode(): number[] {
  const get = (local: number) => [Op.LOCAL_GET, local];
  const set = (local: number) => [Op.LOCAL_SET, local];
  const number = (value: number) => [Op.I32_CONST, ...signed(value)];
  const length = [...get(Local.AT), ...get(Local.TEXT), Op.I32_SUB];
  const isDigit = [
    ...[...get(Local.AT), Op.I32_LOAD8_U, 0, 0, ...number(ZERO), Op.I32_SUB],
    ...[Op.LOCAL_TEE, Local.DIGIT, ...number(10), Op.I32_LT_U],
  ];
  const takeDigit = [
    ...[...get(Local.VALUE), Op.I64_CONST, ...signed(10), Op.I64_MUL],
    ...[...get(Local.DIGIT), Op.I64_EXTEND_I32_U, Op.I64_ADD, ...set(Local.VALUE)],
    ...[...get(Local.AT), ...number(1), Op.I32_ADD, ...set(Local.AT)],
  ];
  return [
    ...[...get(Local.TEXT), ...set(Local.AT), Op.BLOCK, NO_RESULT],
    // No further than needed: none of these steps counts as a call.
    ...[Op.LOOP, NO_RESULT, ...isDigit, ...length, ...number(MOST_DIGITS + 1), Op.I32_LT_U],
    ...[Op.I32_AND, Op.IF, NO_RESULT, ...takeDigit, Op.BR, 1, Op.END, Op.END],
    // Only a text that ends here, at a zero, and is not empty.
    ...[...get(Local.DIGIT), ...number(-ZERO), Op.I32_NE, Op.BR_IF, 0],
    ...[...length, ...number(1), Op.I32_SUB, ...number(MOST_DIGITS), Op.I32_GE_U, Op.BR_IF, 0],
    ...[...get(Local.RESULT), ...get(Local.VALUE), Op.F64_CONVERT_I64_U, Op.F64_STORE, 3, 0],
    ...[...number(1), Op.RETURN, Op.END],
  ];
}
