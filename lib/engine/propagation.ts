/**
 * The stream of effects: what changed the data, as commands that give the same result whenever
 * and wherever they are run again. The append-only file, replicas and MONITOR-like observers
 * subscribe to it; commands and the expiry of keys feed it.
 *
 * A command is passed on as the client sent it unless it said otherwise: relative times, random
 * picks and float sums are passed on as what came of them (EXPIRE as PEXPIREAT, INCRBYFLOAT as
 * SET, an expired key as DEL).
 */

import { Request } from "../resp/request.ts";

export interface EffectSubscriber {
  /** One effect on a database; the request is lent until the call returns. */
  effect(db: number, request: Request): void;
}

export class Propagation {
  /** Whether anyone listens; checked before an effect is put together. */
  active = false;
  private readonly subscribers: EffectSubscriber[] = [];

  subscribe(subscriber: EffectSubscriber): void {
    this.subscribers.push(subscriber);
    this.active = true;
  }

  unsubscribe(subscriber: EffectSubscriber): void {
    const index = this.subscribers.indexOf(subscriber);
    if (index >= 0) this.subscribers.splice(index, 1);
    this.active = this.subscribers.length > 0;
  }

  emit(db: number, request: Request): void {
    for (const subscriber of this.subscribers) subscriber.effect(db, request);
  }

  /** An effect that is not what the client sent. */
  emitCommand(db: number, args: readonly (Uint8Array | string)[]): void {
    if (this.active) this.emit(db, Request.from(args));
  }
}
