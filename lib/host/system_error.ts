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
 * error number and the call that the runtime adds. Windows has words in the language of its user, and
 * for some errors a long sentence; those that operators and clients know by Redis's words get these.
 */
export function systemErrorText(error: unknown, windows = onWindows): string {
  if (!(error instanceof Error)) return String(error);
  const number = windows ? /\(os error (\d+)\)/.exec(error.message)?.[1] : undefined;
  const words = wordsOnWindows.get(Number(number));
  if (words !== undefined) return words;
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

const onWindows = Deno.build.os === "windows";

/** By the number of the error there. Source: "System Error Codes" in Microsoft's Win32 documentation. */
const wordsOnWindows = new Map<number, string>([
  [2, "No such file or directory"],
  [3, "No such file or directory"],
  [4, "Too many open files"],
  [5, "Permission denied"],
  [19, "Read-only file system"],
  [39, "No space left on device"],
  [80, "File exists"],
  [112, "No space left on device"],
  [145, "Directory not empty"],
  [183, "File exists"],
  [267, "Not a directory"],
  [10013, "Permission denied"],
  [10024, "Too many open files"],
  [10048, "Address already in use"],
  [10049, "Cannot assign requested address"],
  [10051, "Network is unreachable"],
  [10053, "Software caused connection abort"],
  [10054, "Connection reset by peer"],
  [10060, "Connection timed out"],
  [10061, "Connection refused"],
  [10065, "No route to host"],
  [11001, "Name or service not known"],
]);
