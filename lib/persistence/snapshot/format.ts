/**
 * How a snapshot's bytes look, apart from the walk that decides what is written when: RDB, or the
 * commands that build the data anew.
 */

import type { ExpiryIndex } from "../../store/expiry_index.ts";
import type { Arena } from "../../structures/arena.ts";
import type { HashTable } from "../../structures/hash_table.ts";
import { EXPIRY_WORD, readWord } from "../../values/entry.ts";

/** One database as it was at the cut: whoever uses its number now, and wherever its table is. */
export interface Shelf {
  readonly index: number;
  readonly table: HashTable;
  readonly expiry: ExpiryIndex;
  /** Keys, and keys that expire, at the cut. */
  readonly size: number;
  readonly expires: number;
}

/** What stands for the shelf of an entry that was removed since, and that the snapshot keeps. */
export interface RemovedEntry extends Shelf {
  /** When it was to expire, in Unix milliseconds; null for never. */
  readonly removedExpiry: bigint | null;
}

/** When an entry expires, in Unix milliseconds; null for never. */
export function expiryOf(shelf: Shelf | RemovedEntry, arena: Arena, ref: number): bigint | null {
  // The index has forgotten an entry that was removed.
  if ("removedExpiry" in shelf) return shelf.removedExpiry;
  return readWord(arena, ref, EXPIRY_WORD) === 0 ? null : shelf.expiry.exactTimeOf(ref);
}

/** Bytes that were written, to be taken out now and then. */
export interface Written {
  readonly length: number;
  view(): Uint8Array;
  clear(): void;
}

/** Writes entries one after the other. */
export interface EntryWriter {
  readonly out: Written;
  /** The database that the next entry is taken for; -1: none yet. */
  selectedDb: number;
  /** Writes an entry in one go. */
  entry(shelf: Shelf, ref: number): void;
  /** The same in steps of some hundred elements; the value must not change in between. */
  entrySlices(shelf: Shelf, ref: number): Generator<void, void>;
}

export interface SnapshotFormat {
  /** Whether CRC-64 of everything goes to the end; `zeros` where a place for it is kept empty. */
  readonly checksum: "none" | "zeros" | "crc64";
  /** Writes to the same stream in turn, as long as an entry is not begun within another. */
  writer(): EntryWriter;
  header(to: EntryWriter): void;
  footer(to: EntryWriter): void;
}
