/**
 * Files on a disk that may fail at any moment, as a `Files` of the host.
 *
 * Every operation that changes something is counted. At a chosen one the power goes: what was being
 * done is done by half, and nothing works any more until {@linkcode SimulatedDisk.restart}, which
 * decides by a seeded random what of the unsynced is there: bytes in order up to some place, blocks
 * with zeros in place of what was written, or nothing. Names that were made, moved or removed since
 * their directory was synced are there up to some point of time, as in a journal that was not written
 * to its end. What was synced is there.
 *
 * A sync off the event loop takes until {@linkcode SimulatedDisk.finishSyncs} is called, and makes
 * durable what was written when it began.
 */

import type { FileHandle, Files, FileStatus, OpenOptions, SeekFrom } from "../../lib/host/files.ts";
import { directoryOf } from "../../lib/host/files.ts";
import { SeededRandom } from "../../lib/host/random.ts";
import { SystemError } from "../../lib/host/system_error.ts";

/** Thrown by the operation at which the power goes, and by all after it. */
export class PowerLoss extends Error {
  override name = "PowerLoss";
}

const BLOCK_BYTES = 512;

interface NameChange {
  readonly name: string;
  readonly inode: Inode | null;
}

export class SimulatedDisk implements Files {
  /** Operations so far that changed something. */
  operations = 0;
  /** At which of them the power goes; Infinity: at none. */
  stopAt = Infinity;
  /** Bytes that the disk still takes. */
  freeBytes = Infinity;
  /** The n-th sync from now on fails; Infinity: none does. */
  failSyncIn = Infinity;
  isOff = false;
  /** Syncs of files say that all is well, and do nothing. */
  lies = false;
  /** What each operation was, for tests that want to see them. */
  readonly journal: string[] = [];
  private names = new Map<string, Inode>([["/", new Inode(true)]]);
  private durableNames = new Map(this.names);
  /** What happened to names since their directories were synced, in order. */
  private changes: NameChange[] = [];
  private readonly pendingSyncs: (() => void)[] = [];
  private random: SeededRandom;

  constructor(seed: number) {
    this.random = new SeededRandom(seed);
  }

  /** Lets syncs that are under way end; how many there were. */
  finishSyncs(): number {
    const pending = this.pendingSyncs.splice(0);
    for (const finish of pending) finish();
    return pending.length;
  }

  /** The machine starts again after the power has gone. */
  restart(): void {
    const { random } = this;
    this.pendingSyncs.length = 0;
    // Of the names some first part of what was not synced is there.
    const kept = random.below(this.changes.length + 1);
    for (const { name, inode } of this.changes.slice(0, kept)) {
      if (inode === null) this.durableNames.delete(name);
      else this.durableNames.set(name, inode);
    }
    this.changes = [];
    this.names = new Map(this.durableNames);
    for (const inode of new Set(this.names.values())) inode.restart(random);
    this.isOff = false;
    this.stopAt = Infinity;
    this.freeBytes = Infinity;
    this.failSyncIn = Infinity;
  }

  /** The process ends and the machine goes on: nothing that was written is lost, but locks are. */
  killProcess(): void {
    this.pendingSyncs.length = 0;
    for (const inode of this.names.values()) inode.isLocked = false;
    this.isOff = false;
    this.stopAt = Infinity;
  }

  /** A copy of all files as they are now, by path. */
  contents(): Map<string, Uint8Array<ArrayBuffer>> {
    const files = new Map<string, Uint8Array<ArrayBuffer>>();
    for (const [name, inode] of this.names) {
      if (!inode.isDirectory) files.set(name, inode.bytes.slice());
    }
    return files;
  }

  /** Puts a file there, durable at once. */
  place(path: string, bytes: Uint8Array): void {
    const inode = new Inode(false);
    inode.bytes = new Uint8Array(bytes);
    inode.sync();
    for (let at = directoryOf(path); !this.names.has(at); at = directoryOf(at)) {
      const directory = new Inode(true);
      this.names.set(at, directory);
      this.durableNames.set(at, directory);
    }
    this.names.set(path, inode);
    this.durableNames.set(path, inode);
  }

  open(path: string, options: OpenOptions): FileHandle {
    if (this.isOff) throw new PowerLoss();
    let inode = this.names.get(path);
    if (inode !== undefined && options.createNew) throw new SystemError("EEXIST", "File exists");
    if (inode === undefined) {
      if (!options.create && !options.createNew) throw notFound(path);
      if (!this.names.has(directoryOf(path))) throw notFound(path);
      this.operation(`create ${path}`);
      inode = new Inode(false);
      this.put(path, inode);
    } else if (options.truncate && inode.bytes.length > 0) {
      this.operation(`truncate ${path}`);
      inode.resize(0);
    }
    return new SimulatedHandle(this, path, inode, options.append === true);
  }

  rename(from: string, to: string): void {
    const inode = this.find(from);
    this.operation(`rename ${from} ${to}`);
    this.put(to, inode);
    this.names.delete(from);
    this.changes.push({ name: from, inode: null });
  }

  remove(path: string): void {
    this.find(path);
    this.operation(`remove ${path}`);
    this.names.delete(path);
    this.changes.push({ name: path, inode: null });
  }

  mkdir(path: string, options?: { recursive?: boolean }): void {
    if (this.names.has(path)) {
      if (options?.recursive) return;
      throw new SystemError("EEXIST", "File exists");
    }
    if (options?.recursive) this.mkdir(directoryOf(path), options);
    this.operation(`mkdir ${path}`);
    this.put(path, new Inode(true));
  }

  list(path: string): string[] {
    this.find(path);
    return [...this.names.keys()].filter((name) => name !== "/" && directoryOf(name) === path)
      .map((name) => name.slice(name.lastIndexOf("/") + 1)).sort();
  }

  stat(path: string): FileStatus | null {
    if (this.isOff) throw new PowerLoss();
    const inode = this.names.get(path);
    if (inode === undefined) return null;
    const { isDirectory } = inode;
    const size = inode.bytes.length;
    return { size, isFile: !isDirectory, isDirectory, isSymlink: false, modifiedMs: null };
  }

  realPath(path: string): string {
    return path;
  }

  changeMode(): void {}

  syncDirectory(path: string): void {
    this.find(path);
    this.operation(`sync directory ${path}`);
    for (const name of this.durableNames.keys()) {
      if (name !== "/" && directoryOf(name) === path && !this.names.has(name)) {
        this.durableNames.delete(name);
      }
    }
    for (const [name, inode] of this.names) {
      if (directoryOf(name) === path) this.durableNames.set(name, inode);
    }
    this.changes = this.changes.filter(({ name }) => directoryOf(name) !== path);
  }

  readText(path: string): string {
    return new TextDecoder().decode(this.readBytes(path));
  }

  readBytes(path: string): Uint8Array<ArrayBuffer> {
    return this.find(path).bytes.slice();
  }

  /** Counts an operation; throws when the power goes at it. */
  operation(what: string, half: () => void = () => {}): void {
    if (this.isOff) throw new PowerLoss();
    this.journal.push(what);
    if (++this.operations < this.stopAt) return;
    this.isOff = true;
    half();
    throw new PowerLoss(what);
  }

  /** How many of some bytes are taken. */
  takeSpace(count: number): number {
    if (count > 0 && this.freeBytes <= 0) {
      throw new SystemError("ENOSPC", "No space left on device");
    }
    const taken = Math.min(count, this.freeBytes);
    this.freeBytes -= taken;
    return taken;
  }

  below(limit: number): number {
    return this.random.below(limit);
  }

  /** Whether a sync is to fail now. */
  failsSync(): boolean {
    return --this.failSyncIn === 0;
  }

  later(finish: () => void): void {
    this.pendingSyncs.push(finish);
  }

  private put(name: string, inode: Inode): void {
    this.names.set(name, inode);
    this.changes.push({ name, inode });
  }

  private find(path: string): Inode {
    if (this.isOff) throw new PowerLoss();
    const inode = this.names.get(path);
    if (inode === undefined) throw notFound(path);
    return inode;
  }
}

class Inode {
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  isLocked = false;
  private durable: Uint8Array<ArrayBuffer> = new Uint8Array(0);

  constructor(readonly isDirectory: boolean) {}

  append(at: number, source: Uint8Array): void {
    const end = at + source.length;
    if (end > this.bytes.length) this.resize(end);
    this.bytes.set(source, at);
  }

  resize(length: number): void {
    const resized = new Uint8Array(length);
    resized.set(this.bytes.subarray(0, length));
    this.bytes = resized;
  }

  sync(content: Uint8Array<ArrayBuffer> = this.bytes.slice()): void {
    this.durable = content;
  }

  /** Decides what of the unsynced bytes there is. */
  restart(random: SeededRandom): void {
    this.isLocked = false;
    const { bytes, durable } = this;
    let same = 0;
    const shared = Math.min(bytes.length, durable.length);
    while (same < shared && bytes[same] === durable[same]) same++;
    if (bytes.length <= same) {
      // It was cut, which may or may not have reached the disk.
      if (random.below(2) === 0) this.bytes = durable.slice();
    } else {
      this.bytes = this.torn(same, random);
    }
    this.durable = this.bytes.slice();
  }

  /** What was synced, and what is there of the bytes from `same` on. */
  private torn(same: number, random: SeededRandom): Uint8Array<ArrayBuffer> {
    const { bytes } = this;
    const mode = random.below(4);
    if (mode === 0) return this.durable.slice();
    const cut = mode === 1 ? bytes.length : same + random.below(bytes.length - same + 1);
    const torn = bytes.slice(0, cut);
    if (mode === 2) return torn;
    for (let at = same; at < torn.length;) {
      const next = (Math.floor(at / BLOCK_BYTES) + 1) * BLOCK_BYTES;
      if (random.below(3) === 0) torn.fill(0, at, next);
      at = next;
    }
    return torn;
  }
}

class SimulatedHandle implements FileHandle {
  private offset = 0;
  private holdsLock = false;

  constructor(
    private readonly disk: SimulatedDisk,
    private readonly path: string,
    private readonly inode: Inode,
    private readonly append: boolean,
  ) {}

  readSync(target: Uint8Array): number | null {
    const count = Math.min(target.length, this.inode.bytes.length - this.offset);
    if (count <= 0) return null;
    target.set(this.inode.bytes.subarray(this.offset, this.offset + count));
    this.offset += count;
    return count;
  }

  writeSync(bytes: Uint8Array): number {
    const { disk, inode } = this;
    if (this.append) this.offset = inode.bytes.length;
    disk.operation(`write ${this.path} ${bytes.length}`, () => {
      inode.append(this.offset, bytes.subarray(0, disk.below(bytes.length + 1)));
    });
    const count = disk.takeSpace(bytes.length);
    inode.append(this.offset, bytes.subarray(0, count));
    this.offset += count;
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.try(() => this.writeSync(bytes));
  }

  seekSync(offset: number, from: SeekFrom = "start"): number {
    const base = from === "start" ? 0 : from === "end" ? this.inode.bytes.length : this.offset;
    return this.offset = base + offset;
  }

  truncateSync(length: number): void {
    this.disk.operation(`truncate ${this.path} ${length}`);
    this.inode.resize(length);
  }

  syncSync(): void {
    const { disk, inode } = this;
    disk.operation(`sync ${this.path}`);
    if (disk.failsSync()) throw new SystemError("EIO", "Input/output error");
    if (!disk.lies) inode.sync();
  }

  syncDataSync(): void {
    this.syncSync();
  }

  syncData(): Promise<void> {
    const { disk, inode } = this;
    return new Promise((resolve, reject) => {
      try {
        disk.operation(`begin sync ${this.path}`);
      } catch (error) {
        return reject(error);
      }
      const content = inode.bytes.slice();
      disk.later(() => {
        try {
          disk.operation(`sync ${this.path}`);
          if (disk.failsSync()) throw new SystemError("EIO", "Input/output error");
        } catch (error) {
          return reject(error);
        }
        if (!disk.lies) inode.sync(content);
        resolve();
      });
    });
  }

  size(): number {
    return this.inode.bytes.length;
  }

  tryLock(): boolean {
    if (this.inode.isLocked) return false;
    this.inode.isLocked = true;
    this.holdsLock = true;
    return true;
  }

  close(): void {
    if (this.holdsLock) this.inode.isLocked = false;
    this.holdsLock = false;
  }
}

function notFound(path: string): SystemError {
  return new SystemError("ENOENT", `No such file or directory: ${path}`);
}
