/**
 * The requests of an open MULTI, copied one behind the other into one buffer: what a client queues
 * costs its bytes and two numbers an argument, and running it allocates nothing. [hot]
 */

import * as copyModule from "../bytes/copy.ts";
import type { Request } from "../resp/request.ts";
import type { CommandSpec } from "./command_spec.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { copyBytes, dataOf } = copyModule;

const INITIAL_BYTES = 512;
const INITIAL_MARKS = 128;
/** A queue that has grown beyond these is not used again. */
const KEPT_BYTES = 16 * 1024;
const KEPT_MARKS = 4096;
/** Marks of a request: how many arguments follow, and the hash of its key if that is known. */
const COUNT = 0;
const HAS_KEY_HASH = 1;
const KEY_HASH = 2;
const FIRST_ARGUMENT = 3;
/** What lies between arguments as clients send them, at most: it is cheaper copied than left out. */
const FRAME_BYTES = 12;
/** Of more requests EXEC takes its time, however brief each of them is. */
const BRIEF_REQUESTS = 64;

export class RequestQueue {
  /** All bits that any queued command has, and those that each of them has. */
  anyFlags = 0;
  commonFlags = -1;
  /** Requests queued; `commands` is longer, since emptying it would give its memory back. */
  count = 0;
  /** Bytes of the arguments, as they count against the limit of a client's queries. */
  argumentBytes = 0;
  private areBrief = true;
  private bytes = new Uint8Array(INITIAL_BYTES);
  private data: DataView = dataOf(this.bytes);
  private usedBytes = 0;
  private readonly commands: CommandSpec[] = [];
  /** Of each request its marks, then offset and length of each argument. */
  private marks = new Int32Array(INITIAL_MARKS);
  private usedMarks = 0;
  /** The request behind the one that was loaded last, and where its marks begin. */
  private nextIndex = 0;
  private nextMarks = 0;

  get memoryBytes(): number {
    return this.bytes.byteLength + this.marks.byteLength + this.count * 8;
  }

  /** Whether it is small enough to be kept for the next MULTI. */
  get isReusable(): boolean {
    return this.bytes.length <= KEPT_BYTES && this.marks.length <= KEPT_MARKS;
  }

  /** Whether all of it together is a small amount of work: {@linkcode CommandSpec.briefArguments}. */
  get isBrief(): boolean {
    return this.areBrief && this.count <= BRIEF_REQUESTS;
  }

  /**
   * Queues a copy of a request.
   *
   * @param flags bits of Flag of this request.
   */
  add(command: CommandSpec, request: Request, flags: number = command.flags): void {
    const { count, offsets, lengths } = request;
    const marks = this.newMarks(request);
    const start = offsets[0];
    const shift = this.usedBytes - start;
    let at = this.usedMarks - count * 2;
    let end = start;
    let total = 0;
    let isOrdered = true;
    for (let i = 0; i < count; i++, at += 2) {
      const offset = offsets[i];
      const length = lengths[i];
      if (offset < end) isOrdered = false;
      end = offset + length;
      total += length;
      marks[at] = offset + shift;
      marks[at + 1] = length;
    }
    if (isOrdered && end - start <= total + count * FRAME_BYTES) {
      this.addBytes(request.data, start, end - start);
    } else this.addArguments(request);
    this.argumentBytes += total;
    if (count > command.briefArguments || !command.isSampled) this.areBrief = false;
    const index = this.count++;
    if (this.commands[index] !== command) this.commands[index] = command;
    this.anyFlags |= flags;
    this.commonFlags &= flags;
  }

  /** Lets a request's arguments lie in this queue, for {@linkcode load}. */
  lend(request: Request): void {
    request.buffer = this.bytes;
    request.data = this.data;
  }

  commandAt(index: number): CommandSpec {
    return this.commands[index];
  }

  /** Makes a request that was lent to the queue the one at `index`; quickly if in their order. */
  load(index: number, request: Request): void {
    const { marks } = this;
    const first = index === this.nextIndex ? this.nextMarks : this.marksOf(index);
    request.clear();
    request.hasKeyHash = marks[first + HAS_KEY_HASH] !== 0;
    request.keyHash = marks[first + KEY_HASH];
    let at = first + FIRST_ARGUMENT;
    const end = at + marks[first + COUNT] * 2;
    for (; at < end; at += 2) request.push(marks[at], marks[at + 1]);
    this.nextIndex = index + 1;
    this.nextMarks = end;
  }

  clear(): void {
    this.anyFlags = 0;
    this.commonFlags = -1;
    this.count = 0;
    this.argumentBytes = 0;
    this.areBrief = true;
    this.usedBytes = 0;
    this.usedMarks = 0;
    this.nextIndex = 0;
    this.nextMarks = 0;
  }

  private marksOf(index: number): number {
    let first = 0;
    for (let i = 0; i < index; i++) first += FIRST_ARGUMENT + this.marks[first + COUNT] * 2;
    return first;
  }

  /** Adds the marks of a request, but for those of its arguments. */
  private newMarks({ count, hasKeyHash, keyHash }: Request): Int32Array {
    const first = this.usedMarks;
    this.usedMarks = first + FIRST_ARGUMENT + count * 2;
    if (this.usedMarks > this.marks.length) this.growMarks();
    const { marks } = this;
    marks[first + COUNT] = count;
    marks[first + HAS_KEY_HASH] = hasKeyHash ? 1 : 0;
    marks[first + KEY_HASH] = keyHash;
    return marks;
  }

  private addBytes(data: DataView, offset: number, length: number): void {
    const at = this.usedBytes;
    this.usedBytes = at + length;
    if (this.usedBytes > this.bytes.length) this.growBytes(at);
    copyBytes(data, offset, this.data, at, length);
  }

  /** Adds arguments that do not lie one behind the other, or have too much between them. */
  private addArguments({ count, data, offsets, lengths }: Request): void {
    let at = this.usedMarks - count * 2;
    for (let i = 0; i < count; i++, at += 2) {
      this.marks[at] = this.usedBytes;
      this.addBytes(data, offsets[i], lengths[i]);
    }
  }

  /** @param used bytes that are to be kept. */
  private growBytes(used: number): void {
    let size = this.bytes.length * 2;
    while (size < this.usedBytes) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, used));
    this.bytes = grown;
    this.data = dataOf(grown);
  }

  private growMarks(): void {
    let size = this.marks.length * 2;
    while (size < this.usedMarks) size *= 2;
    const grown = new Int32Array(size);
    grown.set(this.marks);
    this.marks = grown;
  }
}
