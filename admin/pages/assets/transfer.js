// Export and import of keys: opens the dialogs (transfer.tsx), sends what was chosen in them, saves what
// comes as a file, and says what came of a file that was sent.

import { download, upload } from "./client.js";
import { byteSize, count, make } from "./words.js";

const JSON_LINES = "application/x-ndjson";
const COMMANDS = "application/x-redis-commands";

export function startTransfer({ signal, show }) {
  const begin = (id, Transfer, options) => {
    const dialog = document.getElementById(id);
    return dialog === null ? null : new Transfer(dialog, signal, options);
  };
  const exporting = begin("export", Export);
  const importing = begin("import", Import, { show });
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("[data-export], [data-import]") ?? null;
    if (button === null) return;
    if (button.dataset.import !== undefined) importing?.open(button);
    else exporting?.open(button, keysOf(button));
  }, { signal });
  document.getElementById("keys")?.addEventListener("change", tellChosen, { signal });
  tellChosen();
}

/** The button's own key, or those that are chosen in the list; none for all that are searched for. */
function keysOf({ dataset }) {
  return dataset.export === "" ? chosen() : [dataset.export];
}

function chosen() {
  return [...document.querySelectorAll("#keys input.choose:checked")].map((box) => box.value);
}

function tellChosen() {
  const button = document.querySelector('[data-export=""]');
  const { length } = chosen();
  if (button !== null) {
    button.textContent = length === 0 ? "Export" : `Export ${numbered(length, "key")}`;
  }
}

/** A dialog whose work can be broken off by closing it. */
class Transfer {
  constructor(dialog, signal) {
    this.dialog = dialog;
    this.form = dialog.querySelector("form");
    this.state = dialog.querySelector(".state");
    this.error = dialog.querySelector(".error");
    this.submit = dialog.querySelector("button[type=submit]");
    this.closer = dialog.querySelector("[data-close]");
    this.running = null;
    this.opener = null;
    this.form.addEventListener("submit", (event) => this.begin(event), { signal });
    this.closer.addEventListener("click", () => dialog.close(), { signal });
    dialog.addEventListener("close", () => this.closed(), { signal });
    signal.addEventListener("abort", () => this.running?.abort());
  }

  open(button) {
    this.opener = button;
    this.tell("");
    this.error.textContent = "";
    this.closer.textContent = "Cancel";
    this.dialog.showModal();
  }

  closed() {
    this.running?.abort();
    if (this.opener?.isConnected) this.opener.focus();
  }

  tell(text) {
    this.state.textContent = text;
  }

  async begin(event) {
    event.preventDefault();
    const running = new AbortController();
    this.running = running;
    this.submit.disabled = true;
    this.error.textContent = "";
    try {
      await this.run(running.signal);
    } catch (failure) {
      if (!running.signal.aborted) {
        this.tell("");
        // What the browser itself throws says nothing that a person could use.
        const isLost = failure instanceof TypeError;
        this.error.textContent = isLost ? this.lost : failure.message;
      }
    } finally {
      this.submit.disabled = false;
    }
  }
}

class Export extends Transfer {
  lost = "The connection broke off: what came is not all, and was not saved.";
  keys = [];

  open(button, keys) {
    this.keys = keys;
    const note = this.form.querySelector("[data-chosen]");
    note.hidden = keys.length === 0;
    note.textContent = keys.length === 1 ? keys[0] : `${count(keys.length)} chosen keys.`;
    for (const row of this.form.querySelectorAll("[data-filter]")) row.hidden = keys.length > 0;
    super.open(button);
  }

  async run(signal) {
    const { db, match, type, format } = this.form.elements;
    const query = new URLSearchParams({ db: db.value, format: format.value });
    for (const key of this.keys) query.append("key", key);
    if (this.keys.length === 0) {
      if (match.value !== "") query.set("match", patternOf(match.value));
      if (type.value !== "") query.set("type", type.value);
    }
    this.tell("Waiting for the first keys…");
    const progress = (bytes) => this.tell(`${byteSize(bytes)} so far…`);
    const { blob, name } = await download(`/api/v1/export?${query}`, signal, progress);
    if (blob.size === 0) {
      this.tell("");
      this.error.textContent = "No key is like that: there is nothing to save.";
      return;
    }
    save(blob, name);
    this.tell(`${byteSize(blob.size)} saved as ${name}.`);
    this.closer.textContent = "Close";
  }
}

/** A text without wildcards is looked for anywhere, as the search above the list does. */
function patternOf(text) {
  return /[*?[\\]/.test(text) ? text : `*${text}*`;
}

function save(blob, name) {
  const href = URL.createObjectURL(blob);
  make("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 60_000);
}

class Import extends Transfer {
  lost = "The server does not answer, or the file can't be read. What was taken so far stays.";

  constructor(dialog, signal, { show }) {
    super(dialog, signal);
    this.show = show;
    this.hasChanged = false;
    this.failures = dialog.querySelector(".failures");
  }

  open(button) {
    this.failures.hidden = true;
    this.hasChanged = false;
    super.open(button);
  }

  closed() {
    super.closed();
    if (this.hasChanged) this.show(location.pathname + location.search, { push: false });
    this.hasChanged = false;
  }

  async run(signal) {
    const { db, file, format, existing } = this.form.elements;
    const [chosenFile] = file.files;
    this.failures.hidden = true;
    this.tell(`Sending ${byteSize(chosenFile.size)}…`);
    const kind = format.value || await kindOf(chosenFile);
    const query = new URLSearchParams({ db: db.value });
    if (kind === "json") query.set("existing", existing.value);
    const path = kind === "json" ? "/api/v1/import" : "/api/v1/import/commands";
    this.hasChanged = true;
    const type = kind === "json" ? JSON_LINES : COMMANDS;
    this.showOutcome(kind, await upload(`${path}?${query}`, type, chosenFile, signal));
  }

  showOutcome(kind, { taken, skipped, failed, errors }) {
    const parts = [`${numbered(taken, kind === "json" ? "line" : "command")} taken`];
    if (skipped > 0) parts.push(`${count(skipped)} left as they were`);
    this.tell(`${parts.join(", ")}.`);
    this.closer.textContent = "Close";
    if (failed === 0) return;
    this.error.textContent = `${count(failed)} failed${
      failed > errors.length ? ", the first:" : ":"
    }`;
    this.failures.replaceChildren(
      ...errors.map(({ line, detail }) => make("li", {}, `${count(line)}: ${detail}`)),
    );
    this.failures.hidden = false;
  }
}

function numbered(figure, word) {
  return `${count(figure)} ${word}${figure === 1 ? "" : "s"}`;
}

/** Lines of JSON begin with a brace, which no command does. */
async function kindOf(file) {
  const start = await file.slice(0, 1024).text();
  return start.trimStart().startsWith("{") ? "json" : "commands";
}
