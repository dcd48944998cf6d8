/**
 * What the operating system's refusals mean, for layers that may not name the runtime's error
 * classes. The runtime sets `code` to the errno name; errors that it makes itself have only a name.
 */

export type SystemErrorKind =
  | "not found"
  | "already exists"
  | "permission denied"
  | "no space"
  | "address in use"
  | "address not available"
  | "out of files"
  | "connection refused"
  | "connection lost"
  | "closed"
  | "timed out"
  | "busy"
  | "other";

/** Sorts whatever was thrown by a `Files`, `Network` or `Connection`. */
export function systemErrorKind(error: unknown): SystemErrorKind {
  if (!(error instanceof Error)) return "other";
  const code = errnoName(error);
  return kindByCode.get(code) ?? kindByName.get(error.name) ?? "other";
}

/**
 * The operating system's own words ("Address already in use"), as Redis prints them: without the
 * error number and the call that the runtime adds.
 */
export function systemErrorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const end = error.message.indexOf(" (os error ");
  return end < 0 ? error.message : error.message.slice(0, end);
}

/** An operating system's error that is made by ourselves: the fake host throws it. */
export class SystemError extends Error {
  override name = "SystemError";
  constructor(readonly code: string, message: string) {
    super(message);
  }
}

function errnoName(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : "";
}

const kindByCode = new Map<string, SystemErrorKind>([
  ["ENOENT", "not found"],
  ["ENOTDIR", "not found"],
  ["EEXIST", "already exists"],
  ["EACCES", "permission denied"],
  ["EPERM", "permission denied"],
  ["EROFS", "permission denied"],
  ["ENOSPC", "no space"],
  ["EDQUOT", "no space"],
  ["EADDRINUSE", "address in use"],
  ["EADDRNOTAVAIL", "address not available"],
  ["EMFILE", "out of files"],
  ["ENFILE", "out of files"],
  ["ECONNREFUSED", "connection refused"],
  ["ECONNRESET", "connection lost"],
  ["ECONNABORTED", "connection lost"],
  ["EPIPE", "connection lost"],
  ["ENOTCONN", "connection lost"],
  ["ETIMEDOUT", "timed out"],
  ["EBUSY", "busy"],
]);

const kindByName = new Map<string, SystemErrorKind>([
  ["NotFound", "not found"],
  ["AlreadyExists", "already exists"],
  ["PermissionDenied", "permission denied"],
  ["NotCapable", "permission denied"],
  ["AddrInUse", "address in use"],
  ["AddrNotAvailable", "address not available"],
  ["ConnectionRefused", "connection refused"],
  ["ConnectionReset", "connection lost"],
  ["ConnectionAborted", "connection lost"],
  ["BrokenPipe", "connection lost"],
  ["NotConnected", "connection lost"],
  ["UnexpectedEof", "connection lost"],
  ["BadResource", "closed"],
  ["Interrupted", "closed"],
  ["TimedOut", "timed out"],
  ["Busy", "busy"],
]);
