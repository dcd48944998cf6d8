/**
 * Every refusal of the admin side, as `application/problem+json` (RFC 9457). An error reply of a
 * command becomes one too: its text is the detail, its first word decides the status.
 */

const TITLES: Readonly<Record<number, string>> = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  408: "Request Timeout",
  409: "Conflict",
  412: "Precondition Failed",
  413: "Content Too Large",
  415: "Unsupported Media Type",
  421: "Misdirected Request",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** By the first word of an error reply; anything else is the client's fault: 400. */
const STATUS_OF_CODE: ReadonlyMap<string, number> = new Map([
  ["WRONGTYPE", 409],
  ["NOAUTH", 401],
  ["NOPERM", 403],
  ["WRONGPASS", 401],
  ["READONLY", 403],
  ["BUSYKEY", 409],
  ["LOADING", 503],
  ["BUSY", 503],
  ["MASTERDOWN", 503],
  ["OOM", 503],
]);

/** Thrown by gates and pages; the app answers it. */
export class Problem extends Error {
  override name = "Problem";

  constructor(
    readonly status: number,
    detail: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }

  /** @param text an error reply without `-`. */
  static ofErrorReply(text: string): Problem {
    const status = text === "ERR no such key"
      ? 404
      : text.startsWith("ERR internal error")
      ? 500
      : STATUS_OF_CODE.get(text.split(" ", 1)[0]) ?? 400;
    return new Problem(status, text, status === 503 ? { "Retry-After": "1" } : {});
  }
}

export function problemResponse(problem: Problem): Response {
  const { status, message, headers } = problem;
  const body = { type: "about:blank", title: TITLES[status] ?? "Error", status, detail: message };
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...headers, "Content-Type": "application/problem+json" },
  });
}
