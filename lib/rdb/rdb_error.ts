/** Bytes that are not what the RDB format asks for; the message says what was found. */

export class RdbError extends Error {
  override name = "RdbError";
}

/** The input ends before all is there. */
export class RdbShortRead extends RdbError {
  override name = "RdbShortRead";
}

/** A collection without elements, read to its end: whoever loads a file passes it over. */
export class RdbEmptyValue extends RdbError {
  override name = "RdbEmptyValue";
}

/** A packed value that contradicts itself: a listpack, ziplist, zipmap, intset or stream's block. */
export class RdbIntegrityError extends RdbError {
  override name = "RdbIntegrityError";
}

/** A file is not what was written: its checksum is another one. */
export class RdbChecksumError extends RdbError {
  override name = "RdbChecksumError";
}
