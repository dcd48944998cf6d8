/** The rules of Windows' files, on any system: names, joined paths, files that others hold. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { DenoFiles, directoryOf, pathIn } from "../../../lib/host/files.ts";
import { retryWhileHeld, windowsPathProblem } from "../../../lib/host/windows_files.ts";

Deno.test("paths of every kind are understood on Windows", () => {
  const paths = [
    "dump.rdb",
    "C:\\Redino data\\dump.rdb",
    "C:/Redino/données/dump.rdb",
    "c:",
    "C:\\",
    "..\\data\\.\\dump.rdb",
    "\\data\\x",
    "\\\\server\\share\\data\\dump.rdb",
    "//server/share/data",
    "\\\\?\\C:\\data\\dump.rdb",
    "\\\\?\\UNC\\server\\share\\dump.rdb",
    "console.log",
    "com10",
    "nullable\\auxiliary.rdb",
    ".hidden",
    "",
  ];
  for (const path of paths) assertEquals(windowsPathProblem(path), null, path);
});

Deno.test("devices, hidden streams and names that would change are refused on Windows", () => {
  const refused: [path: string, part: RegExp][] = [
    ["nul", /'nul' is a device on Windows \(NUL\)/],
    ["C:\\data\\Aux.rdb", /'Aux\.rdb' is a device/],
    ["con.tar.gz", /device/],
    ["COM1", /device/],
    ["lpt³.rdb", /device/],
    ["nul .rdb", /device/],
    ["prn\\dump.rdb", /device/],
    ["CONOUT$", /device/],
    ["\\\\.\\PhysicalDrive0", /device/],
    ["dump.rdb:hidden", /character.*: :$/],
    ["C:dump:x", /character.*: :$/],
    ["./C:dump.rdb", /'C:dump\.rdb'.*character.*: :$/],
    ["D:\\data\\C:dump.rdb", /character.*: :$/],
    ["what?", /character.*: \?$/],
    ["*.rdb", /character.*: \*$/],
    ['C:\\data"', /character.*: "$/],
    ["a|b", /character.*: \|$/],
    ["C:\\data\new", /'data\\x0aew'.*: \\x0a$/],
    ["dump.rdb.", /ends in a dot or a blank/],
    ["data \\dump.rdb", /ends in a dot or a blank/],
  ];
  for (const [path, part] of refused) {
    const problem = windowsPathProblem(path);
    assert(problem !== null && part.test(problem), `${path}: ${problem}`);
  }
});

Deno.test("with the rules of Windows, a refused name leaves nothing on the disk", () => {
  const directory = Deno.makeTempDirSync();
  try {
    const files = new DenoFiles(true);
    const options = { write: true, create: true };
    assertThrows(() => files.open(`${directory}/nul`, options), Error, "device");
    assertThrows(() => files.open(`${directory}/a:b`, { append: true, create: true }), Error, ":");
    assertThrows(() => files.mkdir(`${directory}/aux`), Error, "device");
    files.open(`${directory}/whole`, options).close();
    assertThrows(() => files.rename(`${directory}/whole`, `${directory}/prn.rdb`), Error, "device");
    assertEquals(files.list(directory), ["whole"]);
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("with the rules of Windows, a file that is appended to is cut and appended to again", () => {
  const directory = Deno.makeTempDirSync();
  try {
    const files = new DenoFiles(true);
    const file = files.open(`${directory}/log`, { append: true, createNew: true });
    const write = (text: string) => file.writeSync(new TextEncoder().encode(text));
    write("whole torn");
    file.truncateSync(6);
    write("again");
    file.close();
    assertEquals(files.readText(`${directory}/log`), "whole again");
  } finally {
    Deno.removeSync(directory, { recursive: true });
  }
});

Deno.test("what others hold is tried again, later each time, for half a second", () => {
  const pauses: number[] = [];
  let calls = 0;
  const held = (number: number) => () => {
    calls++;
    throw new Error(`Somebody has it. (os error ${number}): rename 'a' -> 'b'`);
  };
  for (const number of [5, 32, 33]) {
    calls = 0;
    pauses.length = 0;
    assertThrows(() => retryWhileHeld(held(number), (ms) => pauses.push(ms)), Error, `${number}`);
    assertEquals(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256]);
    assertEquals(calls, 10);
  }
});

Deno.test("a file that is let go is renamed; another error is thrown at once", () => {
  let failures = 3;
  const result = retryWhileHeld(() => {
    if (failures-- > 0) throw new Error("Access is denied. (os error 5): rename");
    return "done";
  }, () => {});
  assertEquals([result, failures], ["done", -1]);
  let calls = 0;
  const full = () => {
    calls++;
    throw new Error("There is not enough space on the disk. (os error 112)");
  };
  assertThrows(() => retryWhileHeld(full, () => {}), Error, "112");
  assertEquals(calls, 1);
});

Deno.test("a path is joined in the way of its directory", () => {
  const joined: [directory: string, path: string, whole: string][] = [
    ["C:\\data", "dump.rdb", "C:\\data\\dump.rdb"],
    ["C:\\", "dump.rdb", "C:\\dump.rdb"],
    ["C:\\Redino data", "logs/a b.log", "C:\\Redino data\\logs/a b.log"],
    ["C:\\data", "D:\\logs\\x.log", "D:\\logs\\x.log"],
    ["C:\\data", "d:/logs/x.log", "d:/logs/x.log"],
    ["C:\\data", "\\logs\\x.log", "\\logs\\x.log"],
    ["C:\\data", "\\\\server\\share\\x.log", "\\\\server\\share\\x.log"],
    ["\\\\server\\share", "dump.rdb", "\\\\server\\share\\dump.rdb"],
    ["\\\\?\\C:\\data", "dump.rdb", "\\\\?\\C:\\data\\dump.rdb"],
    // A drive without a slash is no absolute path; the name it makes is refused.
    ["C:\\data", "D:x.log", "C:\\data\\D:x.log"],
    ["/data", "dump.rdb", "/data/dump.rdb"],
    ["/", "dump.rdb", "/dump.rdb"],
    ["/data", "/logs/x", "/logs/x"],
    // On Linux these are names like any other.
    ["/data", "\\odd", "/data/\\odd"],
    ["/data", "C:/odd", "/data/C:/odd"],
    [".", "dump.rdb", "./dump.rdb"],
    ["data", "/logs/x", "/logs/x"],
  ];
  for (const [directory, path, whole] of joined) assertEquals(pathIn(directory, path), whole);
});

Deno.test("the directory of a file in a root is that root", () => {
  const paths = ["C:\\dump.rdb", "C:/dump.rdb", "\\\\server\\share\\x", "C:\\a\\b"];
  assertEquals(paths.map((path) => directoryOf(path)), [
    ...["C:\\", "C:/", "\\\\server\\share", "C:\\a"],
  ]);
});
