/** Cuts the damaged end off a file; what is cut off is kept beside it. */

import { directoryOf, type Files, writeAllSync } from "../../host/files.ts";

/** @returns where the bytes that were cut off are, and how many. Throws the host's errors. */
export function cutFile(
  files: Files,
  path: string,
  cutAt: number,
): { readonly copy: string; readonly bytes: number } {
  const rest = files.readBytes(path).subarray(cutAt);
  let copy = `${path}.cut-at-${cutAt}`;
  for (let i = 1; files.stat(copy) !== null; i++) copy = `${path}.cut-at-${cutAt}.${i}`;
  const kept = files.open(copy, { write: true, createNew: true });
  try {
    writeAllSync(kept, rest);
    kept.syncSync();
  } finally {
    kept.close();
  }
  files.syncDirectory(directoryOf(path));
  const file = files.open(path, { write: true });
  try {
    file.truncateSync(cutAt);
    file.syncSync();
  } finally {
    file.close();
  }
  return { copy, bytes: rest.length };
}
