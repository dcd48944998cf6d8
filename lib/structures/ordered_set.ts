/**
 * Records in the order of (score, then bytes), with their ranks: a counted B+ tree whose nodes lie in
 * the arena beside the records. [hot]
 *
 * Inner nodes say how many records are under each child, so a rank is the sum of the sizes to the
 * left of the way down. Every node keeps at least one entry; one that falls below a quarter is merged
 * with a neighbour if both fit in three quarters of a node, so that coming and going at one place
 * does not split and merge in turn.
 *
 * Records are those of hash_table.ts (the key's length is their third word); whoever owns them keeps
 * the score, because finding a record takes it. A record must not move while it is here.
 * What it costs at 1 k, 100 k and 10 M records is measured by tests/bench/ordered_set_bench.ts.
 */

import * as arenaModule from "./arena.ts";
import { OrderedNodes } from "./ordered_nodes.ts";
import * as orderedNodesModule from "./ordered_nodes.ts";

// See "Hot modules" in lib/ARCHITECTURE.md.
const { SEGMENT_OF_REF } = arenaModule;
const {
  byteOf,
  CHILDREN,
  INNER_BYTES,
  INNER_CAPACITY,
  INNER_REFS,
  LEAF_BYTES,
  LEAF_CAPACITY,
  LEAF_REFS,
  LEVEL,
  NEXT,
  PREVIOUS,
  SCORES,
  SIZES,
  wordOf,
} = orderedNodesModule;

/** The way from the root to a leaf, by level; one for all trees, since no call runs inside another. */
const pathNodes = new Int32Array(16);
const pathIndexes = new Int32Array(16);

export class OrderedSet extends OrderedNodes {
  /** Number of records. */
  count = 0;

  private root = 0;
  /** Levels of inner nodes. */
  private height = 0;
  private firstLeaf = 0;
  private lastLeaf = 0;
  /** Nodes that a drain still has to free. */
  private condemned: number[] | null = null;

  /** Adds a record that is not there yet. `score` is not NaN. */
  insert(score: number, ref: number): void {
    this.count++;
    if (this.root === 0) {
      this.root = this.firstLeaf = this.lastLeaf = this.newNode(LEAF_BYTES, 0);
    }
    const leaf = this.descend(score, ref, 1);
    const at = this.placeInLeaf(leaf, score, ref);
    if (this.arena.words[leaf >>> SEGMENT_OF_REF][wordOf(leaf)] === LEAF_CAPACITY) {
      this.splitLeaf(leaf, at, score, ref);
      return;
    }
    this.putInLeaf(leaf, at, score, ref);
    if (at === 0) this.setFirst(1, score, ref);
  }

  /** Takes out a record that is there with this score. */
  remove(score: number, ref: number): void {
    const leaf = this.descend(score, ref, -1);
    const at = this.indexInLeaf(leaf, score, ref);
    this.removeFromLeaf(leaf, at);
  }

  /** Takes out the record of a rank (from 0) and returns it. */
  removeAt(rank: number): number {
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const words = this.arena.words[node >>> SEGMENT_OF_REF];
      const base = wordOf(node);
      let at = 0;
      for (; rank >= words[base + SIZES + at]; at++) rank -= words[base + SIZES + at];
      words[base + SIZES + at]--;
      pathNodes[level] = node;
      pathIndexes[level] = at;
      node = words[base + CHILDREN + at];
    }
    const ref = this.leafRef(node, rank);
    this.removeFromLeaf(node, rank);
    return ref;
  }

  /** Gives a record another score; cheap where that does not change its place. */
  update(oldScore: number, newScore: number, ref: number): void {
    const leaf = this.descend(oldScore, ref, 0);
    const at = this.indexInLeaf(leaf, oldScore, ref);
    const data = this.arena.data[leaf >>> SEGMENT_OF_REF];
    const scores = byteOf(leaf) + SCORES;
    const last = this.arena.words[leaf >>> SEGMENT_OF_REF][wordOf(leaf)] - 1;
    if (
      (at > 0 ? data.getFloat64(scores + at * 8 - 8, true) < newScore : this.height === 0) &&
      (at < last ? newScore < data.getFloat64(scores + at * 8 + 8, true) : leaf === this.lastLeaf)
    ) {
      data.setFloat64(scores + at * 8, newScore, true);
      return;
    }
    for (let level = this.height; level > 0; level--) {
      const node = pathNodes[level];
      this.arena.words[node >>> SEGMENT_OF_REF][wordOf(node) + SIZES + pathIndexes[level]]--;
    }
    this.removeFromLeaf(leaf, at);
    this.insert(newScore, ref);
  }

  /** How many records stand before one that is there with this score. */
  rankOf(score: number, ref: number): number {
    let rank = 0;
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const at = this.childFor(node, score, ref);
      rank += this.sizeBefore(node, at);
      node = this.arena.words[node >>> SEGMENT_OF_REF][wordOf(node) + CHILDREN + at];
    }
    this.touchLeaf(node);
    return rank + this.indexInLeaf(node, score, ref);
  }

  /** How many records have a score below this one, or up to it when `inclusive`. */
  countBelow(score: number, inclusive: boolean): number {
    if (this.root === 0) return 0;
    let rank = 0;
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const at = Math.max(0, this.scoresBelow(node, score, inclusive) - 1);
      rank += this.sizeBefore(node, at);
      node = this.arena.words[node >>> SEGMENT_OF_REF][wordOf(node) + CHILDREN + at];
    }
    return rank + this.scoresBelow(node, score, inclusive);
  }

  /**
   * How many records have a key below these bytes, or up to them when `inclusive`; means something
   * only while all scores are the same.
   */
  countKeysBelow(key: Uint8Array, inclusive: boolean): number {
    if (this.root === 0) return 0;
    let rank = 0;
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const at = Math.max(0, this.keysBelow(node, INNER_REFS, key, inclusive) - 1);
      rank += this.sizeBefore(node, at);
      node = this.arena.words[node >>> SEGMENT_OF_REF][wordOf(node) + CHILDREN + at];
    }
    return rank + this.keysBelow(node, LEAF_REFS, key, inclusive);
  }

  /** Sets a cursor on the record of a rank, which must be there. */
  seek(cursor: OrderedCursor, rank: number): void {
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const words = this.arena.words[node >>> SEGMENT_OF_REF];
      const base = wordOf(node);
      let at = 0;
      for (; rank >= words[base + SIZES + at]; at++) rank -= words[base + SIZES + at];
      node = words[base + CHILDREN + at];
    }
    cursor.leaf = node;
    cursor.index = rank;
    cursor.ref = this.leafRef(node, rank);
  }

  /** Moves a cursor to the next record; false at the end. */
  next(cursor: OrderedCursor): boolean {
    let { leaf } = cursor;
    let words = this.arena.words[leaf >>> SEGMENT_OF_REF];
    let base = wordOf(leaf);
    if (++cursor.index === words[base]) {
      leaf = words[base + NEXT];
      if (leaf === 0) return false;
      cursor.leaf = leaf;
      cursor.index = 0;
      words = this.arena.words[leaf >>> SEGMENT_OF_REF];
      base = wordOf(leaf);
    }
    cursor.ref = words[base + LEAF_REFS + cursor.index];
    return true;
  }

  /** Moves a cursor to the record before; false at the beginning. */
  previous(cursor: OrderedCursor): boolean {
    if (--cursor.index < 0) {
      const previous =
        this.arena.words[cursor.leaf >>> SEGMENT_OF_REF][wordOf(cursor.leaf) + PREVIOUS];
      if (previous === 0) return false;
      cursor.leaf = previous;
      cursor.index = this.arena.words[previous >>> SEGMENT_OF_REF][wordOf(previous)] - 1;
    }
    cursor.ref = this.leafRef(cursor.leaf, cursor.index);
    return true;
  }

  /**
   * Gives the records from a cursor on, or back from it, that are in its leaf, `most` of them, and sets
   * the cursor on the last one; how many they were. As numbers beside each other they can be read
   * together, where by {@linkcode next} each waits for the one before.
   */
  refsFrom(cursor: OrderedCursor, refs: Int32Array, most: number, reverse: boolean): number {
    const { leaf, index } = cursor;
    const words = this.arena.words[leaf >>> SEGMENT_OF_REF];
    const base = wordOf(leaf);
    const step = reverse ? -1 : 1;
    const count = Math.min(most, reverse ? index + 1 : words[base] - index);
    let at = base + LEAF_REFS + index;
    for (let i = 0; i < count; i++, at += step) refs[i] = words[at];
    cursor.index = index + step * (count - 1);
    cursor.ref = refs[count - 1];
    return count;
  }

  /** The score of the record that a cursor is on. */
  scoreAt(cursor: OrderedCursor): number {
    const { leaf, index } = cursor;
    return this.arena.data[leaf >>> SEGMENT_OF_REF]
      .getFloat64(byteOf(leaf) + SCORES + index * 8, true);
  }

  /**
   * Frees the nodes of a set that is out of use, about `nodes` of them at a time; true while there
   * are more. The records are not touched, nor looked at.
   */
  drain(nodes: number): boolean {
    const left = this.condemned ??= this.root === 0 ? [] : [this.root];
    for (; left.length > 0 && nodes > 0; nodes--) {
      const node = left.pop() as number;
      const words = this.arena.words[node >>> SEGMENT_OF_REF];
      const base = wordOf(node);
      const leaf = words[base + LEVEL] === 0;
      if (!leaf) {
        for (let i = 0; i < words[base]; i++) left.push(words[base + CHILDREN + i]);
      }
      this.freeNode(node, leaf ? LEAF_BYTES : INNER_BYTES);
    }
    return left.length > 0;
  }

  /** The leaf for a record, the way to it noted and `change` added to the sizes along it. */
  private descend(score: number, ref: number, change: number): number {
    let node = this.root;
    for (let level = this.height; level > 0; level--) {
      const at = this.childFor(node, score, ref);
      const words = this.arena.words[node >>> SEGMENT_OF_REF];
      const base = wordOf(node);
      words[base + SIZES + at] += change;
      pathNodes[level] = node;
      pathIndexes[level] = at;
      node = words[base + CHILDREN + at];
    }
    this.touchLeaf(node);
    return node;
  }

  private putInLeaf(leaf: number, at: number, score: number, ref: number): void {
    const words = this.arena.words[leaf >>> SEGMENT_OF_REF];
    const base = wordOf(leaf);
    const count = words[base];
    if (at < count) this.shiftLeaf(leaf, at, at + 1, count - at);
    words[base] = count + 1;
    words[base + LEAF_REFS + at] = ref;
    this.arena.data[leaf >>> SEGMENT_OF_REF].setFloat64(
      byteOf(leaf) + SCORES + at * 8,
      score,
      true,
    );
  }

  /** Puts a record into a full leaf by making two of it. */
  private splitLeaf(leaf: number, at: number, score: number, ref: number): void {
    const right = this.newNode(LEAF_BYTES, 0);
    this.linkAfter(leaf, right);
    // Records that come in order, upwards or downwards, leave full leaves behind them.
    let half = LEAF_CAPACITY >>> 1;
    if (at === LEAF_CAPACITY && this.lastLeaf === right) half = LEAF_CAPACITY;
    else if (at === 0 && this.firstLeaf === leaf) half = 0;
    this.moveEntries(leaf, half, right, 0, LEAF_CAPACITY - half);
    this.setCount(leaf, half);
    this.setCount(right, LEAF_CAPACITY - half);
    if (at > half || half === LEAF_CAPACITY) this.putInLeaf(right, at - half, score, ref);
    else this.putInLeaf(leaf, at, score, ref);
    if (at === 0) this.setFirst(1, score, ref);
    const size = this.arena.words[right >>> SEGMENT_OF_REF][wordOf(right)];
    this.addChild(1, leaf, right, size);
  }

  private linkAfter(leaf: number, right: number): void {
    const words = this.arena.words;
    const next = words[leaf >>> SEGMENT_OF_REF][wordOf(leaf) + NEXT];
    words[right >>> SEGMENT_OF_REF][wordOf(right) + NEXT] = next;
    words[right >>> SEGMENT_OF_REF][wordOf(right) + PREVIOUS] = leaf;
    words[leaf >>> SEGMENT_OF_REF][wordOf(leaf) + NEXT] = right;
    if (next === 0) this.lastLeaf = right;
    else words[next >>> SEGMENT_OF_REF][wordOf(next) + PREVIOUS] = right;
  }

  private unlinkLeaf(leaf: number): void {
    const words = this.arena.words;
    const next = words[leaf >>> SEGMENT_OF_REF][wordOf(leaf) + NEXT];
    const previous = words[leaf >>> SEGMENT_OF_REF][wordOf(leaf) + PREVIOUS];
    if (next === 0) this.lastLeaf = previous;
    else words[next >>> SEGMENT_OF_REF][wordOf(next) + PREVIOUS] = previous;
    if (previous === 0) this.firstLeaf = next;
    else words[previous >>> SEGMENT_OF_REF][wordOf(previous) + NEXT] = next;
  }

  private removeFromLeaf(leaf: number, at: number): void {
    this.count--;
    const words = this.arena.words[leaf >>> SEGMENT_OF_REF];
    const base = wordOf(leaf);
    const count = words[base] - 1;
    if (count === 0) {
      this.unlinkLeaf(leaf);
      this.freeNode(leaf, LEAF_BYTES);
      if (this.height === 0) this.root = 0;
      else this.removeChild(1, pathIndexes[1]);
      return;
    }
    words[base] = count;
    if (at < count) this.shiftLeaf(leaf, at + 1, at, count - at);
    if (this.height === 0) return;
    if (at === 0) {
      const score = this.arena.data[leaf >>> SEGMENT_OF_REF].getFloat64(
        byteOf(leaf) + SCORES,
        true,
      );
      this.setFirst(1, score, words[base + LEAF_REFS]);
    }
    if (count < LEAF_CAPACITY >>> 2) this.mergeAround(1);
  }

  /** Notes along the way that the first record under the noted child of `level` has changed. */
  private setFirst(level: number, score: number, ref: number): void {
    for (; level <= this.height; level++) {
      const node = pathNodes[level];
      const at = pathIndexes[level];
      this.arena.words[node >>> SEGMENT_OF_REF][wordOf(node) + INNER_REFS + at] = ref;
      this.arena.data[node >>> SEGMENT_OF_REF]
        .setFloat64(byteOf(node) + SCORES + at * 8, score, true);
      if (at !== 0) return;
    }
  }

  /** Hangs the right half of a node of the level below, with `size` records, beside the left. */
  private addChild(level: number, left: number, right: number, size: number): void {
    if (level > this.height) return this.growRoot(left, right, size);
    let node = pathNodes[level];
    let at = pathIndexes[level];
    const words = this.arena.words[node >>> SEGMENT_OF_REF];
    words[wordOf(node) + SIZES + at] -= size;
    if (words[wordOf(node)] < INNER_CAPACITY) {
      this.putChild(node, at + 1, right, size);
      return;
    }
    const half = INNER_CAPACITY >>> 1;
    const split = this.newNode(INNER_BYTES, level);
    this.moveChildren(node, half, split, 0, INNER_CAPACITY - half);
    this.setCount(node, half);
    this.setCount(split, INNER_CAPACITY - half);
    const whole = node;
    if (at + 1 > half) {
      node = split;
      at -= half;
    }
    this.putChild(node, at + 1, right, size);
    const count = this.arena.words[split >>> SEGMENT_OF_REF][wordOf(split)];
    this.addChild(level + 1, whole, split, this.sizeBefore(split, count));
  }

  private growRoot(left: number, right: number, size: number): void {
    this.height++;
    this.root = this.newNode(INNER_BYTES, this.height);
    this.putChild(this.root, 0, left, this.count - size);
    this.putChild(this.root, 1, right, size);
  }

  private putChild(node: number, at: number, child: number, size: number): void {
    const words = this.arena.words[node >>> SEGMENT_OF_REF];
    const base = wordOf(node);
    const count = words[base];
    if (at < count) this.moveChildren(node, at, node, at + 1, count - at);
    words[base] = count + 1;
    words[base + CHILDREN + at] = child;
    words[base + SIZES + at] = size;
    const childWords = this.arena.words[child >>> SEGMENT_OF_REF];
    const leaf = childWords[wordOf(child) + LEVEL] === 0;
    words[base + INNER_REFS + at] = childWords[wordOf(child) + (leaf ? LEAF_REFS : INNER_REFS)];
    const score = this.arena.data[child >>> SEGMENT_OF_REF].getFloat64(
      byteOf(child) + SCORES,
      true,
    );
    this.arena.data[node >>> SEGMENT_OF_REF].setFloat64(
      byteOf(node) + SCORES + at * 8,
      score,
      true,
    );
  }

  /** Takes a child out of the noted node of `level`; the child itself is freed already. */
  private removeChild(level: number, at: number): void {
    const node = pathNodes[level];
    const words = this.arena.words[node >>> SEGMENT_OF_REF];
    const base = wordOf(node);
    const count = words[base] - 1;
    if (count === 0) {
      this.freeNode(node, INNER_BYTES);
      if (level === this.height) this.root = this.height = 0;
      else this.removeChild(level + 1, pathIndexes[level + 1]);
      return;
    }
    words[base] = count;
    if (at < count) this.moveChildren(node, at + 1, node, at, count - at);
    if (level === this.height) {
      if (count === 1) this.shrinkRoot();
      return;
    }
    if (at === 0) {
      const score = this.arena.data[node >>> SEGMENT_OF_REF].getFloat64(
        byteOf(node) + SCORES,
        true,
      );
      this.setFirst(level + 1, score, words[base + INNER_REFS]);
    }
    if (count < INNER_CAPACITY >>> 2) this.mergeAround(level + 1);
  }

  private shrinkRoot(): void {
    while (this.height > 0) {
      const { root } = this;
      const words = this.arena.words[root >>> SEGMENT_OF_REF];
      if (words[wordOf(root)] > 1) return;
      this.root = words[wordOf(root) + CHILDREN];
      this.height--;
      this.freeNode(root, INNER_BYTES);
    }
  }

  /** Merges the noted child of `level` with a neighbour if both fit well into one node. */
  private mergeAround(level: number): void {
    const node = pathNodes[level];
    const at = pathIndexes[level];
    if (this.mergeWithNext(level, node, at)) return;
    if (at > 0) this.mergeWithNext(level, node, at - 1);
  }

  private mergeWithNext(level: number, node: number, at: number): boolean {
    const words = this.arena.words[node >>> SEGMENT_OF_REF];
    const base = wordOf(node);
    if (at + 1 >= words[base]) return false;
    const left = words[base + CHILDREN + at];
    const right = words[base + CHILDREN + at + 1];
    const leftCount = this.arena.words[left >>> SEGMENT_OF_REF][wordOf(left)];
    const rightCount = this.arena.words[right >>> SEGMENT_OF_REF][wordOf(right)];
    const capacity = level === 1 ? LEAF_CAPACITY : INNER_CAPACITY;
    if ((leftCount + rightCount) * 4 > capacity * 3) return false;
    if (level === 1) {
      this.moveEntries(right, 0, left, leftCount, rightCount);
      this.unlinkLeaf(right);
      this.freeNode(right, LEAF_BYTES);
    } else {
      this.moveChildren(right, 0, left, leftCount, rightCount);
      this.freeNode(right, INNER_BYTES);
    }
    this.setCount(left, leftCount + rightCount);
    words[base + SIZES + at] += words[base + SIZES + at + 1];
    this.removeChild(level, at + 1);
    return true;
  }
}

/** A place in an ordered set, valid until the set is changed. */
export class OrderedCursor {
  /** The record there. */
  ref = 0;
  /** The leaf and the place in it; the set's own. */
  leaf = 0;
  index = 0;
}
