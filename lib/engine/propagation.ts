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

/** Whom an effect is for: bits. */
export const Target = { NONE: 0, FILES: 1, REPLICAS: 2, ALL: 3 } as const;

export interface EffectSubscriber {
  /** What it is, in bits of {@linkcode Target}; a file when left out. */
  readonly target?: number;
  /** One effect on a database; the request is lent until the call returns. */
  effect(db: number, request: Request): void;
  /**
   * What comes until {@linkcode endUnit} belongs together (MULTI … EXEC): two effects or more, not
   * all of which need be for this subscriber.
   *
   * @param db the database of the first of them.
   */
  beginUnit?(db: number): void;
  endUnit?(): void;
}

export class Propagation {
  /** Whether anyone listens; checked before an effect is put together. */
  active = false;
  /** Whether the command that runs has had effects, so that {@linkcode endUnit} is due. */
  unitOpen = false;
  /**
   * Whether a command runs whose effects belong together; set by the dispatcher. What happens
   * outside is a unit by itself.
   */
  isInUnit: () => boolean = () => false;
  private readonly subscribers: EffectSubscriber[] = [];
  /** What there is among the subscribers. */
  private targets: number = Target.NONE;
  /** The first effect of the open unit, as long as it is the only one. */
  private first: Request | null = null;
  private firstDb = 0;
  private firstTargets: number = Target.NONE;

  /** Passes all that comes to a subscriber, once however often it is asked to. */
  subscribe(subscriber: EffectSubscriber): void {
    if (this.subscribers.includes(subscriber)) return;
    this.subscribers.push(subscriber);
    this.listened();
  }

  unsubscribe(subscriber: EffectSubscriber): void {
    const index = this.subscribers.indexOf(subscriber);
    if (index >= 0) this.subscribers.splice(index, 1);
    this.listened();
  }

  /**
   * Passes an effect on, or keeps a copy of it when it is the first of a unit that goes on.
   *
   * @param targets whom it is for; what is published changes no data, and is for replicas only.
   */
  emit(db: number, request: Request, targets: number = Target.ALL): void {
    if ((targets & this.targets) === 0) return;
    if (this.unitOpen) {
      this.beginUnit(db);
      this.pass(db, request, targets);
    } else if (this.isInUnit()) {
      this.unitOpen = true;
      this.first = request.clone();
      this.firstDb = db;
      this.firstTargets = targets;
    } else this.pass(db, request, targets);
  }

  /** The effects of one command, as one unit. */
  emitAll(db: number, effects: readonly Request[], targets: number): void {
    if (effects.length > 1) this.beginUnit(db);
    for (const effect of effects) this.emit(db, effect, targets);
  }

  /** An effect that is not what the client sent. */
  emitCommand(db: number, args: readonly (Uint8Array | string)[]): void {
    if (this.active) this.emit(db, Request.from(args));
  }

  /**
   * Opens a unit of which more than one effect is known to come, or makes the open one such.
   *
   * @param db the database of the effect that comes next.
   */
  beginUnit(db: number): void {
    const { first } = this;
    if (this.unitOpen && first === null) return;
    this.unitOpen = true;
    const unitDb = first === null ? db : this.firstDb;
    for (const subscriber of this.subscribers) subscriber.beginUnit?.(unitDb);
    if (first === null) return;
    this.first = null;
    this.pass(this.firstDb, first, this.firstTargets);
  }

  /** Ends the unit that is open: the command has ended that nobody else had called. */
  endUnit(): void {
    this.unitOpen = false;
    const { first } = this;
    this.first = null;
    if (first !== null) this.pass(this.firstDb, first, this.firstTargets);
    else for (const subscriber of this.subscribers) subscriber.endUnit?.();
  }

  private listened(): void {
    this.active = this.subscribers.length > 0;
    this.targets = Target.NONE;
    for (const subscriber of this.subscribers) this.targets |= targetOf(subscriber);
  }

  private pass(db: number, request: Request, targets: number): void {
    for (const subscriber of this.subscribers) {
      if ((targetOf(subscriber) & targets) !== 0) subscriber.effect(db, request);
    }
  }
}

function targetOf({ target }: EffectSubscriber): number {
  return target ?? Target.FILES;
}
