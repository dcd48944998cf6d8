// The tree of keys: opens branches where they are, goes on counting where the server counted a part,
// and moves through it by arrow keys.

import { ask } from "./client.js";
import { startTransfer } from "./transfer.js";
import { count, make, oneLine, parameterOf } from "./words.js";

/** Keys that one further part of a count looks at. */
const EXAMINED = 200_000;
/** Nodes of one level that are shown. */
const MAX_NODES = 1000;

export function startBrowse({ signal, show, notice }) {
  startTransfer({ signal, show });
  const keys = document.getElementById("keys");
  const tree = keys?.querySelector("ul.tree") ?? null;
  document.getElementById("db")?.addEventListener("change", submitForm, { signal });
  document.getElementById("type")?.addEventListener("change", submitForm, { signal });
  document.getElementById("view")?.addEventListener("change", submitForm, { signal });
  keys?.addEventListener("keydown", moveByArrows, { signal });
  if (tree === null) return;
  const search = JSON.parse(tree.dataset.tree);
  const branches = new Tree(search, signal, notice);
  tree.addEventListener("click", (event) => {
    const branch = event.target.closest("a.branch");
    if (branch === null || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    branches.toggle(branch);
  }, { signal });
  for (const branch of tree.querySelectorAll("a.branch")) branches.prepare(branch);
  branches.goOn(tree, search.prefix, tree.dataset.cursor, Number(tree.dataset.elsewhere));
}

function submitForm(event) {
  event.target.form.requestSubmit();
}

class Tree {
  constructor(search, signal, notice) {
    this.search = search;
    this.signal = signal;
    this.notice = notice;
  }

  prepare(branch) {
    branch.setAttribute("role", "button");
    branch.setAttribute("aria-expanded", "false");
  }

  toggle(branch) {
    const item = branch.parentElement;
    const isOpen = branch.getAttribute("aria-expanded") === "true";
    branch.setAttribute("aria-expanded", String(!isOpen));
    const below = item.querySelector(":scope > ul");
    if (below !== null) below.hidden = isOpen;
    if (isOpen || below !== null) return;
    const list = make("ul");
    item.append(list, make("p", { class: "tree-note muted", role: "status" }, "Reading…"));
    this.goOn(list, branch.dataset.branch, "0", 0);
  }

  /** Adds part after part to a level until all keys are counted. */
  async goOn(list, prefix, start, counted) {
    const note = list.parentElement.querySelector(":scope > .tree-note");
    let cursor = start;
    let elsewhere = counted;
    try {
      while (cursor !== undefined && cursor !== null && !this.signal.aborted) {
        const reply = await ask(this.path(prefix, cursor), { signal: this.signal });
        if (!list.isConnected) return;
        const isDone = reply.cursor === null;
        elsewhere += reply.keysElsewhere + this.add(list, reply.nodes, isDone);
        cursor = reply.cursor;
        note.textContent = isDone ? "" : "Counting…";
      }
    } catch (error) {
      if (!this.signal.aborted) this.notice(error.message, true);
    }
    if (start !== undefined) {
      note.textContent = elsewhere > 0 ? `${count(elsewhere)} more keys: search for them.` : "";
      note.hidden = elsewhere === 0;
    }
  }

  path(prefix, cursor) {
    const { db, type, separator } = this.search;
    const query = new URLSearchParams({ db, cursor, examine: EXAMINED });
    for (const [name, value] of Object.entries({ prefix, type, separator })) {
      if (value !== undefined) query.set(name, value);
    }
    return `/api/v1/tree?${query}`;
  }

  /** Returns how many keys found no place. */
  add(list, nodes, isDone) {
    const known = new Map();
    for (const item of list.children) known.set(item.firstElementChild.dataset.name, item);
    let left = 0;
    for (const node of nodes) {
      const name = nameOf(node);
      const item = known.get(name);
      if (item !== undefined) grow(item, node.keys);
      else if (known.size >= MAX_NODES) left += node.keys;
      else {
        const made = this.itemOf(node);
        known.set(name, made);
        place(list, made);
      }
    }
    if (isDone) {
      for (const tally of list.querySelectorAll(":scope > li > a > .tally")) finish(tally);
    }
    return left;
  }

  itemOf(node) {
    const { db, type, separator } = this.search;
    const query = new URLSearchParams();
    if (db !== 0) query.set("db", db);
    if (type !== undefined) query.set("type", type);
    if (separator !== undefined) query.set("separator", separator);
    const name = make("span", { class: "bytes" }, oneLine(node.name) || "(empty)");
    if (node.isKey) {
      query.set("key", parameterOf(node.prefix));
      const leaf = make("span", { class: "leaf", "aria-hidden": "true" });
      const attributes = { href: `/browse?${query}`, "data-pane": "detail" };
      return make("li", {}, make("a", { ...attributes, "data-name": nameOf(node) }, leaf, name));
    }
    query.set("prefix", parameterOf(node.prefix));
    const tally = make(
      "span",
      { class: "tally", "data-count": String(node.keys) },
      count(node.keys),
    );
    const twist = make("span", { class: "twist", "aria-hidden": "true" });
    const branch = make(
      "a",
      {
        href: `/browse?${query}`,
        class: "branch",
        "data-branch": parameterOf(node.prefix),
        "data-name": nameOf(node),
      },
      twist,
      name,
      tally,
    );
    this.prepare(branch);
    return make("li", {}, branch);
  }
}

/** Branches stand before keys, each in the order of their names. */
function nameOf({ isKey, name }) {
  return (isKey ? "1" : "0") + oneLine(name);
}

function place(list, item) {
  const name = item.firstElementChild.dataset.name;
  let low = 0;
  let high = list.children.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list.children[middle].firstElementChild.dataset.name < name) low = middle + 1;
    else high = middle;
  }
  list.insertBefore(item, list.children[low] ?? null);
}

function grow(item, keys) {
  const tally = item.querySelector(":scope > a > .tally");
  if (tally === null) return;
  tally.dataset.count = String(Number(tally.dataset.count) + keys);
  tally.textContent = `${count(Number(tally.dataset.count))}+`;
}

function finish(tally) {
  tally.textContent = count(Number(tally.dataset.count));
}

/** Up and down go through what is shown, right opens a branch, left closes it or leads out of it. */
function moveByArrows(event) {
  const links = [...event.currentTarget.querySelectorAll("li > a")]
    .filter((link) => link.offsetParent !== null);
  const at = links.indexOf(document.activeElement);
  if (at < 0 || event.ctrlKey || event.altKey || event.metaKey) return;
  const link = links[at];
  const isOpen = link.getAttribute("aria-expanded");
  let next;
  if (event.key === "ArrowDown") next = links[at + 1];
  else if (event.key === "ArrowUp") next = links[at - 1];
  else if (event.key === "Home") next = links[0];
  else if (event.key === "End") next = links[links.length - 1];
  else if (event.key === "ArrowRight" && isOpen === "false") link.click();
  else if (event.key === "ArrowRight" && isOpen === "true") next = links[at + 1];
  else if (event.key === "ArrowLeft" && isOpen === "true") link.click();
  else if (event.key === "ArrowLeft") {
    next = link.closest("ul").parentElement.querySelector(":scope > a.branch");
  } else return;
  event.preventDefault();
  next?.focus();
}
