/**
 * Records of an arena by time: a heap of four children a node with the soonest on top, in typed
 * arrays outside the garbage collector's sight. [hot]
 *
 * Each record knows its place in the heap, so that a change or removal costs O(log n), and its time
 * is one array read away; where in the record the place is kept is the owner's choice. The arrays
 * are cut in chunks, so that growing never copies much: the first one doubles, the others have
 * their full size from the start.
 */

const CHUNK_SHIFT = 15;
const CHUNK = 1 << CHUNK_SHIFT;
const IN_CHUNK = CHUNK - 1;
/** A time and a ref. */
const BYTES_PER_RECORD = 12;

export abstract class TimeHeap {
  /** Number of records. */
  count = 0;
  private readonly times: Float64Array[] = [];
  private readonly refs: Int32Array[] = [];

  /** @param firstChunk records that there is room for when the first one is added. */
  constructor(private readonly firstChunk: number) {}

  /** The record whose time comes first; 0 when there is none. */
  soonest(): number {
    return this.count === 0 ? 0 : this.refs[0][0];
  }

  /** When the first one comes; Infinity when there is none. */
  soonestTime(): number {
    return this.count === 0 ? Infinity : this.times[0][0];
  }

  /** The record at a place from 0 to count - 1, for picking at random. */
  refAt(place: number): number {
    return this.refs[place >>> CHUNK_SHIFT][place & IN_CHUNK];
  }

  timeAt(place: number): number {
    return this.times[place >>> CHUNK_SHIFT][place & IN_CHUNK];
  }

  /** How many records have a time up to `time`; costs O(that number). */
  countUpTo(time: number, place = 0): number {
    if (place >= this.count || this.timeAt(place) > time) return 0;
    let total = 1;
    for (let child = place * 4 + 1; child <= place * 4 + 4; child++) {
      total += this.countUpTo(time, child);
    }
    return total;
  }

  get memoryBytes(): number {
    let total = 0;
    for (const chunk of this.times) total += chunk.length * BYTES_PER_RECORD;
    return total;
  }

  /** Writes a record's place where {@linkcode TimeHeap}'s owner will find it. */
  protected abstract setPlace(ref: number, place: number): void;

  protected add(ref: number, time: number): void {
    const last = this.count++;
    if ((last & IN_CHUNK) === 0 || last === this.times[0].length) this.grow(last);
    this.siftUp(last, ref, time);
  }

  protected changeTime(place: number, time: number): void {
    const ref = this.refAt(place);
    if (time < this.timeAt(place)) this.siftUp(place, ref, time);
    else this.siftDown(place, ref, time);
  }

  /** Takes out the record at a place, whose own note of the place is left as it is. */
  protected removeAt(place: number): void {
    const last = --this.count;
    if (place !== last) {
      const movedRef = this.refAt(last);
      const movedTime = this.timeAt(last);
      const parent = place === 0 ? -1 : (place - 1) >>> 2;
      if (parent >= 0 && this.timeAt(parent) > movedTime) this.siftUp(place, movedRef, movedTime);
      else this.siftDown(place, movedRef, movedTime);
    }
    if (this.times.length > (last >>> CHUNK_SHIFT) + 2) {
      this.times.pop();
      this.refs.pop();
    }
  }

  /** Notes that the record at a place lies elsewhere now. */
  protected setRefAt(place: number, ref: number): void {
    this.refs[place >>> CHUNK_SHIFT][place & IN_CHUNK] = ref;
  }

  /** Makes room for a record at a place. */
  private grow(place: number): void {
    const chunk = place >>> CHUNK_SHIFT;
    if (chunk > 0) {
      if (chunk < this.times.length) return;
      this.times.push(new Float64Array(CHUNK));
      this.refs.push(new Int32Array(CHUNK));
      return;
    }
    if (this.times.length > 0 && place < this.times[0].length) return;
    const length = place === 0 ? this.firstChunk : place * 2;
    const times = new Float64Array(length);
    const refs = new Int32Array(length);
    if (place > 0) {
      times.set(this.times[0]);
      refs.set(this.refs[0]);
    }
    this.times[0] = times;
    this.refs[0] = refs;
  }

  private put(place: number, ref: number, time: number): void {
    this.times[place >>> CHUNK_SHIFT][place & IN_CHUNK] = time;
    this.refs[place >>> CHUNK_SHIFT][place & IN_CHUNK] = ref;
    this.setPlace(ref, place);
  }

  private siftUp(place: number, ref: number, time: number): void {
    while (place > 0) {
      const parent = (place - 1) >>> 2;
      const parentTime = this.timeAt(parent);
      if (parentTime <= time) break;
      this.put(place, this.refAt(parent), parentTime);
      place = parent;
    }
    this.put(place, ref, time);
  }

  private siftDown(place: number, ref: number, time: number): void {
    for (;;) {
      const first = place * 4 + 1;
      if (first >= this.count) break;
      const end = Math.min(first + 4, this.count);
      let child = first;
      let childTime = this.timeAt(first);
      for (let i = first + 1; i < end; i++) {
        const candidate = this.timeAt(i);
        if (candidate < childTime) {
          child = i;
          childTime = candidate;
        }
      }
      if (childTime >= time) break;
      this.put(place, this.refAt(child), childTime);
      place = child;
    }
    this.put(place, ref, time);
  }
}
