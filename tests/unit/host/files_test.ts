/** One suite for the real files and the ones in memory, then the power loss of the latter. */

import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { DenoFiles, type Files, replaceFile, writeAllSync } from "../../../lib/host/files.ts";
import { directoryOf } from "../../../lib/host/files.ts";
import { systemErrorKind, systemErrorText } from "../../../lib/host/system_error.ts";
import { MemoryFiles } from "../../support/fake_host.ts";

const text = (content: string) => new TextEncoder().encode(content);

function onBoth(name: string, run: (files: Files, directory: string) => void | Promise<void>) {
  Deno.test(`${name} (in memory)`, async () => {
    const files = new MemoryFiles();
    files.mkdir("/data");
    await run(files, "/data");
  });
  Deno.test(`${name} (on disk)`, async () => {
    const directory = Deno.makeTempDirSync();
    try {
      await run(new DenoFiles(), directory);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  });
}

function kindOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return systemErrorKind(error);
  }
  return "no error";
}

onBoth("a file is written, read, sought, cut and listed", async (files, directory) => {
  const path = `${directory}/a`;
  const file = files.open(path, { read: true, write: true, create: true });
  writeAllSync(file, text("hello world"));
  assertEquals(await file.write(text("!")), 1);
  assertEquals(file.size(), 12);
  assertEquals(file.seekSync(6), 6);
  const target = new Uint8Array(5);
  assertEquals(file.readSync(target), 5);
  assertEquals(new TextDecoder().decode(target), "world");
  assertEquals(file.seekSync(0, "end"), 12);
  assertEquals(file.readSync(target), null);
  file.truncateSync(5);
  file.syncSync();
  file.syncDataSync();
  await file.syncData();
  file.close();
  assertEquals(files.readText(path), "hello");
  assertEquals(files.readBytes(path), text("hello"));
  assertEquals(files.list(directory), ["a"]);
  files.changeMode(path, 0o600);
});

onBoth("append writes to the end wherever the place is", (files, directory) => {
  const path = `${directory}/log`;
  for (const line of ["one\n", "two\n"]) {
    const file = files.open(path, { append: true, create: true });
    file.writeSync(text(line));
    file.close();
  }
  assertEquals(files.readText(path), "one\ntwo\n");
});

onBoth("stat tells files, directories and what is missing apart", (files, directory) => {
  assertEquals(files.stat(`${directory}/none`), null);
  assertEquals(files.stat(`${directory}/none/below`), null);
  files.mkdir(`${directory}/sub/deeper`, { recursive: true });
  files.mkdir(`${directory}/sub/deeper`, { recursive: true });
  const status = files.stat(`${directory}/sub`);
  assert(status !== null);
  assertEquals([status.isDirectory, status.isFile, status.isSymlink], [true, false, false]);
  assertMatch(files.realPath(`${directory}/sub/../sub/deeper`), /[\\/]sub[\\/]deeper$/);
});

onBoth("refusals are sorted by kind", (files, directory) => {
  const path = `${directory}/a`;
  assertEquals(kindOf(() => files.open(path, { read: true })), "not found");
  assertEquals(kindOf(() => files.readText(path)), "not found");
  assertEquals(kindOf(() => files.rename(path, `${directory}/b`)), "not found");
  assertEquals(kindOf(() => files.remove(path)), "not found");
  files.open(path, { write: true, createNew: true }).close();
  assertEquals(kindOf(() => files.open(path, { write: true, createNew: true })), "already exists");
  assertEquals(kindOf(() => files.mkdir(path)), "already exists");
});

onBoth("replaceFile leaves the new content and no temporary file", (files, directory) => {
  const path = `${directory}/redis.conf`;
  replaceFile(files, path, `${path}.tmp`, text("one"));
  replaceFile(files, path, `${path}.tmp`, text("two"));
  assertEquals(files.readText(path), "two");
  assertEquals(files.list(directory), ["redis.conf"]);
});

onBoth("rename moves a directory with all that is in it", (files, directory) => {
  files.mkdir(`${directory}/old`);
  files.open(`${directory}/old/a`, { write: true, create: true }).close();
  files.rename(`${directory}/old`, `${directory}/new`);
  assertEquals(files.list(directory), ["new"]);
  assertEquals(files.list(`${directory}/new`), ["a"]);
  assertThrows(() => files.remove(`${directory}/new`));
  files.remove(`${directory}/new`, { recursive: true });
  assertEquals(files.list(directory), []);
});

Deno.test("replaceFile on a full disk leaves the old file and no temporary one", () => {
  const files = new MemoryFiles();
  files.place("/data/redis.conf", "old");
  files.freeBytes = 10;
  const path = "/data/redis.conf";
  assertEquals(
    kindOf(() => replaceFile(files, path, `${path}.tmp`, text("longer than ten"))),
    "no space",
  );
  assertEquals(files.readText(path), "old");
  assertEquals(files.list("/data"), ["redis.conf"]);
});

Deno.test("replaceFile interrupted before any of its steps leaves old or new, whole", () => {
  let interrupted = 0;
  for (let steps = 0; steps < 30; steps++) {
    const files = new MemoryFiles();
    const path = "/data/redis.conf";
    files.place(path, "old");
    let left = steps;
    files.beforeOperation = () => {
      if (left-- === 0) throw new Error("power loss");
    };
    try {
      replaceFile(files, path, `${path}.tmp`, text("new"));
    } catch {
      interrupted++;
    }
    const finished = left >= 0;
    files.beforeOperation = () => {};
    files.losePower();
    const content = files.readText(path);
    if (finished) assertEquals(content, "new");
    else assert(content === "old" || content === "new", `after ${steps} steps: ${content}`);
  }
  assertEquals(interrupted > 0 && interrupted < 30, true);
});

Deno.test("power loss takes what was not synced, content and names", () => {
  const files = new MemoryFiles();
  files.place("/data/kept", "first");
  const file = files.open("/data/kept", { append: true });
  file.writeSync(text(" second"));
  file.syncSync();
  file.writeSync(text(" third"));
  files.open("/data/unsynced name", { write: true, create: true }).syncSync();
  assertEquals(files.readText("/data/kept"), "first second third");
  files.losePower();
  assertEquals(files.readText("/data/kept"), "first second");
  assertEquals(files.list("/data"), ["kept"]);
});

Deno.test("a lock is refused to a second handle until the first is closed", () => {
  const files = new MemoryFiles();
  files.place("/data/lock", "");
  const first = files.open("/data/lock", { write: true });
  const second = files.open("/data/lock", { write: true });
  assertEquals([first.tryLock(), second.tryLock()], [true, false]);
  first.close();
  assertEquals(second.tryLock(), true);
});

Deno.test({
  name: "a link is told, with the size of what it leads to",
  // Windows lets those make links who are allowed to.
  ignore: !canLink(),
  fn() {
    const directory = Deno.makeTempDirSync();
    try {
      Deno.writeTextFileSync(`${directory}/a`, "four");
      Deno.symlinkSync(`${directory}/a`, `${directory}/good`, { type: "file" });
      Deno.symlinkSync(`${directory}/none`, `${directory}/bad`, { type: "file" });
      const files = new DenoFiles();
      const good = files.stat(`${directory}/good`);
      assertEquals([good?.isSymlink, good?.isFile, good?.size], [true, true, 4]);
      const bad = files.stat(`${directory}/bad`);
      assertEquals([bad?.isSymlink, bad?.isFile, bad?.size], [true, false, 0]);
    } finally {
      Deno.removeSync(directory, { recursive: true });
    }
  },
});

function canLink(): boolean {
  const directory = Deno.makeTempDirSync();
  try {
    Deno.symlinkSync(`${directory}/a`, `${directory}/link`, { type: "file" });
    return Deno.lstatSync(`${directory}/link`).isSymlink;
  } catch {
    return false;
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
}

Deno.test("the operating system's words come without number and call", () => {
  const error = assertThrows(() => new DenoFiles().open("/no/such/place", { read: true }));
  assertEquals(systemErrorText(error), "No such file or directory");
  assertEquals(systemErrorText(new Error("plain")), "plain");
  const refused = new Error("Es konnte keine Verbindung hergestellt werden. (os error 10061)");
  assertEquals(systemErrorText(refused, true), "Connection refused");
  const held = new Error("It is used by another process. (os error 32): open 'x'");
  assertEquals(systemErrorText(held, true), "It is used by another process.");
});

Deno.test("directoryOf names the parent in both kinds of path", () => {
  const paths = ["/a/b", "/a", "a", "a/b", "C:\\data\\x"];
  assertEquals(paths.map(directoryOf), ["/a", "/", ".", "a", "C:\\data"]);
});
