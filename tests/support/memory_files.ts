/**
 * Files in memory, which remember what has reached the disk: `losePower()` leaves what was synced.
 *
 * The model is the strictest that a file system may follow: content that was not synced is gone, and
 * so is a name that was created, renamed or removed since its directory was last synced. A name points
 * to an inode, as on a real disk, so a renamed file takes its synced content along.
 */

import type { FileHandle, Files, FileStatus, OpenOptions, SeekFrom } from "../../lib/host/files.ts";
import { directoryOf } from "../../lib/host/files.ts";
import { SystemError } from "../../lib/host/system_error.ts";

export class MemoryFiles implements Files {
  /** Bytes that the disk still takes; a write past it is partial, and the next one fails. */
  freeBytes = Infinity;
  /** Called before each operation; a test throws from it to make that operation fail. */
  beforeOperation: (operation: string, path: string) => void = () => {};
  private live = new Map<string, Inode>([["/", new Inode("directory")]]);
  private durable = new Map(this.live);
  private readonly locked = new Set<Inode>();

  open(path: string, options: OpenOptions): FileHandle {
    const name = this.enter("open", path);
    let inode = this.live.get(name);
    if (inode !== undefined && options.createNew) throw exists(name);
    if (inode === undefined) {
      if (!options.create && !options.createNew) throw notFound(name);
      this.requireDirectory(directoryOf(name));
      inode = new Inode("file");
      inode.mode = options.mode ?? 0o644;
      this.live.set(name, inode);
    }
    if (inode.kind === "directory" && (options.write || options.append)) {
      throw new SystemError("EISDIR", `Is a directory: ${name}`);
    }
    if (options.truncate) inode.resize(0);
    return new MemoryFileHandle(this, name, inode, options.append === true, this.locked);
  }

  rename(from: string, to: string): void {
    const source = this.enter("rename", from);
    const target = normalize(to);
    const inode = this.find(source);
    this.requireDirectory(directoryOf(target));
    for (const [name, child] of [...this.live]) {
      if (!name.startsWith(source + "/")) continue;
      this.live.delete(name);
      this.live.set(target + name.slice(source.length), child);
    }
    this.live.delete(source);
    this.live.set(target, inode);
  }

  remove(path: string, options?: { recursive?: boolean }): void {
    const name = this.enter("remove", path);
    this.find(name);
    const below = [...this.live.keys()].filter((other) => other.startsWith(name + "/"));
    if (below.length > 0 && !options?.recursive) {
      throw new SystemError("ENOTEMPTY", `Directory not empty: ${name}`);
    }
    for (const other of below) this.live.delete(other);
    this.live.delete(name);
  }

  mkdir(path: string, options?: { recursive?: boolean }): void {
    const name = this.enter("mkdir", path);
    const there = this.live.get(name);
    if (there !== undefined) {
      if (options?.recursive && there.kind === "directory") return;
      throw exists(name);
    }
    const parent = directoryOf(name);
    if (options?.recursive) this.mkdir(parent, options);
    this.requireDirectory(parent);
    this.live.set(name, new Inode("directory"));
  }

  list(path: string): string[] {
    const name = this.enter("list", path);
    this.requireDirectory(name);
    return childrenOf(this.live, name).map((child) => child.slice(child.lastIndexOf("/") + 1))
      .sort();
  }

  stat(path: string): FileStatus | null {
    const inode = this.live.get(this.enter("stat", path));
    if (inode === undefined) return null;
    const isFile = inode.kind === "file";
    return { size: inode.length, isFile, isDirectory: !isFile, isSymlink: false, modifiedMs: null };
  }

  realPath(path: string): string {
    const name = this.enter("realPath", path);
    this.find(name);
    return name;
  }

  changeMode(path: string, mode: number): void {
    this.find(this.enter("changeMode", path)).mode = mode;
  }

  syncDirectory(path: string): void {
    const name = this.enter("syncDirectory", path);
    this.requireDirectory(name);
    for (const child of childrenOf(this.durable, name)) this.durable.delete(child);
    for (const child of childrenOf(this.live, name)) this.durable.set(child, this.find(child));
  }

  readText(path: string): string {
    return new TextDecoder().decode(this.readBytes(path));
  }

  readBytes(path: string): Uint8Array<ArrayBuffer> {
    const inode = this.find(this.enter("readBytes", path));
    return inode.bytes.slice(0, inode.length);
  }

  /** For a test's own files: as if they had been there, and on the disk, from the start. */
  place(path: string, content: string | Uint8Array): void {
    const name = normalize(path);
    this.mkdir(directoryOf(name), { recursive: true });
    const inode = new Inode("file");
    inode.writeAt(0, typeof content === "string" ? new TextEncoder().encode(content) : content);
    inode.sync();
    this.live.set(name, inode);
    this.durable.set(name, inode);
    for (let at = directoryOf(name); at !== "/"; at = directoryOf(at)) {
      this.durable.set(at, this.find(at));
    }
  }

  /** Goes back to what the disk holds. Handles opened before must not be used again. */
  losePower(): void {
    this.locked.clear();
    const reachable = new Map<string, Inode>();
    for (const [name, inode] of this.durable) {
      let parent = name;
      while (parent !== "/" && this.durable.has(directoryOf(parent))) parent = directoryOf(parent);
      if (parent !== "/") continue;
      inode.restore();
      reachable.set(name, inode);
    }
    this.live = reachable;
    this.durable = new Map(reachable);
  }

  /** Takes up to `count` bytes of the free space; throws when there is none left. */
  takeSpace(count: number): number {
    if (count > 0 && this.freeBytes <= 0) {
      throw new SystemError("ENOSPC", "No space left on device");
    }
    const taken = Math.min(count, this.freeBytes);
    this.freeBytes -= taken;
    return taken;
  }

  private enter(operation: string, path: string): string {
    const name = normalize(path);
    this.beforeOperation(operation, name);
    return name;
  }

  private find(name: string): Inode {
    const inode = this.live.get(name);
    if (inode === undefined) throw notFound(name);
    return inode;
  }

  private requireDirectory(name: string): void {
    if (this.find(name).kind !== "directory") {
      throw new SystemError("ENOTDIR", `Not a directory: ${name}`);
    }
  }
}

/** Content with its synced copy. Only what changed since the last sync is copied at the next. */
class Inode {
  bytes = new Uint8Array(0);
  length = 0;
  mode = 0o644;
  private syncedBytes = new Uint8Array(0);
  private syncedLength = 0;
  private changedFrom = 0;

  constructor(readonly kind: "file" | "directory") {}

  writeAt(offset: number, source: Uint8Array): void {
    if (offset + source.length > this.length) this.resize(offset + source.length);
    this.bytes.set(source, offset);
    this.changedFrom = Math.min(this.changedFrom, offset);
  }

  resize(length: number): void {
    if (length > this.bytes.length) {
      this.bytes = grown(this.bytes, Math.max(length, this.bytes.length * 2));
    }
    this.bytes.fill(0, Math.min(length, this.length), Math.max(length, this.length));
    this.changedFrom = Math.min(this.changedFrom, length, this.length);
    this.length = length;
  }

  sync(): void {
    if (this.syncedBytes.length < this.length) {
      this.syncedBytes = grown(this.syncedBytes, this.bytes.length);
    }
    this.syncedBytes.set(this.bytes.subarray(this.changedFrom, this.length), this.changedFrom);
    this.syncedLength = this.length;
    this.changedFrom = this.length;
  }

  restore(): void {
    this.bytes = this.syncedBytes.slice();
    this.bytes.fill(0, this.syncedLength);
    this.length = this.syncedLength;
    this.changedFrom = this.length;
  }
}

class MemoryFileHandle implements FileHandle {
  private offset = 0;
  private open = true;
  private holdsLock = false;

  constructor(
    private readonly files: MemoryFiles,
    private readonly path: string,
    private readonly inode: Inode,
    private readonly append: boolean,
    private readonly locked: Set<Inode>,
  ) {}

  readSync(target: Uint8Array): number | null {
    this.enter("read");
    const count = Math.min(target.length, this.inode.length - this.offset);
    if (count <= 0) return target.length === 0 ? 0 : null;
    target.set(this.inode.bytes.subarray(this.offset, this.offset + count));
    this.offset += count;
    return count;
  }

  writeSync(bytes: Uint8Array): number {
    this.enter("write");
    const count = this.files.takeSpace(bytes.length);
    if (this.append) this.offset = this.inode.length;
    this.inode.writeAt(this.offset, bytes.subarray(0, count));
    this.offset += count;
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    return Promise.try(() => this.writeSync(bytes));
  }

  seekSync(offset: number, from: SeekFrom = "start"): number {
    this.enter("seek");
    const base = from === "start" ? 0 : from === "end" ? this.inode.length : this.offset;
    this.offset = base + offset;
    return this.offset;
  }

  truncateSync(length: number): void {
    this.enter("truncate");
    this.inode.resize(length);
  }

  syncSync(): void {
    this.enter("sync");
    this.inode.sync();
  }

  syncDataSync(): void {
    this.syncSync();
  }

  syncData(): Promise<void> {
    return Promise.try(() => this.syncSync());
  }

  size(): number {
    return this.inode.length;
  }

  tryLock(): boolean {
    this.enter("lock");
    if (this.locked.has(this.inode)) return false;
    this.locked.add(this.inode);
    this.holdsLock = true;
    return true;
  }

  close(): void {
    if (this.holdsLock) this.locked.delete(this.inode);
    this.holdsLock = false;
    this.open = false;
  }

  private enter(operation: string): void {
    if (!this.open) throw new SystemError("EBADF", `Bad file descriptor: ${this.path}`);
    this.files.beforeOperation(operation, this.path);
  }
}

function grown(bytes: Uint8Array, capacity: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(capacity);
  larger.set(bytes);
  return larger;
}

/** Relative paths are taken from "/". */
function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return "/" + parts.join("/");
}

function childrenOf(names: Map<string, Inode>, directory: string): string[] {
  return [...names.keys()].filter((name) => name !== "/" && directoryOf(name) === directory);
}

function notFound(path: string): SystemError {
  return new SystemError("ENOENT", `No such file or directory: ${path}`);
}

function exists(path: string): SystemError {
  return new SystemError("EEXIST", `File exists: ${path}`);
}
