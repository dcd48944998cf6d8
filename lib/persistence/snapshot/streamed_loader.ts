/**
 * A snapshot into databases while it comes: each key as soon as its last byte is there, so that
 * memory is needed for the longest value and not for all of them.
 */

import type { Context } from "../../engine/context.ts";
import { StreamedInput } from "../../rdb/streamed_input.ts";
import { LoadError, type LoadOptions, type LoadReport, SnapshotLoader } from "./loader.ts";

export class StreamedLoader {
  private readonly input: StreamedInput;
  private readonly loader: SnapshotLoader;
  private isAtEnd = false;

  /** @param totalBytes size of the snapshot; Infinity when it is not known. */
  constructor(context: Context, totalBytes: number, options: LoadOptions) {
    this.input = new StreamedInput(totalBytes, context.config.get("rdbchecksum"));
    this.loader = new SnapshotLoader(context, this.input, options);
  }

  /**
   * Loads what these bytes make whole; they are copied.
   *
   * @throws {LoadError} when they are wrong.
   */
  take(bytes: Uint8Array): void {
    this.input.push(bytes);
    this.load();
  }

  /**
   * All has come.
   *
   * @throws {LoadError} when that is no whole snapshot.
   */
  finish(): LoadReport {
    this.input.finish();
    this.load();
    return this.loader.report();
  }

  private load(): void {
    while (!this.isAtEnd && this.input.isReady) this.isAtEnd = !this.loader.slice(Infinity);
    if (!this.isAtEnd || this.input.unread === 0) return;
    throw new LoadError(`${this.input.unread} bytes follow the end of the snapshot`);
  }
}
