/** Counters of one engine since start or CONFIG RESETSTAT, printed by INFO. */

/** Kinds of errors kept apart; a script that raises random errors must not fill the memory. */
const MAX_ERROR_CODES = 128;

export class EngineStats {
  connectionsReceived = 0;
  connectionsRejected = 0;
  commandsProcessed = 0;
  inputBytes = 0;
  outputBytes = 0;
  reads = 0;
  writes = 0;
  expiredKeys = 0;
  /** Fields of hashes whose time was up. */
  expiredFields = 0;
  expireCycleMs = 0;
  expireTimeCapReached = 0;
  evictedKeys = 0;
  evictedClients = 0;
  errorReplies = 0;
  /** Commands that failed by a fault of ours, not of the client's. */
  unexpectedErrors = 0;
  /** Changes since the last save. */
  dirty = 0;
  usedBytesPeak = 0;
  readonly errorCodes: Map<string, number> = new Map();

  /** Counts an error reply by its first word. */
  countError(text: string): void {
    this.errorReplies++;
    const end = text.indexOf(" ");
    const code = end < 0 ? text : text.slice(0, end);
    const count = this.errorCodes.get(code);
    if (count === undefined && this.errorCodes.size >= MAX_ERROR_CODES) return;
    this.errorCodes.set(code, (count ?? 0) + 1);
  }

  reset(): void {
    const { dirty, usedBytesPeak } = this;
    const fresh = new EngineStats();
    Object.assign(this, { ...fresh, errorCodes: this.errorCodes, dirty, usedBytesPeak });
    this.errorCodes.clear();
  }
}
