/** What can go wrong between a client and its server, in words for people. */

import { systemErrorKind, systemErrorText } from "../host/system_error.ts";

export type ClientErrorKind =
  /** Nobody answers at the address. */
  | "connecting"
  /** The server ended the connection, or the network did. */
  | "lost"
  /** The time limit for a connection or a reply has passed. */
  | "timeout"
  /** What came is no reply. */
  | "format"
  /** We closed the client ourselves. */
  | "closed";

/** The connection can't be made or can't be used any more. */
export class ClientError extends Error {
  override name = "ClientError";
  constructor(readonly kind: ClientErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
  }
}

/** The server's own refusal of a command, where the caller asked for a success. */
export class ReplyError extends Error {
  override name = "ReplyError";

  /** The first word, by which programs tell errors apart: "ERR", "NOAUTH", "WRONGPASS". */
  get code(): string {
    return this.message.split(" ", 1)[0];
  }
}

/** The operating system's reason in the same words on every system ("Connection refused"). */
export function reasonText(error: unknown): string {
  switch (systemErrorKind(error)) {
    case "connection refused":
      return "Connection refused";
    case "not found":
      return "No such file or directory";
    case "permission denied":
      return "Permission denied";
    case "timed out":
      return "Connection timed out";
    case "connection lost":
      return "Connection reset by peer";
    default:
      return systemErrorText(error).replace(/^failed to lookup address information: /, "");
  }
}
