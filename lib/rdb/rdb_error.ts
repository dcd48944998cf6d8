/** Bytes that are not what the RDB format asks for; the message says what was found. */

export class RdbError extends Error {
  override name = "RdbError";
}
