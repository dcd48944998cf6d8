/**
 * A hash table whose keys are bytes and whose records lie in an arena: the key space of a
 * database, and later the fields of a big hash and the members of a big set. [hot]
 *
 * Each record begins with the three words that this file owns; what follows is the owner's:
 *
 * ```
 * 0 next ref in the chain │ 4 hash │ 8 key length │ … owner's header … │ key │ owner's rest
 * ```
 *
 * Chains hang from a power-of-two array of refs. Growing and shrinking is incremental: a second
 * array is set up and each change moves a few chains, so no single request pays for all (moving
 * four million at once stalled 200 ms). The scan cursor counts with its bits reversed (Pieter
 * Noordhuis's method, as in Redis's dict.c), which visits each record that is there from start to
 * end at least once, however often the table is resized in between.
 *
 * The hash is keyed per table: a client cannot choose keys that fall into one chain.
 */

import * as hashModule from "../bytes/hash.ts";
import { invariant } from "../host/invariant.ts";
import type { Arena } from "./arena.ts";
import * as arenaModule from "./arena.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { halfSipHash } = hashModule;
const { REF_IN_SEGMENT, REF_UNIT, SEGMENT_OF_REF } = arenaModule;

const SMALLEST = 4;
const LARGEST = 1 << 30;
/** Chains moved by each insertion while resizing; 1 would do to be done before the next resize. */
const CHAINS_PER_STEP = 2;
/** Empty slots passed over at most in one step, so that a step is bounded in a sparse table. */
const EMPTY_PER_STEP = 64;

/** Empty slots that a drain passes over in place of one record. */
const SLOTS_PER_DRAINED = 16;

/** Bytes of a record that belong to the table. */
export const RECORD_PREFIX_BYTES = 12;

const WORD = REF_UNIT - 2;

export class HashTable {
  /** Number of records. */
  count = 0;

  private slots: Int32Array = new Int32Array(SMALLEST);
  private mask = SMALLEST - 1;
  /** The array being emptied while resizing; empty otherwise. */
  private oldSlots: Int32Array = NO_SLOTS;
  private oldMask = 0;
  /** Chains of the old array below this index have been moved. */
  private moved = 0;
  private pauseDepth = 0;
  private accountedBytes = 0;

  /**
   * @param keyOffset where a record's key begins, in bytes from its start.
   * @param key0 low half of the secret hash key.
   * @param key1 high half.
   */
  constructor(
    private readonly arena: Arena,
    private readonly keyOffset: number,
    private readonly key0: number,
    private readonly key1: number,
  ) {}

  hash(key: DataView, offset: number, length: number): number {
    return halfSipHash(key, offset, length, this.key0, this.key1);
  }

  /**
   * The record with this key, or 0. `hash` is what {@linkcode hash} says of the key.
   *
   * Walk and comparison are written out in one loop: as calls they did not all fit what V8 inlines
   * into a command, which cost a GET 20 ns.
   */
  find(key: DataView, offset: number, length: number, hash: number): number {
    const { arena, keyOffset } = this;
    const words = length & ~3;
    let ref = this.slots[hash & this.mask];
    for (let isOld = false;; isOld = true) {
      while (ref !== 0) {
        const segment = ref >>> SEGMENT_OF_REF;
        const prefix = arena.words[segment];
        const at = (ref & REF_IN_SEGMENT) << WORD;
        if (prefix[at + 1] === hash && prefix[at + 2] === length) {
          const data = arena.data[segment];
          const start = (at << 2) + keyOffset;
          let i = 0;
          while (
            i < words && data.getInt32(start + i, true) === key.getInt32(offset + i, true)
          ) i += 4;
          if (i === words) {
            while (i < length && data.getUint8(start + i) === key.getUint8(offset + i)) i++;
            if (i === length) return ref;
          }
        }
        ref = prefix[at];
      }
      if (isOld || this.oldSlots === NO_SLOTS) return 0;
      const slot = hash & this.oldMask;
      if (slot < this.moved) return 0;
      ref = this.oldSlots[slot];
    }
  }

  /**
   * Reads a little of the first record of each hash's chain, and of the second where the first is
   * another key's, to bring them into the cache. In each of the loops the waits for memory overlap.
   *
   * @param hashes 0 in place of those that are not wanted.
   * @param refs room for as many.
   * @returns something of what was read, so that reading is not optimised away.
   */
  touch(hashes: Int32Array, count: number, refs: Int32Array): number {
    if (this.count === 0) return 0;
    const { slots, mask, arena } = this;
    for (let i = 0; i < count; i++) refs[i] = slots[hashes[i] & mask];
    if (this.oldSlots !== NO_SLOTS) this.preferOld(hashes, count, refs);
    for (let i = 0; i < count; i++) {
      const ref = refs[i];
      const words = arena.words[ref >>> SEGMENT_OF_REF];
      const at = (ref & REF_IN_SEGMENT) << WORD;
      // Without a branch, which would be guessed wrongly: all ones where the hashes differ.
      const difference = words[at + 1] ^ hashes[i];
      refs[i] = words[at] & (difference | 0 - difference) >> 31;
    }
    let seen = 0;
    for (let i = 0; i < count; i++) {
      const ref = refs[i];
      seen ^= arena.words[ref >>> SEGMENT_OF_REF][(ref & REF_IN_SEGMENT) << WORD];
    }
    return seen;
  }

  /** Takes the chains that have not been moved yet in place of those that they will be moved to. */
  private preferOld(hashes: Int32Array, count: number, refs: Int32Array): void {
    const { oldSlots, oldMask, moved } = this;
    for (let i = 0; i < count; i++) {
      const slot = hashes[i] & oldMask;
      if (slot >= moved && oldSlots[slot] !== 0) refs[i] = oldSlots[slot];
    }
  }

  /** Adds a record whose key is in place and not in the table yet; fills in its prefix. */
  insert(ref: number, hash: number, keyLength: number): void {
    if (this.oldSlots !== NO_SLOTS) this.step();
    else if (this.count >= this.slots.length && this.pauseDepth === 0) this.resize();
    const words = this.arena.words[ref >>> SEGMENT_OF_REF];
    const at = (ref & REF_IN_SEGMENT) << WORD;
    const slot = hash & this.mask;
    words[at] = this.slots[slot];
    words[at + 1] = hash;
    words[at + 2] = keyLength;
    this.slots[slot] = ref;
    this.count++;
  }

  /** Takes a record out; its memory stays the owner's to free. */
  remove(ref: number): void {
    this.relink(ref, this.nextInChain(ref));
    this.count--;
    if (this.oldSlots !== NO_SLOTS) this.step();
    else if (
      this.count < this.slots.length >>> 3 && this.slots.length > SMALLEST && this.pauseDepth === 0
    ) this.resize();
  }

  /** Puts a moved copy in the place of a record; the copy's prefix must have been copied too. */
  replace(oldRef: number, newRef: number): void {
    this.relink(oldRef, newRef);
  }

  /**
   * Visits the records of one step of a scan and returns the cursor of the next; 0 is both the
   * first and the "no more" cursor. `visit` must not add or remove records.
   */
  scan(cursor: number, visit: (ref: number) => void): number {
    let small = this.slots;
    let large = this.slots;
    if (this.oldSlots !== NO_SLOTS) {
      if (this.oldSlots.length < this.slots.length) small = this.oldSlots;
      else large = this.oldSlots;
    }
    const smallMask = small.length - 1;
    const largeMask = large.length - 1;
    this.visitChain(small[cursor & smallMask], visit);
    if (small === large) return nextCursor(cursor, smallMask);
    do {
      this.visitChain(large[cursor & largeMask], visit);
      cursor = nextCursor(cursor, largeMask);
    } while ((cursor & (smallMask ^ largeMask)) !== 0);
    return cursor;
  }

  /** Visits every record; `visit` may remove the visited one only. */
  forEach(visit: (ref: number) => void): void {
    this.pauseDepth++;
    try {
      for (let slot = 0; slot < this.oldSlots.length; slot++) {
        this.visitChain(this.oldSlots[slot], visit);
      }
      for (let slot = 0; slot < this.slots.length; slot++) this.visitChain(this.slots[slot], visit);
    } finally {
      this.pauseDepth--;
    }
  }

  /**
   * A record picked at random, or 0 when there is none. Each chain counts as having
   * {@linkcode FAIR_CHAIN} places, and an empty place is drawn again: so all records are equally
   * likely but those in the few longer chains, whose records from the last place on share it.
   *
   * @param uint32 gives random whole numbers of 32 bits.
   */
  random(uint32: () => number): number {
    return this.pick({ uint32 });
  }

  /** The same, without allocating anything. */
  pick(random: { uint32(): number }): number {
    if (this.count === 0) return 0;
    // What was moved out of the old array would only be probed in vain.
    const old = this.oldSlots === NO_SLOTS ? 0 : this.oldSlots.length - this.moved;
    const total = old + this.slots.length;
    for (;;) {
      const index = random.uint32() % total;
      let ref = index < old ? this.oldSlots[this.moved + index] : this.slots[index - old];
      if (ref === 0) continue;
      // The place is drawn before the chain is walked: a third of the draws need no look at a record.
      const place = random.uint32() % FAIR_CHAIN;
      for (let step = 0; step < place && ref !== 0; step++) ref = this.nextInChain(ref);
      if (ref === 0) continue;
      return place < FAIR_CHAIN - 1 ? ref : this.pickFrom(ref, random);
    }
  }

  /** One of the records from `first` to the end of its chain. */
  private pickFrom(first: number, random: { uint32(): number }): number {
    let length = 1;
    for (let ref = this.nextInChain(first); ref !== 0; ref = this.nextInChain(ref)) length++;
    let ref = first;
    if (length === 1) return ref;
    for (let steps = random.uint32() % length; steps > 0; steps--) ref = this.nextInChain(ref);
    return ref;
  }

  /** Number of chains, empty ones included; see {@linkcode chainHead}. */
  get chainCount(): number {
    return this.oldSlots.length + this.slots.length;
  }

  /** The first record of a chain, or 0: walking all chains visits each record once. */
  chainHead(chain: number): number {
    const old = this.oldSlots.length;
    return chain < old ? this.oldSlots[chain] : this.slots[chain - old];
  }

  /**
   * Puts the first records of the chains from one on into `refs`, of as many chains as that has places,
   * and says how many have one.
   */
  headsFrom(chain: number, refs: Int32Array): number {
    const { slots, oldSlots } = this;
    const old = oldSlots.length;
    const end = Math.min(chain + refs.length, old + slots.length);
    let count = 0;
    // Refs are positive: that adds one for each, without a branch.
    for (; chain < end && chain < old; chain++) {
      const ref = oldSlots[chain];
      refs[count] = ref;
      count += -ref >>> 31;
    }
    for (; chain < end; chain++) {
      const ref = slots[chain - old];
      refs[count] = ref;
      count += -ref >>> 31;
    }
    return count;
  }

  /** Puts those of the first `count` records that are not the last in their chains into `successors`. */
  successorsOf(refs: Int32Array, count: number, successors: Int32Array): number {
    const { words } = this.arena;
    let found = 0;
    for (let i = 0; i < count; i++) {
      const ref = words[refs[i] >>> SEGMENT_OF_REF][(refs[i] & REF_IN_SEGMENT) << WORD];
      successors[found] = ref;
      found += -ref >>> 31;
    }
    return found;
  }

  /** The record after this one in its chain, or 0. */
  nextInChain(ref: number): number {
    return this.arena.words[ref >>> SEGMENT_OF_REF][(ref & REF_IN_SEGMENT) << WORD];
  }

  /**
   * Empties a table that is out of use, a slice at a time: hands over about `maxRecords` records,
   * whose memory is the visitor's to free, and says whether there are more. From the first call to
   * the one that returns false the table is good for nothing else.
   */
  drain(maxRecords: number, visit: (ref: number) => void): boolean {
    let records = maxRecords;
    let slots = maxRecords * SLOTS_PER_DRAINED;
    while (this.count > 0) {
      if (this.oldSlots === NO_SLOTS) {
        this.oldSlots = this.slots;
        this.slots = NO_SLOTS;
        this.moved = 0;
      }
      while (this.moved < this.oldSlots.length) {
        if (records <= 0 || slots-- <= 0) return true;
        let ref = this.oldSlots[this.moved];
        this.oldSlots[this.moved++] = 0;
        while (ref !== 0) {
          const next = this.nextInChain(ref);
          this.count--;
          records--;
          visit(ref);
          ref = next;
        }
      }
      this.oldSlots = NO_SLOTS;
    }
    this.oldSlots = NO_SLOTS;
    this.oldMask = 0;
    this.slots = new Int32Array(SMALLEST);
    this.account();
    this.mask = SMALLEST - 1;
    return false;
  }

  /** Moves chains for the cron while nobody writes; true while there is more to move. */
  rehash(steps: number): boolean {
    for (let i = 0; i < steps && this.oldSlots !== NO_SLOTS; i++) this.step();
    return this.oldSlots !== NO_SLOTS;
  }

  /** Sets up room for `count` records at once, for loaders that know how many come. */
  reserve(count: number): void {
    while (this.oldSlots !== NO_SLOTS) this.step();
    if (count <= this.slots.length) return;
    this.resizeTo(powerOfTwo(count));
    while (this.oldSlots !== NO_SLOTS) this.step();
  }

  get isResizing(): boolean {
    return this.oldSlots !== NO_SLOTS;
  }

  /** Slots now in use, and those of the array being emptied. */
  get slotCounts(): { readonly current: number; readonly old: number } {
    return { current: this.slots.length, old: this.oldSlots.length };
  }

  /** Memory of the slot arrays; records are counted by the arena. */
  get slotBytes(): number {
    return (this.slots.length + this.oldSlots.length) * 4;
  }

  keyLengthOf(ref: number): number {
    return this.arena.words[ref >>> SEGMENT_OF_REF][((ref & REF_IN_SEGMENT) << WORD) + 2];
  }

  hashOf(ref: number): number {
    return this.arena.words[ref >>> SEGMENT_OF_REF][((ref & REF_IN_SEGMENT) << WORD) + 1];
  }

  /** Lets the arena know what the slot arrays take, but for those of an empty table. */
  private account(): void {
    const bytes = this.slotBytes - SMALLEST * 4;
    this.arena.outsideBytes += bytes - this.accountedBytes;
    this.accountedBytes = bytes;
  }

  /** Makes whatever points to `ref` point to `target`. */
  private relink(ref: number, target: number): void {
    const hash = this.hashOf(ref);
    let slots = this.slots;
    let slot = hash & this.mask;
    if (this.oldSlots !== NO_SLOTS && (hash & this.oldMask) >= this.moved) {
      if (this.isInChain(this.oldSlots[hash & this.oldMask], ref)) {
        slots = this.oldSlots;
        slot = hash & this.oldMask;
      }
    }
    let current = slots[slot];
    if (current === ref) {
      slots[slot] = target;
      return;
    }
    while (current !== 0) {
      const words = this.arena.words[current >>> SEGMENT_OF_REF];
      const at = (current & REF_IN_SEGMENT) << WORD;
      const next = words[at];
      if (next === ref) {
        words[at] = target;
        return;
      }
      current = next;
    }
    invariant(false, "hash table: a record is not in the chain of its hash");
  }

  private isInChain(ref: number, wanted: number): boolean {
    while (ref !== 0 && ref !== wanted) ref = this.nextInChain(ref);
    return ref !== 0;
  }

  private visitChain(ref: number, visit: (ref: number) => void): void {
    while (ref !== 0) {
      const next = this.nextInChain(ref);
      visit(ref);
      ref = next;
    }
  }

  /** Begins to grow or shrink to the power of two that fits the records there are. */
  private resize(): void {
    this.resizeTo(powerOfTwo(Math.max(SMALLEST, this.count + 1)));
  }

  private resizeTo(length: number): void {
    if (length === this.slots.length || length > LARGEST) return;
    this.oldSlots = this.slots;
    this.oldMask = this.mask;
    this.moved = 0;
    this.slots = new Int32Array(length);
    this.account();
    this.mask = length - 1;
    this.step();
  }

  private step(): void {
    if (this.pauseDepth > 0) return;
    let empty = EMPTY_PER_STEP;
    for (let chains = CHAINS_PER_STEP; chains > 0;) {
      if (this.moved === this.oldSlots.length) {
        this.oldSlots = NO_SLOTS;
        this.oldMask = 0;
        this.account();
        return;
      }
      let ref = this.oldSlots[this.moved];
      if (ref === 0) {
        this.moved++;
        if (--empty === 0) return;
        continue;
      }
      this.oldSlots[this.moved++] = 0;
      while (ref !== 0) {
        const words = this.arena.words[ref >>> SEGMENT_OF_REF];
        const at = (ref & REF_IN_SEGMENT) << WORD;
        const next = words[at];
        const slot = words[at + 1] & this.mask;
        words[at] = this.slots[slot];
        this.slots[slot] = ref;
        ref = next;
      }
      chains--;
    }
  }
}

const NO_SLOTS = new Int32Array(0);
/** Chains longer than this are rare in a table that is as full as it may be. */
const FAIR_CHAIN = 3;

/** Adds one to the cursor from its highest masked bit downwards. */
function nextCursor(cursor: number, mask: number): number {
  return reverseBits(reverseBits(cursor | ~mask) + 1);
}

function reverseBits(value: number): number {
  value = (value >>> 1 & 0x55555555) | (value & 0x55555555) << 1;
  value = (value >>> 2 & 0x33333333) | (value & 0x33333333) << 2;
  value = (value >>> 4 & 0x0f0f0f0f) | (value & 0x0f0f0f0f) << 4;
  value = (value >>> 8 & 0x00ff00ff) | (value & 0x00ff00ff) << 8;
  return (value >>> 16 | value << 16) >>> 0;
}

function powerOfTwo(atLeast: number): number {
  return atLeast <= 1 ? 1 : 2 ** (32 - Math.clz32(atLeast - 1));
}
