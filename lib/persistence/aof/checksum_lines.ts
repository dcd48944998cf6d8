/**
 * The lines of ours in append-only files. Redis skips what begins with `#` between commands, so
 * files with them load there as well; what they add is that a hole, a flipped bit or a torn end is
 * noticed.
 *
 *     #redino:1,<secret>,<offset>,<sum>,<length before>,<sum before>,<check>
 *     #=<sum>
 *     #=<sum>,<synced>,<check>
 *
 * A head line stands where we begin to append to a file: the sum of what is before it, and length
 * and sum of the file that precedes it in the manifest (-1 and 0 when there is none). A sum line
 * ends each piece that was written at once, with the CRC-32 of everything before it in the file. So
 * bytes behind the last sum line are those of a write that was not completed.
 *
 * Where the line says `synced`, so many bytes of the file were on the disk when it was written:
 * damage before that place is no consequence of a crash. As the words of a value may look like a
 * line, that claim carries a check that needs the head's secret; a client does not know it.
 */

import { fromLatin1, latin1 } from "../../bytes/byte_string.ts";
import { crc32 } from "../../host/crc32.ts";

const HEAD = "#redino:1,";
const SUM = "#=";
/** Bytes of a line at most; Redis takes 1023. */
export const MAX_LINE_BYTES = 256;

export interface HeadLine {
  readonly kind: "head";
  readonly secret: number;
  /** Of the line itself. */
  readonly offset: number;
  /** Of everything before the line. */
  readonly sum: number;
  /** Length of the file before this one; -1 when there was none. */
  readonly previousLength: number;
  readonly previousSum: number;
}

export interface SumLine {
  readonly kind: "sum";
  readonly sum: number;
  /** Bytes of this file that were on the disk; -1 when the line does not say. */
  readonly synced: number;
}

/** What a line says; `broken` is a line of ours that is damaged, `other` is none of ours. */
export type ReadLine = HeadLine | SumLine | { readonly kind: "broken" | "other" };

export function headLine(head: Omit<HeadLine, "kind">): Uint8Array {
  const text = HEAD + [
    hex(head.secret),
    head.offset,
    hex(head.sum),
    head.previousLength,
    hex(head.previousSum),
  ].join(",");
  return fromLatin1(`${text},${hex(checkOf(text))}\r\n`);
}

/**
 * Writes a sum line and returns its length.
 *
 * @param offset where in the file the line will be.
 * @param synced bytes of the file that are on the disk; -1 to say nothing of it.
 */
export function writeSumLine(
  target: Uint8Array,
  at: number,
  sum: number,
  offset: number,
  secret: number,
  synced: number,
): number {
  target[at] = 35;
  target[at + 1] = 61;
  let end = writeHex(target, at + 2, sum);
  if (synced >= 0) {
    const claim = `,${synced},`;
    for (let i = 0; i < claim.length; i++) target[end++] = claim.charCodeAt(i);
    end = writeHex(target, end, claimCheck(sum, offset, secret, synced));
  }
  target[end++] = 13;
  target[end++] = 10;
  return end - at;
}

/**
 * Reads a line.
 *
 * @param line with its end.
 * @param offset where in the file it begins.
 * @param secret of the last head line; null when there was none.
 */
export function readLine(line: Uint8Array, offset: number, secret: number | null): ReadLine {
  const text = latin1(line);
  if (text.startsWith(SUM)) return secret === null ? BROKEN : readSum(text, offset, secret);
  if (!text.startsWith(HEAD)) return OTHER;
  const match =
    /^(#redino:1,([0-9a-f]{8}),(\d{1,15}),([0-9a-f]{8}),(-1|\d{1,15}),([0-9a-f]{8})),([0-9a-f]{8})\r\n$/
      .exec(text);
  if (match === null || parseInt(match[7], 16) !== checkOf(match[1])) return BROKEN;
  if (Number(match[3]) !== offset) return BROKEN;
  return {
    kind: "head",
    secret: parseInt(match[2], 16),
    offset,
    sum: parseInt(match[4], 16),
    previousLength: Number(match[5]),
    previousSum: parseInt(match[6], 16),
  };
}

const BROKEN = { kind: "broken" } as const;
const OTHER = { kind: "other" } as const;

function readSum(text: string, offset: number, secret: number): ReadLine {
  const match = /^#=([0-9a-f]{8})(?:,(\d{1,15}),([0-9a-f]{8}))?\r\n$/.exec(text);
  if (match === null) return BROKEN;
  const sum = parseInt(match[1], 16);
  if (match[2] === undefined) return { kind: "sum", sum, synced: -1 };
  const synced = Number(match[2]);
  if (parseInt(match[3], 16) !== claimCheck(sum, offset, secret, synced)) return BROKEN;
  return { kind: "sum", sum, synced };
}

function checkOf(text: string): number {
  return crc32(fromLatin1(text));
}

function claimCheck(sum: number, offset: number, secret: number, synced: number): number {
  return crc32(fromLatin1(`${hex(secret)},${offset},${hex(sum)},${synced}`));
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}

function writeHex(target: Uint8Array, at: number, value: number): number {
  for (let i = 0; i < 8; i++) {
    const digit = (value >>> (28 - i * 4)) & 15;
    target[at + i] = digit < 10 ? 48 + digit : 87 + digit;
  }
  return at + 8;
}
