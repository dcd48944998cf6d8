/** A pause that a host's clock counts. */

import type { Clock } from "../../host/clock.ts";

export function sleep(clock: Pick<Clock, "schedule">, ms: number): Promise<void> {
  return new Promise((resolve) => clock.schedule(ms, resolve));
}
