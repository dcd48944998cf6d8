/**
 * Memory for many small records outside the garbage collector's sight: a million keys are a few
 * typed arrays, not a million objects. [hot]
 *
 * ```
 * segment (64 MiB ArrayBuffer, committed by the system page by page as it is touched)
 * ├── block 0 (64 KiB): slab of class 80 bytes   [record][record][free→]…
 * ├── block 1: slab of class 48 bytes
 * ├── blocks 2–9: one run, holding one allocation of 500 KiB
 * └── …
 * ```
 *
 * A record is named by a _ref_: a positive 31-bit integer that counts units of 16 bytes, so that
 * refs stay small integers for V8 and still reach 32 GiB. Ref 0 is "none". Segments never move
 * or grow, so the views of them stay valid; segments whose blocks are all free are given back.
 * What does not fit a segment gets a segment of its own. Slabs with one size class each and a
 * free list threaded through free records are as in Bonwick, "The Slab Allocator" (USENIX 1994);
 * the size classes (four to a doubling) are jemalloc's. Measured: growing one buffer by copying
 * peaked at 668 MB for 5 million keys, fixed segments at 398 MB.
 *
 * The databases own the arena and may reset it as a whole; whoever else keeps records here says so
 * with `join` first.
 */

import { invariant } from "../host/invariant.ts";

const UNIT_SHIFT = 4;
const BLOCK_SHIFT = 16;
const BLOCK_BYTES = 1 << BLOCK_SHIFT;
const SEGMENT_SHIFT = 26;
const SEGMENT_BYTES = 1 << SEGMENT_SHIFT;
const BLOCKS_PER_SEGMENT = 1 << (SEGMENT_SHIFT - BLOCK_SHIFT);
const MAX_SEGMENTS = 512;

/** `ref >>> SEGMENT_OF_REF` is a record's segment. */
export const SEGMENT_OF_REF = SEGMENT_SHIFT - UNIT_SHIFT;
/** `(ref & REF_IN_SEGMENT) << REF_UNIT` is a record's byte offset in its segment. */
export const REF_IN_SEGMENT = (1 << SEGMENT_OF_REF) - 1;
export const REF_UNIT = UNIT_SHIFT;

const BLOCK_OF_REF = BLOCK_SHIFT - UNIT_SHIFT;
const LARGEST_CLASS_BYTES = 32768;
/** The length of a run is kept in 32 bits with a sign. */
const LARGEST_RUN_BYTES = 2 ** 31 - BLOCK_BYTES;
/** Sizes up to this are looked up in a table, larger ones computed. */
const TABLE_BYTES = 1024;

const CLASS_SIZES = sizeClasses();
const CLASS_OF_UNITS = classTable();

/** Block states; anything ≥ 0 is the slab's size class. */
const FREE = -1;
const RUN_HEAD = -2;
const RUN_TAIL = -3;

/** Thrown when memory or the 32 GiB of addresses are used up; the caller turns it into an OOM reply. */
export class ArenaFullError extends Error {
  override name = "ArenaFullError";
}

export class Arena {
  /** Byte view of each segment; an empty view where a segment was given back. */
  readonly bytes: Uint8Array[] = [];
  /** The same memory as 32-bit words. */
  readonly words: Int32Array[] = [];
  /** The same memory for reading and writing several bytes at any place. */
  readonly data: DataView[] = [];
  /** Bytes handed out, rounded up as they were allocated. */
  usedBytes = 0;
  /** Bytes that structures over the arena keep beside it: slot arrays, indexes. */
  outsideBytes = 0;

  /** Users beside the owner. */
  private guests = 0;
  private readonly segmentFreeBlocks: number[] = [];
  /**
   * A segment that is empty and kept, so that what comes and goes at the end of a segment does not
   * take and give back 64 MiB each time; 0 when there is none.
   */
  private spareSegment = 0;
  /** Per segment, the lowest block that may be free. */
  private readonly segmentHint: number[] = [];

  // Per block, indexed by ref >>> BLOCK_OF_REF.
  private blockClass = new Int8Array(0);
  private blockLive = new Int32Array(0);
  private blockFreeList = new Int32Array(0);
  /** First never used ref of the slab; in a run's first block its length in bytes. */
  private blockFresh = new Int32Array(0);
  private blockPrevious = new Int32Array(0);
  private blockNext = new Int32Array(0);

  /** Per class, the first slab that has room; 0 when none has. */
  private readonly slabWithRoom = new Int32Array(CLASS_SIZES.length);

  /**
   * Room for `size` bytes, not cleared.
   *
   * @throws {ArenaFullError} when no addresses are left.
   */
  allocate(size: number): number {
    if (size > LARGEST_CLASS_BYTES) return this.allocateRun(size);
    const sizeClass = classOf(size);
    let block = this.slabWithRoom[sizeClass];
    if (block === 0) block = this.newSlab(sizeClass);
    let ref = this.blockFreeList[block];
    if (ref !== 0) {
      this.blockFreeList[block] =
        this.words[ref >>> SEGMENT_OF_REF][(ref & REF_IN_SEGMENT) << (UNIT_SHIFT - 2)];
    } else {
      ref = this.blockFresh[block];
      this.blockFresh[block] = ref + (CLASS_SIZES[sizeClass] >>> UNIT_SHIFT);
    }
    this.usedBytes += CLASS_SIZES[sizeClass];
    if (++this.blockLive[block] === SLAB_CAPACITY[sizeClass]) this.unlinkSlab(block, sizeClass);
    return ref;
  }

  free(ref: number): void {
    const block = ref >>> BLOCK_OF_REF;
    const sizeClass = this.blockClass[block];
    if (sizeClass < 0) return this.freeRun(block);
    this.words[ref >>> SEGMENT_OF_REF][(ref & REF_IN_SEGMENT) << (UNIT_SHIFT - 2)] =
      this.blockFreeList[block];
    this.blockFreeList[block] = ref;
    this.usedBytes -= CLASS_SIZES[sizeClass];
    const live = --this.blockLive[block];
    if (live === SLAB_CAPACITY[sizeClass] - 1) this.linkSlab(block, sizeClass);
    // One slab with room is kept per class, so that a key set and deleted in turn costs nothing;
    // only in the first segment, since each of the others is to be given back when it is empty.
    else if (
      live === 0 &&
      (block >= BLOCKS_PER_SEGMENT || this.blockNext[block] !== 0 ||
        this.slabWithRoom[sizeClass] !== block)
    ) {
      this.unlinkSlab(block, sizeClass);
      this.releaseBlocks(block, 1);
    }
  }

  /**
   * Says that somebody keeps records here beside the one who may call {@linkcode reset}: from now
   * until {@linkcode leave} a reset is refused.
   */
  join(): void {
    this.guests++;
  }

  leave(): void {
    this.guests--;
  }

  /** Whether the arena has more users than its owner. */
  get isShared(): boolean {
    return this.guests > 0;
  }

  /**
   * Frees everything at once: all refs are void, and so is what was kept beside them. The first
   * segment is kept for what comes.
   */
  reset(): void {
    invariant(this.guests === 0, "arena: reset while others keep records in it");
    if (this.bytes.length === 0) return;
    for (let segment = 1; segment < this.bytes.length; segment++) this.dropSegment(segment);
    this.usedBytes = 0;
    this.outsideBytes = 0;
    this.spareSegment = 0;
    this.slabWithRoom.fill(0);
    this.openSegment(0);
  }

  /** Bytes that the allocation can hold. */
  capacityOf(ref: number): number {
    const block = ref >>> BLOCK_OF_REF;
    const sizeClass = this.blockClass[block];
    return sizeClass < 0 ? this.blockFresh[block] : CLASS_SIZES[sizeClass];
  }

  /** Memory of the segments themselves, touched or not. */
  get reservedBytes(): number {
    let total = 0;
    for (const segment of this.bytes) total += segment.length;
    return total;
  }

  private newSlab(sizeClass: number): number {
    const block = this.takeBlocks(1);
    this.blockClass[block] = sizeClass;
    this.blockLive[block] = 0;
    this.blockFreeList[block] = 0;
    this.blockFresh[block] = block << BLOCK_OF_REF;
    this.linkSlab(block, sizeClass);
    return block;
  }

  private linkSlab(block: number, sizeClass: number): void {
    const first = this.slabWithRoom[sizeClass];
    this.blockPrevious[block] = 0;
    this.blockNext[block] = first;
    if (first !== 0) this.blockPrevious[first] = block;
    this.slabWithRoom[sizeClass] = block;
  }

  private unlinkSlab(block: number, sizeClass: number): void {
    const previous = this.blockPrevious[block];
    const next = this.blockNext[block];
    if (previous !== 0) this.blockNext[previous] = next;
    else this.slabWithRoom[sizeClass] = next;
    if (next !== 0) this.blockPrevious[next] = previous;
  }

  private allocateRun(size: number): number {
    if (size > LARGEST_RUN_BYTES) throw new ArenaFullError(`${size} bytes in one piece`);
    // Whole pages are counted: the system commits no more of the run's last block.
    const bytes = Math.ceil(size / 4096) * 4096;
    const blocks = Math.ceil(bytes / BLOCK_BYTES);
    const first = blocks <= BLOCKS_PER_SEGMENT / 2
      ? this.takeBlocks(blocks)
      : this.takeSegment(blocks * BLOCK_BYTES);
    this.blockClass[first] = RUN_HEAD;
    this.blockFresh[first] = bytes;
    this.usedBytes += bytes;
    return first << BLOCK_OF_REF;
  }

  private freeRun(first: number): void {
    const bytes = this.blockFresh[first];
    this.usedBytes -= bytes;
    const segment = first >>> (SEGMENT_SHIFT - BLOCK_SHIFT);
    if (this.bytes[segment].length !== SEGMENT_BYTES) this.dropSegment(segment);
    else this.releaseBlocks(first, Math.ceil(bytes / BLOCK_BYTES));
  }

  /** The first of `count` adjacent free blocks, marked as taken. */
  private takeBlocks(count: number): number {
    for (let segment = 0; segment < this.bytes.length; segment++) {
      if (this.segmentFreeBlocks[segment] < count) continue;
      const block = this.findFreeRun(segment, count);
      if (block !== 0) return this.markTaken(segment, block, count);
    }
    const segment = this.addSegment(SEGMENT_BYTES);
    const base = segment << (SEGMENT_SHIFT - BLOCK_SHIFT);
    return this.markTaken(segment, base === 0 ? 1 : base, count);
  }

  private findFreeRun(segment: number, count: number): number {
    const base = segment << (SEGMENT_SHIFT - BLOCK_SHIFT);
    const end = base + BLOCKS_PER_SEGMENT;
    let run = 0;
    for (let block = base + this.segmentHint[segment]; block < end; block++) {
      run = this.blockClass[block] === FREE ? run + 1 : 0;
      if (run === count) return block - count + 1;
    }
    return 0;
  }

  private markTaken(segment: number, first: number, count: number): number {
    for (let block = first; block < first + count; block++) this.blockClass[block] = RUN_TAIL;
    this.segmentFreeBlocks[segment] -= count;
    if (segment === this.spareSegment) this.spareSegment = 0;
    const inSegment = first & (BLOCKS_PER_SEGMENT - 1);
    if (count === 1 && inSegment >= this.segmentHint[segment]) {
      // A single block is always the lowest free one, so all below it are taken.
      this.segmentHint[segment] = inSegment + 1;
    }
    return first;
  }

  private releaseBlocks(first: number, count: number): void {
    const segment = first >>> (SEGMENT_SHIFT - BLOCK_SHIFT);
    for (let block = first; block < first + count; block++) this.blockClass[block] = FREE;
    const free = this.segmentFreeBlocks[segment] += count;
    const inSegment = first & (BLOCKS_PER_SEGMENT - 1);
    if (inSegment < this.segmentHint[segment]) this.segmentHint[segment] = inSegment;
    if (segment === 0 || free < BLOCKS_PER_SEGMENT) return;
    if (this.spareSegment === 0) this.spareSegment = segment;
    else this.dropSegment(segment);
  }

  /** A segment for one allocation of its own; its first block. */
  private takeSegment(size: number): number {
    // Never segment 0, where the ref would be 0.
    if (this.bytes.length === 0) this.addSegment(SEGMENT_BYTES);
    const segment = this.addSegment(size);
    const base = segment << (SEGMENT_SHIFT - BLOCK_SHIFT);
    this.segmentFreeBlocks[segment] = 0;
    this.blockClass[base] = RUN_HEAD;
    return base;
  }

  private addSegment(size: number): number {
    const dropped = this.bytes.findIndex((view) => view.length === 0);
    const segment = dropped < 0 ? this.bytes.length : dropped;
    if (segment === MAX_SEGMENTS) throw new ArenaFullError("no arena addresses left");
    const buffer = newBuffer(size);
    this.bytes[segment] = new Uint8Array(buffer);
    this.words[segment] = new Int32Array(buffer);
    this.data[segment] = new DataView(buffer);
    this.growBlockTables((segment + 1) * BLOCKS_PER_SEGMENT);
    this.openSegment(segment);
    return segment;
  }

  /** Marks all blocks of a segment as free. */
  private openSegment(segment: number): void {
    const base = segment << (SEGMENT_SHIFT - BLOCK_SHIFT);
    this.blockClass.fill(FREE, base, base + BLOCKS_PER_SEGMENT);
    this.segmentFreeBlocks[segment] = segment === 0 ? BLOCKS_PER_SEGMENT - 1 : BLOCKS_PER_SEGMENT;
    this.segmentHint[segment] = segment === 0 ? 1 : 0;
    // Block 0 of segment 0 stays unused: its first ref would be 0.
    if (segment === 0) this.blockClass[0] = RUN_TAIL;
  }

  private dropSegment(segment: number): void {
    this.bytes[segment] = new Uint8Array(0);
    this.words[segment] = new Int32Array(0);
    this.data[segment] = new DataView(new ArrayBuffer(0));
    this.segmentFreeBlocks[segment] = 0;
  }

  private growBlockTables(blocks: number): void {
    const old = this.blockClass.length;
    if (blocks <= old) return;
    const length = Math.max(blocks, old * 2);
    this.blockClass = copied(new Int8Array(length), this.blockClass);
    this.blockLive = copied(new Int32Array(length), this.blockLive);
    this.blockFreeList = copied(new Int32Array(length), this.blockFreeList);
    this.blockFresh = copied(new Int32Array(length), this.blockFresh);
    this.blockPrevious = copied(new Int32Array(length), this.blockPrevious);
    this.blockNext = copied(new Int32Array(length), this.blockNext);
  }
}

function newBuffer(size: number): ArrayBuffer {
  try {
    return new ArrayBuffer(size);
  } catch (error) {
    if (error instanceof RangeError) throw new ArenaFullError(`no memory for ${size} bytes`);
    throw error;
  }
}

/** The bytes that an allocation of `size` bytes takes. */
export function roundedSize(size: number): number {
  return size > LARGEST_CLASS_BYTES ? Math.ceil(size / 4096) * 4096 : CLASS_SIZES[classOf(size)];
}

function classOf(size: number): number {
  if (size <= TABLE_BYTES) return CLASS_OF_UNITS[(size + 15) >>> UNIT_SHIFT];
  // Four classes to a doubling: the two bits below the highest one choose among them.
  const doubling = 31 - Math.clz32(size - 1);
  const quarter = (size - 1) >>> (doubling - 2) & 3;
  return CLASS_OF_UNITS[TABLE_BYTES >>> UNIT_SHIFT] + 1 + (doubling - 10) * 4 + quarter;
}

/** 16, 32, 48, 64, 80, 96, 112, 128, then four to a doubling up to 32 KiB. */
function sizeClasses(): number[] {
  const sizes: number[] = [];
  for (let size = 16; size <= 128; size += 16) sizes.push(size);
  for (let doubling = 128; doubling < LARGEST_CLASS_BYTES; doubling *= 2) {
    for (let quarter = 1; quarter <= 4; quarter++) sizes.push(doubling + doubling / 4 * quarter);
  }
  return sizes;
}

function classTable(): Uint8Array {
  const table = new Uint8Array((TABLE_BYTES >>> UNIT_SHIFT) + 1);
  for (let units = 1; units < table.length; units++) {
    table[units] = CLASS_SIZES.findIndex((size) => size >= units << UNIT_SHIFT);
  }
  return table;
}

const SLAB_CAPACITY = Int32Array.from(CLASS_SIZES, (size) => Math.floor(BLOCK_BYTES / size));

function copied<T extends Int8Array | Int32Array>(target: T, source: T): T {
  target.set(source);
  return target;
}
