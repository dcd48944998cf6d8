/**
 * `cli` at a terminal: reads keys, shows the line being typed with its hint, and runs it. Keys are
 * read all the time, so that Ctrl+C ends what is under way; what is typed meanwhile waits.
 */

import { fromLatin1, utf8 } from "../../bytes/byte_string.ts";
import { ClientError } from "../../client/client_error.ts";
import { REDINO_VERSION } from "../../config/version.ts";
import type { Console } from "../../host/console.ts";
import { print, type ToolHost } from "../tool_host.ts";
import { CommandGuide } from "./command_help.ts";
import { History } from "./history.ts";
import { type Key, KeyDecoder } from "./keys.ts";
import { LineEditor } from "./line_editor.ts";
import { type LineCommands, runLine, unknownSetting } from "./repeat.ts";
import { Screen } from "./screen.ts";
import type { CliSession } from "./session.ts";

type InteractiveHost = ToolHost & { readonly console: Console };

export async function interact(host: InteractiveHost, session: CliSession): Promise<number> {
  const { console } = host;
  const home = console.variable("HOME") ?? console.variable("USERPROFILE");
  const path = console.variable("REDISCLI_HISTFILE") ??
    (home === undefined ? null : `${home}/.rediscli_history`);
  const history = new History(host.files, path === "/dev/null" ? null : path);
  const keys = new Keyboard(console);
  console.setRaw(true);
  try {
    await session.connect();
    const dialogue = new Dialogue(host, session, history, keys, await guideOf(session));
    while (await dialogue.next());
    return 0;
  } finally {
    console.setRaw(false);
  }
}

/** Keys as they come, and those that nobody has asked for yet. */
class Keyboard {
  private readonly decoder = new KeyDecoder();
  private readonly keys: Key[] = [];
  private waiting: ((key: Key | null) => void) | null = null;
  private interrupted: (() => void) | null = null;
  private ended = false;

  constructor(console: Console) {
    this.read(console).catch(() => this.end());
  }

  /** Null when the terminal is gone. */
  next(): Promise<Key | null> {
    const key = this.keys.shift();
    if (key !== undefined) return Promise.resolve(key);
    if (this.ended) return Promise.resolve(null);
    return new Promise((resolve) => this.waiting = resolve);
  }

  /** Resolves at the next Ctrl+C, which then is no key; at once when one was typed ahead. */
  interrupt(): Promise<void> {
    const typed = this.keys.findIndex((key) => "name" in key && key.name === "ctrl-c");
    if (typed >= 0) {
      this.keys.splice(0, typed + 1);
      return Promise.resolve();
    }
    return new Promise((resolve) => this.interrupted = resolve);
  }

  /** Ctrl+C is a key again. */
  release(): void {
    this.interrupted = null;
  }

  private async read(console: Console): Promise<void> {
    const buffer = new Uint8Array(4096);
    for (;;) {
      const count = await console.read(buffer);
      if (count === null) break;
      for (const key of this.decoder.decode(buffer.subarray(0, count))) this.put(key);
    }
    this.end();
  }

  private put(key: Key): void {
    if (this.interrupted !== null && "name" in key && key.name === "ctrl-c") {
      this.keys.length = 0;
      this.interrupted();
      this.interrupted = null;
      return;
    }
    const { waiting } = this;
    this.waiting = null;
    if (waiting !== null) waiting(key);
    else this.keys.push(key);
  }

  private end(): void {
    this.ended = true;
    this.interrupted?.();
    this.waiting?.(null);
  }
}

class Dialogue {
  private hints = true;
  private readonly screen: Screen;
  private readonly commands: LineCommands;

  constructor(
    private readonly host: InteractiveHost,
    private readonly session: CliSession,
    private readonly history: History,
    private readonly keys: Keyboard,
    private guide: CommandGuide | null,
  ) {
    this.screen = new Screen((text) => host.write(utf8(text)), () => host.console.columns());
    this.commands = {
      help: (words) => this.help(words),
      set: (line) => this.set(line),
    };
  }

  /** One line read and run; false when it was the last one. */
  async next(): Promise<boolean> {
    const line = await this.readLine();
    if (line === null) return false;
    this.history.add(line);
    const interrupt = this.keys.interrupt().then(() => this.host.write(utf8("^C\r\n")));
    try {
      if (!await runLine(this.session, line, this.commands, interrupt)) return false;
    } finally {
      this.keys.release();
    }
    // After Ctrl+C the prompt shows the server again, not that it was left.
    if (!this.session.isConnected && line.trim() !== "" && !/^\s*shutdown\b/i.test(line)) {
      if (await reachable(this.session)) await this.session.connect();
    }
    this.guide ??= this.session.isConnected ? await guideOf(this.session) : null;
    return true;
  }

  private async readLine(): Promise<string | null> {
    const prompt = this.session.prompt();
    const { guide } = this;
    const editor = new LineEditor(this.history, (text) => guide?.completions(text) ?? []);
    for (;;) {
      const drawing = this.drawingOf(prompt, editor);
      this.screen.draw(drawing);
      const key = await this.keys.next();
      const result = key === null ? "end" : editor.press(key);
      switch (result) {
        case "submit":
          this.screen.finish(this.drawingOf(prompt, editor));
          return editor.text;
        case "clear screen":
          this.screen.clear();
          break;
        case "end":
          this.host.write(utf8("\r\n"));
          return null;
        case "cancel":
          this.screen.finish(this.drawingOf(prompt, editor));
          // On an empty line it says goodbye, as redis-cli's does.
          return editor.text === "" ? null : "";
      }
    }
  }

  private drawingOf(prompt: string, editor: LineEditor) {
    const { text, cursor, search } = editor;
    if (search !== null) {
      return { prompt: `(reverse-i-search)\`${search.query}': `, text, cursor, hint: "" };
    }
    const atEnd = cursor === [...text].length;
    const hint = this.hints && atEnd && this.guide !== null ? this.guide.hint(text) : "";
    return { prompt, text, cursor, hint };
  }

  private set(line: string): void {
    const wanted = /^:set\s+(no)?hints$/i.exec(line);
    if (wanted !== null) this.hints = wanted[1] === undefined;
    else unknownSetting(this.session, line);
  }

  private help(words: string[]): void {
    if (words.length === 0) {
      this.host.write(utf8(HELP));
      return;
    }
    const lines = this.guide?.describe(words) ?? null;
    if (lines === null) print(this.host, `Nothing is known about "${words.join(" ")}".`);
    else this.host.write(fromLatin1(lines.join("\n") + "\n\n"));
  }
}

const HELP = `redino cli ${REDINO_VERSION}
  help COMMAND       what a command does and takes
  help @GROUP        the commands of a group
  help <TAB>         all that there is help on
  connect HOST PORT  go to another server
  5 COMMAND          run a command five times
  clear              clear the screen
  quit               leave (as Ctrl+D does)
Preferences:
  :set hints         show what may follow while typing
  :set nohints       do not
Keys: arrows and Ctrl+R for earlier lines, TAB completes, Ctrl+C ends what is under way.
`;

/** Null when the server has no COMMAND DOCS, or forbids it. */
async function guideOf(session: CliSession): Promise<CommandGuide | null> {
  if (!session.isConnected) return null;
  try {
    const docs = await session.ask("COMMAND", "DOCS");
    return docs.kind === "array" || docs.kind === "map" ? CommandGuide.read(docs) : null;
  } catch (error) {
    if (error instanceof ClientError) return null;
    throw error;
  }
}

/** Whether somebody listens; nothing is printed when not. */
async function reachable(session: CliSession): Promise<boolean> {
  const { host, options } = session;
  try {
    const connection = options.socket === null
      ? await host.network.connect(options.hostname, options.port)
      : await host.network.connectUnix(options.socket);
    connection.close();
    return true;
  } catch {
    return false;
  }
}
