/**
 * Finds a request in a pipeline by the one before it: most pipelines name one command with arguments of
 * the same lengths, so that all between the arguments is equal and need not be read. Whether the key is
 * the same too is told with it. [hot]
 */

import * as copyModule from "../bytes/copy.ts";
import type { Request } from "./request.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { equalData } = copyModule;

/** Longer first arguments are hardly keys. */
const LONGEST_COMPARED = 256;

/**
 * Whether a request follows that has the name of the one before it, byte by byte, and arguments of the
 * same lengths.
 *
 * @param before the one before, in the same buffer and no line.
 * @param request where the one that is found is put; of no use if none is.
 * @param at where it begins.
 * @param limit where what was read ends.
 */
export function findRepeated(
  before: Request,
  request: Request,
  at: number,
  limit: number,
): boolean {
  // Before they are looked at: it may put small arrays in the place of large ones.
  request.clear();
  const { data, offsets, lengths } = request;
  const { count, repeatsKey } = before;
  const shift = at - before.start;
  const end = before.end + shift;
  if (end > limit || count > offsets.length) return false;
  // Where one key was another, the next is expected to be the same, and compared with the name.
  const first = repeatsKey ? 2 : 1;
  let to = count > first ? before.offsets[first] : before.end;
  if (!isRepeated(data, before.start, to, shift)) return false;
  offsets[0] = before.offsets[0] + shift;
  lengths[0] = before.lengths[0];
  if (repeatsKey) {
    offsets[1] = before.offsets[1] + shift;
    lengths[1] = before.lengths[1];
  }
  for (let i = first; i < count; i++) {
    const length = before.lengths[i];
    offsets[i] = to + shift;
    lengths[i] = length;
    if (i === count - 1) break;
    const from = to + length;
    to = before.offsets[i + 1];
    if (!isRepeated(data, from, to, shift)) return false;
  }
  request.count = count;
  request.start = at;
  request.end = end;
  request.repeatsKey = repeatsKey;
  // Where one key was not another, the next are hardly.
  if (count > 1 && !before.repeatsCommand) {
    const length = lengths[1];
    request.repeatsKey = length <= LONGEST_COMPARED &&
      equalData(data, before.offsets[1], data, offsets[1], length);
  }
  request.repeatsCommand = true;
  return true;
}

/**
 * Whether what lies between two offsets, at least four bytes, is found again so far behind. The last
 * four may overlap those before.
 */
function isRepeated(data: DataView, from: number, to: number, shift: number): boolean {
  const last = to - 4;
  for (let at = from; at < last; at += 4) {
    if (data.getInt32(at, true) !== data.getInt32(at + shift, true)) return false;
  }
  return data.getInt32(last, true) === data.getInt32(last + shift, true);
}
