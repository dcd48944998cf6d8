/** What DEBUG turns on and off for test suites; each is read by the part that it is about. */

/** Redis's time between two resets of the peak that the reply buffers are sized by, in ms. */
export const REPLY_PEAK_RESET_MS = 5000;
/** Elements from this size on get a list node of their own. */
export const PACKED_THRESHOLD_BYTES = 1 << 30;

export class Switches {
  /** PAUSE-CRON: periodic work stands still. */
  cronPaused = false;
  /** SET-DISABLE-DENY-SCRIPTS: scripts may run what is flagged `noscript`. */
  scriptsMayRunAll = false;
  /** SET-SKIP-CHECKSUM-VALIDATION: RDB files and RESTORE are taken whatever their checksum. */
  skipsChecksums = false;
  /** REPLYBUFFER PEAK-RESET-TIME in milliseconds; -1: never. */
  replyPeakResetMs = REPLY_PEAK_RESET_MS;
  /** REPLYBUFFER RESIZING: reply buffers follow their peak. */
  resizesReplyBuffers = true;
  /** QUICKLIST-PACKED-THRESHOLD in bytes. */
  packedThresholdBytes = PACKED_THRESHOLD_BYTES;
  /** AOF-FLUSH-SLEEP: before each write to the append-only file the server sleeps so many ms. */
  aofFlushSleepMs = 0;
}
