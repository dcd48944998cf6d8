/** Lines that were typed before, newest last; kept in a file between sessions. */

import { type Files, writeAllSync } from "../../host/files.ts";
import { utf8 } from "../../bytes/byte_string.ts";

const LIMIT = 1000;
/** Lines with passwords are not for a file that others may read. */
const SECRET =
  /^\s*(\d+\s+)?(auth\b|acl\s+(setuser|deluser|getuser)\b|config\s+set\b.*(requirepass|masterauth|masteruser|tls-key-file-pass|tls-client-key-file-pass)|hello\b.*\bauth\b|migrate\b.*\bauth2?\b)/i;

export class History {
  readonly lines: string[] = [];

  /** @param path null keeps nothing. A file that can't be read or written is passed over. */
  constructor(private readonly files: Files, private readonly path: string | null) {
    if (path === null) return;
    try {
      if (files.stat(path) === null) return;
      for (const line of files.readText(path).split("\n")) {
        if (line !== "") this.lines.push(line);
      }
      this.lines.splice(0, Math.max(0, this.lines.length - LIMIT));
    } catch {
      // History is a comfort, no condition.
    }
  }

  /** Lines with passwords, empty ones and repetitions of the last one are not kept. */
  add(line: string): void {
    if (line.trim() === "" || SECRET.test(line) || this.lines.at(-1) === line) return;
    this.lines.push(line);
    if (this.lines.length > LIMIT) this.lines.shift();
    this.save();
  }

  private save(): void {
    if (this.path === null) return;
    try {
      const options = { write: true, create: true, truncate: true, mode: 0o600 };
      const file = this.files.open(this.path, options);
      try {
        writeAllSync(file, utf8(this.lines.join("\n") + "\n"));
      } finally {
        file.close();
      }
    } catch {
      // As above.
    }
  }
}
