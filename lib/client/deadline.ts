/** A time limit for something that is waited for. */

import type { Clock } from "../host/clock.ts";

/**
 * What `promise` gives, if it does so in time. Otherwise `late` is called once, which must end what
 * is under way and give the error to throw.
 *
 * @param timeoutMs 0 waits for ever.
 */
export async function within<T>(
  clock: Pick<Clock, "schedule">,
  timeoutMs: number,
  promise: Promise<T>,
  late: () => Error,
): Promise<T> {
  if (timeoutMs <= 0) return await promise;
  const limit = Promise.withResolvers<never>();
  const timer = clock.schedule(timeoutMs, () => limit.reject(late()));
  try {
    return await Promise.race([promise, limit.promise]);
  } finally {
    timer.cancel();
    // Whichever of the two comes too late is of no interest.
    promise.catch(() => {});
  }
}
