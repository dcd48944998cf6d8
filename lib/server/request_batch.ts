/** Requests of a pipeline that were found together; one batch serves all connections in turn. [hot] */

import { Prefetch } from "../engine/prefetch.ts";
import { Request } from "../resp/request.ts";

/** Requests looked for at a time: enough for their waits for memory to overlap. */
export const BATCH_REQUESTS = 16;

export class RequestBatch {
  readonly requests: Request[] = Array.from({ length: BATCH_REQUESTS }, () => new Request());
  readonly prefetch: Prefetch = new Prefetch(BATCH_REQUESTS);
}
