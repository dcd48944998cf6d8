/**
 * An RDB file that is being written: beside the old one, under a temporary name, until it is whole
 * and on the disk, so that a crash at any moment leaves either the old file or the new one.
 */

import type { FileHandle, Files } from "../../host/files.ts";
import { pathIn, writeAllSync } from "../../host/files.ts";
import type { SnapshotSink } from "./contract.ts";

/** With `rdb-save-incremental-fsync`, how much is written between two syncs, as in Redis. */
const SYNC_EVERY_BYTES = 4 << 20;

export class DumpFile implements SnapshotSink {
  private readonly file: FileHandle;
  private readonly path: string;
  private unsyncedBytes = 0;
  private syncing: Promise<void> | null = null;
  private isOpen = true;

  /**
   * Makes the file, in place of one that a crash may have left behind.
   *
   * @param syncsOnTheWay whether the disk is to follow while the file is written.
   */
  constructor(
    private readonly files: Files,
    private readonly directory: string,
    name: string,
    private readonly syncsOnTheWay: boolean,
  ) {
    this.path = pathIn(directory, name);
    this.file = files.open(this.path, { write: true, create: true, truncate: true });
  }

  /**
   * Writes to the system's cache, which takes a tenth of a millisecond; the promise is of a sync that
   * makes sure that not too much waits there when the disk is slow.
   */
  write(chunk: Uint8Array): Promise<void> | void {
    this.writeNow(chunk);
    if (!this.syncsOnTheWay || this.unsyncedBytes < SYNC_EVERY_BYTES) return;
    this.unsyncedBytes = 0;
    this.syncing = this.file.syncData();
    return this.syncing;
  }

  writeNow(chunk: Uint8Array): void {
    writeAllSync(this.file, chunk);
    this.unsyncedBytes += chunk.length;
  }

  /** Puts the file in the place of the old one, the disk waited for off the event loop. */
  async commit(name: string): Promise<void> {
    await this.file.syncData();
    if (!this.isOpen) throw new Error("the file was given up");
    this.close();
    this.replace(name);
  }

  /** The same at once. */
  commitNow(name: string): void {
    this.file.syncSync();
    this.close();
    this.replace(name);
  }

  /** Gives the file up; what was there before stays. */
  discard(): void {
    this.close();
    try {
      this.files.remove(this.path);
    } catch {
      // It may be gone; one that stays is written over by the next.
    }
  }

  private replace(name: string): void {
    try {
      this.files.rename(this.path, pathIn(this.directory, name));
    } catch (error) {
      throw new MoveError(error);
    }
    this.files.syncDirectory(this.directory);
  }

  private close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    const { file, syncing } = this;
    if (syncing === null) return file.close();
    // A sync under way holds the file; its outcome is of interest to nobody any more.
    syncing.then(() => file.close(), () => file.close());
  }
}

/** The file was written, but could not take its name. */
export class MoveError extends Error {
  override name = "MoveError";
  constructor(override readonly cause: unknown) {
    super("moving the file");
  }
}
