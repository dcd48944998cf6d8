// Starts what the shown page needs, and does what all pages share: signing in, the colours, counting TTLs
// down, showing parts anew. Pages work without it; it adds what moves.

import { actOf, closeDialog, runAct } from "./acts.js";
import { startBrowse } from "./browse.js";
import { keepToken, page, Refused, token } from "./client.js";
import { startConsole } from "./console.js";
import { startLive } from "./live.js";
import { startOverview } from "./overview.js";
import { duration } from "./words.js";

const starters = {
  browse: startBrowse,
  console: startConsole,
  live: startLive,
  overview: startOverview,
};

/** Ends what the page that is shown has running. */
let leaving = new AbortController();

function enter() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  document.getElementById("theme")?.addEventListener("click", changeTheme, { signal });
  const name = document.body.dataset.page;
  if (name === "sign-in") signIn(signal);
  beginTtls();
  startRefreshing(signal);
  starters[name]?.({ signal, show, notice });
  lookOn(signal);
}

/** Says something for a while, to all who look or listen. */
export function notice(text, isError = false) {
  const line = document.createElement("p");
  line.className = isError ? "notice error" : "notice";
  line.textContent = text;
  const place = document.getElementById("notices");
  place.replaceChildren(line);
  setTimeout(() => line.remove(), isError ? 10_000 : 4000);
}

/** Shows another page without leaving this one; parts of it where `pane` names an element. */
export async function show(path, { push = true, pane } = {}) {
  try {
    const { parsed } = await page(path);
    if (push) history.pushState({}, "", path);
    const part = pane === undefined ? null : document.getElementById(pane);
    const fresh = pane === undefined ? null : parsed.getElementById(pane);
    document.title = parsed.title;
    if (part !== null && fresh !== null) {
      part.replaceWith(document.adoptNode(fresh));
      beginTtls();
      return;
    }
    closeDialog();
    const body = document.adoptNode(parsed.body);
    document.body.replaceWith(body);
    enter();
    document.getElementById("main")?.focus({ preventScroll: true });
    scrollTo(0, 0);
  } catch (error) {
    if (error.name === "AbortError") return;
    notice(error instanceof Refused ? error.message : "The server does not answer.", true);
  }
}

/** A search that has found nothing yet goes on by itself, part after part. */
async function lookOn(signal) {
  for (;;) {
    const next = document.querySelector("a[data-go-on]");
    if (next === null || signal.aborted) return;
    next.textContent = "Looking on…";
    const pane = next.dataset.goOn;
    try {
      const { parsed } = await page(next.pathname + next.search, signal);
      const fresh = parsed.getElementById(pane);
      if (signal.aborted || fresh === null) return;
      document.getElementById(pane).replaceWith(document.adoptNode(fresh));
    } catch {
      next.textContent = "Look further";
      return;
    }
  }
}

function signIn(signal) {
  const form = document.getElementById("sign-in");
  const error = document.getElementById("sign-in-error");
  const path = location.pathname + location.search;
  const attempt = async () => {
    const { parsed } = await page(path, signal);
    if (parsed.body.dataset.page !== "sign-in") {
      await show(path, { push: false });
      return;
    }
    keepToken(null);
    error.textContent = "The server does not know this token or password.";
    form.token.select();
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const value = form.token.value.trim();
    if (!/^[\x21-\x7e]+$/.test(value)) {
      error.textContent = "A token has no blanks and only ASCII characters.";
      return;
    }
    keepToken(value);
    attempt().catch(() => error.textContent = "The server does not answer.");
  }, { signal });
  if (token() !== null) attempt().catch(() => {});
}

function changeTheme() {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const next = (root.dataset.theme ?? system) === "dark" ? "light" : "dark";
  root.dataset.theme = next;
  try {
    localStorage.setItem("redino-theme", next);
  } catch {
    // It then holds for this page only.
  }
}

/** When what is left ends is noted once; the text follows from it. */
function beginTtls() {
  for (const element of document.querySelectorAll(".ttl[data-left]")) {
    element.ends = performance.now() + Number(element.dataset.left);
    delete element.dataset.left;
    element.classList.add("counting");
  }
}

function countDown() {
  const now = performance.now();
  for (const element of document.querySelectorAll(".ttl.counting")) {
    const left = element.ends - now;
    const text = left <= 0 ? "expired" : left < 1000 ? "< 1 s" : duration(left);
    if (element.textContent !== text) element.textContent = text;
    element.classList.toggle("soon", left < 10_000);
  }
}

/** Has the parts of the page that say so shown anew, together, unless a person is busy in them. */
function startRefreshing(signal) {
  const parts = [...document.querySelectorAll("[data-refresh]")];
  if (parts.length === 0) return;
  const period = Math.min(...parts.map((part) => Number(part.dataset.refresh)));
  let timer;
  const refresh = async () => {
    try {
      if (!document.hidden && document.querySelector("dialog[open]") === null) {
        const { parsed } = await page(location.pathname + location.search, signal);
        for (const { id } of parts) replacePart(id, parsed);
      }
      document.body.classList.remove("stale");
    } catch {
      // What is shown gets old; it looks like that until the server answers again.
      if (!signal.aborted) document.body.classList.add("stale");
    }
    if (!signal.aborted) timer = setTimeout(refresh, period);
  };
  timer = setTimeout(refresh, period);
  signal.addEventListener("abort", () => clearTimeout(timer));
}

function replacePart(id, parsed) {
  const part = document.getElementById(id);
  const fresh = parsed.getElementById(id);
  if (part === null || fresh === null || part.outerHTML === fresh.outerHTML) return;
  const selected = getSelection();
  const isBusy = part.matches(":focus-within") ||
    (selected !== null && !selected.isCollapsed && part.contains(selected.anchorNode));
  if (isBusy) return;
  const scrolled = [...part.querySelectorAll(".scroll")].map((one) => one.scrollLeft);
  part.replaceChildren(...[...fresh.childNodes].map((node) => document.adoptNode(node)));
  [...part.querySelectorAll(".scroll")].forEach((one, i) => one.scrollLeft = scrolled[i] ?? 0);
}

/** Links that show a part of the page, and, signed in by token, all links: the browser can't send it. */
function followLink(event) {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest("a[href]");
  if (link === null || link.origin !== location.origin || link.target !== "") return;
  const path = link.pathname + link.search;
  if (link.hash !== "" && path === location.pathname + location.search) return;
  const { pane } = link.dataset;
  if (pane === undefined && token() === null) return;
  event.preventDefault();
  if (pane === undefined) show(path);
  else showPane(link, path, pane);
}

async function showPane(link, path, pane) {
  const list = link.closest("#keys");
  if (list !== null) {
    for (const other of list.querySelectorAll("[aria-current]")) {
      other.removeAttribute("aria-current");
    }
    link.setAttribute("aria-current", "true");
  }
  await show(path, { pane });
  document.querySelector(".panes")?.classList.toggle("has-key", true);
  if (list !== null) document.getElementById(pane)?.focus({ preventScroll: innerWidth > 900 });
}

function followForm(event) {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "get" || token() === null) return;
  event.preventDefault();
  const action = new URL(form.action);
  action.search = String(new URLSearchParams(new FormData(form)));
  show(action.pathname + action.search);
}

document.addEventListener("click", (event) => {
  const act = actOf(event.target);
  if (act === null) followLink(event);
  else runAct(act, { show, notice });
});
document.addEventListener("submit", followForm);
addEventListener("popstate", () => show(location.pathname + location.search, { push: false }));
setInterval(countDown, 1000);
enter();
