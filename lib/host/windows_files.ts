/**
 * What is different about files on Windows, as functions of texts and errors, so that they are
 * tested on any system; `DenoFiles` asks them where the system is Windows.
 *
 * - Some names are no files: devices (a snapshot written to `nul` or `aux.rdb` is gone without an
 *   error), `a:b` (a hidden second content of `a`), and names that end in a dot or a blank, which
 *   the system takes off. They are refused before anything is opened.
 * - A file that somebody else has open for a moment (virus scanners and indexers open each new file)
 *   can't always be renamed, replaced or removed: it is tried again for up to half a second.
 *
 * Source: "Naming Files, Paths, and Namespaces" in Microsoft's Win32 documentation, and what was seen.
 */

import { SystemError } from "./system_error.ts";

/**
 * Why Windows has no ordinary file or directory at `path`; null when it can have one. Drives,
 * `\\server\share`, `\\?\` and both kinds of slashes are understood.
 */
export function windowsPathProblem(path: string): string | null {
  if (/^[\\/]{2}\.[\\/]/.test(path)) return `'${path}' is a device on Windows`;
  for (const name of path.replace(PATH_START, "").split(/[\\/]/)) {
    const problem = windowsNameProblem(name);
    if (problem !== null) return problem;
  }
  return null;
}

/** Runs `act` again, a little later each time, while it fails because others hold the file. */
export function retryWhileHeld<T>(act: () => T, pause: (ms: number) => void = pauseThread): T {
  for (let pauseMs = FIRST_PAUSE_MS;; pauseMs *= 2) {
    try {
      return act();
    } catch (error) {
      if (pauseMs > LAST_PAUSE_MS || !isHeldByOthers(error)) throw error;
    }
    pause(pauseMs);
  }
}

/** Throws unless Windows can have an ordinary file at `path`. */
export function requireWindowsPath(path: string): void {
  const problem = windowsPathProblem(path);
  if (problem !== null) throw new SystemError("EINVAL", problem);
}

/** Whether an error says that a file is in use: access denied, sharing or lock violation. */
function isHeldByOthers(error: unknown): boolean {
  const number = error instanceof Error ? /\(os error (\d+)\)/.exec(error.message)?.[1] : undefined;
  return number === "5" || number === "32" || number === "33";
}

function windowsNameProblem(name: string): string | null {
  if (name === "" || name === "." || name === "..") return null;
  const wrong = WRONG_CHARACTERS.exec(name)?.[0];
  if (wrong !== undefined) {
    const shown = wrong < " " ? `\\x${wrong.charCodeAt(0).toString(16).padStart(2, "0")}` : wrong;
    return `'${name.replace(wrong, shown)}' has a character that no name on Windows has: ${shown}`;
  }
  if (/[. ]$/.test(name)) {
    return `'${name}' ends in a dot or a blank, which no name on Windows does`;
  }
  const stem = name.split(".", 1)[0].trimEnd().toUpperCase();
  if (DEVICES.test(stem)) return `'${name}' is a device on Windows (${stem})`;
  return null;
}

/** A drive, a share, or either with the prefix that turns off the system's reading of paths. */
const PATH_START =
  /^(?:[\\/]{2}\?[\\/])?(?:UNC[\\/][^\\/]+[\\/][^\\/]+|[A-Za-z]:|[\\/]{2}[^\\/?]+[\\/][^\\/]+)?/;
// deno-lint-ignore no-control-regex
const WRONG_CHARACTERS = /[<>:"|?*\x00-\x1f]/;
const DEVICES = /^(?:CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])$/;

/** 1, 2, 4 … 256: half a second in all, which is what the other clients can be made to wait. */
const FIRST_PAUSE_MS = 1;
const LAST_PAUSE_MS = 256;

function pauseThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
