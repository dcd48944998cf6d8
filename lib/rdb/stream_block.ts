/**
 * One block of a stream's entries, as it lies in files and payloads, checked from its start to its
 * end: what was found right can be put into a stream as it is. The layout is drawn in
 * structures/stream_log.ts.
 *
 * Whoever walks a block trusts the numbers in it, so all of them are looked at: how many entries live
 * and how many are deleted, how many fields there are, how many elements each entry says it has. The
 * id of each entry must be greater than those of all that live before it; a deleted one's may be
 * passed by, since after XSETID a stream can go on with ids lower than it.
 */

import { Int64 } from "../bytes/int64.ts";
import { StreamId } from "../structures/stream_id.ts";
import { DELETED, SAME_FIELDS } from "../structures/stream_log.ts";
import { ByteSlice } from "./byte_slice.ts";
import { ListpackReader } from "./listpack.ts";
import { RdbIntegrityError } from "./rdb_error.ts";

/** Elements of an entry beside its fields and values, the count of them at its end left out. */
const SAME_FIELDS_HEAD = 3;
const OWN_FIELDS_HEAD = 4;

export class StreamBlockChecker {
  private readonly integer = new Int64();
  private readonly passed = new ByteSlice();
  private readonly id = new StreamId();

  /**
   * @param master the id that the block is filed under.
   * @param last that of the last living entry before it; set to that of the block.
   * @returns how many entries live.
   * @throws RdbError when anything is wrong.
   */
  check(block: ByteSlice, master: StreamId, last: StreamId): number {
    const elements = new ListpackReader(block);
    const live = this.count(elements);
    const deleted = this.count(elements);
    const fields = this.count(elements);
    this.skip(elements, fields);
    if (this.count(elements) !== 0) {
      throw new RdbIntegrityError("a stream's block without its first entry");
    }
    let found = 0;
    for (let left = live + deleted; left > 0; left--) {
      const isDeleted = this.entry(elements, fields, master);
      if (this.id.compare(last) <= 0 || this.id.compare(master) < 0) {
        throw new RdbIntegrityError("ids of a stream that don't rise");
      }
      if (isDeleted) continue;
      last.set(this.id);
      found++;
    }
    if (found !== live) {
      throw new RdbIntegrityError(`a stream's block of ${found} entries, not ${live}`);
    }
    // At the end the number of elements is compared with what the listpack says.
    if (elements.next(this.passed)) {
      throw new RdbIntegrityError("a stream's block with more than entries");
    }
    return live;
  }

  /** Reads an entry, and its id; whether it is deleted. */
  private entry(elements: ListpackReader, blockFields: number, master: StreamId): boolean {
    // Flags are changed in place, so they must have the one byte that they are written with.
    const flags = elements.head;
    if (flags > (DELETED | SAME_FIELDS)) {
      throw new RdbIntegrityError(`flags of a stream's entry: ${flags}`);
    }
    const { integer, id } = this;
    elements.integer(integer);
    id.set(master);
    elements.integer(integer);
    id.addMilliseconds(integer.high, integer.low);
    elements.integer(integer);
    id.addSequence(integer.high, integer.low);
    let size: number;
    if ((flags & SAME_FIELDS) !== 0) {
      this.skip(elements, blockFields);
      size = SAME_FIELDS_HEAD + blockFields;
    } else {
      const fields = this.count(elements);
      this.skip(elements, fields * 2);
      size = OWN_FIELDS_HEAD + fields * 2;
    }
    if (this.count(elements) !== size) {
      throw new RdbIntegrityError("an entry of a stream of another size");
    }
    return (flags & DELETED) !== 0;
  }

  private count(elements: ListpackReader): number {
    elements.integer(this.integer);
    const { high, low } = this.integer;
    if (high !== 0) throw new RdbIntegrityError("a count in a stream's block that is out of range");
    return low >>> 0;
  }

  private skip(elements: ListpackReader, count: number): void {
    for (let left = count; left > 0; left--) {
      if (!elements.next(this.passed)) {
        throw new RdbIntegrityError("a stream's block that ends too early");
      }
    }
  }
}
