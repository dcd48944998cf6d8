/**
 * Assertions about our own code that stay on in production: the server logs them and stops rather
 * than go on with wrong data. What a client can cause is never an invariant.
 */

/** Thrown when our own code is wrong. */
export class InvariantError extends Error {
  override name = "InvariantError";
}

/** Throws an `InvariantError` unless `condition` holds. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
