/**
 * A walk over the entries of a log between two ids, in either direction. One cursor is used again and
 * again; what it points at is lent until the log changes. [hot]
 */

import { LISTPACK_FIRST, type ListpackBlock } from "./listpack_block.ts";
import { StreamId } from "./stream_id.ts";
import { DELETED, SAME_FIELDS, type StreamLog } from "./stream_log.ts";

/** Entries at the end of the last block that are tried before the block is walked from its start. */
const TAIL_ENTRIES = 16;

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
  /** Where the entry lies that comes next, or, in reverse, where the one after it begins. */
  private at = 0;
  private end = 0;
  private fieldAt = 0;
  private valueAt = 0;
  private same = false;

  /** Begins a walk over ids from `from` to `to`, both included; `next` turns to the first entry. */
  start(log: StreamLog, from: StreamId, to: StreamId, reverse = false): this {
    this.log = log;
    this.pack = log.pack;
    this.from.set(from);
    this.to.set(to);
    this.reverse = reverse;
    this.block = Math.max(0, log.index.find(reverse ? to : from));
    this.enterBlock();
    if (!reverse && this.block === log.index.length - 1) this.tryTail();
    return this;
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
    if (!this.same) this.valueAt = this.fieldAt;
  }

  nextValue(): void {
    this.valueAt = this.pack!.point(this.ref, this.valueAt);
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
      while (this.at < this.end) {
        const { at } = this;
        this.at = log.nextEntry(this.ref, at);
        if ((log.pack.numberAt(this.ref, at) & DELETED) !== 0 && !this.showsDeleted) continue;
        log.readId(this.ref, at, this.master, this.id);
        if (this.id.compare(this.from) < 0) continue;
        if (this.id.compare(this.to) > 0) return false;
        this.turnTo(at);
        return true;
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
        if ((log.pack.numberAt(this.ref, at) & DELETED) !== 0 && !this.showsDeleted) continue;
        log.readId(this.ref, at, this.master, this.id);
        if (this.id.compare(this.to) > 0) continue;
        if (this.id.compare(this.from) < 0) return false;
        this.turnTo(at);
        return true;
      }
      this.block--;
      this.enterBlock();
    }
    return false;
  }

  private enterBlock(): void {
    const log = this.log!;
    if (this.block < 0 || this.block >= log.index.length) return;
    this.ref = log.index.refAt(this.block);
    log.index.idAt(this.block, this.master);
    this.end = log.pack.endOf(this.ref);
    this.at = this.reverse ? this.end : log.firstEntry(this.ref);
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

  private turnTo(at: number): void {
    const { pack } = this.log!;
    const { ref } = this;
    this.entry = at;
    this.same = (pack.numberAt(ref, at) & SAME_FIELDS) !== 0;
    const body = pack.skip(ref, at, 3);
    if (this.same) {
      const count = pack.skip(ref, LISTPACK_FIRST, 2);
      this.pairs = pack.numberAt(ref, count);
      this.fieldAt = pack.next(ref, count);
      this.valueAt = body;
    } else {
      this.pairs = pack.numberAt(ref, body);
      this.fieldAt = pack.next(ref, body);
    }
  }
}
