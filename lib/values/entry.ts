/**
 * The record of one key in the arena: its layout, and how its bytes are reached. [hot]
 *
 * ```
 * word 0 next      ┐
 *      1 hash      ├ the hash table's (structures/hash_table.ts)
 *      2 keyLength ┘
 *      3 meta      type (4 bits) │ encoding (4) │ storage (2) │ … │ epoch (16, high half)
 *      4 access    seconds of the LRU clock (24 bits), or LFU: minutes (16) and counter (8)
 *      5 value     INLINE: length in bytes; BLOCK: ref of the block that holds the bytes;
 *                  OBJECT: number of the object in the store's table
 *      6 expiry    place in the database's expiry index plus one; 0 when the key does not expire
 * byte 28 key, then the value if it is INLINE
 * ```
 *
 * Small values lie behind their key, so that a SET or GET touches one record and nothing else.
 * Longer ones, and small collections, have a block of their own, `[length][bytes …]`, which may have
 * room to grow. Large collections are objects (values/value.ts).
 */

import * as arenaModule from "../structures/arena.ts";
import type { Arena } from "../structures/arena.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { REF_IN_SEGMENT, REF_UNIT, SEGMENT_OF_REF } = arenaModule;

export const ENTRY_KEY_OFFSET = 28;
export const META_WORD = 3;
export const ACCESS_WORD = 4;
export const VALUE_WORD = 5;
export const EXPIRY_WORD = 6;

/** Types as RDB and Redis number them. */
export const ValueType = {
  STRING: 0,
  LIST: 1,
  SET: 2,
  SORTED_SET: 3,
  HASH: 4,
  STREAM: 6,
} as const;

/** Names that TYPE replies, by number. */
export const TYPE_NAMES: readonly string[] = [
  "string",
  "list",
  "set",
  "zset",
  "hash",
  "module",
  "stream",
];

/** Encodings as OBJECT ENCODING tells them apart. */
export const Encoding = {
  RAW: 0,
  INT: 1,
  HASHTABLE: 2,
  INTSET: 6,
  SKIPLIST: 7,
  EMBSTR: 8,
  QUICKLIST: 9,
  STREAM: 10,
  LISTPACK: 11,
} as const;

/** Names that OBJECT ENCODING replies, by number. */
export const ENCODING_NAMES: Readonly<Record<number, string>> = {
  [Encoding.RAW]: "raw",
  [Encoding.INT]: "int",
  [Encoding.HASHTABLE]: "hashtable",
  [Encoding.INTSET]: "intset",
  [Encoding.SKIPLIST]: "skiplist",
  [Encoding.EMBSTR]: "embstr",
  [Encoding.QUICKLIST]: "quicklist",
  [Encoding.STREAM]: "stream",
  [Encoding.LISTPACK]: "listpack",
};

/** Where the value's bytes are. */
export const Storage = { INLINE: 0, BLOCK: 1, OBJECT: 2 } as const;

/** Every block begins with a word that says how many bytes of it are used. */
export const BLOCK_HEADER_BYTES = 4;

export const TYPE_MASK = 0xf;
export const ENCODING_SHIFT = 4;
export const STORAGE_SHIFT = 8;
export const EPOCH_SHIFT = 16;

/** Index of a word of the entry in its segment's word view: `wordBase(ref) + META_WORD`. */
export function wordBase(ref: number): number {
  return (ref & REF_IN_SEGMENT) << (REF_UNIT - 2);
}

/** Index of the entry's first byte in its segment's byte view. */
export function byteBase(ref: number): number {
  return (ref & REF_IN_SEGMENT) << REF_UNIT;
}

export function readWord(arena: Arena, ref: number, word: number): number {
  return arena.words[ref >>> SEGMENT_OF_REF][
    ((ref & REF_IN_SEGMENT) << (REF_UNIT - 2)) + word
  ];
}

export function writeWord(arena: Arena, ref: number, word: number, value: number): void {
  arena.words[ref >>> SEGMENT_OF_REF][
    ((ref & REF_IN_SEGMENT) << (REF_UNIT - 2)) + word
  ] = value;
}

export function typeOf(arena: Arena, ref: number): number {
  return readWord(arena, ref, META_WORD) & TYPE_MASK;
}

export function encodingOf(arena: Arena, ref: number): number {
  return readWord(arena, ref, META_WORD) >>> ENCODING_SHIFT & 0xf;
}

export function storageOf(arena: Arena, ref: number): number {
  return readWord(arena, ref, META_WORD) >>> STORAGE_SHIFT & 3;
}

/** The bits of a meta word that describe the value; the others belong to the entry. */
export const VALUE_META = (1 << EPOCH_SHIFT) - 1;

/** The epoch's part of a meta word. */
export function epochBits(epoch: number): number {
  return epoch << EPOCH_SHIFT;
}

/** The meta word of a new or overwritten value. */
export function metaWord(type: number, encoding: number, storage: number, epoch: number): number {
  return type | encoding << ENCODING_SHIFT | storage << STORAGE_SHIFT | epoch << EPOCH_SHIFT;
}

/** The key's bytes as a view that is valid until the entry is changed. */
export function keyView(arena: Arena, ref: number): Uint8Array {
  const start = byteBase(ref) + ENTRY_KEY_OFFSET;
  return arena.bytes[ref >>> SEGMENT_OF_REF].subarray(start, start + readWord(arena, ref, 2));
}

/** The key's own copy, to be kept. */
export function keyCopy(arena: Arena, ref: number): Uint8Array {
  return keyView(arena, ref).slice();
}
