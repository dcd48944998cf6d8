/**
 * The history of the data: its name (the replication id), how long it is, and as much of its end as
 * the backlog keeps. Two servers whose ids and offsets are equal hold the same data.
 *
 * A replica that becomes a primary begins a new history, and remembers up to where it is the same
 * as the old one (`master_replid2`), so that the other replicas of the old primary can go on with it.
 */

import { hexadecimal } from "../bytes/byte_string.ts";
import type { Context } from "../engine/context.ts";
import { Backlog } from "./backlog.ts";

const NO_ID = "0".repeat(40);

export class History {
  secondId: string = NO_ID;
  /** The offset, counted from 1, at which the second id ends to be ours; -1 for none. */
  secondOffset = -1;
  backlog: Backlog | null = null;
  /** The place where the stream goes on, while there is no backlog. */
  private barePlace = 0;

  constructor(private readonly context: Context) {}

  get id(): string {
    return this.context.replicationId;
  }

  /** Bytes of the stream so far: the replication offset. */
  get place(): number {
    return this.backlog?.committed ?? this.barePlace;
  }

  /** Begins to keep the stream. */
  keep(): Backlog {
    this.backlog ??= new Backlog(this.barePlace);
    return this.backlog;
  }

  /** Keeps nothing any more: nobody can go on with this history. */
  forget(): void {
    this.barePlace = this.place;
    this.backlog = null;
  }

  /** Takes over another history at a place of it: a full synchronisation, or a file's. */
  adopt(id: string, place: number): void {
    this.context.replicationId = id;
    this.clearSecond();
    this.barePlace = place;
    if (this.backlog !== null) this.backlog = new Backlog(place);
  }

  /** The primary goes on with another id, and with the same data. */
  continueAs(id: string): void {
    this.secondId = this.id;
    this.secondOffset = this.place + 1;
    this.context.replicationId = id;
  }

  /** A new history without a past. */
  begin(): void {
    this.context.replicationId = this.newId();
    this.clearSecond();
  }

  /** A new history that goes on from the one until here: a replica becomes a primary. */
  branch(): void {
    this.continueAs(this.newId());
  }

  clearSecond(): void {
    this.secondId = NO_ID;
    this.secondOffset = -1;
  }

  /** Remembers a history of which a file holds the data: replicas of it may go on with ours. */
  remember(id: string, place: number): void {
    this.barePlace = place;
    this.secondId = id;
    this.secondOffset = place + 1;
  }

  /** Whether somebody with this much of that history can go on with ours. */
  isShared(id: string, offset: number): boolean {
    return id === this.id || (id === this.secondId && offset <= this.secondOffset);
  }

  private newId(): string {
    return hexadecimal(this.context.host.random.bytes(20));
  }
}
