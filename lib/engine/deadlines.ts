/**
 * What is due when: a binary heap whose members know their places, so that one which is no longer
 * waited for leaves it at once. Most of those who wait with a deadline never come to it.
 */

export interface Deadline {
  /** In milliseconds, on the one clock that all in a heap are measured by. */
  readonly dueMs: number;
  /** Tells apart those that are due at the same time: the lower one is first. */
  readonly order: number;
  /** Place in the heap, its own affair; -1 outside of it. */
  place: number;
}

export class Deadlines<T extends Deadline> {
  private readonly heap: T[] = [];

  get size(): number {
    return this.heap.length;
  }

  /** The one that is due first, or undefined. */
  get first(): T | undefined {
    return this.heap[0];
  }

  add(entry: T): void {
    this.heap.push(entry);
    this.rise(entry, this.heap.length - 1);
  }

  /** Does nothing for one that is not in the heap. */
  remove(entry: T): void {
    const { place } = entry;
    if (place < 0) return;
    entry.place = -1;
    const last = this.heap.pop() as T;
    if (last === entry) return;
    this.rise(last, place);
    this.sink(last, last.place);
  }

  private rise(entry: T, place: number): void {
    const { heap } = this;
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      if (!isBefore(entry, heap[parent])) break;
      heap[place] = heap[parent];
      heap[place].place = place;
      place = parent;
    }
    heap[place] = entry;
    entry.place = place;
  }

  private sink(entry: T, place: number): void {
    const { heap } = this;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1], heap[child])) child++;
      if (!isBefore(heap[child], entry)) break;
      heap[place] = heap[child];
      heap[place].place = place;
      place = child;
    }
    heap[place] = entry;
    entry.place = place;
  }
}

function isBefore(a: Deadline, b: Deadline): boolean {
  return a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);
}
