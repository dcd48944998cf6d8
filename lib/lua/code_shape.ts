/** What the code of a WebAssembly function shows of how long it may run: its loops and its calls. */

import { Op, WasmReader } from "./wasm_format.ts";

export interface CodeShape {
  /** Where the loops begin within which functions are called, as places in the program. */
  readonly loops: readonly number[];
  /** Numbers of the functions that it calls by their number. */
  readonly calls: ReadonlySet<number>;
  /** Whether it calls functions that only the table knows. */
  readonly callsIndirectly: boolean;
  /** Number of entries of its largest jump table. */
  readonly widestSwitch: number;
}

/**
 * @param start behind the declaration of locals.
 * @throws {Error} at an instruction that programs of the first version of WebAssembly, with bulk memory
 * and sign extension, don't have.
 */
export function codeShape(bytes: Uint8Array, start: number, end: number): CodeShape {
  const reader = new WasmReader(bytes, start);
  const loops: number[] = [];
  const calls = new Set<number>();
  /** Of the blocks that are open: where a loop begins that calls nothing so far; else 0. */
  const open: number[] = [];
  let callsIndirectly = false;
  let widestSwitch = 0;
  const called = () => {
    for (let i = 0; i < open.length; i++) {
      if (open[i] !== 0) loops.push(open[i]);
      open[i] = 0;
    }
  };
  while (reader.at < end) {
    const op = reader.byte();
    switch (op) {
      case Op.BLOCK:
      case Op.IF:
      case Op.LOOP:
        reader.skipNumber();
        open.push(op === Op.LOOP ? reader.at : 0);
        break;
      case Op.END:
        open.pop();
        break;
      case Op.CALL:
        calls.add(reader.unsigned());
        called();
        break;
      case Op.CALL_INDIRECT:
        reader.skipNumber();
        reader.skipNumber();
        callsIndirectly = true;
        called();
        break;
      case Op.BR_TABLE: {
        const count = reader.unsigned();
        for (let i = 0; i <= count; i++) reader.skipNumber();
        widestSwitch = Math.max(widestSwitch, count);
        break;
      }
      default:
        skipOperands(reader, op);
    }
  }
  return { loops, calls, callsIndirectly, widestSwitch };
}

/** Goes past what belongs to an instruction that neither calls nor branches to a table. */
function skipOperands(reader: WasmReader, op: number): void {
  const numbers = NUMBERS_BEHIND[op];
  if (numbers === UNKNOWN) throw new Error(`WebAssembly program with the instruction ${op}`);
  for (let i = 0; i < numbers; i++) reader.skipNumber();
  if (op === Op.F32_CONST) reader.skip(4);
  else if (op === Op.F64_CONST) reader.skip(8);
  else if (op === Op.BULK) skipBulk(reader);
}

const UNKNOWN = 255;
/** How many numbers stand behind each instruction. */
const NUMBERS_BEHIND = new Uint8Array(256).fill(UNKNOWN)
  .fill(0, 0x00, 0x02)
  .fill(0, Op.ELSE, Op.ELSE + 1)
  .fill(1, Op.BR, Op.BR_IF + 1)
  .fill(0, Op.RETURN, Op.RETURN + 1)
  .fill(0, Op.DROP, Op.SELECT + 1)
  .fill(1, Op.LOCAL_GET, Op.GLOBAL_SET + 1)
  .fill(2, Op.I32_LOAD, Op.I64_STORE32 + 1)
  .fill(1, Op.MEMORY_SIZE, Op.I64_CONST + 1)
  .fill(0, Op.F32_CONST, Op.I64_EXTEND32_S + 1)
  .fill(0, Op.BULK, Op.BULK + 1);

/** Conversions that saturate, then memory.init, data.drop, memory.copy and memory.fill. */
function skipBulk(reader: WasmReader): void {
  const op = reader.unsigned();
  if (op > 11) throw new Error(`WebAssembly program with the bulk instruction ${op}`);
  const numbers = op < 8 ? 0 : op === 8 || op === 10 ? 2 : 1;
  for (let i = 0; i < numbers; i++) reader.skipNumber();
}
