/** A snapshot in one go, while nothing else runs. */

import { Crc64 } from "../../bytes/crc64.ts";
import type { Database } from "../../store/database.ts";
import type { Store } from "../../store/store.ts";
import { isLong } from "../../values/codecs.ts";
import type { Shelf, SnapshotFormat } from "./format.ts";
import { SavedHome } from "./saved_home.ts";

const CHUNK_BYTES = 256 * 1024;

/**
 * Writes databases.
 *
 * @param take takes chunks, lent until it returns; what it throws is passed on.
 */
export function writeAll(
  store: Store,
  format: SnapshotFormat,
  take: (chunk: Uint8Array) => void,
  databases: readonly Database[] = store.databases,
): { readonly bytes: number; readonly keys: number } {
  const home = new SavedHome(store);
  const crc = new Crc64();
  const to = format.writer();
  let bytes = 0;
  let keys = 0;
  const flush = (atLeast: number): void => {
    if (to.out.length < atLeast) return;
    const chunk = to.out.view();
    if (format.checksum === "crc64") crc.update(chunk);
    bytes += chunk.length;
    take(chunk);
    to.out.clear();
  };
  format.header(to);
  for (const db of databases) {
    if (db.size === 0) continue;
    const { index, table, expiry, size } = db;
    const shelf: Shelf = { index, table, expiry, size, expires: expiry.count };
    table.forEach((ref) => {
      if (isLong(home, ref)) {
        // So that no more than a chunk is kept of a long value.
        for (const _ of to.entrySlices(shelf, ref)) flush(CHUNK_BYTES);
      } else to.entry(shelf, ref);
      keys++;
      flush(CHUNK_BYTES);
    });
  }
  format.footer(to);
  flush(0);
  if (format.checksum === "none") return { bytes, keys };
  const sum = new Uint8Array(8);
  if (format.checksum === "crc64") crc.writeTo(sum, 0);
  take(sum);
  return { bytes: bytes + sum.length, keys };
}
