/**
 * Up to which size collections stay packed, as the parameters `*-max-listpack-*` and their like say;
 * the engine keeps the values current.
 */

export class ValueLimits {
  hashEntries = 512;
  hashValueBytes = 64;
  setIntegers = 512;
  setEntries = 128;
  setValueBytes = 64;
  sortedSetEntries = 128;
  sortedSetValueBytes = 64;
  /** `list-max-listpack-size`: elements of a node, or, negative, a size class from 4 to 64 KiB. */
  listNode = -2;
  streamNodeBytes = 4096;
  streamNodeEntries = 100;
  hyperLogLogSparseBytes = 3000;
}
