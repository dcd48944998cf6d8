/**
 * How much of its primary's stream a replica has in its append-only file, on disk: what REPLCONF ACK
 * tells behind FACK, and WAITAOF counts at the primary.
 *
 * The file has a measure of its own. So a place of the stream is noted together with how far the file
 * was then, and it is on disk when the file is synced up to there; only then is the next one noted.
 */

import type { DurabilityPort } from "../engine/ports.ts";

interface Mark {
  readonly place: number;
  /** How far the file has to be synced for it. */
  readonly offset: number;
}

export class DiskProgress {
  /** All of the stream up to here is on disk; 0 as long as that is not known. */
  place = 0;
  private mark: Mark | null = null;

  /**
   * Finds out how far it is; to be called when something was applied, and when it was synced.
   *
   * @param applied place up to which the stream was applied.
   * @returns whether it is farther than before.
   */
  look(applied: number, durability: DurabilityPort): boolean {
    const before = this.place;
    this.reach(durability);
    if (this.mark === null && applied > this.place) {
      this.mark = { place: applied, offset: durability.offset };
      this.reach(durability);
    }
    return this.place > before;
  }

  private reach(durability: DurabilityPort): void {
    if (this.mark === null || durability.fsyncedOffset < this.mark.offset) return;
    this.place = this.mark.place;
    this.mark = null;
  }
}
