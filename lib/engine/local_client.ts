/** Whether a client is on this machine: what `local` of the `enable-…` parameters asks. */

import type { Session } from "./session.ts";

/** Sessions inside the process and Unix sockets are; of TCP the two loopback addresses, as in Redis. */
export function isLocalClient(session: Session): boolean {
  const link = session.link;
  return link === null || link.isUnixSocket || /^(127\.0\.0\.1|\[::1\]):/.test(link.remoteAddress);
}
