// What happens, line by line: commands of clients, changes of keys, messages. Lines are drawn a few times
// a second however many come, and only the last ones are kept.

import { listen } from "./client.js";
import { count, make, oneLine } from "./words.js";

const KEPT_LINES = 500;
/** Seconds for which the server keeps what happens while the connection is lost. */
const KEPT_SECONDS = "5";
const DRAWN_EVERY_MS = 200;

export function startLive({ signal, notice }) {
  const form = document.getElementById("watch");
  const what = document.getElementById("what");
  const watch = new Watch(form, notice);
  const choose = () => {
    for (const label of form.querySelectorAll("[data-for]")) {
      label.hidden = !label.dataset.for.split(" ").includes(what.value);
    }
  };
  what.addEventListener("change", () => {
    choose();
    watch.stop();
  }, { signal });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (watch.isRunning) watch.stop();
    else watch.start(what.value);
  }, { signal });
  document.getElementById("pause").addEventListener("click", () => watch.hold(), { signal });
  document.getElementById("empty").addEventListener("click", () => watch.empty(), { signal });
  signal.addEventListener("abort", () => watch.stop());
  choose();
}

const paths = {
  monitor: ["/api/v1/monitor", { command: "command", text: "match", client: "client", db: "db" }],
  events: ["/api/v1/events", { match: "match", event: "event", db: "db" }],
  messages: ["/api/v1/pubsub/messages", { pattern: "pattern" }],
};

class Watch {
  constructor(form, notice) {
    this.form = form;
    this.notice = notice;
    this.lines = document.getElementById("lines");
    this.state = document.getElementById("watch-state");
    this.button = document.getElementById("start");
    this.pause = document.getElementById("pause");
    this.running = null;
    this.isHeld = false;
    this.waiting = [];
    this.seen = 0;
    this.dropped = 0;
    /** Whether something was missed that nobody counted. */
    this.hasGap = false;
  }

  get isRunning() {
    return this.running !== null;
  }

  async start(what) {
    const running = new AbortController();
    this.running = running;
    this.empty();
    this.isHeld = false;
    this.pause.disabled = false;
    this.pause.textContent = "Hold";
    this.button.textContent = "Stop";
    this.state.textContent = "watching";
    const timer = setInterval(() => this.draw(), DRAWN_EVERY_MS);
    try {
      await listen(this.pathOf(what), running.signal, (event, data) => this.take(event, data));
    } catch (error) {
      const isLost = error instanceof TypeError;
      const text = isLost ? "The server does not answer." : error.message;
      if (!running.signal.aborted) this.notice(text, true);
    }
    clearInterval(timer);
    if (this.running === running) this.stop();
  }

  stop() {
    this.running?.abort();
    this.running = null;
    this.draw();
    this.button.textContent = "Start";
    this.pause.disabled = true;
    this.state.textContent = this.seen === 0 ? "not watching" : `stopped after ${this.counted()}`;
  }

  hold() {
    this.isHeld = !this.isHeld;
    this.pause.textContent = this.isHeld ? "Go on" : "Hold";
    this.draw();
  }

  empty() {
    this.seen = 0;
    this.dropped = 0;
    this.hasGap = false;
    this.waiting = [];
    this.lines.replaceChildren();
  }

  pathOf(what) {
    const [path, names] = paths[what];
    const query = new URLSearchParams({ keep: KEPT_SECONDS });
    for (const [field, name] of Object.entries(names)) {
      const value = this.form.elements[field].value.trim();
      if (value !== "") query.set(name, value);
    }
    if (what === "messages" && !query.has("pattern")) query.set("pattern", "*");
    return `${path}?${query}`;
  }

  take(event, data) {
    if (event === "dropped") {
      this.dropped = data.total ?? this.dropped;
      this.hasGap = data.total === null || this.hasGap;
      return;
    }
    this.seen++;
    this.waiting.push([event, data]);
    if (this.waiting.length > KEPT_LINES) this.waiting.shift();
  }

  draw() {
    if (this.isRunning) {
      this.state.textContent = `${this.isHeld ? "held" : "watching"}: ${this.counted()}`;
    }
    if (this.isHeld || this.waiting.length === 0) return;
    const atEnd = this.lines.scrollHeight - this.lines.scrollTop - this.lines.clientHeight < 40;
    this.lines.append(...this.waiting.map(([event, data]) => lineOf(event, data)));
    this.waiting = [];
    while (this.lines.children.length > KEPT_LINES) this.lines.firstElementChild.remove();
    if (atEnd) this.lines.scrollTop = this.lines.scrollHeight;
  }

  counted() {
    const gap = this.hasGap ? ", some missed while the server was away" : "";
    const dropped = this.dropped === 0 ? gap : `, ${count(this.dropped)} missed${gap}`;
    return `${count(this.seen)} seen${dropped}`;
  }
}

function lineOf(event, data) {
  const line = (...parts) => make("p", { class: `event event-${event}` }, ...parts);
  const at = (time) => make("time", {}, clock(time));
  const name = (text) => make("strong", {}, text);
  const faint = (text) => make("span", { class: "muted" }, text);
  switch (event) {
    case "command": {
      const [, quotedName, rest] = /^("(?:[^"\\]|\\.)*")(.*)$/.exec(data.text) ??
        [null, data.text, ""];
      return line(
        at(Number(data.time) * 1000),
        faint(`db${data.db} ${data.client}`),
        name(quotedName.replaceAll('"', "").toUpperCase()),
        make("code", {}, rest.trim()),
      );
    }
    case "message":
      return line(
        at(Date.now()),
        name(oneLine(data.channel)),
        data.pattern === null ? "" : faint(`by ${oneLine(data.pattern)}`),
        make("code", {}, oneLine(data.message)),
      );
    case "change":
      return line(at(Date.now()), faint(`db${data.db}`), name(data.event), keyLink(data));
    case "flush":
      return line(at(Date.now()), faint(`db${data.db}`), name("flushed"));
    default:
      return line(at(Date.now()), name(event), make("code", {}, JSON.stringify(data)));
  }
}

function keyLink({ key, db }) {
  const text = oneLine(key);
  const parameter = key.base64 === undefined && !text.startsWith("b64:") ? key.utf8 : null;
  if (parameter === null) return make("code", {}, text);
  return make("a", { href: `/browse?${new URLSearchParams({ db, key: parameter })}` }, text);
}

function clock(milliseconds) {
  const time = new Date(milliseconds);
  return `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}
