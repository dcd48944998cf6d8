/**
 * The few pieces of the WebAssembly binary format that are needed to put a small module together
 * and to change another: numbers, names, vectors and sections.
 *
 * A module is eight bytes and then sections, each of an id, its length and its content; nearly all
 * are vectors: a count and that many items (https://webassembly.github.io/spec/core/binary).
 */

export const Section = {
  TYPE: 1,
  IMPORT: 2,
  FUNCTION: 3,
  TABLE: 4,
  GLOBAL: 6,
  EXPORT: 7,
  CODE: 10,
  TAG: 13,
} as const;

export const I32 = 0x7f;
/** What is imported or exported. */
export const Kind = { FUNCTION: 0, TABLE: 1, MEMORY: 2, GLOBAL: 3, TAG: 4 } as const;

/** Instructions, by the names of the specification. */
export const Op = {
  BLOCK: 0x02,
  LOOP: 0x03,
  IF: 0x04,
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  RETURN: 0x0f,
  CALL: 0x10,
  CALL_INDIRECT: 0x11,
  THROW: 0x08,
  TRY_TABLE: 0x1f,
  LOCAL_GET: 0x20,
  LOCAL_SET: 0x21,
  LOCAL_TEE: 0x22,
  GLOBAL_GET: 0x23,
  GLOBAL_SET: 0x24,
  I32_LOAD8_U: 0x2d,
  F64_STORE: 0x39,
  I32_CONST: 0x41,
  I64_CONST: 0x42,
  I32_EQZ: 0x45,
  I32_NE: 0x47,
  I32_LT_U: 0x49,
  I32_GE_U: 0x4f,
  I32_ADD: 0x6a,
  I32_SUB: 0x6b,
  I32_AND: 0x71,
  I64_ADD: 0x7c,
  I64_MUL: 0x7e,
  I64_EXTEND_I32_U: 0xad,
  F64_CONVERT_I64_U: 0xba,
} as const;

/** A block without a result. */
export const NO_RESULT = 0x40;

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** An unsigned number in LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** A signed number in LEB128. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const isLast = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(isLast ? low : low | 0x80);
    if (isLast) return bytes;
  }
}

/** ASCII text with its length. */
export function name(text: string): number[] {
  return [...unsigned(text.length), ...Array.from(text, (char) => char.charCodeAt(0))];
}

/** Items with their count. */
export function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

export function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

export function functionType(parameters: readonly number[], results: readonly number[]): number[] {
  return [0x60, ...vector(parameters.map((type) => [type])), ...vector(results.map((t) => [t]))];
}

/** A function's code with its length; `locals` as many variables of type i32 beside parameters. */
export function functionBody(locals: number, code: readonly number[]): number[] {
  const declared = locals === 0 ? [0] : [1, ...unsigned(locals), I32];
  return [...unsigned(declared.length + code.length + 1), ...declared, ...code, Op.END];
}

export function moduleOf(sections: readonly (readonly number[])[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([...HEADER, ...sections.flat()]);
}

/** Reads numbers one after the other. */
export class WasmReader {
  constructor(readonly bytes: Uint8Array, public at: number = 0) {}

  byte(): number {
    return this.bytes[this.at++];
  }

  unsigned(): number {
    let value = 0;
    for (let shift = 0;; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  skip(count: number): void {
    this.at += count;
  }
}

/** A section as it lies in a module: its content from `start` up to `end`. */
export interface SectionRange {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

export function sectionsOf(bytes: Uint8Array): SectionRange[] {
  const reader = new WasmReader(bytes, HEADER.length);
  const found: SectionRange[] = [];
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const length = reader.unsigned();
    found.push({ id, start: reader.at, end: reader.at + length });
    reader.skip(length);
  }
  return found;
}
