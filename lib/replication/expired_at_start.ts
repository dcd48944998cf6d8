/**
 * Keys that were past their time when the RDB file was loaded at start. They are not loaded, but
 * replicas that go on with the history of the file still have them: the stream has to begin with
 * their removal. No more of them are kept than the backlog could hold.
 */

import { Request } from "../resp/request.ts";
import type { ReplicationStream } from "./stream.ts";

/** What the removal of a key takes in the stream beside the key itself. */
const REMOVAL_BYTES = 25;

export class ExpiredAtStart {
  private keys: { readonly db: number; readonly key: Uint8Array }[] = [];
  private bytes = 0;

  /** @param limitBytes how much of the stream is kept. */
  constructor(private readonly limitBytes: number) {}

  /** Whether the removal of all of them can be told. */
  get fits(): boolean {
    return this.bytes <= this.limitBytes;
  }

  /** @param key lent. */
  add(db: number, key: Uint8Array): void {
    this.bytes += key.length + REMOVAL_BYTES;
    if (this.fits) this.keys.push({ db, key: key.slice() });
    else this.keys = [];
  }

  /** Puts their removal into the stream. */
  tell(stream: ReplicationStream, command: "DEL" | "UNLINK"): void {
    for (const { db, key } of this.keys) stream.effect(db, Request.from([command, key]));
  }
}
