// The console: one line at a time, with hints from the command table, a history for this tab, and replies
// as redis-cli writes them.

import { ask } from "./client.js";
import { formatReply, syntaxOf, wordsOf } from "./replies.js";
import { make } from "./words.js";

const STORED = "redino-history";
const KEPT_LINES = 200;
const KEPT_REPLIES = 200;
const SUGGESTED = 8;

export function startConsole({ signal }) {
  const form = document.getElementById("console");
  const line = document.getElementById("line");
  const view = new Console(line, signal);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    view.run(line.value);
  }, { signal });
  line.addEventListener("input", () => view.hint(), { signal });
  line.addEventListener("keydown", (event) => view.key(event), { signal });
  document.getElementById("clear").addEventListener("click", () => view.clear(), { signal });
  ask("/api/v1/commands", { signal }).then(({ items }) => {
    view.commands = new Map(items.map((item) => [item.name, item]));
    view.hint();
  }).catch(() => {});
}

class Console {
  constructor(line, signal) {
    this.line = line;
    this.signal = signal;
    this.output = document.getElementById("output");
    this.place = document.getElementById("hint");
    this.commands = new Map();
    this.history = stored();
    this.at = this.history.length;
    this.draft = "";
  }

  async run(text) {
    const given = text.trim();
    if (given === "") return;
    this.remember(given);
    this.line.value = "";
    this.hint();
    const words = wordsOf(given);
    if (words === null) this.show(given, "Quotes don't match.", true);
    else if (/^clear$/i.test(given)) this.clear();
    else if (words[0].utf8?.toLowerCase() === "help") this.help(given, words.slice(1));
    else await this.send(given, words);
  }

  async send(given, args) {
    const db = Number(document.getElementById("console-db").value);
    const began = performance.now();
    try {
      const { reply } = await ask("/api/v1/command", {
        method: "POST",
        body: { args, db },
        signal: this.signal,
      });
      const took = `${(performance.now() - began).toFixed(0)} ms`;
      this.show(given, formatReply(reply), reply?.type === "error", took);
    } catch (error) {
      if (!this.signal.aborted) this.show(given, `(error) ${error.message}`, true);
    }
  }

  show(given, text, isError, took = "") {
    document.getElementById("console-intro")?.remove();
    const entry = make(
      "div",
      { class: "exchange" },
      make("p", { class: "asked" }, make("code", {}, given), make("small", {}, took)),
      make("pre", { class: isError ? "reply error" : "reply" }, text),
    );
    this.output.append(entry);
    while (this.output.children.length > KEPT_REPLIES) this.output.firstElementChild.remove();
    this.output.scrollTop = entry.offsetTop - this.output.offsetTop;
  }

  help(given, words) {
    const name = words.map((word) => word.utf8 ?? "").join(" ").toLowerCase();
    const found = this.commands.get(name);
    if (found === undefined) {
      this.show(
        given,
        name === "" ? "HELP and a command's name." : "There is no such command.",
        name !== "",
      );
      return;
    }
    const lines = [
      `${found.name.toUpperCase()} ${syntaxOf(found.arguments).join(" ")}`.trim(),
      found.summary,
      `since ${found.since}, ${found.group}, ${found.complexity}`,
    ];
    this.show(given, lines.join("\n"), false);
  }

  clear() {
    this.output.replaceChildren();
    this.line.focus();
  }

  key(event) {
    if (event.key === "ArrowUp") this.recall(-1, event);
    else if (event.key === "ArrowDown") this.recall(1, event);
    else if (event.key === "Escape") {
      this.line.value = "";
      this.hint();
    } else if (event.key === "Tab" && !event.shiftKey) this.complete(event);
    else if (event.key === "l" && event.ctrlKey) {
      event.preventDefault();
      this.clear();
    }
  }

  recall(step, event) {
    const next = this.at + step;
    if (next < 0 || next > this.history.length) return;
    event.preventDefault();
    if (this.at === this.history.length) this.draft = this.line.value;
    this.at = next;
    this.line.value = this.history[next] ?? this.draft;
    this.line.setSelectionRange(this.line.value.length, this.line.value.length);
    this.hint();
  }

  /** Tab leaves the line as ever where there is nothing to complete. */
  complete(event) {
    const typed = this.line.value;
    const [first] = this.suggestions();
    if (typed.trim() === "" || first === undefined || first.name === typed.trim().toLowerCase()) {
      return;
    }
    event.preventDefault();
    this.choose(first);
  }

  choose(command) {
    this.line.value = `${command.name.toUpperCase()} `;
    this.line.focus();
    this.hint();
  }

  suggestions() {
    const typed = this.line.value.trimStart().toLowerCase().replace(/\s+/g, " ");
    if (typed.trim() === "") return [];
    const found = [];
    for (const command of this.commands.values()) {
      if (command.name.startsWith(typed)) found.push(command);
    }
    return found.sort((a, b) => a.name < b.name ? -1 : 1);
  }

  /** The command that is typed, its subcommand before its container. */
  typedCommand() {
    const words = this.line.value.trimStart().toLowerCase().split(/\s+/);
    return this.commands.get(words.slice(0, 2).join(" ")) ?? this.commands.get(words[0]);
  }

  hint() {
    const isTyping = !/\s\S*$/.test(this.line.value.trimStart());
    const command = this.typedCommand();
    const suggested = this.suggestions().filter((one) => one !== command).slice(0, SUGGESTED);
    const parts = [];
    if (command !== undefined) parts.push(...this.explain(command));
    if (suggested.length > 0 && (isTyping || command?.isContainer || command === undefined)) {
      parts.push(make("p", { class: "suggested" }, ...suggested.map((one) => this.buttonOf(one))));
    }
    this.place.replaceChildren(...parts);
  }

  explain(command) {
    const typed = wordsOf(this.line.value)?.length ?? 0;
    const names = command.name.split(" ").length;
    const words = syntaxOf(command.arguments).map((part, i) =>
      make("span", { class: i === typed - names ? "now" : undefined }, `${part} `)
    );
    const mayRun = command.onlyReads || document.body.dataset.writes === "yes";
    return [
      make("p", { class: "usage" }, make("strong", {}, `${command.name.toUpperCase()} `), ...words),
      make(
        "p",
        { class: "muted" },
        `${command.summary} ${command.complexity}; since ${command.since}.`,
        mayRun ? "" : make("strong", {}, " Not run while the admin side is read-only."),
      ),
    ];
  }

  buttonOf(command) {
    const run = () => this.choose(command);
    return make(
      "button",
      { type: "button", class: "quiet", onclick: run },
      command.name.toUpperCase(),
    );
  }

  remember(given) {
    if (this.history[this.history.length - 1] !== given) this.history.push(given);
    this.history = this.history.slice(-KEPT_LINES);
    this.at = this.history.length;
    this.draft = "";
    try {
      sessionStorage.setItem(STORED, JSON.stringify(this.history));
    } catch {
      // The history then ends with the page.
    }
  }
}

function stored() {
  try {
    const found = JSON.parse(sessionStorage.getItem(STORED) ?? "[]");
    return Array.isArray(found) ? found : [];
  } catch {
    return [];
  }
}
