// Buttons that change something: each says as data what it asks, what it sends and where it leads
// (acts.tsx). Here that is asked in a dialog, sent, and answered.

import { ask } from "./client.js";
import { make, parameterOf, segmentOf } from "./words.js";

export function actOf(element) {
  return element.closest?.("button[data-act]") ?? null;
}

export function closeDialog() {
  document.querySelector("dialog[open]")?.close();
}

/** Asks, sends, and shows what came of it. */
export function runAct(button, { show, notice }) {
  const act = JSON.parse(button.dataset.act);
  const dialog = dialogOf(act);
  let isOutdated = false;
  const error = dialog.querySelector(".error");
  dialog.querySelector("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const submit = dialog.querySelector("button[type=submit]");
    submit.disabled = true;
    try {
      const { path, body, names } = filled(act, dialog);
      await ask(path, { method: act.method, body, ifMatch: act.ifMatch });
      dialog.close();
      await after(act, names, show);
      notice("Done.");
    } catch (failure) {
      // The key is not what the page shows: what it is now is shown once the dialog is closed, and not
      // before, so that what was typed can still be copied.
      if (failure.status === 412) isOutdated = true;
      const isLost = failure instanceof TypeError;
      error.textContent = isLost ? "The server does not answer." : failure.message;
    } finally {
      submit.disabled = false;
    }
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (isOutdated) showAnew(show);
    else if (button.isConnected) button.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
}

async function after(act, names, show) {
  if (act.then === undefined) return await showAnew(show);
  const path = act.then.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(names[name] ?? ""));
  await show(path);
}

async function showAnew(show) {
  const pane = document.body.dataset.page === "browse" ? "detail" : undefined;
  await show(location.pathname + location.search, { push: false, pane });
}

function dialogOf(act) {
  const fields = act.fields ?? [];
  const rows = fields.map((field, i) => rowOf(field, `asked-${i}`));
  const dialog = make(
    "dialog",
    { "aria-labelledby": "dialog-title" },
    make(
      "form",
      { method: "dialog", autocomplete: "off" },
      make("h2", { id: "dialog-title" }, act.title),
      act.question === undefined ? "" : make("p", { class: "question" }, act.question),
      ...rows,
      make("p", { class: "error", role: "alert" }),
      make(
        "div",
        { class: "buttons" },
        make("button", { type: "button", onclick: () => dialog.close() }, "Cancel"),
        make("button", { type: "submit", class: act.danger ? "danger" : "primary" }, act.submit),
      ),
    ),
  );
  const select = dialog.querySelector("select");
  const choose = () => {
    fields.forEach((field, i) => {
      if (field.when !== undefined) rows[i].hidden = !field.when.includes(select.value);
    });
  };
  if (select !== null) {
    select.addEventListener("change", choose);
    choose();
  }
  return dialog;
}

function rowOf(field, id) {
  const { kind, label, hint, value } = field;
  if (kind === "checkbox") {
    const box = make("input", { type: "checkbox", id, name: field.name });
    return make("label", { class: "row check", for: id }, box, ` ${label}`);
  }
  const isBinary = typeof value === "object" && value.base64 !== undefined;
  const text = typeof value === "object" ? value.utf8 ?? value.base64 : value ?? "";
  const input = inputOf(field, id, text);
  const note = isBinary ? "As base64, since it is no text." : hint;
  return make(
    "div",
    { class: "row" },
    make("label", { for: id }, label),
    input,
    note === undefined ? "" : make("p", { class: "hint" }, note),
  );
}

function inputOf({ kind, name, options }, id, text) {
  if (kind === "select") {
    const choices = options.map(([value, label]) => make("option", { value }, label));
    return make("select", { id, name }, ...choices);
  }
  if (kind === "bytes" || kind === "pairs") {
    const rows = Math.min(16, Math.max(kind === "pairs" ? 3 : 1, text.split("\n").length));
    const area = make("textarea", { id, name, rows: String(rows), spellcheck: "false" });
    area.value = text;
    return area;
  }
  const isFigure = kind === "number" || kind === "seconds";
  const input = make("input", { id, name, inputmode: isFigure ? "decimal" : "text" });
  input.value = text;
  return input;
}

/** What is sent, with what was typed in its place. */
function filled(act, dialog) {
  const body = act.body === undefined ? undefined : structuredClone(act.body);
  const target = body?.changes?.[0] ?? body;
  const names = {};
  let { path } = act;
  (act.fields ?? []).forEach((field, i) => {
    const input = dialog.querySelector(`#asked-${i}`);
    if (input.closest(".row").hidden) return;
    const value = valueOf(field, input);
    if (field.kind === "bytes" || field.kind === "key") names[field.name] = parameterOf(value);
    if (field.kind === "key") path = path.replace("{key}", () => segmentOf(value));
    else target[field.name] = value;
  });
  return { path, body, names };
}

function valueOf({ kind, value, label }, input) {
  const text = input.value;
  switch (kind) {
    case "checkbox":
      return input.checked;
    case "bytes":
    case "key":
      return typeof value === "object" && value.base64 !== undefined
        ? { base64: text.trim() }
        : { utf8: text };
    case "seconds": {
      if (text.trim() === "") return null;
      const seconds = Number(text);
      if (!(seconds > 0)) throw new Error(`${label} must be a number above 0.`);
      return Math.max(1, Math.round(seconds * 1000));
    }
    case "pairs":
      return text.split("\n").filter((line) => line.trim() !== "").map((line) => {
        const [, field, rest] = /^(\S+) ?([^]*)$/.exec(line) ?? [];
        if (field === undefined) throw new Error("A line must begin with a field.");
        return [{ utf8: field }, { utf8: rest }];
      });
    default:
      return text;
  }
}
