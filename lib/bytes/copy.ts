/** Copying bytes between buffers without making views for short ranges. [hot] */

/**
 * Below this a loop is faster than `set` with the view that it needs (the two meet at 64 to 128
 * bytes).
 */
const LOOP_BYTES = 96;

/** Copies `length` bytes; the ranges must not overlap. */
export function copyBytes(
  source: Uint8Array,
  from: number,
  target: Uint8Array,
  to: number,
  length: number,
): void {
  if (length > LOOP_BYTES) {
    target.set(source.subarray(from, from + length), to);
    return;
  }
  for (let i = 0; i < length; i++) target[to + i] = source[from + i];
}
