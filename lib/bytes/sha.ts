/**
 * SHA-1 (names of cached scripts) and SHA-256 (passwords), by the runtime's own `node:crypto`: it is
 * synchronous, which Web Crypto is not, and commands run to their end. Short texts go to `sha1.ts`.
 */

import { createHash } from "node:crypto";
import { hexadecimal } from "./byte_string.ts";
import { shortSha1 } from "./sha1.ts";

/** From here on the runtime's SHA-1 is faster, though it takes 10 µs to begin. */
const LONG_BYTES = 1500;

/**
 * The SHA-1 of some bytes as 40 lower case hexadecimal digits.
 *
 * @example
 * ```ts
 * import { sha1 } from "./sha.ts";
 *
 * const digest = sha1(new TextEncoder().encode("return 1"));
 * if (digest !== "e0e1f9fabfc9d4800c877a703b823ac0578ff8db") throw new Error("unexpected");
 * ```
 */
export function sha1(
  bytes: Uint8Array,
  offset = 0,
  length = bytes.length - offset,
): string {
  if (length < LONG_BYTES) return hexadecimal(shortSha1(bytes, offset, length));
  return createHash("sha1").update(bytes.subarray(offset, offset + length))
    .digest("hex");
}

/** The SHA-1 of some bytes as 20 bytes, lent until the next call. */
export function sha1Bytes(
  bytes: Uint8Array,
  offset = 0,
  length = bytes.length - offset,
): Uint8Array {
  if (length < LONG_BYTES) return shortSha1(bytes, offset, length);
  return createHash("sha1").update(bytes.subarray(offset, offset + length)).digest();
}

/** The SHA-256 of some bytes as 64 lower case hexadecimal digits. */
export function sha256(
  bytes: Uint8Array,
  offset = 0,
  length = bytes.length - offset,
): string {
  return createHash("sha256").update(bytes.subarray(offset, offset + length))
    .digest("hex");
}
