/**
 * Sorting that rests: short runs by the runtime's own sort, which can't be interrupted, then merged two
 * by two. Exports are in the order of bytes, so that two of them can be compared line by line.
 */

import type { Slices } from "../slices.ts";

const RUN = 512;

/** Sorts by a binary string, whose order is that of its bytes. */
export async function sortInSlices<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  slices: Slices,
): Promise<T[]> {
  const compare = (a: T, b: T): number => {
    const [left, right] = [keyOf(a), keyOf(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  };
  let runs: T[][] = [];
  for (let at = 0; at < items.length; at += RUN) {
    runs.push(items.slice(at, at + RUN).sort(compare));
    await slices.step();
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2) {
      merged.push(
        i + 1 < runs.length ? await merge(runs[i], runs[i + 1], compare, slices) : runs[i],
      );
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

async function merge<T>(
  a: readonly T[],
  b: readonly T[],
  compare: (a: T, b: T) => number,
  slices: Slices,
): Promise<T[]> {
  const merged: T[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const fromA = j === b.length || (i < a.length && compare(a[i], b[j]) <= 0);
    merged.push(fromA ? a[i++] : b[j++]);
    if (merged.length % RUN === 0) await slices.step();
  }
  return merged;
}
