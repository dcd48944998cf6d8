/**
 * A walk over the entries of a log between two ids, in either direction. One cursor is used again and
 * again; what it points at is lent until the log changes. [hot]
 */

import * as arenaModule from "./arena.ts";
import type { ListpackBlock } from "./listpack_block.ts";
import * as listpackBlockModule from "./listpack_block.ts";
import { StreamId } from "./stream_id.ts";
import type { StreamLog } from "./stream_log.ts";
import * as streamLogModule from "./stream_log.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { REF_IN_SEGMENT, REF_UNIT, SEGMENT_OF_REF } = arenaModule;
const { decodeListpackInteger, LISTPACK_FIRST } = listpackBlockModule;
const { DELETED, SAME_FIELDS } = streamLogModule;

/** Entries at the end of the last block that are tried before the block is walked from its start. */
const TAIL_ENTRIES = 16;
/** An entry begins with its flags, an integer of a byte. */
const FLAGS_BYTES = 2;
const MAX_WORD = 0xffffffff;
const NO_DATA = new DataView(new ArrayBuffer(0));

/**
 * Where a reader has got to in a log, so that he need not look for the place in the block again: up to
 * a hundred entries stand before it. It holds as long as nothing in the log has moved.
 */
export class LogMark {
  /** Of the last entry that was read. */
  readonly id: StreamId = new StreamId();
  /** Behind it: the block, and the place there. */
  ref = 0;
  at = 0;
  /** The log's number of moves then. */
  moves = -1;
}

export class StreamCursor {
  /** Of the entry turned to. */
  readonly id: StreamId = new StreamId();
  /** Field-value pairs of the entry. */
  pairs = 0;
  /** The block and the place there, for {@linkcode StreamLog.deleteEntry}. */
  block = 0;
  entry = 0;
  /** Whether deleted entries are shown as well. */
  showsDeleted = false;

  private log: StreamLog | null = null;
  private pack: ListpackBlock | null = null;
  private readonly from = new StreamId();
  private readonly to = new StreamId();
  private readonly master = new StreamId();
  private reverse = false;
  private ref = 0;
  /** The bytes of the block, and where they begin. */
  private bytes: DataView = NO_DATA;
  private base = 0;
  /** Field-value pairs of the block's first entry, and where their fields are. */
  private masterPairs = 0;
  private masterFields = 0;
  /** Where the entry lies that comes next, or, in reverse, where the one after it begins. */
  private at = 0;
  private end = 0;
  private fieldAt = 0;
  private valueAt = 0;
  private same = false;
  private flags = 0;
  /** Elements of the entry from `valueAt` on. */
  private rest = 0;

  /**
   * Begins a walk over ids from `from` to `to`, both included; `next` turns to the first entry.
   *
   * @param mark where the one who reads has left off before, if he has.
   */
  start(
    log: StreamLog,
    from: StreamId,
    to: StreamId,
    reverse = false,
    mark: LogMark | null = null,
  ): this {
    this.log = log;
    this.pack = log.pack;
    this.from.set(from);
    this.to.set(to);
    this.reverse = reverse;
    this.block = Math.max(0, log.index.find(reverse ? to : from));
    this.enterBlock();
    if (reverse) return this;
    if (
      mark !== null && mark.moves === log.moves && mark.ref === this.ref &&
      mark.id.compare(from) < 0
    ) this.at = mark.at;
    else if (this.block === log.index.length - 1 && this.master.compare(from) < 0) this.tryTail();
    return this;
  }

  /** Sets a mark behind the entry turned to. */
  leave(mark: LogMark): void {
    this.passEntry();
    mark.id.set(this.id);
    mark.ref = this.ref;
    mark.at = this.at;
    mark.moves = this.log!.moves;
  }

  /** Turns to an entry; false when it is not there or deleted. */
  find(log: StreamLog, id: StreamId): boolean {
    this.showsDeleted = false;
    return this.start(log, id, id).next();
  }

  /** Turns to the next entry; false when there is none. */
  next(): boolean {
    return this.reverse ? this.nextBackwards() : this.nextForwards();
  }

  /** Points at the next field; its value comes after it. */
  nextField(): void {
    this.fieldAt = this.pack!.point(this.ref, this.fieldAt);
    if (this.same) return;
    this.valueAt = this.fieldAt;
    this.rest--;
  }

  nextValue(): void {
    this.valueAt = this.pack!.point(this.ref, this.valueAt);
    this.rest--;
    if (!this.same) this.fieldAt = this.valueAt;
  }

  get data(): DataView {
    return this.pack!.data;
  }

  get offset(): number {
    return this.pack!.offset;
  }

  get length(): number {
    return this.pack!.length;
  }

  private nextForwards(): boolean {
    const log = this.log!;
    while (this.block < log.index.length) {
      this.passEntry();
      for (; this.at < this.end; this.passEntry()) {
        this.turnTo(this.at);
        if ((this.flags & DELETED) !== 0 && !this.showsDeleted) continue;
        if (this.id.compare(this.from) < 0) continue;
        return this.id.compare(this.to) <= 0;
      }
      this.block++;
      this.enterBlock();
    }
    return false;
  }

  private nextBackwards(): boolean {
    const log = this.log!;
    while (this.block >= 0 && log.index.length > 0) {
      const first = log.firstEntry(this.ref);
      while (this.at > first) {
        const at = log.previousEntry(this.ref, this.at);
        this.at = at;
        this.turnTo(at);
        if ((this.flags & DELETED) !== 0 && !this.showsDeleted) continue;
        if (this.id.compare(this.to) > 0) continue;
        return this.id.compare(this.from) >= 0;
      }
      this.block--;
      this.enterBlock();
    }
    return false;
  }

  private enterBlock(): void {
    const log = this.log!;
    this.rest = 0;
    if (this.block < 0 || this.block >= log.index.length) return;
    const { pack } = log;
    const ref = log.index.refAt(this.block);
    this.ref = ref;
    this.bytes = log.arena.data[ref >>> SEGMENT_OF_REF];
    this.base = (ref & REF_IN_SEGMENT) << REF_UNIT;
    log.index.idAt(this.block, this.master);
    const count = pack.skip(ref, LISTPACK_FIRST, 2);
    this.masterPairs = pack.numberAt(ref, count);
    this.masterFields = pack.next(ref, count);
    this.end = pack.endOf(ref);
    // A 0 ends the fields.
    this.at = this.reverse ? this.end : pack.skip(ref, this.masterFields, this.masterPairs + 1);
  }

  /** Readers mostly want what came last: looks whether the walk begins near the end. */
  private tryTail(): void {
    const log = this.log!;
    const first = this.at;
    let at = this.end;
    for (let left = TAIL_ENTRIES; left > 0 && at > first; left--) {
      const before = log.previousEntry(this.ref, at);
      log.readId(this.ref, before, this.master, this.id);
      if (this.id.compare(this.from) < 0) {
        this.at = at;
        return;
      }
      at = before;
    }
  }

  /** Reads the entry at a place; XRANGE spends most of its time here and on copying. */
  private turnTo(at: number): void {
    const { id, master } = this;
    this.entry = at;
    this.flags = this.bytes.getUint8(this.base + at);
    let place = this.readDifference(at + FLAGS_BYTES);
    const { integer } = this.pack!;
    const msLow = master.msLow + (integer.low >>> 0);
    const msHigh = (master.msHigh + integer.high + (msLow > MAX_WORD ? 1 : 0)) >>> 0;
    place = this.readDifference(place);
    const seqLow = master.seqLow + (integer.low >>> 0);
    const seqHigh = (master.seqHigh + integer.high + (seqLow > MAX_WORD ? 1 : 0)) >>> 0;
    id.setWords(msHigh, msLow >>> 0, seqHigh, seqLow >>> 0);
    this.same = (this.flags & SAME_FIELDS) !== 0;
    if (this.same) {
      this.pairs = this.masterPairs;
      this.fieldAt = this.masterFields;
      this.valueAt = place;
      this.rest = this.pairs + 1;
    } else {
      this.pairs = this.pack!.numberAt(this.ref, place);
      this.fieldAt = this.pack!.next(this.ref, place);
      this.valueAt = this.fieldAt;
      this.rest = this.pairs * 2 + 1;
    }
  }

  /** Reads an integer, nearly always one of a byte; the place of the element after it. */
  private readDifference(at: number): number {
    const { integer } = this.pack!;
    const head = this.bytes.getUint8(this.base + at);
    if (head >= 0x80) {
      decodeListpackInteger(this.bytes, this.base + at, integer);
      return this.pack!.next(this.ref, at);
    }
    integer.low = head;
    integer.high = 0;
    return at + 2;
  }

  /** Goes behind the entry turned to, if the walk has not done so yet. */
  private passEntry(): void {
    if (this.rest === 0) return;
    this.at = this.pack!.skip(this.ref, this.valueAt, this.rest);
    this.rest = 0;
  }
}
