/**
 * The hashes of one database that have expiring fields, by the time of the field that goes first:
 * the active expiry cycle takes them from here, so it looks only at hashes in which something is
 * due. A heap of two children a node; each hash knows its place.
 */

/** A hash as the index sees it. */
export interface ExpiringHash {
  /** The entry that holds the hash, in the database of the index. */
  readonly entry: number;
  /** When its first field goes, in Unix milliseconds, as the index knows it. */
  dueTime: number;
  /** Its place in the index, which sets it. */
  duePlace: number;
}

export class HashExpiry {
  private readonly hashes: ExpiringHash[] = [];

  /** Number of hashes with expiring fields. */
  get count(): number {
    return this.hashes.length;
  }

  /** The hash with the field that goes first; null when there is none. */
  soonest(): ExpiringHash | null {
    return this.hashes.length === 0 ? null : this.hashes[0];
  }

  /** When that field goes, in Unix milliseconds; Infinity when there is none. */
  soonestTime(): number {
    return this.hashes.length === 0 ? Infinity : this.hashes[0].dueTime;
  }

  add(hash: ExpiringHash): void {
    this.hashes.push(hash);
    this.siftUp(this.hashes.length - 1, hash);
  }

  /** Finds the right place again after the hash's time was changed. */
  changed(hash: ExpiringHash): void {
    this.siftUp(hash.duePlace, hash);
    this.siftDown(hash.duePlace, hash);
  }

  remove(hash: ExpiringHash): void {
    const last = this.hashes.pop();
    if (last === undefined || last === hash) return;
    this.put(hash.duePlace, last);
    this.changed(last);
  }

  private put(place: number, hash: ExpiringHash): void {
    this.hashes[place] = hash;
    hash.duePlace = place;
  }

  private siftUp(place: number, hash: ExpiringHash): void {
    while (place > 0) {
      const parent = (place - 1) >>> 1;
      if (this.hashes[parent].dueTime <= hash.dueTime) break;
      this.put(place, this.hashes[parent]);
      place = parent;
    }
    this.put(place, hash);
  }

  private siftDown(place: number, hash: ExpiringHash): void {
    const { hashes } = this;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= hashes.length) break;
      if (child + 1 < hashes.length && hashes[child + 1].dueTime < hashes[child].dueTime) child++;
      if (hashes[child].dueTime >= hash.dueTime) break;
      this.put(place, hashes[child]);
      place = child;
    }
    this.put(place, hash);
  }
}
