/** How much may wait to be sent to one client: `client-output-buffer-limit`. */

import type { Session } from "../engine/session.ts";
import type { BufferLimits } from "../config/special_parameters.ts";

/** Most bytes of replies that wait for a client which has not given its password. */
const UNAUTHENTICATED_BYTES = 16 * 1024;

export class OutputLimit {
  /** Since when the soft limit is exceeded, in Unix ms; 0 when it isn't. */
  private softSinceMs = 0;

  /** @param limits by kind of client; followed as they change. */
  constructor(
    private readonly session: Session,
    private readonly limits: { readonly output: BufferLimits },
  ) {}

  /** Whether so much is too much, or has been for too long. */
  isExceededBy(bytes: number, nowMs: number): boolean {
    if (bytes > UNAUTHENTICATED_BYTES && !this.session.isAuthenticated) return true;
    const limit = this.limits.output[this.session.kind];
    if (limit.hardBytes > 0 && bytes >= limit.hardBytes) return true;
    if (limit.softBytes === 0 || bytes < limit.softBytes) {
      this.softSinceMs = 0;
      return false;
    }
    if (this.softSinceMs === 0) this.softSinceMs = nowMs;
    return nowMs - this.softSinceMs > limit.softSeconds * 1000;
  }
}
