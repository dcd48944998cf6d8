/**
 * Makes a WebAssembly program interruptible: every function counts its calls, and whenever a
 * number of them is used up the program calls out to us.
 *
 * Lua's own hook counts instructions of scripts and never fires in its libraries, where a pattern
 * such as `(".-"):rep(20)` can search for longer than anybody lives. With calls counted no such
 * corner is left: what runs for long, in a script or below it, keeps calling functions.
 *
 * For this each function's code gets a few instructions in front, `fuel -= 1; if (fuel === 0)
 * tick()`, and `tick` is one more function at the end, so that no number of a function changes. It
 * fills the fuel up, which is exported as `fuel`, and calls the first entry of the table behind the
 * program's own. Without it a loop of commands took 0.90 to 0.99 of the processor time; to count only
 * in loops and recursions was no faster.
 *
 * Where a function begins there is also a place for {@linkcode shortNumberCode}.
 *
 * The table, which the program would make for itself, becomes an import, so that code of ours that
 * must exist before the program does (bridge.ts) can share it.
 */

import { readsNumbers, shortNumberCode } from "./number_reading.ts";
import {
  functionBody,
  functionType,
  I32,
  Kind,
  name,
  NO_RESULT,
  Op,
  Section,
  sectionsOf,
  signed,
  unsigned,
  WasmReader,
} from "./wasm_format.ts";

/**
 * Calls of functions between two ticks. Few, because one call may be long: searching megabytes for
 * megabytes compares them anew at each place. A tick costs 0.1 µs.
 */
const FUEL = 512;

export interface Metered {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Entries of the table that the program itself needs; the hatch is the one behind them. */
  readonly tableSize: number;
}

/**
 * @param binary a module with one table and without names of its own in custom sections.
 * @throws {Error} when it is built in a way that this does not know.
 */
export function metered(binary: Uint8Array): Metered {
  const ranges = sectionsOf(binary);
  const find = (id: number) => {
    const range = ranges.find((other) => other.id === id);
    if (range === undefined) throw new Error(`WebAssembly program without section ${id}`);
    return range;
  };
  const table = binary.subarray(find(Section.TABLE).start, find(Section.TABLE).end);
  const tableReader = new WasmReader(table, 3);
  if (table[0] !== 1 || table[2] !== 0) throw new Error("WebAssembly program without its table");
  const tableSize = tableReader.unsigned();
  const types = countAt(binary, find(Section.TYPE).start);
  const functions = countAt(binary, find(Section.FUNCTION).start);
  const globals = countAt(binary, find(Section.GLOBAL).start);
  const tick = importedFunctions(binary, find(Section.IMPORT).start) + functions;
  const added: Record<number, number[]> = {
    [Section.TYPE]: functionType([], []),
    [Section.IMPORT]: [...name("env"), ...name("table"), Kind.TABLE, ...table.subarray(1)],
    [Section.FUNCTION]: unsigned(types),
    [Section.GLOBAL]: [I32, 1, Op.I32_CONST, ...signed(FUEL), Op.END],
    [Section.EXPORT]: [...name("fuel"), Kind.GLOBAL, ...unsigned(globals)],
  };
  const out: Uint8Array[] = [binary.subarray(0, 8)];
  for (const { id, start, end } of ranges) {
    if (id === Section.TABLE) continue;
    if (id === Section.CODE) {
      out.push(...meteredCode(binary, start, globals, tick, tableSize, types));
      continue;
    }
    const content = id in added
      ? grown(binary, start, end, added[id])
      : binary.subarray(start, end);
    out.push(Uint8Array.from([id, ...unsigned(content.length)]), content);
  }
  return { bytes: joined(out), tableSize };
}

function meteredCode(
  binary: Uint8Array,
  start: number,
  fuel: number,
  tick: number,
  hatch: number,
  type: number,
): Uint8Array[] {
  const prologue = Uint8Array.from([
    ...[Op.GLOBAL_GET, ...unsigned(fuel), Op.I32_CONST, ...signed(-1), Op.I32_ADD],
    ...[Op.GLOBAL_SET, ...unsigned(fuel), Op.GLOBAL_GET, ...unsigned(fuel), Op.I32_EQZ],
    ...[Op.IF, NO_RESULT, Op.CALL, ...unsigned(tick), Op.END],
  ]);
  const reader = new WasmReader(binary, start);
  const count = reader.unsigned();
  let numberReaders = 0;
  const parts: Uint8Array[] = [Uint8Array.from(unsigned(count + 1))];
  for (let i = 0; i < count; i++) {
    const length = reader.unsigned();
    const from = reader.at;
    const end = from + length;
    const isNumberReader = readsNumbers(binary.subarray(from, end));
    if (isNumberReader) numberReaders++;
    const inFront = isNumberReader ? [...prologue, ...shortNumberCode()] : prologue;
    for (let groups = reader.unsigned(); groups > 0; groups--) {
      reader.unsigned();
      reader.byte();
    }
    parts.push(
      Uint8Array.from(unsigned(length + inFront.length)),
      binary.subarray(from, reader.at),
      Uint8Array.from(inFront),
      binary.subarray(reader.at, end),
    );
    reader.at = end;
  }
  if (numberReaders !== 1) throw new Error("WebAssembly program that reads numbers otherwise");
  parts.push(Uint8Array.from(functionBody(0, [
    ...[Op.I32_CONST, ...signed(FUEL), Op.GLOBAL_SET, ...unsigned(fuel)],
    ...[Op.I32_CONST, ...signed(hatch), Op.CALL_INDIRECT, ...unsigned(type), 0],
  ])));
  const content = joined(parts);
  return [Uint8Array.from([Section.CODE, ...unsigned(content.length)]), content];
}

/** A vector with one more item at its end. */
function grown(binary: Uint8Array, start: number, end: number, item: number[]): Uint8Array {
  const reader = new WasmReader(binary, start);
  const count = reader.unsigned();
  return joined([
    Uint8Array.from(unsigned(count + 1)),
    binary.subarray(reader.at, end),
    Uint8Array.from(item),
  ]);
}

function countAt(binary: Uint8Array, start: number): number {
  return new WasmReader(binary, start).unsigned();
}

function importedFunctions(binary: Uint8Array, start: number): number {
  const reader = new WasmReader(binary, start);
  const count = reader.unsigned();
  for (let i = 0; i < count; i++) {
    reader.skip(reader.unsigned());
    reader.skip(reader.unsigned());
    if (reader.byte() !== Kind.FUNCTION) throw new Error("WebAssembly program imports data");
    reader.unsigned();
  }
  return count;
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
