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
  /** Whether clients are served meanwhile (`repl-diskless-load swapdb`). */
  isAsync = false;
  /** Unix milliseconds. */
  startedMs = 0;
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

  /** Refuses clients from now on; when that is so already, only counts anew. */
  begin(totalBytes: number): void {
    this.isActive = true;
    this.startedMs = this.clock.unixMs();
    this.totalBytes = totalBytes;
    this.loadedBytes = 0;
    this.writerUsedBytes = 0;
    this.state.expires = false;
    this.closeGate(true);
  }

  end(): void {
    this.isActive = false;
    this.state.expires = true;
    this.closeGate(false);
  }

  /** Seconds that loading still takes if it goes on as until now; 1 before that can be told. */
  get etaSeconds(): number {
    const elapsedMs = this.clock.unixMs() - this.startedMs;
    if (elapsedMs <= 0 || this.loadedBytes === 0) return 1;
    const left = Math.max(0, this.totalBytes - this.loadedBytes);
    return Math.floor(elapsedMs / this.loadedBytes * left / 1000);
  }
}
