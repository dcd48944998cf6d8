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
export async function ask(path, { method = "GET", body, signal, ifMatch } = {}) {
  const headers = method === "GET" ? {} : { "content-type": "application/json" };
  if (typeof ifMatch === "string") headers["if-match"] = ifMatch;
  const content = body === undefined ? undefined : JSON.stringify(body);
  const response = await request(path, { method, headers, body: content, signal });
  if (!response.ok) throw await refusalOf(response);
  return await response.json();
}

/**
 * What a route gives out as a file, as a whole, and the name that it has for it.
 *
 * @param progress is told how many bytes have come.
 */
export async function download(path, signal, progress) {
  const response = await request(path, { signal });
  if (!response.ok) throw await refusalOf(response);
  let bytes = 0;
  const counted = new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.length;
      progress(bytes);
      controller.enqueue(chunk);
    },
  });
  // A blob, which the browser keeps on disk when it is big.
  const blob = await new Response(response.body.pipeThrough(counted)).blob();
  const name = /filename="([^"]*)"/.exec(response.headers.get("content-disposition") ?? "")?.[1];
  return { blob, name: name ?? "export" };
}

/** Sends a file as it is, and gives the JSON that is replied. */
export async function upload(path, type, file, signal) {
  const headers = { "content-type": type };
  const response = await request(path, { method: "POST", headers, body: file, signal });
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

/** How long is waited before a lost stream is asked for again. */
const RETRIES_MS = [0, 500, 1000, 2000];

/**
 * Hands over each event of a stream until the signal ends it. A stream that breaks off is asked for again,
 * from behind the last event that came; throws when it does not come back.
 */
export async function listen(path, signal, receive) {
  const place = { lastId: null, tries: 0 };
  for (;;) {
    try {
      await listenOnce(path, signal, place, receive);
    } catch (error) {
      if (signal.aborted || error instanceof Refused || place.lastId === null) throw error;
    }
    if (signal.aborted) return;
    if (place.tries === RETRIES_MS.length) throw new Error("The server ended the stream.");
    const pause = RETRIES_MS[place.tries++];
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}

async function listenOnce(path, signal, place, receive) {
  const headers = { accept: "text/event-stream" };
  if (place.lastId !== null) headers["last-event-id"] = place.lastId;
  const response = await request(path, { headers, signal });
  if (!response.ok) throw await refusalOf(response);
  let rest = "";
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const id = /^id: (.*)$/m.exec(part)?.[1];
      if (id !== undefined) place.lastId = id;
      const event = /^event: (.*)$/m.exec(part)?.[1];
      const data = /^data: (.*)$/m.exec(part)?.[1];
      if (event === undefined || data === undefined) continue;
      if (event !== "dropped") place.tries = 0;
      receive(event, JSON.parse(data));
    }
  }
}
