/** Names that clients give themselves: printable ASCII without blanks, so that lines stay lines. */

import type { Call } from "../../engine/call.ts";
import { CommandError } from "../../engine/errors.ts";

/**
 * A name that may be shown in CLIENT LIST; empty to take it back.
 *
 * @param what what it is, at the start of the error.
 * @throws an error when it has characters that are not allowed.
 */
export function readClientWord(call: Call, index: number, what: string): string {
  const { buffer, offsets, lengths } = call.request;
  const end = offsets[index] + lengths[index];
  for (let i = offsets[index]; i < end; i++) {
    if (buffer[i] < 0x21 || buffer[i] > 0x7e) {
      throw new CommandError(
        `ERR ${what} cannot contain spaces, newlines or special characters.`,
      );
    }
  }
  return call.request.text(index);
}
