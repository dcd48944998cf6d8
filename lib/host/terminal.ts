/**
 * The terminal that a server was started from. Closing it, typing the end-of-file key or sending
 * a ^C byte (nested terminals on Windows do that in place of an event) asks the server to stop.
 */

const CONTROL_C = 3;

/** The place of the process group and of the terminal's group in /proc/self/stat. */
const GROUP_FIELD = 2;
const TERMINAL_GROUP_FIELD = 5;

/**
 * Calls `ended` once when standard input, if it is a terminal, ends or sends ^C. A server in the
 * background of a shell must not read its terminal (the system would stop it), so it is left be.
 */
export function watchTerminal(ended: () => void): void {
  if (!Deno.stdin.isTerminal() || isInBackground()) return;
  readUntilEnd().then(ended, () => {});
}

/** All of standard input, for a configuration that is piped in. */
export function readStandardInput(): Uint8Array {
  const chunks: Uint8Array[] = [];
  const chunk = new Uint8Array(64 * 1024);
  let total = 0;
  for (;;) {
    const count = Deno.stdin.readSync(chunk);
    if (count === null) break;
    chunks.push(chunk.slice(0, count));
    total += count;
  }
  const all = new Uint8Array(total);
  let at = 0;
  for (const part of chunks) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Standard output and standard error, for programs that end when they have said it all. */
export const STANDARD_STREAMS = {
  write: (bytes: Uint8Array): void => writeAll(Deno.stdout, bytes),
  writeError: (bytes: Uint8Array): void => writeAll(Deno.stderr, bytes),
};

function writeAll(stream: { writeSync(bytes: Uint8Array): number }, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += stream.writeSync(bytes.subarray(written));
  }
}

async function readUntilEnd(): Promise<void> {
  const bytes = new Uint8Array(64);
  for (;;) {
    const count = await Deno.stdin.read(bytes);
    if (count === null || bytes.subarray(0, count).includes(CONTROL_C)) return;
  }
}

function isInBackground(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    // The program's name, in parentheses, may hold anything: fields are counted behind it.
    const stat = Deno.readTextFileSync("/proc/self/stat");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[GROUP_FIELD] !== fields[TERMINAL_GROUP_FIELD];
  } catch {
    return false;
  }
}
