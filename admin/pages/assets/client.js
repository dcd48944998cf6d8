// Asks the server: JSON, pages and streams of events. The token that a person signed in with is kept in
// this tab's session storage and sent as a bearer token; without one the browser sends what it has.

const STORED = "redino-token";

export function token() {
  try {
    return sessionStorage.getItem(STORED);
  } catch {
    return null;
  }
}

export function keepToken(value) {
  if (value === null) sessionStorage.removeItem(STORED);
  else sessionStorage.setItem(STORED, value);
}

export class Refused extends Error {
  constructor(status, detail) {
    super(detail);
    this.status = status;
  }
}

function request(path, options = {}) {
  const known = token();
  const headers = { ...options.headers };
  if (known !== null) headers.authorization = `Bearer ${known}`;
  // With a token of our own the browser has nothing to add, nor to ask for.
  return fetch(path, { ...options, headers, credentials: known === null ? "same-origin" : "omit" });
}

async function refusalOf(response) {
  const body = await response.json().catch(() => ({}));
  return new Refused(response.status, body.detail ?? `The server answered ${response.status}.`);
}

/** The JSON of a route. Throws a {@linkcode Refused} that says why not. */
export async function ask(path, { method = "GET", body, signal } = {}) {
  const headers = method === "GET" ? {} : { "content-type": "application/json" };
  const content = body === undefined ? undefined : JSON.stringify(body);
  const response = await request(path, { method, headers, body: content, signal });
  if (!response.ok) throw await refusalOf(response);
  return await response.json();
}

/** A page of ours as a document, and its status. */
export async function page(path, signal) {
  const response = await request(path, { headers: { accept: "text/html" }, signal });
  const type = response.headers.get("content-type") ?? "";
  if (!type.startsWith("text/html")) throw await refusalOf(response);
  const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
  return { status: response.status, parsed };
}

/** Hands over each event of a stream until it ends or the signal does. */
export async function listen(path, signal, receive) {
  const response = await request(path, { headers: { accept: "text/event-stream" }, signal });
  if (!response.ok) throw await refusalOf(response);
  let rest = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const event = /^event: (.*)$/m.exec(part)?.[1];
      const data = /^data: (.*)$/m.exec(part)?.[1];
      if (event !== undefined && data !== undefined) receive(event, JSON.parse(data));
    }
  }
}
