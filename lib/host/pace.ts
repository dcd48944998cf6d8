/**
 * How long work makes room for others: it is done in slices, and between two of them it rests until
 * what arrived meanwhile has been served.
 *
 * It rests by timers. Callbacks of `setImmediate` would come sooner, but the runtime runs them again
 * and again before it looks at sockets: clients then waited up to 250 ms.
 */

export interface Pace {
  /**
   * Settles when everything else that waited has had its turn.
   *
   * @param long whether others are at work, who shall have most of the processor.
   */
  rest(long: boolean): Promise<void>;
}

/** Rests on the event loop: sockets that became readable meanwhile are read first. */
export class SystemPace implements Pace {
  rest(long: boolean): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, long ? LONG_REST_MS : 0));
  }
}

const LONG_REST_MS = 2;
