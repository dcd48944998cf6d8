/**
 * The base file that a rewrite writes. As RDB it has a checksum of its own; as commands it begins and
 * ends with a checksum line, since it is complete or nothing.
 */

import { crc32 } from "../../host/crc32.ts";
import type { DumpFile } from "../snapshot/dump_file.ts";
import type { SnapshotSink } from "../snapshot/snapshot.ts";
import { headLine, MAX_LINE_BYTES, writeSumLine } from "./checksum_lines.ts";

export class BaseFile implements SnapshotSink {
  bytes = 0;
  private sum = 0;

  constructor(readonly file: DumpFile, readonly isRdb: boolean, private readonly secret: number) {
    if (isRdb) return;
    const head = { secret, offset: 0, sum: 0, previousLength: -1, previousSum: 0 };
    this.writeNow(headLine(head));
  }

  write(chunk: Uint8Array): Promise<void> | void {
    this.count(chunk);
    return this.file.write(chunk);
  }

  writeNow(chunk: Uint8Array): void {
    this.count(chunk);
    this.file.writeNow(chunk);
  }

  /** All is written but what ends the file. */
  finish(): void {
    if (this.isRdb) return;
    const line = new Uint8Array(MAX_LINE_BYTES);
    const length = writeSumLine(line, 0, this.sum, this.bytes, this.secret, -1);
    this.writeNow(line.subarray(0, length));
  }

  /** Removes what there is of it, unless it was committed. */
  discard(): void {
    this.file.discard();
  }

  private count(chunk: Uint8Array): void {
    this.bytes += chunk.length;
    if (!this.isRdb) this.sum = crc32(chunk, this.sum);
  }
}
