/**
 * The nodes of an ordered set (ordered_set.ts): how they lie in the arena, searching one of them, and
 * moving entries within and between them. [hot]
 *
 * ```
 * leaf  (768 bytes)   count │ next │ previous │ level 0 │ 62 scores (doubles) │ 62 refs of records
 * inner (1280 bytes)  count │      │          │ level n │ 63 scores │ 63 refs │ 63 children │ 63 sizes
 * ```
 *
 * A leaf's scores lie side by side, so that a search touches a record only where scores are equal. An
 * inner node repeats score and ref of the first record under each child, and says how many records
 * are under it.
 */

import { invariant } from "../host/invariant.ts";
import type { Arena } from "./arena.ts";
import * as arenaModule from "./arena.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { REF_IN_SEGMENT, REF_UNIT, SEGMENT_OF_REF } = arenaModule;

const WORD = REF_UNIT - 2;

export const LEAF_BYTES = 768;
export const LEAF_CAPACITY = 62;
export const INNER_BYTES = 1280;
export const INNER_CAPACITY = 63;

/** Words of a cache line. */
const LINE_WORDS = 16;

// Words of a node's header.
export const NEXT = 1;
export const PREVIOUS = 2;
export const LEVEL = 3;

/** Byte at which the scores begin, in leaves and inner nodes. */
export const SCORES = 16;
export const LEAF_REFS = (SCORES + LEAF_CAPACITY * 8) / 4;
/** Words at which an inner node's refs, children and sizes begin. */
export const INNER_REFS = (SCORES + INNER_CAPACITY * 8) / 4;
export const CHILDREN = INNER_REFS + INNER_CAPACITY;
export const SIZES = CHILDREN + INNER_CAPACITY;

/** Index of a node's or record's first word in its segment. */
export function wordOf(ref: number): number {
  return (ref & REF_IN_SEGMENT) << WORD;
}

/** Index of its first byte. */
export function byteOf(ref: number): number {
  return (ref & REF_IN_SEGMENT) << REF_UNIT;
}

export class OrderedNodes {
  /** Memory of the nodes. */
  nodeBytes = 0;
  /** Keeps the reads of {@linkcode touchLeaf} from being optimised away. */
  protected seen = 0;

  /** @param keyOffset where a record's key begins, in bytes from its start. */
  constructor(protected readonly arena: Arena, private readonly keyOffset: number) {}

  /**
   * Reads a word of each cache line of a leaf, so that the waits for them overlap: a search would come
   * to one after the other. That saves ZADD and ZRANK 4 % of their time among 100,000 members.
   */
  protected touchLeaf(leaf: number): void {
    const words = this.arena.words[leaf >>> SEGMENT_OF_REF];
    const base = wordOf(leaf);
    let seen = 0;
    for (let at = base; at < base + LEAF_BYTES / 4; at += LINE_WORDS) seen ^= words[at];
    this.seen = seen;
  }

  /** The last child whose first record is not above the one looked for, or else the first. */
  protected childFor(node: number, score: number, ref: number): number {
    const words = this.arena.words[node >>> SEGMENT_OF_REF];
    const data = this.arena.data[node >>> SEGMENT_OF_REF];
    const base = wordOf(node);
    const scores = byteOf(node) + SCORES;
    let low = 1;
    let high = words[base];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = data.getFloat64(scores + middle * 8, true);
      if (
        other < score ||
        (other === score && this.compare(words[base + INNER_REFS + middle], ref) <= 0)
      ) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Where in a leaf a record that is not there would have to be. */
  protected placeInLeaf(leaf: number, score: number, ref: number): number {
    const words = this.arena.words[leaf >>> SEGMENT_OF_REF];
    const data = this.arena.data[leaf >>> SEGMENT_OF_REF];
    const base = wordOf(leaf);
    const scores = byteOf(leaf) + SCORES;
    let low = 0;
    let high = words[base];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = data.getFloat64(scores + middle * 8, true);
      if (
        other < score ||
        (other === score && this.compare(words[base + LEAF_REFS + middle], ref) < 0)
      ) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Where in a leaf a record is that is there. It is told from others of its score by its ref: to read
   * them would be to wait for memory (among 100,000 members of as many scores ZRANK takes 0.88 of the
   * time, ZADD 0.95).
   */
  protected indexInLeaf(leaf: number, score: number, ref: number): number {
    const words = this.arena.words[leaf >>> SEGMENT_OF_REF];
    const base = wordOf(leaf);
    const count = words[base];
    let at = this.scoresBelow(leaf, score, false);
    while (at < count && words[base + LEAF_REFS + at] !== ref) at++;
    invariant(at < count, "ordered set: a record is not where its score says");
    return at;
  }

  protected scoresBelow(node: number, score: number, inclusive: boolean): number {
    const data = this.arena.data[node >>> SEGMENT_OF_REF];
    const scores = byteOf(node) + SCORES;
    let low = 0;
    let high = this.arena.words[node >>> SEGMENT_OF_REF][wordOf(node)];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = data.getFloat64(scores + middle * 8, true);
      if (other < score || (inclusive && other === score)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  protected keysBelow(node: number, refs: number, key: Uint8Array, inclusive: boolean): number {
    const words = this.arena.words[node >>> SEGMENT_OF_REF];
    const base = wordOf(node);
    let low = 0;
    let high = words[base];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const order = this.compareKey(words[base + refs + middle], key);
      if (order < 0 || (inclusive && order === 0)) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  protected sizeBefore(node: number, at: number): number {
    const words = this.arena.words[node >>> SEGMENT_OF_REF];
    const from = wordOf(node) + SIZES;
    let total = 0;
    for (let i = from; i < from + at; i++) total += words[i];
    return total;
  }

  /** Orders the keys of two records as memcmp does, a prefix first. */
  protected compare(a: number, b: number): number {
    if (a === b) return 0;
    const aLength = this.arena.words[a >>> SEGMENT_OF_REF][wordOf(a) + 2];
    const bLength = this.arena.words[b >>> SEGMENT_OF_REF][wordOf(b) + 2];
    const aData = this.arena.data[a >>> SEGMENT_OF_REF];
    const bData = this.arena.data[b >>> SEGMENT_OF_REF];
    const aAt = byteOf(a) + this.keyOffset;
    const bAt = byteOf(b) + this.keyOffset;
    const shared = aLength < bLength ? aLength : bLength;
    let i = 0;
    for (const words = shared & ~3; i < words; i += 4) {
      if (aData.getInt32(aAt + i) !== bData.getInt32(bAt + i)) {
        return aData.getUint32(aAt + i) - bData.getUint32(bAt + i);
      }
    }
    for (; i < shared; i++) {
      const difference = aData.getUint8(aAt + i) - bData.getUint8(bAt + i);
      if (difference !== 0) return difference;
    }
    return aLength - bLength;
  }

  protected compareKey(ref: number, key: Uint8Array): number {
    const length = this.arena.words[ref >>> SEGMENT_OF_REF][wordOf(ref) + 2];
    const bytes = this.arena.bytes[ref >>> SEGMENT_OF_REF];
    const from = byteOf(ref) + this.keyOffset;
    const shared = length < key.length ? length : key.length;
    for (let i = 0; i < shared; i++) {
      const difference = bytes[from + i] - key[i];
      if (difference !== 0) return difference;
    }
    return length - key.length;
  }

  protected newNode(size: number, level: number): number {
    const node = this.arena.allocate(size);
    const words = this.arena.words[node >>> SEGMENT_OF_REF];
    const base = wordOf(node);
    words[base] = 0;
    words[base + NEXT] = 0;
    words[base + PREVIOUS] = 0;
    words[base + LEVEL] = level;
    this.nodeBytes += size;
    return node;
  }

  protected freeNode(node: number, size: number): void {
    this.arena.free(node);
    this.nodeBytes -= size;
  }

  protected shiftLeaf(leaf: number, from: number, to: number, count: number): void {
    const words = this.arena.words[leaf >>> SEGMENT_OF_REF];
    const base = wordOf(leaf);
    const scores = base + SCORES / 4;
    words.copyWithin(scores + to * 2, scores + from * 2, scores + (from + count) * 2);
    const refs = base + LEAF_REFS;
    words.copyWithin(refs + to, refs + from, refs + from + count);
  }

  protected setCount(node: number, count: number): void {
    this.arena.words[node >>> SEGMENT_OF_REF][wordOf(node)] = count;
  }

  protected leafRef(leaf: number, at: number): number {
    return this.arena.words[leaf >>> SEGMENT_OF_REF][wordOf(leaf) + LEAF_REFS + at];
  }

  /** Copies entries of one leaf to another; the counts are the caller's to set. */
  protected moveEntries(from: number, at: number, to: number, toAt: number, count: number): void {
    const source = this.arena.words[from >>> SEGMENT_OF_REF];
    const target = this.arena.words[to >>> SEGMENT_OF_REF];
    const fromScores = wordOf(from) + SCORES / 4 + at * 2;
    const toScores = wordOf(to) + SCORES / 4 + toAt * 2;
    for (let i = 0; i < count * 2; i++) target[toScores + i] = source[fromScores + i];
    const fromRefs = wordOf(from) + LEAF_REFS + at;
    const toRefs = wordOf(to) + LEAF_REFS + toAt;
    for (let i = 0; i < count; i++) target[toRefs + i] = source[fromRefs + i];
  }

  /** Moves children within an inner node or to another; the counts are the caller's to set. */
  protected moveChildren(from: number, at: number, to: number, toAt: number, count: number): void {
    const source = this.arena.words[from >>> SEGMENT_OF_REF];
    const target = this.arena.words[to >>> SEGMENT_OF_REF];
    const scores = wordOf(from) + SCORES / 4 + at * 2;
    moveWords(source, scores, target, wordOf(to) + SCORES / 4 + toAt * 2, count * 2);
    const refs = wordOf(from) + INNER_REFS + at;
    moveWords(source, refs, target, wordOf(to) + INNER_REFS + toAt, count);
    const children = wordOf(from) + CHILDREN + at;
    moveWords(source, children, target, wordOf(to) + CHILDREN + toAt, count);
    const sizes = wordOf(from) + SIZES + at;
    moveWords(source, sizes, target, wordOf(to) + SIZES + toAt, count);
  }
}

/** Moves words as if through a buffer of their own: the ranges may overlap. */
function moveWords(
  source: Int32Array,
  from: number,
  target: Int32Array,
  to: number,
  count: number,
): void {
  if (source === target && from < to) {
    for (let i = count - 1; i >= 0; i--) target[to + i] = source[from + i];
  } else {
    for (let i = 0; i < count; i++) target[to + i] = source[from + i];
  }
}
