/**
 * The stream of effects: what changed the data, as commands that give the same result whenever
 * and wherever they are run again. The append-only file and replicas subscribe to it; commands,
 * expiry and eviction feed it.
 *
 * A command is passed on as the client sent it unless it said otherwise: relative times, random
 * picks and float sums are passed on as what came of them (EXPIRE as PEXPIREAT, INCRBYFLOAT as
 * SET, an expired key as DEL).
 *
 * Effects of one command, with those of the commands that it ran (EXEC, scripts) and of the keys
 * that expired under it, are a unit: as in Redis a unit of several effects must be taken whole or
 * not at all, and is told as such. Only the second effect shows that there are several, so the
 * first waits until the next one comes or the command ends.
 */

import { Request } from "../resp/request.ts";

export interface EffectSubscriber {
  /** One effect on a database; the request is lent until the call returns. */
  effect(db: number, request: Request): void;
  /** The effects until {@linkcode endUnit}, two or more, belong together (MULTI … EXEC). */
  beginUnit?(): void;
  endUnit?(): void;
}

export class Propagation {
  /** Whether anyone listens; checked before an effect is put together. */
  active = false;
  /** Whether the command that runs has had effects, so that {@linkcode endUnit} is due. */
  unitOpen = false;
  /** Whether a command runs; set by the dispatcher. What happens outside is a unit by itself. */
  isInUnit: () => boolean = () => false;
  private readonly subscribers: EffectSubscriber[] = [];
  /** The first effect of the open unit, as long as it is the only one. */
  private first: Request | null = null;
  private firstDb = 0;

  subscribe(subscriber: EffectSubscriber): void {
    this.subscribers.push(subscriber);
    this.active = true;
  }

  unsubscribe(subscriber: EffectSubscriber): void {
    const index = this.subscribers.indexOf(subscriber);
    if (index >= 0) this.subscribers.splice(index, 1);
    this.active = this.subscribers.length > 0;
  }

  /** Passes an effect on, or keeps a copy of it when it is the first of a unit that goes on. */
  emit(db: number, request: Request): void {
    if (this.unitOpen) {
      this.beginUnit();
      this.pass(db, request);
    } else if (this.isInUnit()) {
      this.unitOpen = true;
      this.first = request.clone();
      this.firstDb = db;
    } else this.pass(db, request);
  }

  /** An effect that is not what the client sent. */
  emitCommand(db: number, args: readonly (Uint8Array | string)[]): void {
    if (this.active) this.emit(db, Request.from(args));
  }

  /** Opens a unit of which more than one effect is known to come, or makes the open one such. */
  beginUnit(): void {
    if (this.unitOpen && this.first === null) return;
    this.unitOpen = true;
    for (const subscriber of this.subscribers) subscriber.beginUnit?.();
    if (this.first === null) return;
    const { first } = this;
    this.first = null;
    this.pass(this.firstDb, first);
  }

  /** Ends the unit that is open: the command has ended that nobody else had called. */
  endUnit(): void {
    this.unitOpen = false;
    const { first } = this;
    this.first = null;
    if (first !== null) this.pass(this.firstDb, first);
    else for (const subscriber of this.subscribers) subscriber.endUnit?.();
  }

  private pass(db: number, request: Request): void {
    for (const subscriber of this.subscribers) subscriber.effect(db, request);
  }
}
