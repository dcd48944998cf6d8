/**
 * Whether data is being loaded, and how far that is: what closes the gate for clients (-LOADING) and
 * what INFO tells of it. Those who load (an RDB file, an append-only file, a primary's snapshot) say
 * when they begin, how far they are and when they end.
 */

import type { Clock } from "../host/clock.ts";
import type { StoreState } from "../store/store_state.ts";

export class Loading {
  /** Whether clients are refused and nothing expires. */
  isActive = false;
  /** Whether clients are served from the old data meanwhile (`repl-diskless-load swapdb`). */
  isAsync = false;
  /** Unix milliseconds. */
  startedMs = 0;
  /** 0 while nobody knows. */
  totalBytes = 0;
  loadedBytes = 0;
  /** What the file says of the memory that its writer used, in bytes; 0 when it does not. */
  writerUsedBytes = 0;
  /** Of the last file that was loaded. */
  lastKeysLoaded = 0;
  lastKeysExpired = 0;

  /** @param closeGate closes or opens the gate for clients. */
  constructor(
    private readonly clock: Clock,
    private readonly state: StoreState,
    private readonly closeGate: (closed: boolean) => void,
  ) {}

  /**
   * Refuses clients from now on; when that is so already, only counts anew.
   *
   * @param isAsync what is there stays until all is loaded: only few commands are refused.
   */
  begin(totalBytes: number, isAsync = false): void {
    this.isActive = true;
    this.isAsync = isAsync;
    this.startedMs = this.clock.unixMs();
    this.totalBytes = totalBytes;
    this.loadedBytes = 0;
    this.writerUsedBytes = 0;
    this.state.expires = false;
    this.closeGate(true);
  }

  end(): void {
    this.isActive = false;
    this.isAsync = false;
    this.state.expires = true;
    this.closeGate(false);
  }

  /** How much of a hundred is loaded. */
  get percent(): number {
    const percent = this.loadedBytes / Math.max(1, this.expectedBytes) * 100;
    // What the writer used says little of how long its snapshot is.
    return this.totalBytes > 0 ? percent : Math.min(percent, this.expectedBytes > 0 ? 99.99 : 0);
  }

  /** Seconds that loading still takes if it goes on as until now; 1 before that can be told. */
  get etaSeconds(): number {
    const elapsedMs = this.clock.unixMs() - this.startedMs;
    if (elapsedMs <= 0 || this.loadedBytes === 0) return 1;
    const left = Math.max(0, this.expectedBytes - this.loadedBytes);
    return Math.floor(elapsedMs / this.loadedBytes * left / 1000);
  }

  private get expectedBytes(): number {
    return this.totalBytes > 0 ? this.totalBytes : this.writerUsedBytes;
  }
}
