/**
 * The increment that is appended to: its handles, how much of it is written and on the disk, and
 * the checksum of all of it.
 *
 * There are two handles. To write while a sync runs needs a free file descriptor when both use the
 * same one (the runtime duplicates it), and must not fail for want of one. A sync through a handle
 * of its own also is told of an error of the disk whatever the other one was told.
 */

import { crc32 } from "../../host/crc32.ts";
import type { FileHandle, Files } from "../../host/files.ts";
import { SystemError } from "../../host/system_error.ts";
import { headLine, MAX_LINE_BYTES, writeSumLine } from "./checksum_lines.ts";
import { FrameBuffer } from "./frame.ts";

/** What is known of the file that another one follows. */
export interface FileEnd {
  /** Bytes. */
  readonly length: number;
  readonly sum: number;
}

/** A write that failed; the file ends with a whole command all the same. */
export class AppendError extends Error {
  override name = "AppendError";
  /**
   * @param written bytes that were taken before it failed.
   * @param kept whether these are still there, as the file could not be cut back.
   */
  constructor(
    readonly reason: unknown,
    readonly written: number,
    readonly kept: boolean,
  ) {
    super(reason instanceof Error ? reason.message : String(reason));
  }
}

export class AppendFile {
  /** Bytes in the file. */
  size: number;
  /** Bytes that are on the disk. */
  synced: number;
  /** What the last sum line said is on the disk. */
  private claimed = 0;
  /** Bytes of the frame buffer that {@linkcode sum} covers already. */
  private summed = 0;

  private constructor(
    readonly name: string,
    private readonly handle: FileHandle,
    private readonly syncHandle: FileHandle,
    private readonly secret: number,
    /** Of all bytes written, and of the first {@linkcode summed} ones of the frame buffer. */
    private sum: number,
    size: number,
    synced: number,
  ) {
    this.size = size;
    this.synced = synced;
  }

  /**
   * Opens a file to append to it.
   *
   * @param isNew whether the file is to be made, and must not be there.
   * @param end where the file ends now.
   * @param secret of the file's last head line, or of the one to come.
   */
  static open(
    files: Files,
    path: string,
    name: string,
    isNew: boolean,
    end: FileEnd,
    secret: number,
  ): AppendFile {
    const handle = files.open(path, { append: true, ...(isNew ? { createNew: true } : {}) });
    try {
      const syncHandle = files.open(path, { append: true });
      return new AppendFile(name, handle, syncHandle, secret, end.sum, end.length, 0);
    } catch (error) {
      handle.close();
      throw error;
    }
  }

  /**
   * Writes a head line and waits until it is on the disk, so that a crash leaves no file whose
   * checksum lines can't be told from anything else.
   */
  begin(previous: FileEnd | null): void {
    const frames = new FrameBuffer();
    frames.raw(headLine({
      secret: this.secret,
      offset: this.size,
      sum: this.sum,
      previousLength: previous?.length ?? -1,
      previousSum: previous?.sum ?? 0,
    }));
    this.append(frames, false);
    this.syncNow();
  }

  /** Length and checksum of all that was written. */
  get end(): FileEnd {
    return { length: this.size, sum: this.sum };
  }

  /**
   * Writes all that the buffer holds, ended by a sum line, and empties it.
   *
   * @param claims whether the line says how much is on the disk, if that is news.
   * @throws {AppendError} when not all could be written; what is still to be is in the buffer.
   */
  append(frames: FrameBuffer, claims: boolean): void {
    frames.reserve(MAX_LINE_BYTES);
    const { bytes } = frames;
    if (frames.length > this.summed) {
      this.sum = crc32(bytes.subarray(this.summed, frames.length), this.sum);
      const claim = claims && this.synced > this.claimed ? this.synced : -1;
      const length = writeSumLine(
        bytes,
        frames.length,
        this.sum,
        this.size + frames.length,
        this.secret,
        claim,
      );
      this.sum = crc32(bytes.subarray(frames.length, frames.length + length), this.sum);
      if (claim >= 0) this.claimed = claim;
      frames.length += length;
      this.summed = frames.length;
    }
    this.write(frames);
    frames.clear();
    this.summed = 0;
  }

  /** Waits until all that is written is on the disk. */
  syncNow(): void {
    this.handle.syncDataSync();
    this.synced = this.size;
  }

  /** The same off the event loop, for what is written now. */
  async sync(): Promise<void> {
    const { size } = this;
    await this.syncHandle.syncData();
    this.synced = Math.max(this.synced, size);
  }

  close(): void {
    this.handle.close();
    this.syncHandle.close();
  }

  private write(frames: FrameBuffer): void {
    const { bytes, length } = frames;
    let done = 0;
    try {
      while (done < length) {
        const count = this.handle.writeSync(bytes.subarray(done, length));
        if (count === 0) throw new SystemError("ENOSPC", "No space left on device");
        done += count;
      }
    } catch (error) {
      throw new AppendError(error, done, !this.cutBack(frames, done));
    }
    this.size += length;
  }

  /** Takes back what a failed write has left; false where that failed too: the rest goes behind. */
  private cutBack(frames: FrameBuffer, done: number): boolean {
    if (done === 0) return true;
    try {
      this.handle.truncateSync(this.size);
      return true;
    } catch {
      this.size += done;
      frames.bytes.copyWithin(0, done, frames.length);
      frames.length -= done;
      this.summed -= done;
      return false;
    }
  }
}
