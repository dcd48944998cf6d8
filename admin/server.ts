/**
 * Serves the admin app over HTTP. By `node:http`, because the runtime's own server waits for ever for
 * a request's headers, so that a few hundred silent connections would use up its files.
 *
 * No request has a body that is read: one that announces a body is answered and its connection
 * closed. Replies are made whole before they are sent, since every page is bounded.
 */

import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Hono } from "hono";
import { systemErrorKind, systemErrorText } from "../lib/host/system_error.ts";
import { StartError } from "../lib/server/server.ts";
import { createAdminApp } from "./app.ts";
import type { AdminEngine } from "./engine_access.ts";
import { Problem, problemResponse } from "./problem.ts";
import type { AdminEnv } from "./route.ts";

export interface AdminOptions {
  /** The address to listen on: the parameter `admin-bind`. */
  readonly hostname: string;
  /** 0 picks a free port: the parameter `admin-port`, which is null when nothing shall be served. */
  readonly port: number;
  /** How long a request's headers may take, in milliseconds; 5 seconds. */
  readonly headersTimeoutMs?: number;
  /** How long a whole request may take to come in, in milliseconds; 10 seconds. */
  readonly requestTimeoutMs?: number;
  /** Connections at a time; further ones are closed at once. 64. */
  readonly maxConnections?: number;
}

export interface AdminServer {
  /** The port really taken. */
  readonly port: number;
  /** Stops listening and closes every connection. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const HEADERS_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 10_000;
/** A connection on which nothing happens: a client that does not read its reply. */
const IDLE_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 5_000;
const MAX_CONNECTIONS = 64;
const MAX_HEADER_BYTES = 16 * 1024;

/** `Request` can't be made with these. */
const UNKNOWN_METHODS = ["CONNECT", "TRACE", "TRACK"];

/** Serves an engine's admin side. Throws a `StartError` that says why when it can't listen. */
export async function startAdmin(engine: AdminEngine, options: AdminOptions): Promise<AdminServer> {
  const app = createAdminApp(engine);
  const headersTimeout = options.headersTimeoutMs ?? HEADERS_TIMEOUT_MS;
  const server = createServer({
    headersTimeout,
    requestTimeout: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
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
    answer(app, request, response).catch((error) => {
      engine.context.host.log.warning(`Admin reply failed: ${systemErrorText(error)}`);
      request.socket.destroy();
    });
  });
  await listen(server, options);
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : options.port;
  const close = (): Promise<void> => stop(server, sockets);
  return { port, close, [Symbol.asyncDispose]: close };
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
): Promise<void> {
  const response = await responseTo(app, incoming);
  const body = new Uint8Array(await response.arrayBuffer());
  const headers: Record<string, string> = Object.fromEntries(response.headers);
  // HEAD has been answered without its body, whose length is then not known.
  if (incoming.method !== "HEAD") headers["content-length"] = String(body.length);
  if (announcesBody(incoming)) headers["connection"] = "close";
  outgoing.writeHead(response.status, headers);
  outgoing.end(body);
}

function responseTo(
  app: Hono<AdminEnv>,
  incoming: IncomingMessage,
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
  const { localAddress, remoteAddress } = incoming.socket;
  const headers = new Headers();
  // A header that comes twice is joined by a comma, so that two Hosts make no valid one.
  for (let i = 0; i + 1 < incoming.rawHeaders.length; i += 2) {
    headers.append(incoming.rawHeaders[i], incoming.rawHeaders[i + 1]);
  }
  // The host in the URL is never looked at: the header is.
  const request = new Request(`http://localhost${target}`, { method, headers });
  return app.fetch(request, { localAddress, remoteAddress });
}

function announcesBody(incoming: IncomingMessage): boolean {
  const { "content-length": length, "transfer-encoding": coding } = incoming.headers;
  return coding !== undefined || (length !== undefined && length !== "0");
}
