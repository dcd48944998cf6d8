/**
 * Encodings that redis-server 7.0 reads and no longer writes, put together by hand: payloads for
 * RESTORE as servers from 2.2 to 6.2 would have made them, and as 7.4 makes hashes whose fields
 * expire.
 */

import { fromLatin1 } from "../../lib/bytes/byte_string.ts";
import { dataOf } from "../../lib/bytes/copy.ts";
import { ListpackWriter } from "../../lib/rdb/listpack.ts";
import { RdbWriter } from "../../lib/rdb/rdb_writer.ts";

/** A payload with its footer; elements are binary strings. */
export function payload(type: number, write: (writer: RdbWriter) => void, version = 10) {
  const writer = new RdbWriter(false);
  writer.version = version;
  writer.byte(type);
  write(writer);
  writer.dumpFooter();
  return writer.view().slice();
}

/** A ziplist; texts of integers are kept as integers. */
export function ziplist(elements: readonly string[]): Uint8Array {
  const body: number[] = [];
  let previous = 0;
  let last = 10;
  for (const element of elements) {
    last = 10 + body.length;
    const entry = previous < 254 ? [previous] : [254, ...littleEndian(BigInt(previous), 4)];
    entry.push(...ziplistEntry(element));
    for (const byte of entry) body.push(byte);
    previous = entry.length;
  }
  const total = 10 + body.length + 1;
  const count = Math.min(elements.length, 0xffff);
  return new Uint8Array([
    ...littleEndian(BigInt(total), 4),
    ...littleEndian(BigInt(last), 4),
    ...littleEndian(BigInt(count), 2),
    ...body,
    0xff,
  ]);
}

function ziplistEntry(element: string): number[] {
  if (/^(0|-?[1-9]\d{0,18})$/.test(element)) {
    const value = BigInt(element);
    const fits = (bits: bigint) => BigInt.asIntN(Number(bits), value) === value;
    if (value >= 0n && value <= 12n) return [0xf1 + Number(value)];
    if (fits(8n)) return [0xfe, ...littleEndian(value, 1)];
    if (fits(16n)) return [0xc0, ...littleEndian(value, 2)];
    if (fits(24n)) return [0xf0, ...littleEndian(value, 3)];
    if (fits(32n)) return [0xd0, ...littleEndian(value, 4)];
    if (fits(64n)) return [0xe0, ...littleEndian(value, 8)];
  }
  const bytes = [...fromLatin1(element)];
  const { length } = bytes;
  if (length < 64) return [length, ...bytes];
  if (length < 16384) return [0x40 | length >> 8, length & 255, ...bytes];
  return [0x80, ...littleEndian(BigInt(length), 4).reverse(), ...bytes];
}

/** A zipmap of fields and values in turn; each value has `unused` bytes behind it. */
export function zipmap(elements: readonly string[], unused = 0): Uint8Array {
  const body: number[] = [];
  elements.forEach((element, i) => {
    const { length } = element;
    body.push(...(length < 254 ? [length] : [254, ...littleEndian(BigInt(length), 4)]));
    if (i % 2 === 1) body.push(unused);
    body.push(...fromLatin1(element));
    if (i % 2 === 1) { for (let n = 0; n < unused; n++) body.push(0x20); }
  });
  return new Uint8Array([Math.min(elements.length / 2, 254), ...body, 0xff]);
}

export function listpack(elements: readonly string[]): Uint8Array {
  const writer = new ListpackWriter();
  for (const element of elements) {
    writer.append(dataOf(fromLatin1(element)), 0, element.length);
  }
  return writer.finish().slice();
}

/** A score as text, with its length in one byte. */
export function textScore(score: string): Uint8Array {
  if (score === "inf") return new Uint8Array([254]);
  if (score === "-inf") return new Uint8Array([255]);
  if (score === "nan") return new Uint8Array([253]);
  return new Uint8Array([score.length, ...fromLatin1(score)]);
}

function littleEndian(value: bigint, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Number(value >> BigInt(8 * i) & 255n));
}
