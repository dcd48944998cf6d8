/**
 * One line being typed: text, cursor, history and completion, without a terminal. Positions count
 * characters (code points), so that no key cuts one in two.
 */

import type { History } from "./history.ts";
import type { Key } from "./keys.ts";

/** What a key did to the line as a whole. */
export type EditResult = "submit" | "cancel" | "end" | "clear screen" | null;

export interface Search {
  query: string;
  /** Where in the history the match is; -1 when there is none. */
  at: number;
}

/** The lines that the text before the cursor could become. */
export type Complete = (text: string) => string[];

export class LineEditor {
  /** While Ctrl+R is on. */
  search: Search | null = null;
  private characters: string[] = [];
  private place = 0;
  /** The line of the history that is shown; the number of lines while none is. */
  private historyAt: number;
  private draft = "";
  private killed = "";
  private completions: string[] = [];
  private completionAt = -1;

  constructor(private readonly history: History, private readonly complete: Complete) {
    this.historyAt = history.lines.length;
  }

  get text(): string {
    return this.characters.join("");
  }

  /** In characters from the start. */
  get cursor(): number {
    return this.place;
  }

  press(key: Key): EditResult {
    if (this.search !== null && this.pressInSearch(key)) return null;
    if ("text" in key) {
      this.endCompletion();
      this.insert(key.text);
      return null;
    }
    if (key.name === "tab") {
      this.nextCompletion();
      return null;
    }
    this.endCompletion();
    return this.act(key.name);
  }

  private act(name: string): EditResult {
    switch (name) {
      case "enter":
        return "submit";
      case "ctrl-c":
        return "cancel";
      case "ctrl-l":
        return "clear screen";
      case "ctrl-d":
        if (this.characters.length === 0) return "end";
        this.remove(this.place, this.place + 1);
        return null;
      case "up":
      case "ctrl-p":
        this.recall(-1);
        return null;
      case "down":
      case "ctrl-n":
        this.recall(1);
        return null;
      case "ctrl-r":
        this.search = { query: "", at: -1 };
        return null;
      default:
        this.move(name);
        return null;
    }
  }

  private move(name: string): void {
    const end = this.characters.length;
    switch (name) {
      case "left":
      case "ctrl-b":
        this.place = Math.max(0, this.place - 1);
        break;
      case "right":
      case "ctrl-f":
        this.place = Math.min(end, this.place + 1);
        break;
      case "word-left":
        this.place = this.wordStart();
        break;
      case "word-right":
        this.place = this.wordEnd();
        break;
      case "home":
      case "ctrl-a":
        this.place = 0;
        break;
      case "end":
      case "ctrl-e":
        this.place = end;
        break;
      case "backspace":
        if (this.place > 0) this.remove(this.place - 1, this.place);
        break;
      case "delete":
        this.remove(this.place, this.place + 1);
        break;
      case "ctrl-k":
        this.kill(this.place, end);
        break;
      case "ctrl-u":
        this.kill(0, this.place);
        break;
      case "ctrl-w":
        this.kill(this.wordStart(), this.place);
        break;
      case "ctrl-y":
        this.insert(this.killed);
        break;
      case "ctrl-t":
        this.swap();
        break;
    }
  }

  /** Whether the key belonged to the search; others end it and act on the line that was found. */
  private pressInSearch(key: Key): boolean {
    const search = this.search;
    if (search === null) return false;
    if ("text" in key) {
      search.query += key.text;
      this.find(this.history.lines.length - 1);
      return true;
    }
    switch (key.name) {
      case "ctrl-r":
        this.find(search.at < 0 ? this.history.lines.length - 1 : search.at - 1);
        return true;
      case "backspace":
        search.query = [...search.query].slice(0, -1).join("");
        this.find(this.history.lines.length - 1);
        return true;
      case "ctrl-g":
      case "ctrl-c":
      case "escape":
        this.search = null;
        this.replace(this.draft);
        return true;
      default:
        this.search = null;
        return false;
    }
  }

  /** Looks for the query in the history, from a line towards older ones; shows the line found. */
  private find(from: number): void {
    if (this.search === null || this.search.query === "") return;
    for (let at = from; at >= 0; at--) {
      const line = this.history.lines[at];
      const found = line.indexOf(this.search.query);
      if (found < 0) continue;
      this.search.at = at;
      this.replace(line);
      this.place = [...line.slice(0, found)].length;
      return;
    }
  }

  private recall(step: number): void {
    const { lines } = this.history;
    const at = this.historyAt + step;
    if (at < 0 || at > lines.length) return;
    if (this.historyAt === lines.length) this.draft = this.text;
    this.historyAt = at;
    this.replace(at === lines.length ? this.draft : lines[at]);
  }

  private nextCompletion(): void {
    if (this.completionAt < 0) {
      const found = this.complete(this.text);
      if (found.length === 0) return;
      // The line as it was comes round again behind the last one.
      this.completions = [...found, this.text];
    }
    this.completionAt = (this.completionAt + 1) % this.completions.length;
    this.replace(this.completions[this.completionAt]);
  }

  private endCompletion(): void {
    this.completionAt = -1;
  }

  private insert(text: string): void {
    const added = [...text];
    this.characters.splice(this.place, 0, ...added);
    this.place += added.length;
  }

  private remove(start: number, end: number): string {
    const removed = this.characters.splice(start, end - start).join("");
    this.place = start;
    return removed;
  }

  private kill(start: number, end: number): void {
    if (end > start) this.killed = this.remove(start, end);
  }

  private replace(text: string): void {
    this.characters = [...text];
    this.place = this.characters.length;
  }

  private swap(): void {
    const at = Math.min(this.place, this.characters.length - 1);
    if (at < 1) return;
    const [before, after] = [this.characters[at - 1], this.characters[at]];
    this.characters.splice(at - 1, 2, after, before);
    this.place = at + 1;
  }

  private wordStart(): number {
    let at = this.place;
    while (at > 0 && this.characters[at - 1] === " ") at--;
    while (at > 0 && this.characters[at - 1] !== " ") at--;
    return at;
  }

  private wordEnd(): number {
    let at = this.place;
    const end = this.characters.length;
    while (at < end && this.characters[at] === " ") at++;
    while (at < end && this.characters[at] !== " ") at++;
    return at;
  }
}
