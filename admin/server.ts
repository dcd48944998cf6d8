/**
 * Serves the admin app over HTTP. By `node:http`, because the runtime's own server waits for ever for
 * a request's headers, so that a few hundred silent connections would use up its files.
 *
 * A body that no route reads is not waited for: the request is answered and its connection closed.
 * One that is read has 9 seconds to come in, or, where a route takes it in pieces, to go on.
 */

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Hono } from "hono";
import type { Clock, Timer } from "../lib/host/clock.ts";
import { systemErrorKind, systemErrorText } from "../lib/host/system_error.ts";
import { StartError } from "../lib/server/server.ts";
import { createAdminApp } from "./app.ts";
import type { AppOptions } from "./app.ts";
import type { AdminEngine } from "./engine_access.ts";
import type { EventStream } from "./event_stream.ts";
import { Problem, problemResponse } from "./problem.ts";
import type { AdminEnv } from "./route.ts";
import { IDLE_TIMEOUT_MS, sendBody } from "./send_body.ts";
import { StreamRegister } from "./stream_register.ts";

export interface AdminOptions extends Omit<AppOptions, "streams"> {
  /** The address to listen on: the parameter `admin-bind`. */
  readonly hostname: string;
  /** 0 picks a free port: the parameter `admin-port`. */
  readonly port: number;
  /** How long a request's headers may take, in milliseconds; 5 seconds. */
  readonly headersTimeoutMs?: number;
  /** How long a body may take, in milliseconds; 9 seconds. */
  readonly bodyTimeoutMs?: number;
  /** Connections at a time; further ones are closed at once. 128. */
  readonly maxConnections?: number;
  /** What deadlines go by; the engine's clock. */
  readonly clock?: Clock;
}

export interface AdminServer {
  /** The port really taken. */
  readonly port: number;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 5_000;
const BODY_TIMEOUT_MS = 9_000;
const KEEP_ALIVE_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 128;
const MAX_HEADER_BYTES = 64 * 1024;

/** `Request` can't be made with these. */
const UNKNOWN_METHODS = ["CONNECT", "TRACE", "TRACK"];

/** Serves an engine's admin side. Throws a `StartError` that says why when it can't listen. */
export async function startAdmin(engine: AdminEngine, options: AdminOptions): Promise<AdminServer> {
  const streams = new StreamRegister<EventStream>();
  const app = createAdminApp(engine, { ...options, streams });
  const clock = options.clock ?? engine.context.host.clock;
  const bodyTimeoutMs = options.bodyTimeoutMs ?? BODY_TIMEOUT_MS;
  const headersTimeout = options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS;
  const server = createServer({
    headersTimeout,
    // Bodies have a deadline of their own, which long imports may move on.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1_000, headersTimeout),
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  });
  server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
  server.timeout = IDLE_TIMEOUT_MS;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const deadline = new BodyDeadline(clock, bodyTimeoutMs, request);
    answer(app, request, response, deadline)
      .catch((error) => {
        engine.context.host.log.warning(`Admin reply failed: ${systemErrorText(error)}`);
        request.socket.destroy();
      })
      .finally(() => deadline.end());
  });
  await listen(server, options);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const close = (): Promise<void> => {
    streams.endAll();
    return stop(server, sockets);
  };
  return { port, close, [Symbol.asyncDispose]: close };
}

/**
 * As {@linkcode startAdmin}, for a port that nobody asked for: when it can't be had, because another
 * server has it, the log says so and this one goes on without an admin side.
 */
export async function tryAdmin(
  engine: AdminEngine,
  options: AdminOptions,
): Promise<AdminServer | null> {
  try {
    return await startAdmin(engine, options);
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    engine.context.host.log.warning(`${error.message}. Going on without it; see --admin-port`);
    return null;
  }
}

/** Closes the connection of a request whose body does not come. */
class BodyDeadline {
  private timer: Timer | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly delayMs: number,
    private readonly incoming: IncomingMessage,
  ) {
    if (announcesBody(incoming)) this.extend();
  }

  extend(): void {
    this.timer?.cancel();
    this.timer = this.clock.schedule(this.delayMs, () => {
      if (!this.incoming.complete) this.incoming.socket.destroy();
    });
  }

  end(): void {
    this.timer?.cancel();
  }
}

function listen(server: Server, options: AdminOptions): Promise<void> {
  const { hostname, port } = options;
  return new Promise((resolve, reject) => {
    const refused = (error: Error): void => {
      const reason = systemErrorKind(error) === "address in use"
        ? "the port is in use"
        : systemErrorText(error);
      const message = `Could not serve the admin side on ${hostname}:${port}: ${reason}`;
      reject(new StartError(message, { cause: error }));
    };
    server.once("error", refused);
    server.listen(port, hostname, () => {
      server.off("error", refused);
      resolve();
    });
  });
}

function stop(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    // Closing a server that is closed already reports an error, which changes nothing.
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}

async function answer(
  app: Hono<AdminEnv>,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  deadline: BodyDeadline,
): Promise<void> {
  const response = await responseTo(app, incoming, deadline);
  const headers: Record<string, string> = Object.fromEntries(response.headers);
  // A body that was not read is not waited for: what follows it can't be found.
  if (announcesBody(incoming) && !incoming.complete) headers["connection"] = "close";
  if (response.headers.has("transfer-encoding")) {
    delete headers["transfer-encoding"];
    outgoing.writeHead(response.status, headers);
    await sendBody(response, outgoing);
    return;
  }
  const body = new Uint8Array(await response.arrayBuffer());
  // HEAD has been answered without its body, whose length is then not known.
  if (incoming.method !== "HEAD") headers["content-length"] = String(body.length);
  outgoing.writeHead(response.status, headers);
  outgoing.end(body);
}

function responseTo(
  app: Hono<AdminEnv>,
  incoming: IncomingMessage,
  deadline: BodyDeadline,
): Response | Promise<Response> {
  const method = incoming.method ?? "";
  const target = incoming.url ?? "";
  if (UNKNOWN_METHODS.includes(method)) {
    const problem = new Problem(405, `${method} is not allowed`, { Allow: "GET, HEAD" });
    return problemResponse(problem);
  }
  // Only a path is taken: an absolute target would bring a second host beside the header's.
  if (!target.startsWith("/")) {
    return problemResponse(new Problem(400, "the request's target must be a path"));
  }
  const { localAddress, remoteAddress, remotePort } = incoming.socket;
  const headers = new Headers();
  // A header that comes twice is joined by a comma, so that two Hosts make no valid one.
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
  }
  const takesBody = method !== "GET" && method !== "HEAD";
  // The host in the URL is never looked at: the header is.
  const request = new Request(`http://localhost${target}`, {
    method,
    headers,
    ...(takesBody ? { body: bodyOf(incoming) } : {}),
  });
  const extendDeadline = (): void => deadline.extend();
  return app.fetch(request, { localAddress, remoteAddress, remotePort, extendDeadline });
}

/** The body, read from the socket as it is asked for. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  const chunks: AsyncIterator<Uint8Array> = incoming[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await chunks.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
  }, { highWaterMark: 0 });
}

function announcesBody(incoming: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": coding } = incoming.headers;
  return coding !== undefined || (length !== undefined && length !== "0");
}
