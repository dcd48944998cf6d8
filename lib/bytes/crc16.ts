/**
 * CRC16 and the cluster slot of a key: CRC-16/XMODEM (polynomial 0x1021, start 0, not reflected),
 * lower 14 bits. With a `{tag}` in the key only the tag is hashed, so that related keys share a
 * slot.
 *
 * Source: the Redis Cluster specification, "Key distribution model" and "Hash tags".
 */

const SLOTS = 16384;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const TABLE = buildTable();

/** The CRC-16/XMODEM of some bytes: 0x31c3 for "123456789". */
export function crc16(
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  let crc = 0;
  for (let at = offset, end = offset + length; at < end; at++) {
    crc = ((crc << 8) & 0xffff) ^ TABLE[(crc >> 8) ^ bytes[at]];
  }
  return crc;
}

/**
 * The cluster slot (0 to 16383) of a key. What stands between the first `{` and the first `}`
 * after it is hashed in place of the key, unless that is nothing.
 */
export function keySlot(
  bytes: Uint8Array,
  offset: number,
  length: number,
): number {
  const end = offset + length;
  let open = offset;
  while (open < end && bytes[open] !== OPEN) open++;
  let close = open + 1;
  while (close < end && bytes[close] !== CLOSE) close++;
  const tagged = close < end && close > open + 1;
  const crc = tagged ? crc16(bytes, open + 1, close - open - 1) : crc16(bytes, offset, length);
  return crc & (SLOTS - 1);
}

function buildTable(): Uint16Array {
  const table = new Uint16Array(256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte << 8;
    for (let bit = 0; bit < 8; bit++) {
      crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
    }
    table[byte] = crc;
  }
  return table;
}
