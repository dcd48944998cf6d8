/**
 * The requests of an open MULTI, copied one behind the other into one buffer: what a client queues
 * costs its bytes and two numbers an argument, and running it allocates nothing.
 */

import { copyBytes, dataOf } from "../bytes/copy.ts";
import type { Request } from "../resp/request.ts";
import type { CommandSpec } from "./command_spec.ts";

const INITIAL_BYTES = 512;
/** A queue that has grown beyond these is not used again. */
const KEPT_BYTES = 16 * 1024;
const KEPT_ARGUMENTS = 1024;
/** What an argument and a request cost beside their bytes. */
const ARGUMENT_BYTES = 16;
const REQUEST_BYTES = 24;

export class RequestQueue {
  /** All bits that any queued command has, and those that each of them has. */
  anyFlags = 0;
  commonFlags = -1;
  private bytes = new Uint8Array(INITIAL_BYTES);
  private data: DataView = dataOf(this.bytes);
  private usedBytes = 0;
  /** Requests queued; the arrays are longer, since emptying one would give its memory back. */
  count = 0;
  private readonly commands: CommandSpec[] = [];
  /** Where the arguments of each request end among `offsets`. */
  private readonly ends: number[] = [];
  /** Arguments of all requests. */
  private argumentCount = 0;
  private readonly offsets: number[] = [];
  private readonly lengths: number[] = [];

  /** Bytes of the arguments, as they count against the limit of a client's queries. */
  get argumentBytes(): number {
    return this.usedBytes;
  }

  get memoryBytes(): number {
    return this.bytes.length + this.argumentCount * ARGUMENT_BYTES + this.count * REQUEST_BYTES;
  }

  /** Whether it is small enough to be kept for the next MULTI. */
  get isReusable(): boolean {
    return this.bytes.length <= KEPT_BYTES && this.offsets.length <= KEPT_ARGUMENTS;
  }

  /** Queues a copy of a request. */
  add(command: CommandSpec, request: Request): void {
    let total = 0;
    for (let i = 0; i < request.count; i++) total += request.lengths[i];
    if (this.usedBytes + total > this.bytes.length) this.grow(this.usedBytes + total);
    let at = this.usedBytes;
    for (let i = 0; i < request.count; i++) {
      const length = request.lengths[i];
      copyBytes(request.data, request.offsets[i], this.data, at, length);
      this.offsets[this.argumentCount] = at;
      this.lengths[this.argumentCount] = length;
      this.argumentCount++;
      at += length;
    }
    this.usedBytes = at;
    this.ends[this.count] = this.argumentCount;
    this.commands[this.count] = command;
    this.count++;
    this.anyFlags |= command.flags;
    this.commonFlags &= command.flags;
  }

  /** Lets a request's arguments lie in this queue, for {@linkcode load}. */
  lend(request: Request): void {
    request.buffer = this.bytes;
    request.data = this.data;
  }

  commandAt(index: number): CommandSpec {
    return this.commands[index];
  }

  /** Makes a request that was lent to the queue the one at `index`. */
  load(index: number, request: Request): void {
    request.clear();
    const end = this.ends[index];
    for (let i = index === 0 ? 0 : this.ends[index - 1]; i < end; i++) {
      request.push(this.offsets[i], this.lengths[i]);
    }
  }

  clear(): void {
    this.anyFlags = 0;
    this.commonFlags = -1;
    this.usedBytes = 0;
    this.argumentCount = 0;
    this.count = 0;
  }

  private grow(needed: number): void {
    let size = this.bytes.length * 2;
    while (size < needed) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.usedBytes));
    this.bytes = grown;
    this.data = dataOf(grown);
  }
}
