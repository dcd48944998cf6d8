/**
 * SHA-1 (names of cached scripts, DEBUG DIGEST) and SHA-256 (ACL passwords), by the runtime's own
 * `node:crypto`: it is synchronous, which Web Crypto is not, and commands run to their end.
 */

import { createHash } from "node:crypto";

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
  return createHash("sha1").update(bytes.subarray(offset, offset + length))
    .digest("hex");
}

/** The SHA-1 of some bytes as 20 bytes. */
export function sha1Bytes(
  bytes: Uint8Array,
  offset = 0,
  length = bytes.length - offset,
): Uint8Array {
  return new Uint8Array(
    createHash("sha1").update(bytes.subarray(offset, offset + length)).digest(),
  );
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
