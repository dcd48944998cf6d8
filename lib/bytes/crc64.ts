/**
 * CRC-64/Jones: the checksum at the end of RDB files and DUMP payloads. Polynomial
 * 0xad93d23594c935a9, bits reflected, start 0, no final xor; "123456789" gives 0xe9c6d914c4b8d9ca.
 *
 * JavaScript has no 64-bit integers that are fast, so the sum is kept as two 32-bit halves, and
 * each table as two. Eight tables ("slicing by eight": Kounavis and Berry, "Novel table
 * lookup-based algorithms for high-performance CRC generation", 2008) take eight bytes a step, as
 * the contribution of each byte depends on its distance from the step's end alone.
 */

const POLYNOMIAL_LOW = 0xac4bc9b5 | 0; // 0xad93d23594c935a9 with its bits reversed
const POLYNOMIAL_HIGH = 0x95ac9329 | 0;
const SLICES = 8;

/** At slice · 256 + byte: what that byte adds when `slice` more bytes follow it in the step. */
const LOW = new Int32Array(SLICES * 256);
const HIGH = new Int32Array(SLICES * 256);
fillTables();

/**
 * A checksum that grows with each update.
 *
 * @example
 * ```ts
 * import { Crc64 } from "./crc64.ts";
 *
 * const crc = new Crc64();
 * crc.update(new TextEncoder().encode("12345"));
 * crc.update(new TextEncoder().encode("6789"));
 * if (crc.toString() !== "e9c6d914c4b8d9ca") throw new Error("unexpected");
 * ```
 */
export class Crc64 {
  /** The lower 32 bits, as a signed integer. */
  low = 0;
  /** The upper 32 bits, as a signed integer. */
  high = 0;

  /** Starts anew. */
  reset(): void {
    this.low = 0;
    this.high = 0;
  }

  /** Adds some bytes. */
  update(bytes: Uint8Array, offset = 0, length = bytes.length - offset): void {
    let low = this.low;
    let high = this.high;
    let at = offset;
    const end = offset + length;
    for (const stepsEnd = end - (length & 7); at < stepsEnd; at += 8) {
      const a = (low & 255) ^ bytes[at] | 0x700;
      const b = ((low >>> 8) & 255) ^ bytes[at + 1] | 0x600;
      const c = ((low >>> 16) & 255) ^ bytes[at + 2] | 0x500;
      const d = (low >>> 24) ^ bytes[at + 3] | 0x400;
      const e = (high & 255) ^ bytes[at + 4] | 0x300;
      const f = ((high >>> 8) & 255) ^ bytes[at + 5] | 0x200;
      const g = ((high >>> 16) & 255) ^ bytes[at + 6] | 0x100;
      const h = (high >>> 24) ^ bytes[at + 7];
      low = LOW[a] ^ LOW[b] ^ LOW[c] ^ LOW[d] ^ LOW[e] ^ LOW[f] ^ LOW[g] ^
        LOW[h];
      high = HIGH[a] ^ HIGH[b] ^ HIGH[c] ^ HIGH[d] ^ HIGH[e] ^ HIGH[f] ^
        HIGH[g] ^ HIGH[h];
    }
    for (; at < end; at++) {
      const index = (low ^ bytes[at]) & 255;
      low = ((low >>> 8) | (high << 24)) ^ LOW[index];
      high = (high >>> 8) ^ HIGH[index];
    }
    this.low = low;
    this.high = high;
  }

  /** Writes the sum as eight bytes, the lowest first, as RDB files and DUMP payloads have it. */
  writeTo(target: Uint8Array, at: number): void {
    for (let i = 0; i < 4; i++) {
      target[at + i] = this.low >>> (i * 8);
      target[at + 4 + i] = this.high >>> (i * 8);
    }
  }

  /** Whether the eight bytes at `at`, the lowest first, are this sum. */
  equals(bytes: Uint8Array, at: number): boolean {
    for (let i = 0; i < 4; i++) {
      if (bytes[at + i] !== ((this.low >>> (i * 8)) & 255)) return false;
      if (bytes[at + 4 + i] !== ((this.high >>> (i * 8)) & 255)) return false;
    }
    return true;
  }

  /** The sum as 16 hexadecimal digits. */
  toString(): string {
    return hexadecimal(this.high) + hexadecimal(this.low);
  }
}

function hexadecimal(half: number): string {
  return (half >>> 0).toString(16).padStart(8, "0");
}

function fillTables(): void {
  for (let byte = 0; byte < 256; byte++) {
    let low = byte;
    let high = 0;
    for (let bit = 0; bit < 8; bit++) {
      const carry = low & 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (carry === 1) {
        low ^= POLYNOMIAL_LOW;
        high ^= POLYNOMIAL_HIGH;
      }
    }
    LOW[byte] = low;
    HIGH[byte] = high;
  }
  for (let at = 256; at < SLICES * 256; at++) {
    const low = LOW[at - 256];
    const high = HIGH[at - 256];
    LOW[at] = ((low >>> 8) | (high << 24)) ^ LOW[low & 255];
    HIGH[at] = (high >>> 8) ^ HIGH[low & 255];
  }
}
